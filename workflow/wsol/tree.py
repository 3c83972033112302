"""The component tree: every region's box at every level in one pass over the sorted pixels, compiled.

Pixels arrive from the highest level down and join their neighbours by union-find, so the regions at a level are the
trees that stand once its pixels have arrived (Najman & Couprie 2006, without the tree itself: boxes are written as
they change). What comes out are rows `x0 y0 x1 y1 lo hi`: half-open pixels, a region's box at levels lo + 1 .. hi.
"""

import numpy as np
from numba import njit

MINX, MINY, MAXX, MAXY, LO, HI = range(6)  # columns of a row; the first four also of a node's box
COUNT, POLYGON, FIRST, OPEN_ROW, SEEN = range(5)  # columns of a node: what is known of the region it is the root of


@njit(cache=True, nogil=True)
def grow(depth, levels, eight, polygon):
    """Regions of a map that says how many levels each pixel passes, int32 [H W] in 0 .. levels.

    `eight`: diagonal neighbours touch. `polygon`: the largest region is the one with the largest polygon through pixel
    centres, and among equals the last in row-major order of first pixels (what `max(contours, key=cv2.contourArea)`
    takes); otherwise the one of most pixels, the first among equals. Polygons count right where no region has a hole.
    Returns rows [m 6] of all regions and rows [k 6] of the largest, int32.
    """
    stride = depth.shape[1] + 2
    order, ends = _sort(depth, levels)
    parent = np.full((depth.shape[0] + 2) * stride, -1, np.int32)  # -1: not arrived, nor ever does the frame around
    nodes, boxes = np.empty((parent.size, 5), np.int32), np.empty((parent.size, 4), np.int32)
    rows, largest = np.empty((256, 6), np.int32), np.empty((64, 6), np.int32)
    m, k, leader, current, start = 0, 0, -1, -1, 0
    for level in range(levels, 0, -1):
        stop = ends[level]
        if start == stop:
            continue
        was = nodes[max(leader, 0)].copy()
        for i in range(start, stop):
            _arrive(order[i], stride, level, eight, parent, nodes, boxes, rows)
        if leader >= 0:
            leader = _after_growth(leader, was, order[:start], polygon, parent, nodes)
        for i in range(start, stop):
            root = _find(parent, order[i])
            if nodes[root, SEEN] != level:
                nodes[root, SEEN] = level
                rows, m, nodes[root, OPEN_ROW] = _write(rows, m, nodes[root, OPEN_ROW], boxes[root], level)
                if leader < 0 or _beats(nodes[root], nodes[leader], polygon):
                    leader = root
        largest, k, current = _write(largest, k, current, boxes[leader], level)
        start = stop
    return rows[:m], largest[:k]


@njit(cache=True, nogil=True)
def _sort(depth, levels):
    """Pixels that pass any level, as nodes of the framed map, deepest first; `order[: ends[l]]` pass level l."""
    height, width = depth.shape
    ends = np.zeros(levels + 2, np.int64)
    for y in range(height):
        for x in range(width):
            ends[depth[y, x]] += 1
    for level in range(levels - 1, -1, -1):
        ends[level] += ends[level + 1]
    place = ends[1:].copy()  # where the pixels of depth d start: behind all deeper ones
    order = np.empty(ends[1], np.int32)
    for y in range(height):
        for x in range(width):
            if depth[y, x] > 0:
                order[place[depth[y, x]]] = (y + 1) * (width + 2) + x + 1
                place[depth[y, x]] += 1
    return order, ends


@njit(cache=True, nogil=True)
def _find(parent, node):
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True, nogil=True)
def _arrive(node, stride, level, eight, parent, nodes, boxes, rows):
    """One pixel arrives: a region of its own, joined with those it touches."""
    y, x = node // stride - 1, node % stride - 1
    parent[node] = node
    nodes[node, COUNT], nodes[node, POLYGON], nodes[node, FIRST] = 1, 0, node
    nodes[node, OPEN_ROW], nodes[node, SEEN] = -1, 0
    boxes[node, MINX], boxes[node, MINY], boxes[node, MAXX], boxes[node, MAXY] = x, y, x + 1, y + 1
    root = node
    for step in (-1, 1, -stride, stride):
        root = _join(root, node + step, level, parent, nodes, boxes, rows)
    if eight:
        for step in (-stride - 1, -stride + 1, stride - 1, stride + 1):
            root = _join(root, node + step, level, parent, nodes, boxes, rows)
    nodes[root, POLYGON] += _quads(node, stride, parent)


