"""Masks: the pixels of maps and of predicted masks, counted against the true masks of targets.

Which pixels are counted, those of the image or of the canvas, and in how many steps, is the protocol's to say
(`Protocol.codes`). A true pixel is true even where it is also marked to be ignored.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.files import rle
from wsol.regions.drawing import PreparedMap
from wsol.regions.edges import EDGES
from wsol.regions.protocols import Protocol
from wsol.scores.histograms import average_precision

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class PixelCount(NamedTuple):
    """The pixels of one target: histograms [edges + 1] of true and of others, and its own average precision."""

    inside: NDArray[np.int64]
    outside: NDArray[np.int64]
    ap: float


def edges_of(swept: Floats | None) -> Floats:
    """The levels that pixels are counted at: the published ones, and those of a sweep that has a grid."""
    return EDGES if swept is None else np.union1d(EDGES, swept)


def count(row: Any, drawn: PreparedMap, protocol: Protocol, edges: Floats) -> PixelCount:
    """The pixels of a target (`row` of files.TARGETS) that has a mask."""
    codes, bins = protocol.codes(drawn.values, drawn.canvas_to_image, (row.height, row.width), edges)
    # Of codes first, which are few or many as the protocol says, then of bins.
    of_true, of_other = _histograms(codes, len(bins), *truth(row.mask, row.ignore, row.height, row.width))
    inside, outside = (np.bincount(bins, of_codes, len(edges) + 1).astype(np.int64) for of_codes in (of_true, of_other))
    ap = average_precision(protocol.curve_bins(of_true, edges), protocol.curve_bins(of_other, edges))
    return PixelCount(inside, outside, float(ap))


def _histograms(codes: NDArray, count: int, true: Mask, ignored: Mask) -> tuple[NDArray, NDArray]:
    """How many true pixels have each of `count` codes, and how many others that are not ignored."""
    if codes.shape != true.shape:  # counted on the canvas
        true = _nearest(true, *codes.shape)
        ignored = _nearest(ignored, *codes.shape)
    of_true = np.bincount(codes[true], minlength=count)
    of_other = np.bincount(codes[~(true | ignored)], minlength=count)
    return of_true, of_other


def count_mask(row: Any, predicted: bytes) -> tuple[int, ...]:
    """The Counts of one target that has a mask, whatever the protocol.

    `predicted` are RLE counts at the image's size; nothing is predicted where they are empty.
    """
    true, ignored = truth(row.mask, row.ignore, row.height, row.width)
    found = decode(predicted, row.height, row.width) & ~ignored
    counts = (found & true).sum(), (found & ~true).sum(), true.sum(), (~(true | ignored)).sum()
    return tuple(map(int, counts))


def truth(mask: str, ignore: str, height: int, width: int) -> tuple[Mask, Mask]:
    """Object and ignored pixels [height width]; the object goes before."""
    true = decode(mask, height, width)
    return true, decode(ignore, height, width) & ~true


def decode(counts: str | bytes, height: int, width: int) -> Mask:
    """COCO RLE counts as [height width]; none at all is an empty mask, those of another size are a DataError."""
    text = counts if isinstance(counts, str) else counts.decode("ascii")
    return rle.decode(text, height, width, "mask") if text else np.zeros((height, width), bool)


def _nearest(mask: Mask, height: int, width: int) -> Mask:
    """A mask resized as the published evaluator does."""
    return cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
