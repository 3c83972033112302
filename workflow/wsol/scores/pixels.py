"""Pixels of a map against a truth mask, as histograms over levels: everything pixel metrics need, from one pass.

Pixels marked to be ignored count neither way. A pixel that no level ever predicts (outside the map, or of a map that
is not ok) is in bin 0: it is no prediction, but its truth still counts. Bin j is edges[j - 1] <= value < edges[j], the
edges being the published EDGES and the levels of the sweep: PxAP is of the former, one level is chosen of the latter.

`exact` counts pixels of the image, each with the value of the canvas pixel its centre falls in. `wsol2020` counts 224 x
224 pixels, truth resized to them by nearest neighbour and a map that is not ok being all zeros, as published.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.files import rle
from wsol.regions.protocols import CANVAS_2020
from wsol.statistics.resampling import Resamples

STEP = 0.001
EDGES = np.append(np.arange(0, 1, STEP), 1.0)
BINS = len(EDGES) + 1
CHOSEN = 101  # levels among which a resample chooses
BLOCK = 2048  # targets whose histograms are widened to float at once

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Map(NamedTuple):
    """A prepared map on its canvas, float [h w], all zeros if it is not ok; image = canvas * (sx sy) + (tx ty)."""

    values: NDArray  # float32 (exact) or float64 (wsol2020)
    canvas_to_image: NDArray[np.float64]

    @property
    def ok(self) -> bool:
        return bool(self.values.any())


class Counts(NamedTuple):
    """Pixels of each target at one level, float [n]; NaN where there is no mask."""

    hit: Floats  # predicted and true
    false: Floats  # predicted and not true
    true: Floats  # true


class Pixels(NamedTuple):
    """Histograms int32 [n edges + 1] of true and of other pixels; `counted` [n]: has a mask; `ap` [n], of its own."""

    inside: NDArray[np.int32]
    outside: NDArray[np.int32]
    ap: Floats  # NaN without true pixels
    counted: Mask
    edges: Floats = EDGES
    levels: NDArray[np.int64] = np.arange(len(EDGES))  # places in edges that a level is chosen of

    def at(self, place: int) -> Counts:
        """Pixels of value >= edges[place]."""
        hit, false = (h[:, place + 1 :].sum(axis=1) for h in (self.inside, self.outside))
        return Counts(*(np.where(self.counted, x, np.nan) for x in (hit, false, self.inside.sum(axis=1))))

    def best(self) -> int:
        """Place in edges of the level of highest mean IoU, the first of equals."""
        total = np.zeros(len(self.edges))
        for part in _blocks(len(self.ap)):
            rows = part.start + np.flatnonzero(self.counted[part])
            hit, false = (_from_top(h[rows])[:, ::-1] for h in (self.inside, self.outside))
            total += iou(hit, false, self.inside[rows].sum(axis=1, keepdims=True)).sum(axis=0)
        return int(self.levels[np.argmax(total[self.levels])])

    def levels_of_resamples(self, resamples: Resamples) -> Floats:
        """The level of highest mean IoU in each resample, [r]: the first of equals among CHOSEN spread over all."""
        places = self.levels[np.unique(np.linspace(0, len(self.levels) - 1, CHOSEN).round().astype(int))]
        total = np.zeros((resamples.count, len(places)))
        for part in _blocks(len(self.ap)):
            hit, false = (_from_top(h[part])[:, ::-1][:, places] for h in (self.inside, self.outside))
            found = iou(hit, false, self.inside[part].sum(axis=1, keepdims=True))
            counted = np.where(self.counted[part, None], found, 0)
            total += resamples.times[:, resamples.codes[part]].astype(np.float32) @ counted.astype(np.float32)
        return self.edges[places[total.argmax(axis=1)]]

    def pooled_ap(self, weights: Floats) -> Floats:
        """PxAP of the pixels of all targets together, each target counted weights [r n] times: [r]."""
        inside, outside = np.zeros((2, len(weights), self.inside.shape[1]))
        for part in _blocks(len(self.ap)):
            inside += weights[:, part] @ self.inside[part].astype(np.float64)
            outside += weights[:, part] @ self.outside[part].astype(np.float64)
        return average_precision(published(inside, self.edges), published(outside, self.edges))


def published(histogram: NDArray, edges: Floats) -> NDArray:
    """A histogram over edges, those of EDGES among them, as one over EDGES: [... b] -> [... BINS]."""
    starts = np.append(0, np.searchsorted(edges, EDGES) + 1)
    return np.add.reduceat(histogram, starts, axis=-1)


def average_precision(inside: NDArray, outside: NDArray) -> Floats:
    """Sum of precision times gain of recall from the top bin down, without interpolation; ties are one step.

    Histograms [... b] -> [...]; NaN without true pixels.
    """
    hit, false, total = _from_top(inside), _from_top(outside), inside.sum(axis=-1)
    precision = np.divide(hit, hit + false, out=np.zeros(hit.shape), where=hit + false > 0)
    gained = (precision * inside[..., :0:-1]).sum(axis=-1)
    return np.divide(gained, total, out=np.full(np.shape(gained), np.nan), where=total > 0)


def iou(hit: NDArray, false: NDArray, true: NDArray) -> Floats:
    """Intersection over union; nothing over nothing is 0."""
    union = np.asarray(false + true, np.float64)
    return np.divide(hit, union, out=np.where(np.isnan(union), np.nan, 0.0), where=union > 0)


def _from_top(histogram: NDArray) -> NDArray:
    """Pixels predicted at each level, the highest level first; bin 0 never is. [... b] -> [... b - 1]"""
    return np.cumsum(histogram[..., :0:-1], axis=-1, dtype=np.float64)


def measure(targets: pd.DataFrame, maps: Iterable[Map], protocol: str, swept: Floats | None = None) -> Pixels:
    """The histograms of targets with a mask, given every target's map in the same order; `swept`: levels, if a grid."""
    edges = EDGES if swept is None else np.union1d(EDGES, swept)
    levels = np.arange(len(edges)) if swept is None else np.searchsorted(edges, swept)
    inside, outside = np.zeros((2, len(targets), len(edges) + 1), np.int32)
    ap, counted = np.full(len(targets), np.nan), (targets["mask"] != "").to_numpy()
    for i, (row, map) in enumerate(zip(_rows(targets), maps, strict=True)):
        if counted[i]:
            true, ignored = truth(row.mask, row.ignore, row.height, row.width)
            codes, bins = (_codes_2020 if protocol == "wsol2020" else _codes)(map, row.height, row.width, edges)
            if codes.shape != true.shape:
                true, ignored = (_nearest(m, *codes.shape) for m in (true, ignored))
            of_true = np.bincount(codes[true], minlength=len(bins))
            of_other = np.bincount(codes[~(true | ignored)], minlength=len(bins))
            inside[i] = np.bincount(bins, of_true, len(edges) + 1)
            outside[i] = np.bincount(bins, of_other, len(edges) + 1)
            if protocol == "wsol2020":
                of_true, of_other = published(of_true, edges), published(of_other, edges)
            ap[i] = average_precision(of_true, of_other)
    return Pixels(inside, outside, ap, counted, edges, levels)


