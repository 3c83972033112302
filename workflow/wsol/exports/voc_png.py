"""Pseudo-masks as Pascal VOC's SegmentationClass has masks: palette PNGs, ready to train a segmenter on."""

import csv
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsol.errors import DataError
from wsol.exports.exported import Exported
from wsol.files import paths
from wsol.files.formats import atomic

VOID = 255  # an index that VOC keeps for pixels that do not count; a seed has none


def voc_png(exported: Exported, root: Path) -> None:
    """`NAME.png` of each image, and `classes.csv`, which says what an index means.

    An index is the class's place among the data set's classes, from 1, and 0 the background: the labelling that
    voc_miou scores, at the level that tables show of it first. A DataError for more classes than a palette has, and for
    two images of one name.
    """
    names = {int(label): name for label, name in exported.targets[["label", "class_name"]].itertuples(index=False)}
    if max(names, default=0) + 1 >= VOID:
        raise DataError(f"export voc_png: class {max(names)} has no index; a palette has those of {VOID - 1} classes.")
    written: dict[str, str] = {}
    for image, labels in exported.seeds():
        file = str(PurePosixPath(paths.name(image, "export")).with_suffix(".png"))
        if written.setdefault(file, image) != image:
            raise DataError(f"export voc_png: {image!r} and {written[file]!r} would both be {file}.")
        save(root / file, (labels + 1).astype(np.uint8))
    write_classes(root / "classes.csv", names)


def save(path: Path, indices: NDArray[np.uint8]) -> None:
    """Indices [h w] as a PNG with VOC's palette."""
    picture = Image.fromarray(indices, mode="P")
    picture.putpalette(palette().ravel().tolist())
    with atomic(path) as temporary:
        picture.save(temporary, format="PNG")


def palette() -> NDArray[np.uint8]:
    """VOC's colours [256 3]: of an index every third bit from the lowest is red's, from the next green's, blue's.

    The lowest of them is a colour's highest bit, as the development kit's VOCcolormap has it.

    >>> palette()[[0, 1, 2, 15, 255]].tolist()  # background, aeroplane, bicycle, person, void
    [[0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128], [224, 224, 192]]
    """
    index = np.arange(256)[:, None]
    colour = np.arange(3)
    found = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        found |= (((index >> (3 * bit + colour)) & 1) << (7 - bit)).astype(np.uint8)
    return found


def write_classes(path: Path, names: Mapping[int, str]) -> None:
    """index, class: the background's first."""
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["index", "class"])
        writer.writerow([0, "background"])
        writer.writerows([label + 1, names[label]] for label in sorted(names))
