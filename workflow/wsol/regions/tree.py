"""The component tree: every region's box at every level in one pass over the sorted pixels, compiled.

Pixels arrive from the highest level down, and what touches is joined by union-find, so the regions at a level are the
trees that stand once its pixels have arrived (Najman & Couprie 2006, without the tree itself: boxes are written as they
change). What is joined are the segments of `segments`, not pixels.

What comes out are rows `x0 y0 x1 y1 level_low level_high first`: half-open pixels, a region's box at levels
level_low + 1 .. level_high, and one of its pixels in row-major order.

Every kernel that another calls stands in this file: compiled code is cached until its own file changes.
"""

import numpy as np
from numba import njit

from wsol.regions.segments import gains, parted

LEVEL_LOW, LEVEL_HIGH, PIXEL = 4, 5, 6
FAR = np.iinfo(np.int32).max
NONE = -1  # no row is open, no region leads


def grow(depth, levels, *, eight, polygon):
    """Regions of a map that says how many levels each pixel passes, int32 [H W] in 0 .. levels.

    `eight`: diagonal neighbours touch. `polygon`: the largest region is the one with the largest polygon through pixel
    centres, and among equals the last in row-major order of first pixels (what `max(contours, key=cv2.contourArea)`
    takes); otherwise the one of most pixels, the first among equals. Polygons count right where no region has a hole.
    Returns rows [m 7] of all regions and rows [k 7] of the largest, int32.
    """
    gain = gains(depth) if polygon else np.ones(depth.size, np.uint8)
    return _grow(depth.shape[1], levels, polygon, gain, *parted(depth, levels, eight))


@njit(cache=True, nogil=True)
def _grow(width, levels, polygon, gain, segment, line_of, joins, join_order, join_ends, pixel_order, pixel_ends):
    """`grow` of what `segments.parted` made of the map. A region is known by the segment that is its root."""
    count = len(line_of)
    parent = np.arange(count)
    area = np.zeros(count, np.int32)  # pixels, or twice the polygon's area
    first = np.full(count, FAR, np.int32)  # pixel in row-major order; FAR: none has arrived
    boxes = np.empty((count, 4), np.int32)
    boxes[:, :2] = FAR
    boxes[:, 2:] = 0
    open_row = np.full(count, NONE, np.int32)  # the row whose box the region still has
    seen = np.zeros(count, np.int32)  # the level at which a pixel last arrived
    touched = np.empty(count, np.int64)  # the roots of those at this level
    rows = np.empty((256, 7), np.int32)
    m = 0
    largest = np.empty((64, 7), np.int32)
    k = 0
    leader = NONE  # the largest region so far
    current = NONE  # its open row
    for level in range(levels, 0, -1):
        if pixel_ends[level + 1] == pixel_ends[level]:
            continue  # no pixel, no join
        was_area = area[max(leader, 0)]
        was_first = first[max(leader, 0)]
        # Joins come before the pixels, which then arrive in the region they belong to.
        for join in join_order[join_ends[level + 1] : join_ends[level]]:
            a = _find(parent, joins[join, 0])
            b = _find(parent, joins[join, 1])
            if a != b:
                _join(a, b, level, parent, area, first, boxes, open_row, rows)
        n = 0
        for pixel in pixel_order[pixel_ends[level + 1] : pixel_ends[level]]:
            root = _find(parent, segment[pixel])
            y = line_of[segment[pixel]]
            _arrive(root, pixel, pixel - y * width, y, gain[pixel], area, first, boxes)
            if seen[root] != level:
                seen[root] = level
                touched[n] = root
                n += 1
        # Only a region that grew can overtake the leader, unless the leader lost its place among equals.
        if leader >= 0:
            leader = _find(parent, leader)
            if polygon and area[leader] == was_area and first[leader] != was_first:
                leader = _first_of_all(leader, parent, area, first)
        for root in touched[:n]:
            rows, m, open_row[root] = _write(rows, m, open_row[root], boxes[root], level, first[root])
            if leader < 0 or _beats(root, leader, polygon, area, first):
                leader = root
        largest, k, current = _write(largest, k, current, boxes[leader], level, first[leader])
    return rows[:m], largest[:k]


@njit(cache=True, nogil=True)
def _find(parent, node):
    """The root of a segment; the way there is halved for the next time."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _arrive(root, pixel, x, y, gain, area, first, boxes):
    """A pixel becomes part of a region."""
    area[root] += gain
    first[root] = min(first[root], pixel)
    boxes[root, 0] = min(boxes[root, 0], x)
    boxes[root, 1] = min(boxes[root, 1], y)
    boxes[root, 2] = max(boxes[root, 2], x + 1)
    boxes[root, 3] = max(boxes[root, 3], y + 1)


@njit(cache=True, nogil=True)
def _join(a, b, level, parent, area, first, boxes, open_row, rows):
    """Two regions become one; either may still be empty, its first pixels arriving at this level."""
    if area[a] < area[b]:  # the smaller hangs below the larger, which keeps ways short
        a, b = b, a
    parent[b] = a
    area[a] += area[b]
    first[a] = min(first[a], first[b])
    open_row[a] = _join_rows(open_row[a], open_row[b], level, rows)
    boxes[a, 0] = min(boxes[a, 0], boxes[b, 0])
    boxes[a, 1] = min(boxes[a, 1], boxes[b, 1])
    boxes[a, 2] = max(boxes[a, 2], boxes[b, 2])
    boxes[a, 3] = max(boxes[a, 3], boxes[b, 3])


@njit(cache=True, nogil=True)
def _join_rows(kept, ended, level, rows):
    """One open row goes on, that of the wider box: only it can still be the box of both. The other ends here."""
    if kept < 0 or (ended >= 0 and _extent(rows[ended]) > _extent(rows[kept])):
        kept, ended = ended, kept
    if ended >= 0:
        rows[ended, LEVEL_LOW] = level
    return kept


@njit(cache=True, nogil=True)
def _extent(box):
    return np.int64(box[2] - box[0]) * np.int64(box[3] - box[1])


@njit(cache=True, nogil=True)
def _write(rows, m, current, box, level, first):
    """Go on with row `current` if the box still is `box`, else end it and append one.

    Returns the m rows, their number and the row that is open now.
    """
    if current >= 0:
        row = rows[current]
        if row[0] == box[0] and row[1] == box[1] and row[2] == box[2] and row[3] == box[3]:
            return rows, m, current
        row[LEVEL_LOW] = level
    if m == len(rows):
        rows = np.concatenate((rows, np.empty_like(rows)))
    rows[m, :4] = box
    rows[m, LEVEL_LOW] = 0  # until the box changes: a region never vanishes
    rows[m, LEVEL_HIGH] = level
    rows[m, PIXEL] = first
    return rows, m + 1, m


@njit(cache=True, nogil=True)
def _beats(a, b, polygon, area, first):
    """Whether region a is larger than region b, or goes before it among equals."""
    before = first[a] > first[b] if polygon else first[a] < first[b]
    return area[a] > area[b] or (area[a] == area[b] and before)


@njit(cache=True, nogil=True)
def _first_of_all(leader, parent, area, first):
    """The largest polygon of all regions, where not only those that grew can be it.

    A region that gained pixels and no area may, by an earlier first pixel, have lost its place among equals.
    """
    for node in range(len(parent)):
        if parent[node] == node and first[node] < FAR and _beats(node, leader, True, area, first):
            leader = node
    return leader
