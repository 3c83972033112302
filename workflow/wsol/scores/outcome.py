"""What metrics see of a run over one dataset: ranks of the right class, hits by level, pixel counts, statuses.

A target that is not `ok` is a miss and stays in every denominator. Only a target of status `no_ground_truth` has
nothing to be scored against: its localisation is not counted (NaN), its classification is. Under `wsol2020` a
`degenerate` map has the published evaluator's box 0 0 0 0, which a truth that is scaled to 0 0 0 0 is found by.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wsol import boxes
from wsol.errors import DataError
from wsol.index.outputs import right
from wsol.scores import curves
from wsol.scores.curves import HitIntervals
from wsol.scores.pixels import Counts, Pixels
from wsol.scores.pointing import Pointing

T = TypeVar("T")
UNRANKED = np.iinfo(np.int32).max
DELTAS = (0.3, 0.5, 0.7)

# (deltas, components "largest" | "all", truth [n] of box lists) -> one HitIntervals for each delta
FindHits = Callable[[tuple[float, ...], str, Sequence[NDArray]], Sequence[HitIntervals]]
# (level, None for each map's own) -> for each target the IoU of all its boxes there with its truth, [boxes truth]
FindOverlaps = Callable[[float | None], Sequence[NDArray[np.float64]]]


class Unavailable(Exception):
    """A metric's input is not there (no masks, no predictions): the metric has no row, which is not an error."""


@dataclass
class Outcome:
    """`targets` is files.TARGETS, status [n] of each target; what is None makes the metrics on it unavailable.

    What is found by a function is found when a metric first asks for it, and kept.
    """

    targets: pd.DataFrame
    status: NDArray[np.str_]
    rank: NDArray[np.int64] | None = None  # [n] of the right class among the logits, 0 the best
    find_hits: FindHits | None = None
    levels: NDArray[np.float64] | None = None  # the grid that was swept; None where every level was
    find_overlaps: FindOverlaps | None = None
    find_pixels: Callable[[], Pixels] | None = None
    find_masks: Callable[[], Counts] | None = None  # of masks cut at each map's own level
    find_pointing: Callable[[], Pointing] | None = None
    explain: str = "labelled"  # the class that maps are of: labelled | predicted, the one of the highest logit
    boxed: tuple[str, ...] = ("ok",)  # the statuses whose boxes count
    _hits: dict = field(default_factory=dict, repr=False)
    _levels: dict = field(default_factory=dict, repr=False)
    _overlaps: dict = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def labelled(self) -> NDArray[np.bool_]:
        """[n]: has boxes to be localised against."""
        return (self.status != "no_ground_truth") & np.array([len(b) > 0 for b in self.truth], bool)

    @cached_property
    def truth(self) -> list[NDArray[np.float64]]:
        """[n] of boxes [k 4]."""
        return [boxes.asboxes(flat) for flat in self.targets["boxes"]]

    @cached_property
    def largest_truth(self) -> list[NDArray[np.float64]]:
        """[n] of boxes [1 4]: the largest box, the first among equals."""
        return [b[[np.argmax(boxes.area(b))]] if len(b) else b for b in self.truth]

    def hits(self, delta: float, components: str = "largest", matching: str = "any") -> HitIntervals:
        """Levels at which a box reaches IoU >= delta with a truth box; every usual delta is found in the same pass.

        Of maps of the predicted class those of a right one count, which are the labelled class's; others are misses.
        """
        if self.find_hits is None:
            raise Unavailable("regions")
        if (delta, components, matching) not in self._hits:
            deltas = tuple(sorted({delta, *DELTAS}))
            truth = self.truth if matching == "any" else self.largest_truth
            for each, hits in zip(deltas, self.find_hits(deltas, components, truth), strict=True):
                self._hits[each, components, matching] = self._counted(hits)
        return self._hits[delta, components, matching]

    def best_level(self, deltas: tuple[float, ...], components: str, matching: str) -> float:
        """The one level of highest accuracy, averaged over deltas; found once for all metrics that ask for it."""
        key = (deltas, components, matching)
        if key not in self._levels:
            hits = curves.join([self.hits(delta, components, matching) for delta in deltas])
            self._levels[key] = curves.best(curves.curve(hits), self.levels)
        return self._levels[key]

    @cached_property
    def pixels(self) -> Pixels:
        """Histograms of the maps inside and outside the truth's masks."""
        return self._masked(self.find_pixels)

    @cached_property
    def masks(self) -> Counts:
        """Pixel counts of the predicted masks, for thresholds that choose each map's level."""
        return self._masked(self.find_masks)

    @cached_property
    def pointing(self) -> Pointing:
        """Where the maps peak and where their energy lies."""
        if self.find_pointing is None:
            raise Unavailable("heatmaps")
        return self.find_pointing()

    def overlaps(self, level: float | None) -> Sequence[NDArray[np.float64]]:
        """IoU [boxes truth] of each target's boxes at one level; no boxes for a target whose boxes do not count."""
        if self.find_overlaps is None:
            raise Unavailable("regions")
        if level not in self._overlaps:
            found = zip(self.find_overlaps(level), self.status, strict=True)
            self._overlaps[level] = [o if status in self.boxed else o[:0] for o, status in found]
        return self._overlaps[level]

    def _masked(self, find: Callable[[], T] | None) -> T:
        if not (self.targets["mask"] != "").any():
            raise Unavailable("masks of the truth")
        if find is None:
            raise Unavailable("heatmaps or predicted masks")
        return find()

    def _counted(self, hits: HitIntervals) -> HitIntervals:
        """Without the hits of targets whose boxes do not count: those are misses, whatever their files say."""
        counts = np.isin(self.status, self.boxed)
        if self.explain == "predicted" and self.rank is not None:
            counts &= self.rank == 0
        there = counts[hits.target]
        return HitIntervals(hits.target[there], hits.level_low[there], hits.level_high[there])