def measure_masks(targets: pd.DataFrame, predicted: Iterable[bytes]) -> Counts:
    """Pixels of predicted masks (RLE counts at the image's size, nothing predicted where empty), exact or not."""
    counts = np.full((3, len(targets)), np.nan)
    for i, (row, counted) in enumerate(zip(_rows(targets), predicted, strict=True)):
        if row.mask:
            true, ignored = truth(row.mask, row.ignore, row.height, row.width)
            found = decode(counted, row.height, row.width) & ~ignored
            counts[:, i] = (found & true).sum(), (found & ~true).sum(), true.sum()
    return Counts(*counts)


def _rows(targets: pd.DataFrame) -> Iterable[Any]:
    return targets.itertuples()


def truth(mask: str, ignore: str, height: int, width: int) -> tuple[Mask, Mask]:
    """Object and ignored pixels [height width]; the object goes before."""
    true = decode(mask, height, width)
    return true, decode(ignore, height, width) & ~true


def decode(counts: str | bytes, height: int, width: int) -> Mask:
    """COCO RLE counts -> [height width]; none at all is an empty mask, those of another size are a DataError."""
    text = counts if isinstance(counts, str) else counts.decode("ascii")
    return rle.decode(text, height, width, "mask") if text else np.zeros((height, width), bool)


def places(canvas_to_image: NDArray, height: int, width: int, canvas: Sequence[int]) -> tuple[NDArray, NDArray]:
    """Canvas row of each image row and column of each column, by pixel centres; the canvas' size where outside it."""
    (scale_x, scale_y, shift_x, shift_y), (rows, columns) = canvas_to_image, canvas
    y = np.floor((np.arange(height) + 0.5 - shift_y) / scale_y).astype(np.int64)
    x = np.floor((np.arange(width) + 0.5 - shift_x) / scale_x).astype(np.int64)
    return np.where((y >= 0) & (y < rows), y, rows), np.where((x >= 0) & (x < columns), x, columns)


def _codes(map: Map, height: int, width: int, edges: Floats) -> tuple[NDArray, NDArray]:
    """Code of each image pixel [height width], ascending with its value, and the bin of each code."""
    if not map.ok:
        return np.zeros((height, width), np.int64), np.zeros(1, np.int64)
    distinct, codes = np.unique(map.values, return_inverse=True)
    bins: NDArray = np.searchsorted(edges, distinct, side="right")
    # Values no level reaches are never predicted: code 0, as is what lies outside the canvas.
    never = np.searchsorted(bins, 0, side="right")
    padded = np.zeros(np.add(map.values.shape, 1), np.int64)
    padded[:-1, :-1] = np.clip(codes.reshape(map.values.shape) + 1 - never, 0, None)
    y, x = places(map.canvas_to_image, height, width, map.values.shape)
    return padded[y[:, None], x], np.concatenate([[0], bins[never:]])


def _codes_2020(map: Map, height: int, width: int, edges: Floats) -> tuple[NDArray, NDArray]:
    values = map.values if map.ok else np.zeros((CANVAS_2020, CANVAS_2020))
    own = len(edges) > len(EDGES)
    codes: NDArray = np.searchsorted(edges, values, side="right") if own else bin_of(values)
    return codes, np.arange(len(edges) + 1)


def bin_of(values: NDArray) -> NDArray[np.int64]:
    """The bin of each value: `np.searchsorted(EDGES, values, side="right")`, faster by guessing from the step."""
    values = values.astype(np.float64)
    guess = np.clip((values / STEP).astype(np.int64), 0, len(EDGES) - 1)
    guess -= values < EDGES[guess]
    guess += values >= np.append(EDGES[1:], np.inf)[guess]
    return guess + 1


def _nearest(mask: Mask, height: int, width: int) -> Mask:
    return cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)


def _blocks(n: int) -> list[slice]:
    return [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
