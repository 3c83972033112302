"""Hits: at which levels a region's box finds a true box, for every target of a regions file at once, compiled.

Boxes meet in the protocol's scoring frame. `exact`: float64 half-open boxes in the image's pixels, predictions cut at
its edges. `wsol2020`: 224 px, truth converted to inclusive corners, scaled and truncated to whole numbers, predictions
as the published evaluator computes them, IoU with + 1.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.boxes import Boxes, asboxes, clip
from wsol.regions.protocols import CANVAS_2020
from wsol.scores.curves import HitIntervals


class Flat(NamedTuple):
    """What the kernels read: a regions file's rows, where they lie in the images, the truth in the scoring frame."""

    boxes: NDArray[np.float64]
    largest: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    map_of: NDArray[np.int64]
    canvas_to_image: NDArray[np.float64]
    sizes: NDArray[np.int64]
    truth: NDArray[np.float64]
    truth_offsets: NDArray[np.int64]
    one: float


def truth_boxes(boxes: NDArray, sizes: NDArray, protocol: str) -> Boxes:
    """True boxes [g 4] of images with `sizes` (height, width; [2] or [g 2]) in the scoring frame."""
    boxes = asboxes(boxes)
    if protocol == "exact":
        return boxes
    sides = np.broadcast_to(np.asarray(sizes, np.float64)[..., ::-1], (len(boxes), 2))
    return np.trunc((boxes - [0, 0, 1, 1]) * CANVAS_2020 / np.tile(sides, 2))


def row_boxes(boxes: NDArray, canvas_to_image: NDArray, size: NDArray, protocol: str) -> Boxes:
    """Canvas boxes [m 4] of one target in the scoring frame; `canvas_to_image` [4], `size`: height, width."""
    boxes = asboxes(boxes)
    if protocol == "wsol2020":
        return boxes
    scale_x, scale_y, shift_x, shift_y = canvas_to_image
    return clip(boxes * [scale_x, scale_y, scale_x, scale_y] + [shift_x, shift_y, shift_x, shift_y], size[1], size[0])


def iou_rows(boxes: NDArray, truth: NDArray, protocol: str) -> NDArray[np.float64]:
    """The best IoU of each box [m 4] with any true box [g 4], both in the scoring frame -> [m]; 0 without truth."""
    boxes, truth = np.ascontiguousarray(asboxes(boxes)), np.ascontiguousarray(asboxes(truth))
    return _best_rows(boxes, truth, _one(protocol))


def find_hit_intervals(
    regions: Mapping[str, NDArray],
    truth: NDArray,
    truth_offsets: NDArray,
    sizes: NDArray,
    deltas: Sequence[float],
    *,
    largest: bool,
    protocol: str,
) -> list[HitIntervals]:
    """The levels at which a target's regions reach each IoU of `deltas`: a table of intervals for each.

    `regions`: the arrays of `files.REGIONS`; `truth` [g 4]: boxes in image pixels, those of target t at
    `truth_offsets[t] : truth_offsets[t + 1]`; `sizes` [t 2]: height, width; `largest`: only the largest region counts.
    """
    given = _flat(regions, truth, truth_offsets, sizes, protocol)
    which, lo, hi = _hits(given, regions["level_low"], regions["level_high"], np.asarray(deltas, np.float64), largest)
    tables = [np.flatnonzero(which[:, 1] == d) for d in range(len(deltas))]
    return [HitIntervals(which[rows, 0], lo[rows], hi[rows]) for rows in tables]


def best_iou(
    regions: Mapping[str, NDArray],
    truth: NDArray,
    truth_offsets: NDArray,
    sizes: NDArray,
    level: float = 0.0,
    *,
    largest: bool,
    protocol: str,
) -> NDArray[np.float64]:
    """The best IoU of each target's regions at one level, [t]; 0 without region or truth.

    Where the threshold chose a level for each map, its regions stand at any level.
    Arguments as in `find_hit_intervals`.
    """
    use = (regions["largest"] == largest) & (regions["level_low"] < level) & (level <= regions["level_high"])
    return _best_of(_flat(regions, truth, truth_offsets, sizes, protocol), use)


def region_count(regions: Mapping[str, NDArray], level: float = 0.0) -> NDArray[np.int64]:
    """How many regions each target has at one level, [t]."""
    use = ~regions["largest"] & (regions["level_low"] < level) & (level <= regions["level_high"])
    before = np.concatenate([[0], np.cumsum(use)])[regions["offsets"]]
    return np.diff(before)[regions["index"]]


