"""Branches: the component tree of a map, each region's pixels apart from those of the regions it takes in, compiled.

From the highest level down regions appear at peaks, grow, and run into each other; of two that meet one goes on and the
other, a branch, ends (Najman & Couprie 2006). A pixel belongs to the branch of the region it arrives in. Within a
segment (`segments`) those are runs, cut where levels are at which branches end: few steps for many pixels.

The kernels here call only what stands in this file, see `segments`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.segments import framed, parted, touching

NONE = -1  # a branch that ends in no other


class Branches(NamedTuple):
    """The k branches of a map in order of their ends, the highest first: a branch stands before the one it ends in.

    A branch has the pixels of its `runs` (first pixel, one behind the last, in row-major order), all above its end.
    """

    parent: NDArray[np.int32]  # [k] the branch that goes on, NONE at the bottom
    end: NDArray[np.float64]  # [k] from this level down it is part of its parent
    runs: NDArray[np.int32]  # [r 2] those of one branch after those of another, each in order
    offsets: NDArray[np.int64]  # [k + 1]


def branched(values: NDArray, bottom: float, *, eight: bool, outside: bool = False) -> Branches:
    """The branches of a map [H W], of its pixels above `bottom`.

    `eight`: diagonal neighbours touch. `outside`: beyond the border is one more branch, the last, which never appears
    and takes in whatever reaches the border. It has no runs.
    """
    starts, peaks, lines = parted(values)
    joins, levels = touching(values, starts, peaks, lines, eight, outside)
    if outside:
        joins, levels = framed(values, starts, peaks, lines, joins, levels)
    order = np.argsort(levels, kind="stable")[::-1]
    births = np.append(values.ravel()[peaks].astype(np.float64), [np.inf] if outside else [])
    first, parent, end = _merged(births, joins, levels, order, float(bottom))
    runs, branch = _runs(values.ravel(), starts, peaks, first, parent, end, len(parent) - outside)
    return Branches(parent, end, *_grouped(runs, branch, len(parent)))


@njit(cache=True, nogil=True)
def _merged(births, joins, levels, order, bottom):
    """Segments joined from the highest level down: the branch of each one's peak [s], NONE of what lies at the bottom,
    and of each branch its parent and its end, as `Branches` has them.

    A segment that touches a region at its own peak is part of that, and no branch.
    """
    count = len(births)
    up = np.full(count, NONE, np.int32)  # what a segment's region ended in
    end = np.full(count, bottom)
    root = np.arange(count)
    size = np.where(births < np.inf, 1, count)  # nothing takes in the outside
    node_of = np.empty(count, np.int32)  # of each branch the segment that stands for it
    n = 0
    for join in order:
        level = levels[join]
        if level <= bottom:
            break
        a = _find(root, joins[join, 0])
        b = _find(root, joins[join, 1])
        if a == b:
            continue
        # What appears at this very level is taken in; of two that stood before, the smaller, which keeps ways short.
        new_a = births[a] <= level
        new_b = births[b] <= level
        if (new_a and not new_b) or (new_a == new_b and size[a] < size[b]):
            a, b = b, a
        up[b] = a
        end[b] = level
        root[b] = a
        size[a] += size[b]
        if births[b] > level:
            node_of[n] = b
            n += 1
    for node in range(count):
        if up[node] == NONE and births[node] > bottom:
            node_of[n] = node
            n += 1
    return _numbered(births, up, end, node_of[:n], bottom)


@njit(cache=True, nogil=True)
def _find(root, node):
    """The root of a segment; the way there is halved for the next time."""
    while root[node] != node:
        root[node] = root[root[node]]
        node = root[node]
    return node


@njit(cache=True, nogil=True)
def _numbered(births, up, end, node_of, bottom):
    """Segments' numbers become those of branches."""
    number = np.full(len(births), NONE, np.int32)
    for k in range(len(node_of)):
        number[node_of[k]] = k
    first = np.full(len(births), NONE, np.int32)
    for node in range(len(births)):
        if births[node] > bottom:
            first[node] = number[_at(node, births[node], up, end)]
    parent = np.full(len(node_of), NONE, np.int32)
    for k in range(len(node_of)):
        if up[node_of[k]] != NONE:
            parent[k] = number[_at(up[node_of[k]], end[node_of[k]], up, end)]
    return first, parent, end[node_of]


@njit(cache=True, nogil=True)
def _at(node, level, up, end):
    """What a segment's pixels of a level are part of."""
    while up[node] != NONE and level <= end[node]:
        node = up[node]
    return node


@njit(cache=True, nogil=True)
def _runs(flat, starts, peaks, first, parent, end, count):
    """Runs of pixels of one branch, [r 2] in the order of segments, and the branch of each [r], one of `count`."""
    runs = np.empty((4 * len(peaks) + 1, 2), np.int32)
    branch = np.empty(len(runs), np.int32)
    n = 0
    for s in range(len(peaks)):
        # A way down to the bottom takes no more steps than there are branches; two flanks go it.
        if n + 2 * min(count, starts[s + 1] - starts[s]) > len(branch):
            runs = np.concatenate((runs, np.empty_like(runs)))
            branch = np.concatenate((branch, np.empty_like(branch)))
        n = _flanks(flat, starts[s], peaks[s], starts[s + 1], first[s], parent, end, count, runs, branch, n)
    return runs[:n], branch[:n]


@njit(cache=True, nogil=True)
def _flanks(flat, start, peak, stop, first, parent, end, count, runs, branch, n):
    """Append the runs of one segment to n others; returns how many there are."""
    k = first
    right = peak + 1
    while k != NONE and k < count and right > start:  # from the peak, and with it, to the left
        left = _above(flat, start, right, end[k])
        if left < right:
            runs[n, 0] = left
            runs[n, 1] = right
            branch[n] = k
            n += 1
        right = left
        k = parent[k]
    k = first
    left = peak + 1
    while k != NONE and k < count and left < stop:
        right = _not_above(flat, left, stop, end[k])
        if left < right:
            runs[n, 0] = left
            runs[n, 1] = right
            branch[n] = k
            n += 1
        left = right
        k = parent[k]
    return n


@njit(cache=True, nogil=True)
def _above(flat, low, high, level):
    """The first pixel of low .. high - 1, which rise, that is above a level; high if none is."""
    if flat[low] > level:
        return low
    while low < high:
        middle = (low + high) // 2
        if flat[middle] > level:
            high = middle
        else:
            low = middle + 1
    return high


@njit(cache=True, nogil=True)
def _not_above(flat, low, high, level):
    """The first pixel of low .. high - 1, which fall, that is not above a level; high if all are."""
    if flat[high - 1] > level:
        return high
    while low < high:
        middle = (low + high) // 2
        if flat[middle] > level:
            low = middle + 1
        else:
            high = middle
    return high


@njit(cache=True, nogil=True)
def _grouped(runs, branch, count):
    """Runs one branch after the other, each branch's in order, and where each branch's begin."""
    offsets = np.zeros(count + 1, np.int64)
    for k in branch:
        offsets[k + 1] += 1
    offsets = np.cumsum(offsets)
    place = offsets[:-1].copy()
    grouped = np.empty_like(runs)
    for r in range(len(runs)):
        k = branch[r]
        grouped[place[k], 0] = runs[r, 0]
        grouped[place[k], 1] = runs[r, 1]
        place[k] += 1
    return grouped, offsets