@njit(cache=True, nogil=True)
def _quads(node, stride, parent):
    """Twice the polygon area a pixel adds: a square of centres is half inside with three pixels, whole with four."""
    gain = 0
    for dy in (-stride, stride):
        for dx in (-1, 1):
            gain += (parent[node + dx] >= 0) + (parent[node + dy] >= 0) + (parent[node + dx + dy] >= 0) >= 2
    return gain


@njit(cache=True, nogil=True)
def _join(a, b, level, parent, nodes, boxes, rows):
    """The root of region `a` with pixel `b`'s region, if that has arrived."""
    if parent[b] < 0:
        return a
    b = _find(parent, b)
    if a == b:
        return a
    if nodes[a, COUNT] < nodes[b, COUNT]:
        a, b = b, a
    parent[b] = a
    nodes[a, COUNT] += nodes[b, COUNT]
    nodes[a, POLYGON] += nodes[b, POLYGON]
    nodes[a, FIRST] = min(nodes[a, FIRST], nodes[b, FIRST])
    _join_rows(a, b, level, nodes, rows)
    boxes[a, MINX], boxes[a, MINY] = min(boxes[a, MINX], boxes[b, MINX]), min(boxes[a, MINY], boxes[b, MINY])
    boxes[a, MAXX], boxes[a, MAXY] = max(boxes[a, MAXX], boxes[b, MAXX]), max(boxes[a, MAXY], boxes[b, MAXY])
    return a


@njit(cache=True, nogil=True)
def _join_rows(a, b, level, nodes, rows):
    """One open row goes on, that of the wider box: only it can still be the box of both. The other ends here."""
    kept, ended = nodes[a, OPEN_ROW], nodes[b, OPEN_ROW]
    if kept < 0 or (ended >= 0 and _extent(rows[ended]) > _extent(rows[kept])):
        kept, ended = ended, kept
    nodes[a, OPEN_ROW] = kept
    if ended >= 0:
        rows[ended, LO] = level


@njit(cache=True, nogil=True)
def _extent(box):
    return np.int64(box[MAXX] - box[MINX]) * np.int64(box[MAXY] - box[MINY])


@njit(cache=True, nogil=True)
def _write(rows, m, current, box, level):
    """Go on with row `current` if the box still is `box`, else end it and append: rows, their number, the open row."""
    if current >= 0:
        row = rows[current]
        if row[0] == box[0] and row[1] == box[1] and row[2] == box[2] and row[3] == box[3]:
            return rows, m, current
        row[LO] = level
    if m == len(rows):
        rows = np.concatenate((rows, np.empty_like(rows)))
    rows[m, :4] = box
    rows[m, LO], rows[m, HI] = 0, level
    return rows, m + 1, m


@njit(cache=True, nogil=True)
def _beats(a, b, polygon):
    if polygon:
        return a[POLYGON] > b[POLYGON] or (a[POLYGON] == b[POLYGON] and a[FIRST] > b[FIRST])
    return a[COUNT] > b[COUNT] or (a[COUNT] == b[COUNT] and a[FIRST] < b[FIRST])


@njit(cache=True, nogil=True)
def _after_growth(leader, was, order, polygon, parent, nodes):
    """The largest of the regions that stood before, `was` the leader's node then.

    Regions only grow, so one that did not cannot have overtaken, except among polygons: there a region may grow in
    no area and, by an earlier first pixel, lose its place among equals.
    """
    root = _find(parent, leader)
    if polygon and nodes[root, POLYGON] == was[POLYGON] and nodes[root, FIRST] != was[FIRST]:
        for i in range(len(order)):
            if parent[order[i]] == order[i] and _beats(nodes[order[i]], nodes[root], polygon):
                root = order[i]
    return root


@njit(cache=True, nogil=True)
def filled(depth, levels):
    """The map whose regions at every level are the given map's with their holes filled (reconstruction by erosion).

    A hole is background that reaches the outside by no path of edge neighbours.
    """
    height, width = depth.shape
    fill = np.full((height, width), -1, np.int32)
    head, following = np.full(levels + 1, -1, np.int64), np.empty(height * width, np.int64)
    for y in range(height):
        for x in range(width):
            if y in (0, height - 1) or x in (0, width - 1):
                _push(y, x, depth[y, x], fill, head, following)
    for level in range(levels + 1):
        while head[level] >= 0:
            y, x = head[level] // width, head[level] % width
            head[level] = following[head[level]]
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                if 0 <= y + dy < height and 0 <= x + dx < width and fill[y + dy, x + dx] < 0:
                    _push(y + dy, x + dx, max(level, depth[y + dy, x + dx]), fill, head, following)
    return fill


@njit(cache=True, nogil=True)
def _push(y, x, level, fill, head, following):
    node = y * fill.shape[1] + x
    fill[y, x], following[node], head[level] = level, head[level], node
