"""Masks: the pixels of maps and of predicted masks, counted against the true masks of targets.

Which pixels are counted, those of the image or of the canvas, and in how many steps, is the protocol's to say
(`Protocol.codes`). A true pixel is true even where it is also marked to be ignored.
"""

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.files import rle
from wsol.regions.drawing import PreparedMap
from wsol.regions.edges import EDGES
from wsol.regions.protocols import Protocol
from wsol.scores.pixels import Counts, Floats, Mask, Pixels, average_precision


def measure(
    targets: pd.DataFrame, maps: Iterable[PreparedMap], protocol: Protocol, swept: Floats | None = None
) -> Pixels:
    """The histograms of targets with a mask, given every target's map in the same order; `swept`: levels, if a grid."""
    edges = EDGES if swept is None else np.union1d(EDGES, swept)
    levels = np.arange(len(edges)) if swept is None else np.searchsorted(edges, swept)
    inside = np.zeros((len(targets), len(edges) + 1), np.int32)
    outside = np.zeros_like(inside)
    ap = np.full(len(targets), np.nan)
    counted = (targets["mask"] != "").to_numpy()
    for i, (row, drawn) in enumerate(zip(_rows(targets), maps, strict=True)):
        if counted[i]:
            codes, bins = protocol.codes(drawn.values, drawn.canvas_to_image, (row.height, row.width), edges)
            # Of codes first, which are few or many as the protocol says, then of bins.
            of_true, of_other = _histograms(codes, len(bins), *truth(row.mask, row.ignore, row.height, row.width))
            inside[i] = np.bincount(bins, of_true, len(edges) + 1)
            outside[i] = np.bincount(bins, of_other, len(edges) + 1)
            ap[i] = average_precision(protocol.curve_bins(of_true, edges), protocol.curve_bins(of_other, edges))
    return Pixels(inside, outside, ap, counted, edges, levels)


def _histograms(codes: NDArray, count: int, true: Mask, ignored: Mask) -> tuple[NDArray, NDArray]:
    """How many true pixels have each of `count` codes, and how many others that are not ignored."""
    if codes.shape != true.shape:  # counted on the canvas
        true = _nearest(true, *codes.shape)
        ignored = _nearest(ignored, *codes.shape)
    of_true = np.bincount(codes[true], minlength=count)
    of_other = np.bincount(codes[~(true | ignored)], minlength=count)
    return of_true, of_other


def measure_masks(targets: pd.DataFrame, predicted: Iterable[bytes]) -> Counts:
    """Pixels of predicted masks (RLE counts at the image's size, nothing predicted where empty), under any protocol."""
    counts = np.full((4, len(targets)), np.nan)
    for i, (row, counted) in enumerate(zip(_rows(targets), predicted, strict=True)):
        if row.mask:
            true, ignored = truth(row.mask, row.ignore, row.height, row.width)
            found = decode(counted, row.height, row.width) & ~ignored
            counts[:, i] = (found & true).sum(), (found & ~true).sum(), true.sum(), (~(true | ignored)).sum()
    return Counts(*counts)


def _rows(targets: pd.DataFrame) -> Iterable[Any]:
    return targets.itertuples()


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
