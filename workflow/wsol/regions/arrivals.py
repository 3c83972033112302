"""Arrivals: what regions grow by from the highest level down, as the leader is told by it, compiled.

The kernels here call only what stands in this file, see `segments`.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.branches import Branches

BITS = 11  # of a key that are sorted by at a time
VALUES = 256  # of a byte
PIXEL = 1 << 32  # in a table: more than the areas of all pixels


class Arrivals(NamedTuple):
    """Pixels, or how many of one level at once, from the highest level down, with the area that they add."""

    levels: NDArray  # [n]
    branch: NDArray[np.int32]  # [n]
    gain: NDArray[np.int64]  # [n]


def arrivals(values: NDArray, floor: float, gain: NDArray[np.uint8], branches: Branches) -> Arrivals:
    """What arrives of a map [H W] above a level; each pixel adds its `gain` [H * W], or 1 if that is empty."""
    flat = values.ravel()
    _, _, runs, offsets = branches
    if flat.dtype == np.uint8 and len(branches.parent) * VALUES <= flat.size:
        return Arrivals(*_counted(flat, floor, gain, runs, offsets))
    branch = _painted(flat.size, runs, offsets)
    pixels = np.flatnonzero(flat > floor).astype(np.int32)
    if flat.dtype == np.float32:
        pixels = _by_digits(flat[pixels].view(np.int32), pixels)
    else:
        pixels = pixels[np.argsort(flat[pixels], kind="stable")[::-1]]
    ones = np.ones(len(pixels), np.int64)
    return Arrivals(flat[pixels], branch[pixels], gain[pixels].astype(np.int64) if len(gain) else ones)


@njit(cache=True, nogil=True)
def _counted(flat, floor, gain, runs, offsets):
    """By a table of all values of a byte and all branches."""
    count = len(offsets) - 1
    table = np.zeros((VALUES, count), np.int64)  # how many pixels arrive, and below that the area that they add
    for k in range(count):
        for r in range(offsets[k], offsets[k + 1]):
            if max(flat[runs[r, 0]], flat[runs[r, 1] - 1]) <= floor:
                continue
            for pixel in range(runs[r, 0], runs[r, 1]):
                table[flat[pixel], k] += PIXEL + (gain[pixel] if len(gain) else 1)
    levels = np.empty(VALUES * count, np.uint8)
    branch = np.empty(VALUES * count, np.int32)
    area = np.empty(VALUES * count, np.int64)
    n = 0
    for level in range(VALUES - 1, -1, -1):
        if level <= floor:
            break
        for k in range(count):
            if table[level, k] > 0:
                levels[n] = level
                branch[n] = k
                area[n] = table[level, k] % PIXEL
                n += 1
    return levels[:n], branch[:n], area[:n]


@njit(cache=True, nogil=True)
def _painted(size, runs, offsets):
    """The branch of each pixel."""
    branch = np.empty(size, np.int32)
    for k in range(len(offsets) - 1):
        for r in range(offsets[k], offsets[k + 1]):
            branch[runs[r, 0] : runs[r, 1]] = k
    return branch


@njit(cache=True, nogil=True)
def _by_digits(bits, pixels):
    """Pixels by the bits of a float32, highest first, one digit after the other: negative ones count down."""
    keys = np.empty(bits.size, np.uint32)
    least = np.uint32(0xFFFFFFFF)
    most = np.uint32(0)
    for i in range(bits.size):
        # The greater the number, the less its key.
        keys[i] = np.uint32(bits[i]) if bits[i] < 0 else np.uint32(0x7FFFFFFF - bits[i])
        least = min(least, keys[i])
        most = max(most, keys[i])
    shift = 0
    while bits.size and (most - least) >> shift > 0:
        keys, pixels = _by_digit(keys, pixels, least, shift)
        shift += BITS
    return pixels


@njit(cache=True, nogil=True)
def _by_digit(keys, pixels, least, shift):
    """Sorted by one digit of the keys' distance to the least, equals in order."""
    mask = (1 << BITS) - 1
    place = np.zeros(mask + 2, np.int64)
    for key in keys:
        place[((key - least) >> shift & mask) + 1] += 1
    place = np.cumsum(place)
    sorted_keys = np.empty_like(keys)
    sorted_pixels = np.empty_like(pixels)
    for i in range(keys.size):
        digit = (keys[i] - least) >> shift & mask
        sorted_keys[place[digit]] = keys[i]
        sorted_pixels[place[digit]] = pixels[i]
        place[digit] += 1
    return sorted_keys, sorted_pixels
