"""The picture of an explained image: a row for each method, a column for each class."""

import numpy as np

from wsol.explain.classes import ClassNames
from wsol.explain.explaining import ExplainedImage
from wsol.explain.telling import Boxes
from wsol.pictures.overlays import Style
from wsol.pictures.panels import Image, arranged, boxed, captioned


def picture(
    image: Image, found: ExplainedImage, boxes: Boxes, names: ClassNames, style: Style, alone: bool = False
) -> Image:
    """RGB uint8, with words below each panel where there are several; `alone`: the coloured maps without the image."""
    several = len(found.maps) > 1 or len(found.outputs) > 1
    rows = []
    for method in found.maps:
        row = []
        for place in range(len(found.outputs)):
            shown = panel(image, found, method, place, style, alone)
            if boxes and (box := boxes[method][place]):
                shown = boxed(shown, box)
            row.append(captioned(shown, words(found, method, place, names)) if several else shown)
        rows.append(row)
    return arranged(rows)


def panel(image: Image, found: ExplainedImage, method: str, place: int, style: Style, alone: bool) -> Image:
    """The map of one method and one explained output, in a style, with the image or alone."""
    chance = found.probability(found.outputs[place])
    heat = style.heat(found.maps[method][place], image.shape[:2], 1.0 if chance is None else chance)
    return np.rint(heat).astype(np.uint8) if alone else style.mix(image, heat, style.alpha)


def words(found: ExplainedImage, method: str, place: int, names: ClassNames) -> str:
    """`gradcam: 281 tabby 62.3 %`."""
    output = found.outputs[place]
    chance = found.probability(output)
    said = [f"{method}:", str(output), names.of(output), "" if chance is None else f"{100 * chance:.1f} %"]
    return " ".join(word for word in said if word)
