"""Means over groups (patients, videos, images), each counting as much as any other however many targets it has."""

import numpy as np
from numpy.typing import NDArray

from wsol.statistics.resampling import Floats


def mean_over_groups(values: Floats, groups: NDArray, weights: Floats) -> Floats:
    """Mean over groups of each group's mean of values [n], NaN left out, each counted weights [r n] times: [r].

    A group that is drawn twice, with all its targets, counts twice; one without a value is none.

    >>> mean_over_groups(np.array([1.0, 1, 0, 0]), np.array([3, 3, 3, 8]), np.array([[1.0, 1, 1, 1], [2, 2, 2, 1]]))
    array([0.33333333, 0.44444444])
    """
    counted = np.isfinite(values)
    _, place, size = np.unique(groups[counted], return_inverse=True, return_counts=True)
    shares = np.zeros(len(values))
    shares[counted] = 1 / size[place]
    weighted = weights * shares
    total = weighted.sum(axis=1)
    found = (weighted * np.where(counted, values, 0)).sum(axis=1)
    return np.divide(found, total, out=np.full(len(weights), np.nan), where=total > 0)
