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
    """The intervals of several shards, or of several IoU thresholds whose mean is wanted: counts add up."""
    nothing = HitIntervals(np.empty(0, np.int64), np.empty(0), np.empty(0))
    return HitIntervals(*(np.concatenate(field) for field in zip(nothing, *parts, strict=True)))


def curve(hits: HitIntervals) -> Curve:
    edges, place = np.unique(np.concatenate([hits.level_low, hits.level_high, [-np.inf, np.inf]]), return_inverse=True)
    starts, stops = place[:-2].reshape(2, -1)
    steps = np.bincount(starts, minlength=len(edges)) - np.bincount(stops, minlength=len(edges))
    return Curve(edges, np.cumsum(steps)[:-1])


def counts_at(curve: Curve, levels: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many targets are hit at each level: [t] -> [t]."""
    return curve.counts[np.clip(np.searchsorted(curve.edges, levels, side="left") - 1, 0, None)]


def best(curve: Curve, grid: NDArray[np.float64] | None = None) -> float:
    """The level of highest accuracy.

    On a grid: the first of the best, as the published evaluator takes it. Else: the middle of the first stretch of
    best levels, which generalises better than its edge; an endless stretch is cut at its finite end, and where no
    level is better than another it is 0.
    """
    if grid is not None:
        return float(grid[np.argmax(counts_at(curve, grid))])
    first = int(np.argmax(curve.counts))
    worse = np.flatnonzero(curve.counts[first:] < curve.counts[first])
    low, high = curve.edges[first], curve.edges[first + worse[0] if len(worse) else -1]
    if np.isinf(low):
        return float(high) if np.isfinite(high) else 0.0
    middle = low + (high - low) / 2 if np.isfinite(high) else np.nextafter(low, np.inf)
    return float(middle if middle > low else high)


def hit_at(hits: HitIntervals, level: float | None, n: int) -> NDArray[np.bool_]:
    """Which of n targets are hit at this level; None where each target had its own single level."""
    there = slice(None) if level is None else (hits.level_low < level) & (level <= hits.level_high)
    hit = np.zeros(n, bool)
    hit[hits.target[there]] = True
    return hit
