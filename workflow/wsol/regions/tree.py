"""The component tree: every region's box at every level in one pass over the sorted pixels, compiled.

Pixels arrive from the highest level down, and what touches is joined by union-find, so the regions at a level are the
trees that stand once its pixels have arrived (Najman & Couprie 2006, without the tree itself: boxes are written as they
change). Few things need joining: each line of the map is parted into segments that rise and then fall, whose pixels
above any level are one run; segments touch from the highest level on at which two of their pixels do.
What comes out are rows `x0 y0 x1 y1 level_low level_high first`: half-open pixels, a region's box at levels
level_low + 1 .. level_high, and one of its pixels in row-major order.

All in one file: the compiled code is cached until this file changes, whatever happens to a kernel called from another.
"""

import numpy as np
from numba import njit

LEVEL_LOW, LEVEL_HIGH, PIXEL = 4, 5, 6
FAR = np.iinfo(np.int32).max


@njit(cache=True, nogil=True)
def grow(depth, levels, eight, polygon):
    """Regions of a map that says how many levels each pixel passes, int32 [H W] in 0 .. levels.

    `eight`: diagonal neighbours touch. `polygon`: the largest region is the one with the largest polygon through pixel
    centres, and among equals the last in row-major order of first pixels (what `max(contours, key=cv2.contourArea)`
    takes); otherwise the one of most pixels, the first among equals. Polygons count right where no region has a hole.
    Returns rows [m 6] of all regions and rows [k 6] of the largest, int32.
    """
    segment, starts, lines = _segments(depth)
    joins, weights = _joins(depth, starts, lines, eight)
    join_order, join_ends = _descending(weights, levels)
    pixel_order, pixel_ends = _descending(depth.ravel(), levels)
    gain = _gains(depth) if polygon else np.ones(depth.size, np.uint8)
    line_of = np.repeat(np.arange(len(lines) - 1), np.diff(lines))
    parent = np.arange(len(starts))
    area, first, open_row, seen = np.zeros((4, len(starts)), np.int32)
    first[:], open_row[:] = FAR, -1
    boxes = np.empty((len(starts), 4), np.int32)
    boxes[:, :2], boxes[:, 2:] = FAR, 0
    rows, largest, touched = np.empty((256, 7), np.int32), np.empty((64, 7), np.int32), np.empty(len(starts), np.int64)
    m, k, leader, current = 0, 0, -1, -1
    for level in range(levels, 0, -1):
        if pixel_ends[level + 1] == pixel_ends[level]:
            continue  # no pixel, no join
        was_area, was_first = area[max(leader, 0)], first[max(leader, 0)]
        for join in join_order[join_ends[level + 1] : join_ends[level]]:
            a, b = _find(parent, joins[join, 0]), _find(parent, joins[join, 1])
            if a != b:
                _join(a, b, level, parent, area, first, boxes, open_row, rows)
        n = 0
        for pixel in pixel_order[pixel_ends[level + 1] : pixel_ends[level]]:
            root, y = _find(parent, segment[pixel]), line_of[segment[pixel]]
            _arrive(root, pixel, pixel - y * depth.shape[1], y, gain[pixel], area, first, boxes)
            if seen[root] != level:
                seen[root], touched[n] = level, root
                n += 1
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
def _segments(depth):
    """The segment of each pixel [H * W], the first pixel of each segment [s], the first segment of each line [H + 1].

    A segment starts where a fallen line rises again.
    """
    height, width = depth.shape
    segment, starts, n = np.empty(height * width, np.int32), np.empty(height * width + 1, np.int32), 0
    lines = np.empty(height + 1, np.int32)
    for y in range(height):
        lines[y], falling, before = n, True, -1
        for x in range(width):
            value = depth[y, x]
            if value > before and falling:
                starts[n] = y * width + x
                n += 1
                falling = False
            falling = falling or value < before
            segment[y * width + x], before = n - 1, value
    lines[height] = n
    return segment, starts[:n], lines


@njit(cache=True, nogil=True)
def _joins(depth, starts, lines, eight):
    """Pairs of segments that touch [n 2] and the highest level at which they do [n]."""
    height, width = depth.shape
    flat, reach, n = depth.ravel(), 1 if eight else 0, 0
    joins, weights = np.empty((1024, 2), np.int32), np.empty(1024, np.int32)
    ends = np.append(starts[1:], np.int32(flat.size))
    for y in range(height):
        below = lines[min(y + 1, height)]
        for a in range(lines[y], lines[y + 1]):
            if a + 1 < lines[y + 1] and flat[starts[a + 1] - 1] > 0:
                joins, weights, n = _note(joins, weights, n, a, a + 1, flat[starts[a + 1] - 1])
            while y + 1 < height and below < lines[y + 2] and ends[below] - width + reach <= starts[a]:
                below += 1
            b = below
            while y + 1 < height and b < lines[y + 2] and starts[b] - width < ends[a] + reach:
                level = 0
                for step in range(width - reach, width + reach + 1):
                    low, high = max(starts[a], starts[b] - step), min(ends[a], ends[b] - step)
                    level = max(level, _contact(flat[low : max(low, high)], flat[low + step : max(low, high) + step]))
                if level > 0:
                    joins, weights, n = _note(joins, weights, n, a, b, level)
                b += 1
    return joins[:n], weights[:n]


