"""Pixels of maps in and beside the true masks, as histograms over levels: all that pixel metrics need, from one pass.

Pixels marked to be ignored count neither way. A pixel that no level ever predicts (outside the map, or of a map that
is not ok) is in bin 0: it is no prediction, but its truth still counts. Bin j is edges[j - 1] <= value < edges[j], the
edges being the published EDGES and the levels of the sweep: PxAP is of the former, one level is chosen of the latter.
`masks` counts the pixels of one target.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.regions.drawing import PreparedMap
from wsol.regions.edges import EDGES, published
from wsol.regions.protocols import Protocol
from wsol.scores.histograms import Column, Counts, above, average_precision, from_top, of_rows
from wsol.scores.masks import Floats, Mask, count, count_mask, edges_of
from wsol.statistics.resampling import Resamples

CHOSEN = 101  # levels among which a resample chooses
ALL = slice(None)
BLOCK = 2048  # targets whose histograms are widened to float at once
TOGETHER = 16  # blocks whose draws are read at once


class Pixels(NamedTuple):
    """Histograms int32 [n edges + 1] of true and of other pixels; `counted` [n]: has a mask; `ap` [n], of its own.

    The histograms may lie in files: those of BLOCK targets are held at once.
    """

    inside: Column
    outside: Column
    ap: Floats  # NaN without true pixels
    counted: Mask
    edges: Floats = EDGES
    levels: NDArray[np.int64] = np.arange(len(EDGES))  # places in edges that a level is chosen of

    def of(self, rows: NDArray[np.int64]) -> "Pixels":
        """Of some targets."""
        inside, outside = of_rows(self.inside, rows), of_rows(self.outside, rows)
        return self._replace(inside=inside, outside=outside, ap=self.ap[rows], counted=self.counted[rows])

    @property
    def telling(self) -> Mask:
        """Which targets have an IoU above 0 at some level, [n]."""
        return self.counted & (above(self.inside, [0])[0] > 0)

    def at_level(self, level: Floats | float, expected: Collection[float] = ()) -> Counts:
        """Pixels of value >= a level, which is one of edges, or >= each target's own of levels [n].

        `expected`: levels that will be asked for too; one pass over the files finds those of all.
        """
        if not isinstance(level, np.ndarray):
            place, *others = np.searchsorted(self.edges, [level, *expected]).tolist()
            return self.at(place, others)
        places = np.searchsorted(self.edges, level)
        found = np.full((len(Counts._fields), len(self.ap)), np.nan)
        for part in _blocks(len(self.ap)):
            above = np.arange(self.inside.shape[1]) > places[part, None]
            found[0, part] = self.inside[part].sum(axis=1, where=above)
            found[1, part] = self.outside[part].sum(axis=1, where=above)
            found[2, part] = self.inside[part].sum(axis=1)
            found[3, part] = self.outside[part].sum(axis=1)
        return Counts(*np.where(self.counted, found, np.nan))

    def at(self, place: int, expected: Collection[int] = ()) -> Counts:
        """Pixels of value >= edges[place]; `expected`: places that will be asked for too."""
        pairs = zip(*(above(column, [place, -1], expected) for column in (self.inside, self.outside)), strict=True)
        found = (counts for pair in pairs for counts in pair)
        return Counts(*(np.where(self.counted, counts, np.nan) for counts in found))

    def best(self, overlap: str = "iou") -> int:
        """Place in edges of the level of highest mean IoU, or of another of OVERLAPS, the first of equals."""
        return int(self.levels[np.argmax(self._of_edges(overlap)[self.levels])])

    def best_level(self, overlap: str = "iou") -> float:
        """That level."""
        return float(self.edges[self.best(overlap)])

    def mean_ious(self) -> Floats:
        """The mean IoU of the targets that count at each edge, [edges]."""
        return self._of_edges("iou") / self.counted.sum()

    def _of_edges(self, overlap: str) -> Floats:
        total = np.zeros(len(self.edges))
        for part in _blocks(len(self.ap)):
            rows = part.start + np.flatnonzero(self.counted[part])
            total += self._overlaps(overlap, rows).sum(axis=0)
        return total

    def levels_of_resamples(self, resamples: Resamples, overlap: str = "iou") -> Floats:
        """The level of highest mean IoU in each resample, [r]: the first of equals among CHOSEN spread over all."""
        places = self.levels[np.unique(np.linspace(0, len(self.levels) - 1, CHOSEN).round().astype(int))]
        total = np.zeros((resamples.count, len(places)))
        for several in _blocks(len(self.ap), TOGETHER * BLOCK):
            times = resamples.times.of(resamples.codes[several])
            for part in _blocks(times.shape[1]):
                own = slice(several.start + part.start, several.start + part.stop)
                counted = np.where(self.counted[own, None], self._overlaps(overlap, own, places), 0)
                total += times[:, part].astype(np.float32) @ counted.astype(np.float32)
        return self.edges[places[total.argmax(axis=1)]]

    def _overlaps(
        self, overlap: str, rows: slice | NDArray[np.int64], places: slice | NDArray[np.int64] = ALL
    ) -> Floats:
        """The IoU, or Dice, of some targets at some edges: [rows places]."""
        inside = self.inside[rows]
        hit = from_top(inside)[:, ::-1][:, places]
        false = from_top(self.outside[rows])[:, ::-1][:, places]
        return OVERLAPS[overlap](hit, false, inside.sum(axis=1, keepdims=True))

    def summed(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The histograms of true and of other pixels of all targets that count together, [edges + 1]."""
        inside = np.zeros(self.inside.shape[1], np.int64)
        outside = np.zeros_like(inside)
        for part in _blocks(len(self.ap)):
            rows = part.start + np.flatnonzero(self.counted[part])
            inside += self.inside[rows].sum(axis=0)
            outside += self.outside[rows].sum(axis=0)
        return inside, outside

    def pooled_ap(self, weights: Floats) -> Floats:
        """PxAP of the pixels of all targets together, each target counted weights [r n] times: [r]."""
        inside = np.zeros((len(weights), self.inside.shape[1]))
        outside = np.zeros_like(inside)
        for part in _blocks(len(self.ap)):
            inside += weights[:, part] @ self.inside[part].astype(np.float64)
            outside += weights[:, part] @ self.outside[part].astype(np.float64)
        return average_precision(published(inside, self.edges), published(outside, self.edges))


