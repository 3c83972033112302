"""A run of four targets, small enough to be scored by hand: what the examples in the metrics' docstrings see.

Try a metric of your own on it: `mine(example())`.

| target | class | rank | its one region and the levels it stands at | true boxes                         |
|--------|-------|------|--------------------------------------------|------------------------------------|
| 0      | 0     | 0    | IoU .8 at (.2, .6]                         | one                                |
| 1      | 0     | 3    | IoU .6 with the small box at (.4, .8]      | a large and a small one            |
| 2      | 1     | 0    | IoU .4 at (0, .3]                          | one                                |
| 3      | 1     | 7    | none                                       | none, and no mask: nothing to find |

So the level that is best at IoU .5 is .5, where targets 0 and 1 are hit. Images are 60 x 40. The pixels have three
values:

| target | true pixels of value .9, .3, .1 | other pixels of value .9, .3, .1 | peak to object | energy | its rank |
|--------|---------------------------------|----------------------------------|----------------|--------|----------|
| 0      | 60, 20, 0                       | 0, 20, 0                         | on it          | .9     | .75      |
| 1      | 30, 10, 0                       | 10, 50, 0                        | 4 pixels       | .6     | .6       |
| 2      | 0, 0, 40                        | 0, 0, 360                        | 20 pixels      | .1     | 0        |

Each target is of an image of its own, of which the network says, rightly where the rank is 0:

| target | probability of class 0, of class 1 | of the highest output |
|--------|------------------------------------|-----------------------|
| 0      | .9, .02                            | .9                    |
| 1      | .1, .2                             | .5                    |
| 2      | .05, .8                            | .8                    |
| 3      | .2, .1                             | .5                    |
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.regions.edges import BINS, bin_of
from wsol.scores.curves import HitIntervals
from wsol.scores.detections import Detections, MatchedBoxes, Matcher, arrange
from wsol.scores.histograms import average_precision
from wsol.scores.outcome import Outcome
from wsol.scores.pixels import Pixels
from wsol.scores.pointing import Pointing
from wsol.scores.probabilities import Probabilities
from wsol.scores.seedmaps import LEVELS, count, joined, rows_of
from wsol.scores.seeds import Seeds
from wsol.scores.views import View

OBJECT = [0.0, 0, 10, 10]
SMALL = [20.0, 0, 30, 10]
GROUND_TRUTH = [OBJECT, [0.0, 0, 10, 20, *SMALL], OBJECT, []]
FOUND = np.array([[0.0, 0, 10, 8], [20, 0, 30, 6], [0, 0, 10, 4]])  # the region's box of targets 0, 1 and 2
LEVEL_LOW = np.array([0.2, 0.4, 0.0])
LEVEL_HIGH = np.array([0.6, 0.8, 0.3])
PIXEL_VALUES = np.array([0.9, 0.3, 0.1])
TRUE_PIXELS = [[60, 20, 0], [30, 10, 0], [0, 0, 40], [0, 0, 0]]
PROBABILITY = np.array([[0.9, 0.02], [0.1, 0.2], [0.05, 0.8], [0.2, 0.1]])
CONFIDENCE = np.array([0.9, 0.5, 0.8, 0.5])
OTHER_PIXELS = [[0, 20, 0], [10, 50, 0], [0, 0, 360], [0, 0, 0]]
POINTING = [[0, 0.9, 0.75], [4, 0.6, 0.6], [20, 0.1, 0], [np.nan] * 3]  # distance, energy, rank


def example() -> View:
    """The run, seen at the best levels on its own targets.

    >>> len(example().outcome)
    4
    """
    targets = pd.DataFrame({"image": list("abcd"), "group": list("abcd"), "label": [0, 0, 1, 1]})
    targets[["width", "height"]] = 60, 40
    targets["boxes"] = GROUND_TRUTH
    targets["mask"] = ["some", "some", "some", ""]
    outcome = Outcome(
        targets,
        np.array(["ok", "ok", "ok", "no_ground_truth"]),
        np.array([0, 3, 0, 7]),
        find_hit_intervals=_hit_intervals,
        find_overlaps=_overlaps,
        find_pixels=_pixels,
        find_detections=_detections,
        find_pointing=lambda: Pointing(*np.array(POINTING).T),
        find_probabilities=_probabilities,
        find_seeds=_seeds,
    )
    return View(outcome, "oracle")


def _hit_intervals(deltas: Sequence[float], components: str, truth: Sequence[NDArray]) -> list[HitIntervals]:
    """Each target has one region, so that `components` makes no difference."""
    reached = np.array([boxes.iou(box, true).max() for box, true in zip(FOUND, truth, strict=False)])
    hit = [np.flatnonzero(reached >= delta) for delta in deltas]
    return [HitIntervals(targets, LEVEL_LOW[targets], LEVEL_HIGH[targets]) for targets in hit]


def _overlaps(level: NDArray[np.float64] | float | None) -> list[NDArray[np.float64]]:
    found = []
    for target, truth in enumerate(GROUND_TRUTH):
        at = level[target] if isinstance(level, np.ndarray) else level
        there = target < len(FOUND) and (at is None or LEVEL_LOW[target] < at <= LEVEL_HIGH[target])
        ours = FOUND[target] if there else []
        found.append(boxes.iou(boxes.asboxes(ours), boxes.asboxes(truth)))
    return found


def _detections(levels: Sequence[float | None], ious: Sequence[float]) -> list[Detections]:
    """Each box has the score .9."""
    matcher = Matcher(ious)
    truths = [boxes.asboxes(truth) for truth in GROUND_TRUTH]
    found = []
    for level in levels:
        collected = MatchedBoxes()
        for target, overlaps in enumerate(_overlaps(level)):
            collected.add(*matcher.match(FOUND[target : target + len(overlaps)], [0.9] * len(overlaps), truths[target]))
        counts = np.array([len(truth) for truth in truths])
        found.append(arrange(collected, np.array([0, 0, 1, 1]), "abcd", counts, ious))
    return found


def _pixels() -> Pixels:
    inside = np.zeros((4, BINS), np.int32)
    outside = np.zeros((4, BINS), np.int32)
    bins = bin_of(PIXEL_VALUES)
    inside[:, bins] = TRUE_PIXELS
    outside[:, bins] = OTHER_PIXELS
    return Pixels(inside, outside, average_precision(inside, outside), np.array([True, True, True, False]))


def _probabilities() -> Probabilities:
    present = np.array([[True, False], [True, False], [False, True], [False, True]])
    correct = np.array([True, False, True, False])
    return Probabilities(np.arange(4), present, PROBABILITY, CONFIDENCE, correct, np.ones(4, bool))


def _seeds() -> Seeds:
    """Each target is an image of its own; the last has no mask and does not count."""
    found = []
    for target, (true, other, label) in enumerate(zip(TRUE_PIXELS[:3], OTHER_PIXELS, (0, 0, 1), strict=False)):
        values = np.repeat(np.tile(PIXEL_VALUES, 2), [*true, *other]).astype(np.float32)
        truth = np.repeat(np.array([1, 0], np.int16), [sum(true), sum(other)])
        found.append(rows_of(target, [label], count(values[None], truth, LEVELS)))
    return Seeds(joined(found, len(LEVELS)), np.array([True, True, True, False]))
