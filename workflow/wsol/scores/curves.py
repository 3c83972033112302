"""Accuracy as a function of the level, from the intervals of levels at which each target is hit.

The accuracy is accumulated over targets at each level first and the best level is taken afterwards. Choosing a level
for every image on its own would score an oracle that no one can use.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class HitIntervals(NamedTuple):
    """`target[j]` is hit at every level in (level_low[j], level_high[j]]; the intervals of one target are disjoint."""

    target: NDArray[np.int64]
    level_low: NDArray[np.float64]
    level_high: NDArray[np.float64]


class Curve(NamedTuple):
    """`counts[j]` targets are hit at every level in (edges[j], edges[j + 1]]; edges run from -inf to inf."""

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


def join(parts: Sequence[HitIntervals]) -> HitIntervals:
    """The intervals of several shards, or of several IoU thresholds whose mean is wanted: counts add up.

    >>> one = HitIntervals(np.array([0]), np.array([0.2]), np.array([0.6]))
    >>> join([one, one]).target
    array([0, 0])
    >>> len(join([]).target)
    0
    """
    nothing = HitIntervals(np.empty(0, np.int64), np.empty(0), np.empty(0))
    return HitIntervals(*(np.concatenate(field) for field in zip(nothing, *parts, strict=True)))


def curve(intervals: HitIntervals) -> Curve:
    """How many targets are hit at every level.

    >>> found = curve(HitIntervals(np.array([0, 1]), np.array([0.2, 0.4]), np.array([0.6, 0.8])))
    >>> found.edges
    array([-inf,  0.2,  0.4,  0.6,  0.8,  inf])
    >>> found.counts
    array([0, 1, 2, 1, 0])
    """
    ends = [intervals.level_low, intervals.level_high, np.array([-np.inf, np.inf])]
    edges, place = np.unique(np.concatenate(ends), return_inverse=True)
    starts, stops = place[:-2].reshape(2, -1)
    # Each interval adds one above its lower end and takes it away again above its upper end.
    steps = np.bincount(starts, minlength=len(edges)) - np.bincount(stops, minlength=len(edges))
    return Curve(edges, np.cumsum(steps)[:-1])


def counts_at(curve: Curve, levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many targets are hit at each level: [t] -> [t]. A level on an edge belongs to the stretch below it.

    >>> counts_at(Curve(np.array([-np.inf, 0.2, 0.6, np.inf]), np.array([0, 3, 1])), np.array([0.2, 0.21, 0.6, 0.7]))
    array([0, 3, 3, 1])
    """
    return curve.counts[np.clip(np.searchsorted(curve.edges, levels, side="left") - 1, 0, None)]


def best_level(curve: Curve, grid: NDArray[np.float64] | None = None) -> float:
    """The level of highest accuracy.

    On a grid it is the first of the best, as the published evaluator takes it. Else it is the middle of the first
    stretch of best levels, which generalises better than its edge; an endless stretch is cut at its finite end, and
    where no level is better than another it is 0.

    >>> found = Curve(np.array([-np.inf, 0.2, 0.4, 0.8, np.inf]), np.array([0, 1, 2, 0]))
    >>> round(best_level(found), 3)
    0.6
    >>> best_level(found, np.array([0, 0.25, 0.5, 0.75]))
    0.5
    """
    if grid is not None:
        return float(grid[np.argmax(counts_at(curve, grid))])
    first = int(np.argmax(curve.counts))
    worse = np.flatnonzero(curve.counts[first:] < curve.counts[first])
    low = curve.edges[first]
    high = curve.edges[first + worse[0] if len(worse) else -1]
    if np.isinf(low):
        return float(high) if np.isfinite(high) else 0.0
    middle = low + (high - low) / 2 if np.isfinite(high) else np.nextafter(low, np.inf)
    # Between neighbouring floats the middle is rounded to the lower end, which does not belong to the stretch.
    return float(middle if middle > low else high)


def hit_at(intervals: HitIntervals, level: NDArray[np.float64] | float | None, n: int) -> NDArray[np.bool_]:
    """Which of n targets are hit at this level, or each at its own of levels [n].

    `level` is None where each map was cut at one level alone.

    >>> found = HitIntervals(np.array([0, 2]), np.array([0.2, 0.4]), np.array([0.6, 0.8]))
    >>> hit_at(found, 0.7, 3)
    array([False, False,  True])
    >>> hit_at(found, None, 3)
    array([ True, False,  True])
    >>> hit_at(found, np.array([0.5, 0.5, 0.3]), 3)
    array([ True, False, False])
    """
    hit = np.zeros(n, bool)
    if level is None:
        hit[intervals.target] = True
    else:
        at = level[intervals.target] if isinstance(level, np.ndarray) else level
        hit[intervals.target[(intervals.level_low < at) & (at <= intervals.level_high)]] = True
    return hit
