"""Holes: background inside a region, at all levels at once, compiled.

Regions are connected by edges and corners, so holes and the outside are connected by edges only.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.branches import branched
from wsol.regions.histories import HeldBoxes, told

NOTHING = HeldBoxes(np.zeros((0, 5), np.int32), np.zeros((0, 2)))


def hollow(values: NDArray) -> tuple[NDArray, HeldBoxes]:
    """A map, whole numbers [H W], with its regions' holes filled at every level, and the holes; itself if none.

    A hole is background that reaches the outside by no path of edge neighbours: turned upside down, a map's holes are
    regions like any other until they run into the outside. Their spans are those of the map's values.
    """
    top = np.iinfo(values.dtype).max
    depths = top - values
    branches = branched(depths, 0, eight=False, outside=True)
    outside = len(branches.parent) - 1
    if not outside:
        return values, NOTHING
    holes, _ = told(depths, branches, outside=True)
    solid = values.copy()
    _fill(solid.ravel(), top, outside, *branches)
    return solid, HeldBoxes(holes.boxes, top - holes.spans[:, ::-1])


def filled(depth: NDArray) -> NDArray:
    """The map [H W] whose regions at every level are the given map's with their holes filled.

    >>> filled(np.array([[3, 3, 3], [3, 0, 2], [3, 3, 3]], np.uint8)).tolist()
    [[3, 3, 3], [3, 2, 2], [3, 3, 3]]
    """
    return hollow(depth)[0]


@njit(cache=True, nogil=True)
def _fill(flat, top, outside, parent, end, runs, offsets):
    """Raise the pixels of each hole to the level at which the last that it is part of reaches the outside."""
    rim = np.empty(outside, flat.dtype)
    for k in range(outside - 1, -1, -1):
        whole = parent[k] == outside or parent[k] < 0
        rim[k] = top - end[k] if whole else rim[parent[k]]
        for r in range(offsets[k], offsets[k + 1]):
            flat[runs[r, 0] : runs[r, 1]] = rim[k]


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
