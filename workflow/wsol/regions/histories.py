"""Histories: the box of each branch of the component tree from its highest level down, compiled.

A box widens where one of the branch's own pixels lies beyond it, or where it takes in another branch. Of its pixels
only those are looked at that can widen it: the highest of each column and line, and those that come before all others.

The kernels here call only what stands in this file, see `segments`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.branches import Branches

FAR = np.iinfo(np.int32).max
NONE = -1
LOW, HIGH = 0, 1  # of a span
LEFT, FIRST, RIGHT, BOTTOM = range(4)  # sides of a box; the upper one is the line of a region's first pixel


class HeldBoxes(NamedTuple):
    """Boxes and the values that they hold at.

    Boxes `x0 y0 x1 y1 first`, int32 [m 5]: half-open pixels, and the region's first pixel in row-major order where the
    row begins. Spans `low high`, float64 [m 2]: a row holds at low < value <= high.
    """

    boxes: NDArray[np.int32]
    spans: NDArray[np.float64]


class Histories(NamedTuple):
    """What became of each of k branches: from each of its `levels` down it has the box of the row beside it, and from
    each of `first_levels` down the first of its own pixels is the one beside it."""

    levels: NDArray[np.float64]  # descending within a branch
    rows: NDArray[np.int32]
    offsets: NDArray[np.int64]  # [k + 1]
    first_levels: NDArray[np.float64]  # ascending within a branch
    firsts: NDArray[np.int32]
    first_offsets: NDArray[np.int64]  # [k + 1]


def told(values: NDArray, branches: Branches, *, outside: bool = False) -> tuple[HeldBoxes, Histories]:
    """The boxes of all regions of a map [H W] that has these branches; `outside`: the last of them is no region."""
    flat = values.ravel()
    parent, end, runs, offsets = branches
    count = len(parent) - outside
    firsts = _firsts(flat, end, runs, offsets, count)
    boxes, spans, *histories = _told(flat, values.shape[1], parent, end, runs, offsets, *firsts)
    return HeldBoxes(boxes, spans), Histories(*histories, *firsts)


@njit(cache=True, nogil=True)
def _firsts(flat, end, runs, offsets, count):
    """The pixels that are higher than all of their branch before them: what `Histories` has of them."""
    levels = np.empty(256)
    firsts = np.empty(256, np.int32)
    first_offsets = np.zeros(count + 1, np.int64)
    n = 0
    for k in range(count):
        highest = end[k]
        for r in range(offsets[k], offsets[k + 1]):
            start = runs[r, 0]
            stop = runs[r, 1]
            if max(flat[start], flat[stop - 1]) <= highest:
                continue
            if n + stop - start > len(levels):
                levels = np.append(levels, np.empty(n + stop))
                firsts = np.append(firsts, np.empty(n + stop, np.int32))
            for pixel in range(start, stop):
                if flat[pixel] > highest:
                    highest = flat[pixel]
                    levels[n] = highest
                    firsts[n] = pixel
                    n += 1
        first_offsets[k + 1] = n
    return levels[:n], firsts[:n], first_offsets


@njit(cache=True, nogil=True)
def _told(flat, width, parent, end, runs, offsets, first_levels, firsts, first_offsets):
    """Boxes, spans and histories of the branches, but for their first pixels, which are given."""
    count = len(first_offsets) - 1
    # A branch's records: levels from which down a side of its box lies further out, ascending, and where it then lies.
    most = max(width, max(len(firsts), len(runs)))
    levels = np.empty((4, most))
    sides = np.empty((4, most), np.int32)
    column = np.empty(width, flat.dtype)
    # Each record makes a row at most, and so does each branch that another takes in.
    most = len(firsts) + len(runs) + count + 2 * min(flat.size, width * count)
    rows = np.empty((most, 5), np.int32)
    spans = np.empty((most, 2))
    history = np.empty(most)
    history_rows = np.empty(most, np.int32)
    history_offsets = np.zeros(count + 1, np.int64)
    boxes = np.empty((count, 5), np.int32)  # of the branches as they are, at last as they end
    open_row = np.full(count, NONE, np.int32)  # the row whose box a branch still has
    child_of, sibling = _children(parent, count)
    m = h = 0
    for k in range(count):
        left = np.zeros(4, np.int64)
        for f in range(first_offsets[k], first_offsets[k + 1]):
            _record(FIRST, firsts[f], first_levels[f], left, levels, sides)
        _records(flat, width, runs[offsets[k] : offsets[k + 1]], end[k], column, left, levels, sides)
        box = boxes[k]
        box[:2] = FAR
        box[2:4] = 0
        box[4] = FAR
        row = NONE
        child = child_of[k]
        while child != NONE or left.max() > 0:
            level = end[child] if child != NONE else -np.inf
            for side in range(4):
                if left[side] > 0:
                    level = max(level, levels[side, left[side] - 1])
            while child != NONE and end[child] == level:
                _take_in(box, boxes[child])
                row = _kept(rows, spans, row, open_row[child], level)
                child = sibling[child]
            _widen(box, width, level, left, levels, sides)
            if row == NONE or not _same(rows[row], box):
                if row != NONE:
                    spans[row, LOW] = level
                row = m
                rows[m] = box
                spans[m, HIGH] = level
                m += 1
            if h == history_offsets[k] or not _same(rows[history_rows[h - 1]], box):
                history[h] = level
                history_rows[h] = row
                h += 1
        spans[row, LOW] = end[k]  # unless what it ends in goes on with it
        open_row[k] = row
        history_offsets[k + 1] = h
    return rows[:m], spans[:m], history[:h], history_rows[:h], history_offsets


@njit(cache=True, nogil=True)
def _children(parent, count):
    """The first branch that ends in each [count], and of each the next that ends in the same, by descending ends."""
    child_of = np.full(count, NONE, np.int32)
    sibling = np.full(count, NONE, np.int32)
    for k in range(count - 1, -1, -1):
        if NONE < parent[k] < count:
            sibling[k] = child_of[parent[k]]
            child_of[parent[k]] = k
    return child_of, sibling


@njit(cache=True, nogil=True)
def _records(flat, width, runs, end, column, count, levels, sides):
    """The records of a branch's other sides than the upper one, the highest last; `count` says how many of each."""
    highest = end
    for r in range(len(runs) - 1, -1, -1):
        start = runs[r, 0]
        level = max(flat[start], flat[runs[r, 1] - 1])
        if level > highest:
            highest = _record(BOTTOM, start // width + 1, level, count, levels, sides)
    left, right = _columns(flat, width, runs, column)
    highest = end
    for x in range(left, right):
        if column[x] > highest:
            highest = _record(LEFT, x, column[x], count, levels, sides)
    highest = end
    for x in range(right - 1, left - 1, -1):
        if column[x] > highest:
            highest = _record(RIGHT, x + 1, column[x], count, levels, sides)


@njit(cache=True, nogil=True)
def _record(side, place, level, count, levels, sides):
    """Note a place whose level is the highest so far; returns that."""
    levels[side, count[side]] = level
    sides[side, count[side]] = place
    count[side] += 1
    return np.float64(level)


@njit(cache=True, nogil=True)
def _columns(flat, width, runs, column):
    """The highest pixel of a branch in each column that it reaches, into `column`; returns the first and the stop."""
    left = width
    right = 0
    lowest = flat[runs[0, 0]]
    for r in range(len(runs)):
        start, stop = runs[r]
        left = min(left, start % width)
        right = max(right, start % width + stop - start)
        lowest = min(lowest, min(flat[start], flat[stop - 1]))
    column[left:right] = lowest  # no record where the branch has no pixel: the outermost columns have one
    for r in range(len(runs)):
        start, stop = runs[r]
        x = start % width
        _raise(column[x : x + stop - start], flat[start:stop])
    return left, right


@njit(cache=True, nogil=True)
def _raise(highest, values):
    """One by one; a loop of its own, so that it is done many at a time."""
    for i in range(len(values)):
        highest[i] = max(highest[i], values[i])


@njit(cache=True, nogil=True)
def _widen(box, width, level, left, levels, sides):
    """What the records of this level make of a box; `left` says how many of each side are."""
    for side in range(4):
        if left[side] == 0 or levels[side, left[side] - 1] < level:
            continue
        left[side] -= 1
        place = sides[side, left[side]]
        if side == FIRST:
            box[4] = min(box[4], place)
            place //= width
        box[side] = min(box[side], place) if side < RIGHT else max(box[side], place)


@njit(cache=True, nogil=True)
def _take_in(box, other):
    """Two regions become one."""
    for side in (LEFT, FIRST, 4):
        box[side] = min(box[side], other[side])
    for side in (RIGHT, BOTTOM):
        box[side] = max(box[side], other[side])


@njit(cache=True, nogil=True)
def _kept(rows, spans, a, b, level):
    """Of two open rows one goes on: that of the wider box, as only it can still be the box of both, else the older.

    The other ends at this level.
    """
    if a == NONE:
        return b
    wider = _extent(rows[a]) - _extent(rows[b])
    if wider < 0 or (wider == 0 and spans[a, HIGH] < spans[b, HIGH]):
        a, b = b, a
    spans[b, LOW] = level
    return a


@njit(cache=True, nogil=True)
def _extent(box):
    return np.int64(box[2] - box[0]) * np.int64(box[3] - box[1])


@njit(cache=True, nogil=True)
def _same(a, b):
    return a[0] == b[0] and a[1] == b[1] and a[2] == b[2] and a[3] == b[3]