@njit(cache=True, nogil=True)
def _contact(a, b):
    """The highest level that a pixel of `a` and its neighbour in `b` both pass."""
    level = np.int32(0)
    for i in range(len(a)):
        level = max(level, min(a[i], b[i]))
    return level


@njit(cache=True, nogil=True)
def _note(joins, weights, n, a, b, level):
    if n == len(weights):
        joins, weights = np.concatenate((joins, np.empty_like(joins))), np.concatenate((weights, weights))
    joins[n, 0], joins[n, 1], weights[n] = a, b, level
    return joins, weights, n + 1


@njit(cache=True, nogil=True)
def _descending(values, levels):
    """Places of values 1 .. levels, highest first, equals in order: `order[ends[l + 1] : ends[l]]` have value l."""
    ends = np.zeros(levels + 2, np.int64)
    for value in values:
        ends[value] += 1
    for level in range(levels - 1, -1, -1):
        ends[level] += ends[level + 1]
    place, order = ends[1:].copy(), np.empty(ends[1], np.int32)
    for i in range(len(values)):
        if values[i] > 0:
            order[place[values[i]]] = i
            place[values[i]] += 1
    return order, ends


@njit(cache=True, nogil=True)
def _gains(depth):
    """Twice the polygon area that each pixel's arrival adds [H * W].

    A square of four pixel centres is half inside when the third arrives and whole when the last does; of equal pixels
    the first in row-major order comes first.
    """
    height, width = depth.shape
    gain = np.zeros((height, width), np.uint8)
    for y in range(height - 1):
        for x in range(width - 1):
            a, b, c, d = depth[y, x], depth[y, x + 1], depth[y + 1, x], depth[y + 1, x + 1]
            ab, ac, ad, bc, bd, cd = a >= b, a >= c, a >= d, b >= c, b >= d, c >= d
            gain[y, x] += ab + ac + ad <= 1
            gain[y, x + 1] += bc + bd <= ab
            gain[y + 1, x] += cd + 1 <= ac + bc
            gain[y + 1, x + 1] += ad + bd + cd >= 2
    return gain.ravel()


@njit(cache=True, nogil=True)
def _find(parent, node):
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _arrive(root, pixel, x, y, gain, area, first, boxes):
    area[root] += gain
    first[root] = min(first[root], pixel)
    boxes[root, 0], boxes[root, 1] = min(boxes[root, 0], x), min(boxes[root, 1], y)
    boxes[root, 2], boxes[root, 3] = max(boxes[root, 2], x + 1), max(boxes[root, 3], y + 1)


@njit(cache=True, nogil=True)
def _join(a, b, level, parent, area, first, boxes, open_row, rows):
    """Two regions become one; either may still be empty, its first pixels arriving at this level."""
    if area[a] < area[b]:
        a, b = b, a
    parent[b] = a
    area[a] += area[b]
    first[a] = min(first[a], first[b])
    open_row[a] = _join_rows(open_row[a], open_row[b], level, rows)
    boxes[a, 0], boxes[a, 1] = min(boxes[a, 0], boxes[b, 0]), min(boxes[a, 1], boxes[b, 1])
    boxes[a, 2], boxes[a, 3] = max(boxes[a, 2], boxes[b, 2]), max(boxes[a, 3], boxes[b, 3])


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
    """Go on with row `current` if the box still is `box`, else end it and append: rows, their number, the open row."""
    if current >= 0:
        row = rows[current]
        if row[0] == box[0] and row[1] == box[1] and row[2] == box[2] and row[3] == box[3]:
            return rows, m, current
        row[LEVEL_LOW] = level
    if m == len(rows):
        rows = np.concatenate((rows, np.empty_like(rows)))
    rows[m, :4] = box
    rows[m, LEVEL_LOW], rows[m, LEVEL_HIGH], rows[m, PIXEL] = 0, level, first
    return rows, m + 1, m


@njit(cache=True, nogil=True)
def _beats(a, b, polygon, area, first):
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