def measure(
    targets: pd.DataFrame, maps: Iterable[PreparedMap], protocol: Protocol, swept: Floats | None = None
) -> Pixels:
    """The histograms of targets with a mask, given every target's map in the same order; `swept`: levels, if a grid."""
    edges = edges_of(swept)
    inside = np.zeros((len(targets), len(edges) + 1), np.int32)
    outside = np.zeros_like(inside)
    ap = np.full(len(targets), np.nan)
    counted = (targets["mask"] != "").to_numpy()
    for i, (row, drawn) in enumerate(zip(targets.itertuples(), maps, strict=True)):
        if counted[i]:
            inside[i], outside[i], ap[i] = count(row, drawn, protocol, edges)
    return Pixels(inside, outside, ap, counted, edges, places_of(swept))


def places_of(swept: Floats | None) -> NDArray[np.int64]:
    """Where in the edges the levels are that one is chosen of."""
    edges = edges_of(swept)
    return np.arange(len(edges)) if swept is None else np.searchsorted(edges, swept)


def measure_masks(targets: pd.DataFrame, predicted: Iterable[bytes]) -> Counts:
    """Pixels of predicted masks (RLE counts at the image's size, nothing predicted where empty), under any protocol."""
    counts = np.full((4, len(targets)), np.nan)
    for i, (row, mask) in enumerate(zip(targets.itertuples(), predicted, strict=True)):
        if row.mask:
            counts[:, i] = count_mask(row, mask)
    return Counts(*counts)


def iou_of_counts(hit: NDArray, false: NDArray, true: NDArray) -> Floats:
    """Intersection over union of counted pixels; nothing over nothing is 0, NaN stays."""
    union = np.asarray(false + true, np.float64)
    return np.divide(hit, union, out=np.where(np.isnan(union), np.nan, 0.0), where=union > 0)


def dice_of_counts(hit: NDArray, false: NDArray, true: NDArray) -> Floats:
    """Twice the intersection over the sum of both areas; nothing over nothing is 0, as of IoU, NaN stays."""
    areas = np.asarray(hit + false + true, np.float64)
    return np.divide(2 * hit, areas, out=np.where(np.isnan(areas), np.nan, 0.0), where=areas > 0)


OVERLAPS = {"iou": iou_of_counts, "dice": dice_of_counts}  # what one level is the best for


def _blocks(n: int, size: int = BLOCK) -> Iterator[slice]:
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
