"""Edges: the levels that pixels are counted at, and the bin between two of them that a value falls in.

Bin j is `edges[j - 1] <= value < edges[j]`; bin 0 holds what no level predicts. EDGES are the published ones (Choe et
al. 2020); a sweep's own levels are merged with them where it has a grid.
"""

import numpy as np
from numpy.typing import NDArray

STEP = 0.001
EDGES = np.append(np.arange(0, 1, STEP), 1.0)
BINS = len(EDGES) + 1


def bin_of(values: NDArray) -> NDArray[np.int64]:
    """The bin of each value among EDGES, as a search would find it, but faster by guessing from the step.

    >>> bin_of(np.array([-1, 0, 0.0005, 0.001, 1, 7])).tolist()
    [0, 1, 1, 2, 1001, 1001]
    """
    values = values.astype(np.float64)
    guess = np.clip((values / STEP).astype(np.int64), 0, len(EDGES) - 1)
    # The quotient may be off by one on either side of an edge.
    guess -= values < EDGES[guess]
    guess += values >= np.append(EDGES[1:], np.inf)[guess]
    return guess + 1


def published(histogram: NDArray, edges: NDArray[np.float64]) -> NDArray:
    """A histogram [... b] over `edges`, those of EDGES among them, as one over EDGES: [... BINS].

    >>> finer = np.union1d(EDGES, [0.0005])
    >>> published(np.arange(len(finer) + 1), finer)[:3].tolist()
    [0, 3, 3]
    """
    starts = np.append(0, np.searchsorted(edges, EDGES) + 1)
    return np.add.reduceat(histogram, starts, axis=-1)
