"""The largest region of a map at every level, compiled: which branch it is, counted pixel by pixel.

Only where there are several regions can another one be the largest, so only pixels above the level at which the last
two meet are counted, from the highest down.

The kernels here call only what stands in this file, see `segments`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.arrivals import arrivals
from wsol.regions.branches import NONE, Branches
from wsol.regions.histories import HeldBoxes, Histories

FAR = np.iinfo(np.int32).max


def largest(
    values: NDArray, bottom: float, branches: Branches, table: HeldBoxes, histories: Histories, *, polygon: bool
) -> HeldBoxes:
    """The box of the largest region at each value of a map [H W] above `bottom`, as rows that part these values.

    `polygon`: the largest region is the one with the largest polygon through pixel centres, and among equals the last
    in row-major order of first pixels (what `max(contours, key=cv2.contourArea)` takes); otherwise the one of most
    pixels, the first among equals. Polygons count right where no region has a hole.
    """
    parent, end = branches[:2]
    if not len(parent):
        return table
    several = len(parent) > 1 and parent[-2] == NONE  # at the bottom too
    # Above this level there are several regions, from it down one.
    floor = end[-1] if several else end[-2] if len(end) > 1 else np.inf
    leaders, levels = np.array([len(end) - 1], np.int32), np.array([floor])
    if floor < np.inf:
        gain = gains(values) if polygon else np.empty(0, np.uint8)
        before, from_levels = _leaders(*arrivals(values, floor, gain, branches), polygon, parent, end, *histories[3:])
        last = slice(0, 0 if several or before[-1] == leaders[0] else 1)
        leaders, levels = np.append(before, leaders[last]), np.append(from_levels, levels[last])
    return HeldBoxes(*_led(table.boxes, bottom, leaders, levels, *histories[:3]))


@njit(cache=True, nogil=True)
def _leaders(arriving, branch, gain, polygon, parent, end, first_levels, firsts, first_offsets):
    """The branches that are the largest, and the level from which down each is."""
    count = len(parent)
    area = np.zeros(count, np.int64)  # pixels, or twice the polygon's area
    taken = np.full(count, FAR, np.int32)  # the first pixel of what a branch has taken in
    cursor = first_offsets[1:] - 1  # at the record of a branch's own first pixel
    told = taken, cursor, first_levels, firsts, first_offsets
    seen = np.full(count, NONE, np.int64)  # where the level began at which a pixel last arrived
    touched = np.empty(count, np.int32)  # the branches that pixels arrive in at this level
    leaders = np.empty(len(arriving), np.int32)
    levels = np.empty(len(arriving))
    n = ended = i = 0
    leader = NONE
    first = FAR  # the leader's first pixel
    while i < len(arriving):
        begin = i
        level = arriving[i]
        was_area = area[leader] if leader != NONE else 0
        while end[ended] >= level:
            area[parent[ended]] += area[ended]
            taken[parent[ended]] = min(taken[parent[ended]], taken[ended], firsts[first_offsets[ended]])
            leader = parent[ended] if leader == ended else leader
            ended += 1
        t = 0
        while i < len(arriving) and arriving[i] == level:
            k = branch[i]
            area[k] += gain[i]
            if seen[k] != begin:
                seen[k] = begin
                touched[t] = k
                t += 1
            i += 1
        # Only a branch that grew can overtake the leader, unless the leader lost its place among equals: by an earlier
        # first pixel and no more area.
        if polygon and leader != NONE and area[leader] == was_area and _first(leader, level, told) != first:
            for k in range(ended, count):
                if seen[k] != NONE and _beats(k, leader, level, area, polygon, told):
                    leader = k
        for k in touched[:t]:
            if leader == NONE or _beats(k, leader, level, area, polygon, told):
                leader = k
        if n == 0 or leader != leaders[n - 1]:
            leaders[n] = leader
            levels[n] = level
            n += 1
        if polygon:
            first = _first(leader, level, told)
    return leaders[:n], levels[:n]


@njit(cache=True, nogil=True)
def _first(k, level, told):
    """The first pixel of a region; levels descend from call to call."""
    taken, cursor, first_levels, firsts, first_offsets = told
    while cursor[k] > first_offsets[k] and first_levels[cursor[k] - 1] >= level:
        cursor[k] -= 1
    return min(taken[k], firsts[cursor[k]])


@njit(cache=True, nogil=True)
def _beats(a, b, level, area, polygon, told):
    """Whether region a is larger than region b, or goes before it among equals."""
    if a == b or area[a] != area[b]:
        return area[a] > area[b]
    return (_first(a, level, told) < _first(b, level, told)) != polygon


@njit(cache=True, nogil=True)
def _led(boxes, bottom, leaders, levels, history, history_rows, offsets):
    """The leaders' boxes, as rows of boxes and of spans: a row goes on for as long as the box is the same."""
    rows = np.empty((len(history) + len(leaders), 5), np.int32)
    spans = np.empty((len(rows), 2))
    m = 0
    for i in range(len(leaders)):
        k = leaders[i]
        stop = levels[i + 1] if i + 1 < len(leaders) else -np.inf
        for h in range(offsets[k], offsets[k + 1]):
            if history[h] <= stop:
                break
            if h + 1 < offsets[k + 1] and history[h + 1] >= levels[i]:
                continue  # another box by the time that it leads
            box = boxes[history_rows[h]]
            if m and _same(box, rows[m - 1]):
                continue
            if m:
                spans[m - 1, 0] = min(history[h], levels[i])
            rows[m] = box
            spans[m, 1] = min(history[h], levels[i])
            m += 1
    if m:
        spans[m - 1, 0] = bottom
    return rows[:m], spans[:m]


@njit(cache=True, nogil=True)
def _same(a, b):
    return a[0] == b[0] and a[1] == b[1] and a[2] == b[2] and a[3] == b[3]


@njit(cache=True, nogil=True)
def gains(values):
    """Twice the polygon area that each pixel's arrival adds, uint8 [H * W].

    A square of four pixel centres is half inside when the third arrives and whole when the last does; of equal pixels
    the first in row-major order comes first.
    """
    height, width = values.shape
    gain = np.zeros((height, width), np.uint8)
    squares = np.empty((4, width), np.uint8)  # what a square adds at each corner
    for y in range(height - 1):
        _squares(values[y, :-1], values[y, 1:], values[y + 1, :-1], values[y + 1, 1:], squares)
        for x in range(width - 1):
            gain[y, x] += squares[0, x]
        for x in range(width - 1):
            gain[y, x + 1] += squares[1, x]
        for x in range(width - 1):
            gain[y + 1, x] += squares[2, x]
        for x in range(width - 1):
            gain[y + 1, x + 1] += squares[3, x]
    return gain.ravel()


@njit(cache=True, nogil=True)
def _squares(a, b, c, d, gain):
    """Squares  a b  side by side: which corners arrive after one or none of the others, and so add nothing.
    c d
    """
    at_a, at_b, at_c, at_d = gain[0], gain[1], gain[2], gain[3]
    for x in range(len(a)):
        # Which of each two arrives first.
        ab, ac, ad = a[x] >= b[x], a[x] >= c[x], a[x] >= d[x]
        bc, bd, cd = b[x] >= c[x], b[x] >= d[x], c[x] >= d[x]
        at_a[x] = not ((ab & ac) | (ab & ad) | (ac & ad))
        at_b[x] = not ((bc & bd) | ((bc | bd) & (not ab)))
        at_c[x] = (ac & bc) | ((ac | bc) & (not cd))
        at_d[x] = (ad & bd) | ((ad | bd) & cd)
