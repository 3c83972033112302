"""Means over the classes that occur, each class counting as much as any other however many targets it has."""

import numpy as np
from numpy.typing import NDArray

from wsol.statistics.resampling import Floats


def mean_over_classes(values: Floats, labels: NDArray, weights: Floats) -> Floats:
    """Mean over classes of each class' mean of values [n], NaN left out, each counted weights [r n] times: [r].

    A class that none of a resample's targets has is none of its classes. Values may be of each resample, [r n], where
    the same are NaN in all.

    >>> mean_over_classes(np.array([1.0, 1, 0, 0]), np.array([3, 3, 3, 8]), np.array([[1.0, 1, 1, 1], [1, 0, 1, 0]]))
    array([0.33333333, 0.5       ])
    """
    counted = np.flatnonzero(np.isfinite(values if values.ndim == 1 else values[0]))
    order = counted[np.argsort(labels[counted], kind="stable")]
    starts = np.unique(labels[order], return_index=True)[1]
    count = np.add.reduceat(weights[:, order], starts, axis=1)  # [r classes]
    total = np.add.reduceat(weights[:, order] * values[..., order], starts, axis=1)
    means = np.divide(total, count, out=np.zeros(count.shape), where=count > 0)
    classes = (count > 0).sum(axis=1)
    return np.divide(means.sum(axis=1), classes, out=np.full(len(weights), np.nan), where=classes > 0)


def shares_of_classes(values: Floats, labels: NDArray) -> Floats:
    """By how much each value counts in that mean where each is there once, [n]; 0 of NaN.

    >>> shares_of_classes(np.array([1.0, 1, 0, np.nan]), np.array([3, 3, 8, 9]))
    array([0.25, 0.25, 0.5 , 0.  ])
    """
    counted = np.isfinite(values)
    _, place, size = np.unique(labels[counted], return_inverse=True, return_counts=True)
    found = np.zeros(len(values))
    found[counted] = 1 / (size[place] * len(size))
    return found
