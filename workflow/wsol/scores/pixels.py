"""Pixels of maps in and beside the true masks, as histograms over levels: all that pixel metrics need, from one pass.

Pixels marked to be ignored count neither way. A pixel that no level ever predicts (outside the map, or of a map that
is not ok) is in bin 0: it is no prediction, but its truth still counts. Bin j is edges[j - 1] <= value < edges[j], the
edges being the published EDGES and the levels of the sweep: PxAP is of the former, one level is chosen of the latter.
`masks` counts the pixels.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.regions.edges import EDGES, published
from wsol.statistics.resampling import Resamples

CHOSEN = 101  # levels among which a resample chooses
ALL = slice(None)
BLOCK = 2048  # targets whose histograms are widened to float at once

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Counts(NamedTuple):
    """Pixels of each target at one level, float [n]; NaN where there is no mask."""

    hit: Floats  # predicted and true
    false: Floats  # predicted and not true
    true: Floats  # true
    other: Floats  # not true, and not ignored


class Pixels(NamedTuple):
    """Histograms int32 [n edges + 1] of true and of other pixels; `counted` [n]: has a mask; `ap` [n], of its own."""

    inside: NDArray[np.int32]
    outside: NDArray[np.int32]
    ap: Floats  # NaN without true pixels
    counted: Mask
    edges: Floats = EDGES
    levels: NDArray[np.int64] = np.arange(len(EDGES))  # places in edges that a level is chosen of

    def of(self, rows: NDArray[np.int64]) -> "Pixels":
        """Of some targets."""
        return self._replace(**{name: getattr(self, name)[rows] for name in ("inside", "outside", "ap", "counted")})

    @property
    def telling(self) -> Mask:
        """Which targets have an IoU above 0 at some level, [n]."""
        return self.counted & (self.inside[:, 1:] > 0).any(axis=1)

    def at_level(self, level: Floats | float) -> Counts:
        """Pixels of value >= a level, which is one of edges, or >= each target's own of levels [n]."""
        if not isinstance(level, np.ndarray):
            return self.at(int(np.searchsorted(self.edges, level)))
        places = np.searchsorted(self.edges, level)
        found = np.full((len(Counts._fields), len(self.ap)), np.nan)
        for part in _blocks(len(self.ap)):
            above = np.arange(self.inside.shape[1]) > places[part, None]
            found[0, part] = self.inside[part].sum(axis=1, where=above)
            found[1, part] = self.outside[part].sum(axis=1, where=above)
            found[2, part] = self.inside[part].sum(axis=1)
            found[3, part] = self.outside[part].sum(axis=1)
        return Counts(*np.where(self.counted, found, np.nan))

    def at(self, place: int) -> Counts:
        """Pixels of value >= edges[place]."""
        found = (
            self.inside[:, place + 1 :].sum(axis=1),
            self.outside[:, place + 1 :].sum(axis=1),
            self.inside.sum(axis=1),
            self.outside.sum(axis=1),
        )
        return Counts(*(np.where(self.counted, counts, np.nan) for counts in found))

    def best(self, overlap: str = "iou") -> int:
        """Place in edges of the level of highest mean IoU, or of another of OVERLAPS, the first of equals."""
        return int(self.levels[np.argmax(self._summed(overlap)[self.levels])])

    def best_level(self, overlap: str = "iou") -> float:
        """That level."""
        return float(self.edges[self.best(overlap)])

    def mean_ious(self) -> Floats:
        """The mean IoU of the targets that count at each edge, [edges]."""
        return self._summed("iou") / self.counted.sum()

    def _summed(self, overlap: str) -> Floats:
        total = np.zeros(len(self.edges))
        for part in _blocks(len(self.ap)):
            rows = part.start + np.flatnonzero(self.counted[part])
            total += self._overlaps(overlap, rows).sum(axis=0)
        return total

    def levels_of_resamples(self, resamples: Resamples, overlap: str = "iou") -> Floats:
        """The level of highest mean IoU in each resample, [r]: the first of equals among CHOSEN spread over all."""
        places = self.levels[np.unique(np.linspace(0, len(self.levels) - 1, CHOSEN).round().astype(int))]
        total = np.zeros((resamples.count, len(places)))
        for part in _blocks(len(self.ap)):
            counted = np.where(self.counted[part, None], self._overlaps(overlap, part, places), 0)
            total += resamples.times[:, resamples.codes[part]].astype(np.float32) @ counted.astype(np.float32)
        return self.edges[places[total.argmax(axis=1)]]

    def _overlaps(
        self, overlap: str, rows: slice | NDArray[np.int64], places: slice | NDArray[np.int64] = ALL
    ) -> Floats:
        """The IoU, or Dice, of some targets at some edges: [rows places]."""
        hit = _from_top(self.inside[rows])[:, ::-1][:, places]
        false = _from_top(self.outside[rows])[:, ::-1][:, places]
        return OVERLAPS[overlap](hit, false, self.inside[rows].sum(axis=1, keepdims=True))

    def pooled_ap(self, weights: Floats) -> Floats:
        """PxAP of the pixels of all targets together, each target counted weights [r n] times: [r]."""
        inside = np.zeros((len(weights), self.inside.shape[1]))
        outside = np.zeros_like(inside)
        for part in _blocks(len(self.ap)):
            inside += weights[:, part] @ self.inside[part].astype(np.float64)
            outside += weights[:, part] @ self.outside[part].astype(np.float64)
        return average_precision(published(inside, self.edges), published(outside, self.edges))


def average_precision(inside: NDArray, outside: NDArray) -> Floats:
    """Sum of precision times gain of recall from the top bin down, without interpolation; ties are one step.

    Histograms [... b] of true and of other pixels -> [...]; NaN without true pixels.
    """
    hit = _from_top(inside)
    predicted = hit + _from_top(outside)
    total = inside.sum(axis=-1)
    precision = np.divide(hit, predicted, out=np.zeros(hit.shape), where=predicted > 0)
    gained = (precision * inside[..., :0:-1]).sum(axis=-1)
    return np.divide(gained, total, out=np.full(np.shape(gained), np.nan), where=total > 0)


def iou_of_counts(hit: NDArray, false: NDArray, true: NDArray) -> Floats:
    """Intersection over union of counted pixels; nothing over nothing is 0, NaN stays."""
    union = np.asarray(false + true, np.float64)
    return np.divide(hit, union, out=np.where(np.isnan(union), np.nan, 0.0), where=union > 0)


def dice_of_counts(hit: NDArray, false: NDArray, true: NDArray) -> Floats:
    """Twice the intersection over the sum of both areas; nothing over nothing is 0, as of IoU, NaN stays."""
    areas = np.asarray(hit + false + true, np.float64)
    return np.divide(2 * hit, areas, out=np.where(np.isnan(areas), np.nan, 0.0), where=areas > 0)


OVERLAPS = {"iou": iou_of_counts, "dice": dice_of_counts}  # what one level is the best for


def _from_top(histogram: NDArray) -> NDArray:
    """Pixels predicted at each level, the highest level first; bin 0 never is. [... b] -> [... b - 1]"""
    return np.cumsum(histogram[..., :0:-1], axis=-1, dtype=np.float64)


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))
