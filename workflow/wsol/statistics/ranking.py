"""Areas of rankings, in every resample at once: ROC AUC and average precision, as scikit-learn computes them.

scikit-learn takes one set of weights at a time, and sorts anew for each: two thousand resamples of a thousand classes
are two million calls. Here each class is sorted once, and one walk down its ranking serves all resamples. A test holds
both to scikit-learn's numbers.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.statistics.resampling import Floats

Mask = NDArray[np.bool_]


class Ranking:
    """The order of images by each of some scores [i k], the highest first, and which of them are `right` [i k]."""

    def __init__(self, scores: Floats, right: Mask):
        self.right = np.ascontiguousarray(right.T)
        self.order = np.empty(self.right.shape, np.int32)
        self.ends = np.empty(self.right.shape, np.bool_)  # whether the next is of a lower score: equals are one step
        for k, column in enumerate(scores.T):
            self.order[k] = np.lexsort((~self.right[k], -column))
            self.ends[k] = np.append(np.diff(column[self.order[k]]) != 0, True)

    def roc_auc(self, weights: Floats) -> Floats:
        """The share of pairs, a right one and another, in which the right one is higher, equals a half: [r k].

        `weights` [r i]: how often each image is there. NaN where one of the two kinds is not.

        >>> found = Ranking(np.array([[0.9], [0.8], [0.3], [0.3]]), np.array([[True], [False], [True], [False]]))
        >>> found.roc_auc(np.array([[1.0, 1, 1, 1], [1, 1, 0, 1], [0, 1, 0, 1]]))  # of four pairs two, and half of one
        array([[0.625],
               [1.   ],
               [  nan]])
        """
        return self._areas(weights, 0)

    def average_precision(self, weights: Floats) -> Floats:
        """The sum of precision times gain of recall, equals one step, without interpolation: [r k].

        NaN without a right one.

        >>> found = Ranking(np.array([[0.9], [0.8], [0.3]]), np.array([[True], [False], [True]]))
        >>> found.average_precision(np.ones((1, 3))).round(3)  # 1 * 1/2 + 2/3 * 1/2
        array([[0.833]])
        """
        return self._areas(weights, 1)

    def _areas(self, weights: Floats, kind: int) -> Floats:
        by_image = np.ascontiguousarray(weights.T, np.float32)  # whole numbers, whose sums it holds up to 16 millions
        found = [_area(*each, by_image, kind) for each in zip(self.order, self.ends, self.right, strict=True)]
        return np.array(found).reshape(len(found), len(weights)).T


def mean_of_classes(found: Floats) -> Floats:
    """The mean over the classes [r k] that have a number, [r]; NaN where none has.

    >>> mean_of_classes(np.array([[0.5, 1, np.nan], [np.nan, np.nan, np.nan]]))
    array([0.75,  nan])
    """
    there = np.isfinite(found)
    count = there.sum(axis=1)
    total = np.where(there, found, 0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(found), np.nan), where=count > 0)


@njit(cache=True, nogil=True)
def _add(sums, row):
    for r in range(len(sums)):
        sums[r] += row[r]


@njit(cache=True, nogil=True)
def _area(order, ends, right, weights, kind):
    """One class in all resamples, weights [i r]; kind 0: ROC AUC, 1: average precision."""
    resamples = weights.shape[1]
    # How many right ones and others stand above the step that is walked over, and in it.
    above = np.zeros(resamples, np.float32)
    others = np.zeros(resamples, np.float32)
    step = np.zeros(resamples, np.float32)
    equals = np.zeros(resamples, np.float32)
    area = np.zeros(resamples)
    has = False  # a right one is in this step: they come first there
    for place in range(len(order)):
        image = order[place]
        has = has or right[image]
        _add(step if right[image] else equals if has else others, weights[image])
        if has and ends[place]:
            for r in range(resamples):
                if kind == 0:
                    area[r] += np.float64(step[r]) * (others[r] + 0.5 * equals[r])
                above[r] += step[r]
                others[r] += equals[r]
                if kind == 1 and step[r] > 0:
                    area[r] += np.float64(step[r]) * above[r] / (np.float64(above[r]) + others[r])
            step[:] = 0
            equals[:] = 0
            has = False
    for r in range(resamples):
        pairs = np.float64(above[r]) * others[r] if kind == 0 else np.float64(above[r])
        area[r] = area[r] / pairs if pairs > 0 else np.nan
    return 1 - area if kind == 0 else area
