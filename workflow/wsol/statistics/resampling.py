"""Resamples of a split: how often each of its groups is drawn, the same for every run and every metric.

What is resampled is the group (an image and all its targets, a patient, a video), because targets of one group are not
independent. Runs that share the draws are paired: the difference of two runs' draws is the difference in each resample.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import ArrayLike, NDArray

from wsol.statistics.times import Times

Floats = NDArray[np.float64]
LANES = 16
BLOCK = 1 << 22  # numbers of a pooled metric's weights held at once


class Resamples:
    """Draws of the groups [n] of a split's targets, with replacement (Efron 1979); one seed gives one set of bytes.

    >>> Resamples(["a", "a", "b"], 3, seed=0).times[:].sum(axis=1)  # of two groups two, with all their targets
    array([2, 2, 2], dtype=uint64)
    """

    def __init__(self, groups: ArrayLike, resamples: int, seed: int | list[int]):
        self.codes = pd.factorize(np.asarray(groups), sort=True)[0]
        self.count = resamples
        self.seed = seed
        self._sizes: dict[bytes, Floats] = {}

    @cached_property
    def times(self) -> Times:
        """How often each group comes in each resample [r g]."""
        return Times(self.count, int(self.codes.max(initial=-1)) + 1, self.seed)

    def of(self, rows: NDArray[np.int64]) -> "Resamples":
        """The same draws, of some targets.

        >>> Resamples(["a", "b", "b"], 3, seed=0).of(np.array([2])).codes
        array([1])
        """
        found = Resamples([], self.count, self.seed)
        found.codes = self.codes[rows]
        found.times = self.times
        return found

    def means(self, values: Floats) -> Floats:
        """The mean of the values [n] that are there in each resample, [r].

        >>> Resamples(["a", "b"], 3, seed=0).means(np.array([0.5, 0.5]))
        array([0.5, 0.5, 0.5])
        """
        return self.means_at(values[None], np.zeros(self.count, np.int64))

    def means_at(self, values: Floats, which: NDArray[np.int64]) -> Floats:
        """The same where resample r sees row `which[r]` of values [d n]; NaN where it drew no value at all.

        >>> Resamples(["a", "b"], 3, seed=0).means_at(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1]))
        array([0., 1., 1.])
        """
        there = np.isfinite(values)
        totals = self._totals(np.where(there, values, 0), which)
        if (there == there[0]).all():
            # Every row lacks the same values, so that one denominator serves all; metrics of a run share it.
            key = there[0].tobytes()
            if key not in self._sizes:
                self._sizes[key] = self._totals(there[:1], np.zeros(self.count, np.int64))
            sizes = self._sizes[key]
        else:
            sizes = self._totals(there, which)
        return np.divide(totals, sizes, out=np.full(self.count, np.nan), where=sizes > 0)

    def pooled(self, estimate: Callable[[Floats], Floats]) -> Floats:
        """A score that is no mean: `estimate` maps weights [r n], how often each target counts, to [r].

        >>> Resamples(["a", "b"], 3, seed=0).pooled(lambda weights: weights.sum(axis=1))
        array([2., 2., 2.])
        """
        return self.pooled_at([estimate], np.zeros(self.count, np.int64))

    def pooled_at(self, estimates: Sequence[Callable[[Floats], Floats]], which: NDArray[np.int64]) -> Floats:
        """The same where resample r is seen by `estimates[which[r]]`: each resample is estimated once.

        >>> double = lambda weights: 2 * weights.sum(axis=1)
        >>> Resamples(["a", "b"], 3, seed=0).pooled_at([lambda w: w.sum(axis=1), double], np.array([0, 1, 0]))
        array([2., 4., 2.])
        """
        found = np.empty(self.count)
        rows = max(1, BLOCK // max(len(self.codes), 1))
        for one, estimate in enumerate(estimates):
            mine = np.flatnonzero(which == one)
            for part in (mine[i : i + rows] for i in range(0, len(mine), rows)):
                found[part] = estimate(self.times[part][:, self.codes].astype(np.float64))
        return found

    def _totals(self, values: NDArray, which: NDArray[np.int64]) -> Floats:
        groups = self.times.shape[1]
        sums = np.stack([np.bincount(self.codes, row, groups) for row in values])
        return np.concatenate([_weighted(times, sums, which[part]) for part, times in self.times.blocks()])


# Several sums side by side, which lets the processor take several terms at once. How many it takes changes no digit,
# as it would if numba were allowed to choose the order (fastmath).
@njit(cache=True, nogil=True)
def _weighted(times, sums, which):
    found = np.empty(len(times))
    beside = np.empty(LANES)
    for r in range(len(times)):
        row = sums[which[r]]
        weights = times[r]
        beside[:] = 0
        whole = len(weights) - len(weights) % LANES
        for first in range(0, whole, LANES):
            for lane in range(LANES):
                beside[lane] += weights[first + lane] * row[first + lane]
        total = 0.0
        for lane in range(LANES):
            total += beside[lane]
        for g in range(whole, len(weights)):
            total += weights[g] * row[g]
        found[r] = total
    return found
