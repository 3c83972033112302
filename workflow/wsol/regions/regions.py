"""Regions: where a prepared map passes a level, as boxes for every level at once.

A row is a box and the levels it holds for: `level_low < level <= level_high`. Rows marked `largest` part the levels and
give the largest region's box at each; the others are the boxes of all regions. Rows of one map ascend by `level_low`,
the largest regions' first, so that a scorer can merge their intervals in one walk.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wsol.regions.holes import filled, regions_less_holes
from wsol.regions.tree import LEVEL_HIGH, LEVEL_LOW, PIXEL, grow


@dataclass(frozen=True)
class Regions:
    """The regions of one map: boxes float32 [m 4] in canvas pixels, levels float64 [m], largest bool [m]."""

    boxes: NDArray[np.float32]
    level_low: NDArray[np.float64]
    level_high: NDArray[np.float64]
    largest: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.boxes)


def cut(prepared: NDArray, levels: NDArray, protocol: str) -> Regions:
    """A prepared map [H W] and its levels [t], ascending -> the boxes at each level.

    `exact`: regions of pixels `value >= level`, 8-connected; the largest has most pixels, topmost then leftmost first
    pixel among equals; half-open boxes; nothing where no pixel passes or the map is degenerate. `wsol2020`: contours
    of `value > int(level * max)`, holes included; the largest has the largest contour area; x1, y1 are the exclusive
    edge, but at most W - 1, H - 1; one box 0 0 0 0 where there is no contour.
    """
    levels = np.asarray(levels, np.float64)
    rows, largest = CUTS[protocol](np.ascontiguousarray(prepared), levels)
    both = np.concatenate([largest, rows])
    bounds = np.concatenate([[-np.inf], levels])
    first = np.arange(len(both)) < len(largest)
    order = np.lexsort((both[:, 5], both[:, 4], ~first))
    both = both[order]
    return Regions(both[:, :4].astype(np.float32), bounds[both[:, 4]], bounds[both[:, 5]], first[order])


def passed(prepared: NDArray, levels: NDArray, protocol: str) -> NDArray[np.int32]:
    """How many of the levels each pixel passes; under both protocols these are the lowest ones. [H W]"""
    if protocol == "exact":
        return np.searchsorted(levels, prepared, side="right").astype(np.int32)
    limits = (levels * np.max(prepared, initial=0)).astype(int)
    return np.take(np.searchsorted(limits, np.arange(256), side="left").astype(np.int32), prepared)


def _exact(prepared: NDArray, levels: NDArray) -> tuple[NDArray, NDArray]:
    if not prepared.any():
        return np.empty((0, 6), np.int32), np.empty((0, 6), np.int32)
    rows, largest = grow(passed(prepared, levels, "exact"), len(levels), True, False)
    return rows[:, :6], largest[:, :6]


def _wsol2020(prepared: NDArray, levels: NDArray) -> tuple[NDArray, NDArray]:
    depth, count = passed(prepared, levels, "wsol2020"), len(levels)
    solid = filled(depth)
    rows, largest = (table[:, :6] for table in grow(solid, count, True, True))
    if not np.array_equal(solid, depth):
        holes = _holes(solid, depth, count)
        # Every region is a solid one, unless some lie in holes: then there are more of them than solid ones.
        if regions_less_holes(depth) + (holes[:, LEVEL_HIGH] - holes[:, LEVEL_LOW]).sum() > regions_less_holes(solid):
            rows = grow(depth, count, True, False)[0][:, :6]
        rows = np.concatenate([rows, holes])
    nothing = np.array([[0, 0, 0, 0, depth.max(initial=0), count]], np.int32)
    height, width = prepared.shape
    tables = [np.concatenate([table, nothing[nothing[:, LEVEL_LOW] < count]]) for table in (rows, largest)]
    for table in tables:
        np.minimum(table[:, 2:4], [width - 1, height - 1], out=table[:, 2:4])
    return tables[0], tables[1]


def _holes(solid: NDArray, depth: NDArray, count: int) -> NDArray:
    """Boxes of hole contours: background that filling covers, at levels depth + 1 .. solid, and what is around it."""
    water = solid - depth
    ys, xs = np.flatnonzero(water.any(axis=1)), np.flatnonzero(water.any(axis=0))
    window = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    rows, _ = grow(np.ascontiguousarray(water[window]), count, False, False)
    rim = solid[window].ravel()[rows[:, PIXEL]]  # one throughout a hole: the level at which it opens to the outside
    boxes = rows[:, :4] + np.array([xs[0] - 1, ys[0] - 1, xs[0] + 1, ys[0] + 1])
    return np.column_stack([boxes, rim - rows[:, LEVEL_HIGH], rim - rows[:, LEVEL_LOW]]).astype(np.int32)


CUTS = {"exact": _exact, "wsol2020": _wsol2020}
