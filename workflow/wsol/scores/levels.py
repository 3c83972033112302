"""The level, chosen again in every resample of the images it is chosen on: what its choice adds to the spread."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.scores.curves import HitIntervals, curve
from wsol.statistics.resampling import Floats, Resamples

MOST = 1_000  # levels among which a resample chooses
KEPT = 25  # distinct levels that scores are taken at


def levels_of_resamples(intervals: HitIntervals, grid: Floats | None, resamples: Resamples) -> Floats:
    """The best level of each resample, [r], as `curves.best_level` takes it.

    On a grid it is the first of equals, else the middle of the first stretch of equals (among at most MOST levels
    spread over all that differ).

    >>> found = HitIntervals(np.array([0, 1]), np.array([0.2, 0.2]), np.array([0.6, 0.6]))
    >>> levels_of_resamples(found, np.array([0.1, 0.3, 0.5]), Resamples(["a", "b"], 3, seed=0))
    array([0.3, 0.3, 0.3])
    """
    levels = candidates(intervals) if grid is None else grid
    groups = resamples.codes[intervals.target]
    starts = np.searchsorted(levels, intervals.level_low, side="right")
    stops = np.searchsorted(levels, intervals.level_high, side="right")
    blocks = resamples.times.blocks()
    found = [_best_stretches(times, groups, starts, stops, len(levels)) for _, times in blocks]
    first, last = (np.concatenate(ends) for ends in zip(*found, strict=True))
    return levels[first if grid is not None else (first + last) // 2]


def candidates(intervals: HitIntervals) -> Floats:
    """A level inside each stretch of levels at which the same targets are hit, ascending: [l].

    >>> candidates(HitIntervals(np.array([0, 1]), np.array([0.2, 0.4]), np.array([0.6, 0.8]))).round(3)
    array([0.2, 0.3, 0.5, 0.7, 0.8])
    """
    edges = curve(intervals).edges[1:-1]
    if not len(edges):
        return np.zeros(1)
    edges = edges[np.unique(np.linspace(0, len(edges) - 1, MOST).round().astype(int))]
    # The first and the last candidate lie in the endless stretches below and above all edges.
    return np.unique(np.concatenate([edges[:1], edges[:-1] + np.diff(edges) / 2, [np.nextafter(edges[-1], np.inf)]]))


def representatives(levels: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """KEPT levels [d] that stand for those of all resamples [r], and which one stands for each, [r].

    Each stands for an equal share of the resamples and is the middle one of its share.

    >>> representatives(np.array([0.5, 0.2, 0.5]))
    (array([0.2, 0.5]), array([1, 0, 1]))
    """
    distinct, place, count = np.unique(levels, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    # Few levels each stand for themselves; many are cut into KEPT shares of as many resamples.
    share = np.floor(KEPT * middle / len(levels)).astype(int) if len(distinct) > KEPT else np.arange(len(distinct))
    shares, of = np.unique(share, return_inverse=True)
    kept = np.array([np.median(levels[share[place] == s]) for s in shares])
    return kept, of[place]


def carried(means: Floats, levels: Floats, which: NDArray[np.int64]) -> Floats:
    """How far each resample's choice of level moves a score, [r], about 0.

    `means` [d]: the score's mean at each of `levels` [d]; `which` [r]: the level of each resample.

    A resampled choice scatters around the level that was chosen, which itself lies off the population's best by as
    much. To first order that is right; to second order the same error counts about three times: with x the resampled
    and z the actual error of the level, both of variance s, a score that falls by c (z + x)^2 varies over x by
    2 c^2 s^2 + 4 c^2 z^2 s, on average 6 c^2 s^2, where 2 c^2 s^2 is meant. The straight part of the movement carries
    the 4, the rest the 2; so the straight part is shrunk by twice the rest's variance, or to nothing. What is left errs
    on the side of width. Checked by simulation in tests/scores/test_coverage.py, also where the splits differ.

    >>> carried(np.array([0.4, 0.6]), np.array([0.2, 0.3]), np.array([0, 1, 1, 0])).round(3)
    array([-0.1,  0.1,  0.1, -0.1])
    """
    effect = means[which] - means[which].mean()
    x = levels[which] - levels[which].mean()
    straight = x * (x @ effect) / (x @ x) if x.any() else np.zeros_like(x)
    rest = effect - straight
    there = straight.var()
    return rest + straight * np.sqrt(max(there - 2 * rest.var(), 0) / there) if there > 0 else rest


@njit(cache=True, nogil=True)
def _best_stretches(times, groups, starts, stops, size):
    """First and last level of the first stretch of most hits in each resample."""
    first = np.zeros(len(times), np.int64)
    last = np.zeros(len(times), np.int64)
    steps = np.zeros(size + 1, np.int64)
    for r in range(len(times)):
        # As in `curves.curve`: each interval adds its weight at its start and takes it away at its stop.
        steps[:] = 0
        for j in range(len(groups)):
            weight = times[r, groups[j]]
            steps[starts[j]] += weight
            steps[stops[j]] -= weight
        here = 0
        most = -1
        for level in range(size):
            here += steps[level]
            if here > most:
                most = here
                first[r] = level
                last[r] = level
            elif here == most and last[r] == level - 1:
                last[r] = level
    return first, last
