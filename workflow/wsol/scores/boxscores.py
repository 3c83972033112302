"""The score of a box, by which detections are ranked: what the map shows in it, and how sure the network is.

The highest value of the normalised map inside the box, times the probability of the explained class where there is one:
where no network predicts (a control, imported maps without logits), or nothing says what makes probabilities of its
outputs, the score is the map's value alone, and `scored` says so beside what is exported.

The value is of the map as the evaluation normalises it. What a map is worth as computed is of no scale that two images
share (a gradient's, or a drop's), so that it would rank images by that scale; after `minmax` and `max` every map peaks
at 1, so that the probability ranks the images and the map the boxes of one. `normalization: none` ranks by the map as
computed.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.affine import Affine
from wsol.files.predict import PREDICTIONS
from wsol.index.outputs import class_probability, right
from wsol.regions.canvases import boxes_on_image
from wsol.regions.drawing import PreparedMap
from wsol.regions.packed import rows_of_targets
from wsol.scores.stages import Floats, Level, Stages


def scored_boxes(stages: Stages, chances: Floats, levels: Sequence[Level]) -> Iterator[list[tuple[Floats, Floats]]]:
    """Of each target, at each of `levels`, the boxes [k 4] of all regions and their scores [k].

    A level is one for all, each target's own [n], or None: each map's own. Boxes are in pixels of the image, none that
    lies outside of it or is of a target that is not `ok`. The maps are drawn once.
    """
    maps = stages.maps()
    for rows, shard in stages.shards(stages.regions):
        for i, (t, own) in enumerate(zip(range(rows.start, rows.stop), rows_of_targets(shard), strict=True)):
            drawn = next(maps)
            at = [level[t] if isinstance(level, np.ndarray) else level for level in levels]
            there = [own.holding(level, largest=False) for level in at]
            mine = np.array(there) & (stages.status[t] == "ok")
            any_of = mine.any(axis=0)
            onto = Affine.of(shard["canvas_to_image"][i])
            found = boxes_on_image(own.boxes[any_of], onto, stages.sizes[t])
            scores = chances[t] * highest(found, drawn)
            kept = mine[:, any_of] & (boxes.area(found) > 0)
            yield [(found[at], scores[at]) for at in kept]


def highest(boxes: NDArray[np.float64], drawn: PreparedMap) -> NDArray[np.float64]:
    """The highest value inside each box [n 4] of image pixels: [n]."""
    # Boxes come from canvas pixels: rounding takes back what their way to the image and its edges made of them.
    canvas = np.round(drawn.canvas_to_image.back_boxes(boxes)).astype(int).clip(0, None)
    return np.array([drawn.values[y0:y1, x0:x1].max(initial=0) for x0, y0, x1, y1 in canvas.tolist()], np.float64)


def chances(targets: pd.DataFrame, predictions: Sequence[str | Path], explain: str) -> NDArray[np.float64]:
    """What the maps' values are multiplied by, [t]: the explained class's probability; 1 where there is none.

    0 of an image without finite logits, as in `probabilities`: maps from elsewhere may lie on one.
    """
    found = np.ones(len(targets))
    for arrays, header in map(PREDICTIONS.open, predictions):
        place = pd.Index(arrays["image"]).get_indexer(pd.Index(targets["image"]))
        outputs = right(targets, arrays["names"])
        if header["settings"].get("activation"):
            known = np.isfinite(arrays["logits"]).all(axis=1)
            p = class_probability(np.nan_to_num(arrays["logits"]), header["settings"]["activation"]) * known[:, None]
            for t in np.flatnonzero(place >= 0):
                found[t] = chance_of_class(p[place[t]], outputs[t], explain)
    return found


def scored(predictions: Sequence[str | Path]) -> str:
    """What the score of a box is."""
    known = [PREDICTIONS.peek(path)["settings"].get("activation") for path in predictions]
    if known and all(known):
        return "highest value of the map in the box * probability of the explained class"
    why = "the model does not say what makes probabilities of its outputs" if known else "no network predicted"
    return f"highest value of the map in the box; no probability: {why}"


def chance_of_class(p: NDArray, outputs: Sequence[int], explain: str) -> float:
    """Of the class that is explained: the highest of all, or of the right ones; 1 where no output is right."""
    if explain == "predicted":
        return float(p.max())
    return float(max((p[output] for output in outputs), default=1.0))