def ranks(logits: ArrayLike, image_row: ArrayLike, outputs: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Rank of each target's best right output among its image's logits [i c], 0 the best.

    `image_row` [n] is the image's row, -1 for none; `outputs` [n] the right outputs. Among equal logits the output of
    lower number is first. UNRANKED without a row, without outputs or where the logits are not finite.
    """
    logits, rows = np.asarray(logits), np.asarray(image_row)
    target = np.repeat(np.arange(len(rows)), [len(o) for o in outputs])
    output = np.concatenate([np.empty(0, np.int64), *(np.asarray(o, np.int64) for o in outputs)])
    if len(output) and (output.min() < 0 or output.max() >= logits.shape[1]):
        raise DataError(f"predictions: {logits.shape[1]} outputs, but the targets name output {output.max()}")
    known = rows[target] >= 0
    target, output = target[known], output[known]
    best = np.full(len(rows), UNRANKED, np.int64)
    for part in (slice(i, i + 4096) for i in range(0, len(target), 4096)):
        np.minimum.at(best, target[part], _ranks(logits[rows[target[part]]], output[part]))
    return best


def _ranks(logits: NDArray, output: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of output [m] in logits [m c]."""
    value = np.take_along_axis(logits, output[:, None], axis=1)
    before = np.arange(logits.shape[1]) < output[:, None]
    rank = ((logits > value) | ((logits == value) & before)).sum(axis=1)
    return np.where(np.isfinite(logits).all(axis=1), rank, UNRANKED)


def ranks_of(targets: pd.DataFrame, shards: Iterable[Mapping[str, NDArray]]) -> NDArray[np.int64]:
    """The same over prediction files, each a shard of images; an image that none has is unranked."""
    best = np.full(len(targets), UNRANKED, np.int64)
    for shard in shards:
        place = pd.Index(shard["image"]).get_indexer(pd.Index(targets["image"]))
        there = np.flatnonzero(place >= 0)
        outputs = right(targets.iloc[there], shard["names"])
        best[there] = ranks(shard["logits"], place[there], outputs)
    return best


def statuses(targets: pd.DataFrame, of_maps: NDArray | Sequence[str]) -> NDArray[np.str_]:
    """What the index says of a target where it is not ok, else what became of its map: [n]."""
    found = np.asarray(of_maps, np.str_)
    if len(found) != len(targets):
        raise DataError(f"regions: {len(found)} targets, but the index has {len(targets)}")
    of_targets = targets["status"].to_numpy(np.str_)
    return np.where(of_targets == "ok", found, of_targets)
