"""Holes: background inside a region, at all levels at once, compiled.

Regions are connected by edges and corners, so holes and the outside are connected by edges only.
"""

import numpy as np
from numba import njit

FAR = np.iinfo(np.int32).max


@njit(cache=True, nogil=True)
def filled(depth):
    """The map whose regions at every level are the given map's with their holes filled: reconstruction by erosion.

    A hole is background that reaches the outside by no path of edge neighbours. Each pixel sinks to the highest it must
    pass on the way out, found by sweeps to and fro until one changes nothing (Vincent 1993).
    """
    height, width = depth.shape
    fill = np.full((height + 2, width + 2), FAR, np.int32)
    # The frame is the outside: water leaves from there at level 0.
    fill[0] = 0
    fill[-1] = 0
    fill[:, 0] = 0
    fill[:, -1] = 0
    changed = True
    while changed:
        changed = False
        for y in range(1, height + 1):
            changed |= _sink(fill[y], fill[y - 1], depth[y - 1])
        for y in range(height, 0, -1):  # and back, from the far corner
            changed |= _sink(fill[y, ::-1], fill[y + 1, ::-1], depth[y - 1, ::-1])
    return fill[1:-1, 1:-1].copy()


@njit(cache=True, nogil=True)
def _sink(line, beside, ground):
    """One framed line, from the line beside it and from its own start: whether it changed."""
    changed = False
    before = line[0]
    for x in range(len(ground)):
        level = max(ground[x], min(before, min(line[x + 1], beside[x + 1])))
        changed |= level != line[x + 1]
        line[x + 1] = before = level
    return changed


@njit(cache=True, nogil=True)
def regions_less_holes(depth):
    """How many regions a map has, less its holes, summed over all levels: Euler's vertices - edges + faces.

    Pixels are closed squares, so that diagonal neighbours touch: a corner or an edge is there while a pixel at it is.
    """
    framed = np.zeros((depth.shape[0] + 2, depth.shape[1] + 2), np.int32)
    framed[1:-1, 1:-1] = depth
    total = 0
    for y in range(1, len(framed)):
        for x in range(1, framed.shape[1]):
            here = framed[y, x]
            left = framed[y, x - 1]
            up = framed[y - 1, x]
            both = framed[y - 1, x - 1]
            # The corner up and left of this pixel, the edges to its left and above it, and the pixel itself.
            total += max(max(here, left), max(up, both)) - max(here, left) - max(here, up) + here
    return total
