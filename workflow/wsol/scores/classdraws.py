"""What the choice of each class' level adds to the spread of a score.

A score that is a mean, over targets or over classes, is a sum of what its targets say, and each says it at the level of
its class: each class' level moves as if the others stood still, and what they add is summed. So one look at the metric
serves all classes: the first of each class' levels together, then the second of each, and so on.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.scores import levels
from wsol.scores.choosing import Rows
from wsol.scores.views import View
from wsol.statistics.classmeans import mean_over_classes, shares_of_classes
from wsol.statistics.resampling import BLOCK, Floats, Resamples


class ClassChoice(NamedTuple):
    """The targets of one level, the levels [d] that stand for those of all resamples, and which for each, [r]."""

    rows: Rows
    levels: Floats
    which: NDArray[np.int64]


def choices(view: View, key: tuple, resamples: Resamples) -> list[ClassChoice]:
    """The levels that each class has in the resamples of the split that chooses."""
    found = []
    for rows, on in view.of_one_level(key):
        found.append(ClassChoice(rows, *levels.representatives(view.levels_of_resamples(key, resamples, on))))
    return found


def levels_together(found: Sequence[ClassChoice], n: int) -> list[Floats]:
    """Levels [n] at which a metric is looked at: each class' first, each class' second, its last for want of more."""
    together = [np.zeros(n) for _ in range(max(len(choice.levels) for choice in found))]
    for place, at in enumerate(together):
        for choice in found:
            at[choice.rows] = choice.levels[min(place, len(choice.levels) - 1)]
    return together


def carried(found: Sequence[ClassChoice], table: Floats, labels: NDArray[np.int64]) -> Floats:
    """How far each resample's choice of each class' level moves a score, [r], about 0; see `levels.carried`.

    `table` [d n]: what the metric says of each target at `levels_together`; `labels` [n]: of the classes that the score
    is a mean over, which are one of a mean over targets.
    """
    weights = shares_of_classes(table[0], labels)
    total = np.zeros(len(found[0].which))
    for rows, kept, which in found:
        total += levels.carried(np.nan_to_num(table[: len(kept), rows]) @ weights[rows], kept, which)
    return total


def redrawn(found: Sequence[ClassChoice], table: Floats, labels: NDArray[np.int64], resamples: Resamples) -> Floats:
    """The score in each resample, [r], of targets at the levels that the classes have in that resample."""
    n = table.shape[1]
    scores = np.empty(resamples.count)
    step = max(1, BLOCK // max(n, 1))
    for part in (slice(start, start + step) for start in range(0, resamples.count, step)):
        weights = resamples.times[part][:, resamples.codes].astype(np.float64)
        values = np.empty(weights.shape)
        for rows, _, which in found:
            values[:, rows] = table[:, rows][which[part]]
        scores[part] = mean_over_classes(values, labels, weights)
    return scores
