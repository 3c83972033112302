"""Segments: the pieces of lines that the component tree joins, and where they touch, compiled.

Each line of a map is parted into segments that rise to a peak and then fall, so that the pixels of a segment above any
level are one run. Two segments touch from the highest level on at which two of their pixels do: few joins.
As both rise and fall, that level lies where their flanks cross, between the two peaks.

The kernels here call only what stands in this file, and are called from Python: compiled code is cached until its own
file changes, whatever happens to a kernel called from another.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def parted(values):
    """The segments of a map [H W]: first pixel of each and one behind the last [s + 1], peak of each [s], in row-major
    pixels, and the first segment of each line and one behind the last [H + 1].

    >>> starts, peaks, lines = parted(np.array([[1, 3, 2, 2, 5]]))
    >>> starts.tolist(), peaks.tolist(), lines.tolist()
    ([0, 4, 5], [1, 4], [0, 2])
    """
    height, width = values.shape
    flat = values.ravel()
    most = height * ((width + 1) // 2)  # a segment has two pixels, but for the last of a line
    starts = np.empty(most + 1, np.int32)
    peaks = np.empty(most, np.int32)
    lines = np.empty(height + 1, np.int32)
    n = 0
    for y in range(height):
        lines[y] = n
        pixel = y * width
        last = pixel + width - 1
        value = after = flat[pixel]
        while pixel <= last:
            starts[n] = pixel
            while pixel < last:
                after = flat[pixel + 1]
                if after < value:
                    break
                value = after
                pixel += 1
            peaks[n] = pixel
            while pixel < last:
                after = flat[pixel + 1]
                if after > value:
                    break
                value = after
                pixel += 1
            value = after
            pixel += 1
            n += 1
    lines[height] = n
    starts[n] = flat.size
    return starts[: n + 1], peaks[:n], lines


@njit(cache=True, nogil=True)
def touching(values, starts, peaks, lines, eight, outside):
    """Pairs of segments that touch, int32 [n 2], and the highest level at which they do [n].

    `eight`: diagonal neighbours touch. `outside`: but for pairs that both have their peaks on the border.
    """
    height, width = values.shape
    flat = values.ravel()
    reach = 1 if eight else 0
    # One pair for each segment and its next, and at most four for each and those of the lines beside it.
    joins = np.empty((5 * len(peaks), 2), np.int32)
    weights = np.empty(5 * len(peaks), values.dtype)
    n = 0
    for y in range(height):
        below = lines[y + 1]
        stop = lines[min(y + 2, height)]
        for a in range(lines[y], lines[y + 1]):
            if a + 1 < lines[y + 1]:  # on its own line a segment touches the next at the valley where it ends
                n = _note(joins, weights, n, a, a + 1, flat[starts[a + 1] - 1])
            # Segments of the line below that end before this one starts touch none of those to come either.
            while below < stop and starts[below + 1] - width + reach <= starts[a]:
                below += 1
            b = below
            while b < stop and starts[b] - width < starts[a + 1] + reach:
                if not outside or not (_on_border(peaks[a], height, width) and _on_border(peaks[b], height, width)):
                    n = _note(joins, weights, n, a, b, _contact(flat, width, reach, starts, peaks, a, b))
                b += 1
    return joins[:n], weights[:n]


@njit(cache=True, nogil=True)
def _on_border(pixel, height, width):
    x = pixel % width
    return x == 0 or x == width - 1 or pixel < width or pixel >= (height - 1) * width


@njit(cache=True, nogil=True)
def _note(joins, weights, n, a, b, level):
    """One more join; returns how many there are."""
    joins[n, 0] = a
    joins[n, 1] = b
    weights[n] = level
    return n + 1


@njit(cache=True, nogil=True)
def _contact(flat, width, reach, starts, peaks, a, b):
    """The highest level that a pixel of segment a and its neighbour in segment b, on the line below, both pass.

    From a's peak towards b's the pixels of a fall and their best neighbours in b rise: where they cross is the level.
    """
    peak = peaks[b] - width  # above b's peak
    if peaks[a] + reach < peak:
        pixel = max(peaks[a], starts[b] - width - reach)
        last = min(starts[a + 1] - 1, peak - reach)
        step = 1
    elif peaks[a] - reach > peak:
        pixel = min(peaks[a], starts[b + 1] - 1 - width + reach)
        last = max(starts[a], peak + reach)
        step = -1
    else:  # the peaks themselves touch
        return min(flat[peaks[a]], flat[peaks[b]])
    beside = width + step * reach  # from a pixel to its highest neighbour below
    level = min(flat[pixel], flat[pixel + beside])
    while pixel != last and flat[pixel + beside] < flat[pixel]:
        pixel += step
        level = max(level, min(flat[pixel], flat[pixel + beside]))
    return level


@njit(cache=True, nogil=True)
def framed(values, starts, peaks, lines, joins, weights):
    """The joins of `touching` and those with the outside, which has number len(peaks) and touches all border pixels."""
    height, width = values.shape
    flat = values.ravel()
    outside = len(peaks)
    more = np.empty((len(joins) + 2 * height + lines[1] + outside - lines[height - 1], 2), np.int32)
    levels = np.empty(len(more), values.dtype)
    n = len(joins)
    more[:n] = joins
    levels[:n] = weights
    for y in range(height):
        n = _note(more, levels, n, lines[y], outside, flat[y * width])
        n = _note(more, levels, n, lines[y + 1] - 1, outside, flat[(y + 1) * width - 1])
    for a in range(lines[1]):
        n = _note(more, levels, n, a, outside, flat[peaks[a]])
    for a in range(lines[height - 1], outside):
        n = _note(more, levels, n, a, outside, flat[peaks[a]])
    return more, levels
