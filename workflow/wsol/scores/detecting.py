"""Detecting: a run's boxes at several levels at once, ranked and matched with true boxes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsol.boxes import asboxes
from wsol.scores.boxscores import chances, scored_boxes
from wsol.scores.detections import Detections, MatchedBoxes, Matcher, arrange
from wsol.scores.stages import Floats, Stages


def detect(
    stages: Stages, predictions: Sequence[str | Path], levels: Sequence[float | None], ious: Sequence[float]
) -> list[Detections]:
    """The detections of maps of the labelled class at each of `levels` (None: each map's own), in one pass over them.

    A target without true boxes has none: its boxes are neither right nor wrong.
    """
    scored = scored_boxes(stages, chances(stages.targets, predictions, "labelled"), levels)
    matcher = Matcher(ious)
    found = [MatchedBoxes() for _ in levels]
    truths = [asboxes(flat) for flat in stages.targets["boxes"]]
    for true, at_levels in zip(truths, scored, strict=True):
        known: dict[bytes, tuple[Floats, NDArray[np.bool_]]] = {}  # many levels have the same boxes of a target
        for collected, (boxes, scores) in zip(found, at_levels, strict=True):
            if not len(true):
                boxes, scores = boxes[:0], scores[:0]
            key = boxes.tobytes()
            if key not in known:
                known[key] = matcher.match(boxes, scores, true)
            collected.add(*known[key])
    names = stages.targets["image"].tolist()
    counts = np.where(stages.status == "no_ground_truth", 0, [len(true) for true in truths])
    return [arrange(collected, stages.targets["label"].to_numpy(), names, counts, ious) for collected in found]