def _one(protocol: str) -> float:
    """What is added to a side: whole-number corners both belong to the box."""
    return 1.0 if protocol == "wsol2020" else 0.0


def _flat(regions: Mapping, truth: NDArray, truth_offsets: NDArray, sizes: NDArray, protocol: str) -> Flat:
    truth, truth_offsets = asboxes(truth), np.asarray(truth_offsets, np.int64)
    sizes = np.asarray(sizes, np.int64).reshape(-1, 2)
    rows = (
        asboxes(regions["boxes"]),
        regions["largest"],
        regions["offsets"],
        regions["index"],
        regions["canvas_to_image"],
    )
    scored = truth_boxes(truth, np.repeat(sizes, np.diff(truth_offsets), axis=0), protocol)
    return Flat(*rows, sizes, scored, truth_offsets, _one(protocol))


@njit(cache=True, nogil=True)
def _best(x0, y0, x1, y1, truth, one):
    """The best IoU of one box with true boxes [g 4]."""
    best, area = 0.0, max(x1 - x0 + one, 0.0) * max(y1 - y0 + one, 0.0)
    for g in range(len(truth)):
        a, b, c, d = truth[g]
        shared = max(min(x1, c) - max(x0, a) + one, 0.0) * max(min(y1, d) - max(y0, b) + one, 0.0)
        union = area + (c - a + one) * (d - b + one) - shared
        if shared > 0 and union > 0:
            best = max(best, shared / union)
    return best


@njit(cache=True, nogil=True)
def _best_rows(boxes, truth, one):
    best = np.empty(len(boxes))
    for row in range(len(boxes)):
        best[row] = _best(boxes[row, 0], boxes[row, 1], boxes[row, 2], boxes[row, 3], truth, one)
    return best


@njit(cache=True, nogil=True)
def _score(box, canvas_to_image, size, truth, one):
    """The best IoU of one canvas box; under `exact` (one = 0) it is first mapped into the image and cut at its edge."""
    x0, y0, x1, y1 = box
    if one == 0:
        sx, sy, tx, ty = canvas_to_image
        x0, x1 = min(max(x0 * sx + tx, 0.0), size[1]), min(max(x1 * sx + tx, 0.0), size[1])
        y0, y1 = min(max(y0 * sy + ty, 0.0), size[0]), min(max(y1 * sy + ty, 0.0), size[0])
    return _best(x0, y0, x1, y1, truth, one)


@njit(cache=True, nogil=True)
def _best_of(flat, use):
    boxes, _, offsets, index, canvas_to_image, sizes, truth, truth_offsets, one = flat
    best = np.zeros(len(index))
    for t in range(len(index)):
        true = truth[truth_offsets[t] : truth_offsets[t + 1]]
        for row in range(offsets[index[t]], offsets[index[t] + 1]):
            if use[row]:
                best[t] = max(best[t], _score(boxes[row], canvas_to_image[t], sizes[t], true, one))
    return best


@njit(cache=True, nogil=True)
def _hits(flat, lo, hi, deltas, want):
    """Merged intervals of the rows that hit: (target, delta) int64 [n 2], lo, hi. Rows of a map ascend by lo."""
    boxes, largest, offsets, index, canvas_to_image, sizes, truth, truth_offsets, one = flat
    which, start, stop, n = np.empty((1024, 2), np.int64), np.empty(1024), np.empty(1024), 0
    current = np.empty(len(deltas), np.int64)
    for t in range(len(index)):
        true = truth[truth_offsets[t] : truth_offsets[t + 1]]
        current[:] = -1
        for row in range(offsets[index[t]], offsets[index[t] + 1]):
            if largest[row] != want:
                continue
            score = _score(boxes[row], canvas_to_image[t], sizes[t], true, one)
            for d in range(len(deltas)):
                if score < deltas[d]:
                    continue
                if current[d] >= 0 and lo[row] <= stop[current[d]]:
                    stop[current[d]] = max(stop[current[d]], hi[row])
                    continue
                if n == len(start):
                    which = np.concatenate((which, np.empty_like(which)))
                    start = np.concatenate((start, np.empty_like(start)))
                    stop = np.concatenate((stop, np.empty_like(stop)))
                which[n, 0], which[n, 1], start[n], stop[n] = t, d, lo[row], hi[row]
                current[d] = n
                n += 1
    return which[:n], start[:n], stop[:n]
