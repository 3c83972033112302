"""Hits: at which levels a region's box finds a true box, for every target of a regions file at once, compiled.

Boxes meet in the frame that the protocol scores in (`Protocol.truth_boxes`, `Protocol.row_boxes`): that of the image,
where predictions are cut at its edges, or that of the canvas.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.regions.packed import Chunk, chunks
from wsol.regions.protocols import Protocol
from wsol.scores.curves import HitIntervals


class Flat(NamedTuple):
    """What the kernel reads of some targets: their maps' rows, where they lie in the images, the truth."""

    boxes: NDArray[np.int32]
    counts: NDArray[np.bool_]  # whether a row is of the regions that count
    level_low: NDArray[np.float64]
    level_high: NDArray[np.float64]
    offsets: NDArray[np.int64]
    map_of: NDArray[np.int64]
    canvas_to_image: NDArray[np.float64]
    sizes: NDArray[np.int64]
    truth: NDArray[np.float64]  # in the scoring frame
    truth_offsets: NDArray[np.int64]
    in_image: bool  # whether boxes are brought into the image before they are compared
    one: float  # what is added to a side: 1 where both corners belong to a box


def find_hit_intervals(
    regions: Mapping[str, NDArray],
    truth: NDArray,
    truth_offsets: NDArray,
    sizes: NDArray,
    deltas: Sequence[float],
    *,
    largest: bool,
    protocol: Protocol,
) -> list[HitIntervals]:
    """The levels at which a target's regions reach each IoU of `deltas`: a table of intervals for each.

    `regions`: the arrays of `files.REGIONS`; `truth` [g 4]: boxes in image pixels, those of target t at
    `truth_offsets[t] : truth_offsets[t + 1]`; `sizes` [t 2]: height, width; `largest`: only the largest region counts.
    """
    truth_offsets = np.asarray(truth_offsets, np.int64)
    sizes = np.asarray(sizes, np.int64).reshape(-1, 2)
    framed = protocol.truth_boxes(truth, np.repeat(sizes, np.diff(truth_offsets), axis=0))
    where = (regions["canvas_to_image"], sizes, framed, truth_offsets)
    parts = [(np.empty((0, 2), np.int64), np.empty(0), np.empty(0))]
    for chunk in chunks(regions):
        which, low, high = _hits(_flat(chunk, *where, largest, protocol), np.asarray(deltas, np.float64))
        parts.append((which + [chunk.targets.start, 0], low, high))
    which, low, high = (np.concatenate(column) for column in zip(*parts, strict=True))
    of = [np.flatnonzero(which[:, 1] == delta) for delta in range(len(deltas))]
    return [HitIntervals(which[rows, 0], low[rows], high[rows]) for rows in of]


def _flat(
    chunk: Chunk,
    canvas_to_image: NDArray,
    sizes: NDArray,
    truth: NDArray,
    truth_offsets: NDArray,
    largest: bool,
    protocol: Protocol,
) -> Flat:
    boxes, low, high, of_all, of_largest = chunk.rows
    targets = chunk.targets
    return Flat(
        boxes,
        of_largest if largest else of_all,
        low,
        high,
        chunk.offsets,
        chunk.map_of,
        canvas_to_image[targets],
        sizes[targets],
        truth,
        truth_offsets[targets.start : targets.stop + 1],
        protocol.scored_in_image,
        float(protocol.inclusive),
    )


@njit(cache=True, nogil=True)
def best_iou(x0, y0, x1, y1, truth, first, last, one):
    """The best IoU of one box with the true boxes first : last of [g 4]; 0 without any.

    `boxes.iou` of one row, compiled: a regions file has millions of rows, each target's are compared with few true
    boxes, and the array form, called target by target, takes some fifty times as long. A test holds the two together.
    """
    best = 0.0
    area = max(x1 - x0 + one, 0.0) * max(y1 - y0 + one, 0.0)
    for g in range(first, last):
        a, b, c, d = truth[g, 0], truth[g, 1], truth[g, 2], truth[g, 3]  # a view of the row would take longer
        common = max(min(x1, c) - max(x0, a) + one, 0.0) * max(min(y1, d) - max(y0, b) + one, 0.0)
        union = area + (c - a + one) * (d - b + one) - common
        if common > 0 and union > 0:
            best = max(best, common / union)
    return best


@njit(cache=True, nogil=True)
def _score(flat, t, row):
    """The best IoU of one canvas box: `Protocol.row_boxes` and then `best_iou`."""
    x0 = np.float64(flat.boxes[row, 0])
    y0 = np.float64(flat.boxes[row, 1])
    x1 = np.float64(flat.boxes[row, 2])
    y1 = np.float64(flat.boxes[row, 3])
    if flat.in_image:
        onto = flat.canvas_to_image
        sx, sy, tx, ty = onto[t, 0], onto[t, 1], onto[t, 2], onto[t, 3]
        x0 = min(max(x0 * sx + tx, 0.0), flat.sizes[t, 1])
        x1 = min(max(x1 * sx + tx, 0.0), flat.sizes[t, 1])
        y0 = min(max(y0 * sy + ty, 0.0), flat.sizes[t, 0])
        y1 = min(max(y1 * sy + ty, 0.0), flat.sizes[t, 0])
    return best_iou(x0, y0, x1, y1, flat.truth, flat.truth_offsets[t], flat.truth_offsets[t + 1], flat.one)


@njit(cache=True, nogil=True)
def _hits(flat, deltas):
    """Merged intervals of the rows that hit: (target, delta) int64 [n 2], low and high [n].

    Rows of a map ascend by level_low, so that a row either goes on with the interval before it or starts another.
    """
    which = np.empty((1024, 2), np.int64)
    start = np.empty(1024)
    stop = np.empty(1024)
    n = 0
    current = np.empty(len(deltas), np.int64)  # the interval of each delta that may go on
    for t in range(len(flat.map_of)):
        current[:] = -1
        for row in range(flat.offsets[flat.map_of[t]], flat.offsets[flat.map_of[t] + 1]):
            if not flat.counts[row]:
                continue
            low = flat.level_low[row]
            high = flat.level_high[row]
            score = _score(flat, t, row)
            for d in range(len(deltas)):
                if score < deltas[d]:
                    continue
                if current[d] >= 0 and low <= stop[current[d]]:
                    stop[current[d]] = max(stop[current[d]], high)
                    continue
                if n == len(start):
                    which = np.concatenate((which, np.empty_like(which)))
                    start = np.concatenate((start, np.empty_like(start)))
                    stop = np.concatenate((stop, np.empty_like(stop)))
                which[n, 0] = t
                which[n, 1] = d
                start[n] = low
                stop[n] = high
                current[d] = n
                n += 1
    return which[:n], start[:n], stop[:n]
