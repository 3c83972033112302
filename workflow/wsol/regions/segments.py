"""Segments: the pieces that the component tree joins, and the order in which pixels and joins arrive, compiled.

Each line of a map is parted into segments that rise and then fall, so that the pixels of a segment above any level are
one run. Segments touch from the highest level on at which two of their pixels do: few things need joining.

`parted` and `gains` call only what stands in this file, and are called from Python: compiled code is cached until its
own file changes, whatever happens to a kernel called from another.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def parted(depth, levels, eight):
    """The pieces of a map that says how many levels each pixel passes, int32 [H W] in 0 .. levels.

    `eight`: diagonal neighbours touch. Returns the segment of each pixel [H * W], the line of each segment [s], pairs
    of segments that touch [n 2], and the order of pairs and of pixels, each as two arrays (`_descending`).
    """
    segment, starts, lines = _segments(depth)
    joins, weights = _joins(depth, starts, lines, eight)
    join_order, join_ends = _descending(weights, levels)
    pixel_order, pixel_ends = _descending(depth.ravel(), levels)
    line_of = np.repeat(np.arange(len(lines) - 1), np.diff(lines))
    return segment, line_of, joins, join_order, join_ends, pixel_order, pixel_ends


@njit(cache=True, nogil=True)
def _segments(depth):
    """The segment of each pixel [H * W], the first pixel of each segment [s], the first segment of each line [H + 1].

    A segment starts where a fallen line rises again.
    """
    height, width = depth.shape
    segment = np.empty(height * width, np.int32)
    starts = np.empty(height * width + 1, np.int32)
    lines = np.empty(height + 1, np.int32)
    n = 0
    for y in range(height):
        lines[y] = n
        falling = True  # whatever comes first starts a segment
        before = -1
        for x in range(width):
            value = depth[y, x]
            if value > before and falling:
                starts[n] = y * width + x
                n += 1
                falling = False
            falling = falling or value < before
            segment[y * width + x] = n - 1
            before = value
    lines[height] = n
    return segment, starts[:n], lines


@njit(cache=True, nogil=True)
def _joins(depth, starts, lines, eight):
    """Pairs of segments that touch [n 2] and the highest level at which they do [n]."""
    height, width = depth.shape
    flat = depth.ravel()
    reach = 1 if eight else 0
    joins = np.empty((1024, 2), np.int32)
    weights = np.empty(1024, np.int32)
    n = 0
    ends = np.append(starts[1:], np.int32(flat.size))
    for y in range(height):
        below = lines[min(y + 1, height)]
        for a in range(lines[y], lines[y + 1]):
            # On its own line a segment touches the next one where it ends, at the valley between them.
            if a + 1 < lines[y + 1] and flat[starts[a + 1] - 1] > 0:
                joins, weights, n = _note(joins, weights, n, a, a + 1, flat[starts[a + 1] - 1])
            # Segments of the line below that end before this one starts touch none of those to come either.
            while y + 1 < height and below < lines[y + 2] and ends[below] - width + reach <= starts[a]:
                below += 1
            b = below
            while y + 1 < height and b < lines[y + 2] and starts[b] - width < ends[a] + reach:
                level = 0
                for step in range(width - reach, width + reach + 1):  # from a pixel to its neighbours below
                    low = max(starts[a], starts[b] - step)
                    high = max(low, min(ends[a], ends[b] - step))
                    level = max(level, _contact(flat[low:high], flat[low + step : high + step]))
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
    """The n joins with one more, and their number; the arrays double where they are full."""
    if n == len(weights):
        joins = np.concatenate((joins, np.empty_like(joins)))
        weights = np.concatenate((weights, weights))
    joins[n, 0] = a
    joins[n, 1] = b
    weights[n] = level
    return joins, weights, n + 1


@njit(cache=True, nogil=True)
def _descending(values, levels):
    """Places of values 1 .. levels, highest first, equals in order: `order[ends[l + 1] : ends[l]]` have value l."""
    ends = np.zeros(levels + 2, np.int64)
    for value in values:
        ends[value] += 1
    for level in range(levels - 1, -1, -1):  # counts become sums from the top
        ends[level] += ends[level + 1]
    place = ends[1:].copy()
    order = np.empty(ends[1], np.int32)
    for i in range(len(values)):
        if values[i] > 0:
            order[place[values[i]]] = i
            place[values[i]] += 1
    return order, ends


@njit(cache=True, nogil=True)
def gains(depth):
    """Twice the polygon area that each pixel's arrival adds, uint8 [H * W], for the map of `parted`.

    A square of four pixel centres is half inside when the third arrives and whole when the last does; of equal pixels
    the first in row-major order comes first.
    """
    height, width = depth.shape
    gain = np.zeros((height, width), np.uint8)
    for y in range(height - 1):
        for x in range(width - 1):
            # The square  a b  and which of each two arrives first; a pixel gains where two or three came before it.
            #             c d
            a = depth[y, x]
            b = depth[y, x + 1]
            c = depth[y + 1, x]
            d = depth[y + 1, x + 1]
            ab, ac, ad = a >= b, a >= c, a >= d
            bc, bd, cd = b >= c, b >= d, c >= d
            gain[y, x] += ab + ac + ad <= 1
            gain[y, x + 1] += bc + bd <= ab
            gain[y + 1, x] += cd + 1 <= ac + bc
            gain[y + 1, x + 1] += ad + bd + cd >= 2
    return gain.ravel()
