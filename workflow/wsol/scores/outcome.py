"""What metrics see of a run over one dataset: ranks of the right class, hits by level, pixel counts, statuses.

A target that is not `ok` is a miss and stays in every denominator. Only a target of status `no_ground_truth` has
nothing to be scored against: its localisation is not counted (NaN), its classification is. Under `wsol2020` a
`degenerate` map has the published evaluator's box 0 0 0 0, which a truth that is scaled to 0 0 0 0 is found by.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.errors import DataError
from wsol.scores import curves
from wsol.scores.curves import HitIntervals
from wsol.scores.detections import IOUS, Detections
from wsol.scores.histograms import Counts
from wsol.scores.pixels import Pixels
from wsol.scores.pointing import Pointing
from wsol.scores.probabilities import Probabilities
from wsol.scores.seeds import Seeds

T = TypeVar("T")
DELTAS = (0.3, 0.5, 0.7)  # the usual IoU thresholds

# (deltas, components "largest" | "all", ground truth [n] of box lists) -> the HitIntervals of each delta
FindHitIntervals = Callable[[tuple[float, ...], str, Sequence[NDArray]], Sequence[HitIntervals]]
# (level, levels [n], None for each map's own) -> each target's IoU of all its boxes there with its truth [boxes truth]
FindOverlaps = Callable[[NDArray[np.float64] | float | None], Sequence[NDArray[np.float64]]]
# (levels, IoUs) -> the run's boxes at each level, ranked and matched at each IoU
FindDetections = Callable[[Sequence[float | None], Sequence[float]], Sequence[Detections]]


class Unavailable(Exception):
    """A metric's input is not there (no masks, no predictions): the metric has no row, which is not an error."""


@dataclass
class Outcome:
    """`targets` is files.TARGETS, `status` [n] that of each target; what is None makes the metrics on it unavailable.

    What is found by a function is found when a metric first asks for it, and kept.
    """

    targets: pd.DataFrame
    status: NDArray[np.str_]
    rank: NDArray[np.int64] | None = None  # [n] of the right class among the logits, 0 the best
    find_hit_intervals: FindHitIntervals | None = None
    swept_levels: NDArray[np.float64] | None = None  # the grid that was swept; None where every level was
    find_overlaps: FindOverlaps | None = None
    find_pixels: Callable[[], Pixels] | None = None
    find_masks: Callable[[], Counts] | None = None  # of masks cut at each map's own level
    find_pointing: Callable[[], Pointing] | None = None
    find_probabilities: Callable[[], Probabilities] | None = None
    find_detections: FindDetections | None = None
    find_seeds: Callable[[], Seeds] | None = None
    explain: str = "labelled"  # the class that maps are of: labelled | predicted, the one of the highest logit
    boxed: tuple[str, ...] = ("ok",)  # the statuses whose boxes count
    deltas: tuple[float, ...] = DELTAS  # the IoU thresholds that one pass over the regions finds together
    _hit_intervals: dict = field(default_factory=dict, repr=False)
    _levels: dict = field(default_factory=dict, repr=False)
    _overlaps: dict = field(default_factory=dict, repr=False)
    _detections: dict = field(default_factory=dict, repr=False)
    _awaited: dict = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def has_true_boxes(self) -> NDArray[np.bool_]:
        """[n]: has boxes to be localised against."""
        return (self.status != "no_ground_truth") & np.array([len(b) > 0 for b in self.ground_truth], bool)

    @cached_property
    def has_true_mask(self) -> NDArray[np.bool_]:
        """[n]."""
        return (self.targets["mask"] != "").to_numpy()

    @cached_property
    def ground_truth(self) -> list[NDArray[np.float64]]:
        """[n] of boxes [k 4]."""
        return [boxes.asboxes(flat) for flat in self.targets["boxes"]]

    @cached_property
    def largest_ground_truth(self) -> list[NDArray[np.float64]]:
        """[n] of boxes [1 4]: the largest box, the first among equals; [0 4] where there is none."""
        return [b[[np.argmax(boxes.area(b))]] if len(b) else b for b in self.ground_truth]

    def expect(self, deltas: Iterable[float]) -> None:
        """These IoU thresholds will be asked for beside the usual ones: one pass finds all of them."""
        self.deltas = tuple(sorted({*self.deltas, *deltas}))

    def hit_intervals(self, delta: float, components: str = "largest", matching: str = "any") -> HitIntervals:
        """Levels at which a box reaches IoU >= delta with a true box; every delta of `deltas` is found in that pass.

        Of maps of the predicted class those of a right one count, which are the labelled class's; others are misses.
        """
        if self.find_hit_intervals is None:
            raise Unavailable("regions")
        if (delta, components, matching) not in self._hit_intervals:
            deltas = tuple(sorted({delta, *self.deltas}))
            truth = self.ground_truth if matching == "any" else self.largest_ground_truth
            for each, found in zip(deltas, self.find_hit_intervals(deltas, components, truth), strict=True):
                self._hit_intervals[each, components, matching] = self._counted(found)
        return self._hit_intervals[delta, components, matching]

    def best_level(self, *key: Any) -> float:
        """The one best level of all targets; found once for all metrics that ask for it.

        `key`: (deltas, components, matching), of highest accuracy averaged over deltas, or what `choosing` says.
        """
        if key not in self._levels:
            self._levels[key] = self._best_level(*key)
        return self._levels[key]

    def _best_level(self, *key: Any) -> float:
        if isinstance(key[0], str):
            return float(getattr(self, key[0]).best_level(*key[1:]))
        deltas, components, matching = key
        found = curves.join([self.hit_intervals(delta, components, matching) for delta in deltas])
        return curves.best_level(curves.curve(found), self.swept_levels)

    @cached_property
    def pixels(self) -> Pixels:
        """Histograms of the maps inside and outside the true masks."""
        return self._masked(self.find_pixels)

    @property
    def known_pixels(self) -> Pixels | None:
        """The histograms where a metric has asked for them: they take a pass over all maps."""
        return vars(self).get("pixels")

    @cached_property
    def masks(self) -> Counts:
        """Pixel counts of the predicted masks, for thresholds that choose each map's level."""
        return self._masked(self.find_masks)

    @cached_property
    def pointing(self) -> Pointing:
        """Where the maps peak and where their energy lies."""
        return _found(self.find_pointing, "heatmaps")

    @cached_property
    def probabilities(self) -> Probabilities:
        """What the network says of each image."""
        return _found(self.find_probabilities, "predictions")

    @cached_property
    def seeds(self) -> Seeds:
        """The maps of all classes of each image together, counted at every background level."""
        return self._masked(self.find_seeds)

    @property
    def known_seeds(self) -> Seeds | None:
        """Those where a metric has asked for them."""
        return vars(self).get("seeds")

    def overlaps(self, level: NDArray[np.float64] | float | None) -> Sequence[NDArray[np.float64]]:
        """IoU [boxes truth] of each target's boxes at one level, or at its own of levels [n].

        No boxes for a target whose boxes do not count.
        """
        if self.find_overlaps is None:
            raise Unavailable("regions")
        key = level.tobytes() if isinstance(level, np.ndarray) else level
        if key not in self._overlaps:
            found = zip(self.find_overlaps(level), self.status, strict=True)
            self._overlaps[key] = [o if status in self.boxed else o[:0] for o, status in found]
        return self._overlaps[key]

    def expect_levels(self, key: tuple, levels: Iterable[float]) -> None:
        """What is taken at the level of a view's `key` will be asked for at these levels too, each in its turn."""
        self._awaited.setdefault(key, set()).update(levels)

    def expected_levels(self, key: tuple) -> set[float]:
        """Those levels."""
        return self._awaited.get(key, set())

    def detections(self, key: tuple, level: float | None, ious: Sequence[float]) -> Detections:
        """The run's boxes at one level, ranked and matched at `ious` among others.

        One pass over the maps finds those of all levels that are expected of the same `key`.
        """
        if self.find_detections is None:
            raise Unavailable("regions and heatmaps")
        if level not in self._detections or not {*ious} <= {*self._detections[level].ious}:
            levels = [level, *sorted(self.expected_levels(key) - {level, *self._detections})]
            found = self.find_detections(levels, sorted({*ious, *IOUS, *self.deltas}))
            self._detections.update(zip(levels, found, strict=True))
        return self._detections[level]

    def _masked(self, find: Callable[[], T] | None) -> T:
        if not self.has_true_mask.any():
            raise Unavailable("masks of the truth")
        return _found(find, "heatmaps or predicted masks")

    def _counted(self, found: HitIntervals) -> HitIntervals:
        """Without the hits of targets whose boxes do not count: those are misses, whatever their files say."""
        counts = np.isin(self.status, self.boxed)
        if self.explain == "predicted" and self.rank is not None:
            counts &= self.rank == 0
        there = counts[found.target]
        return HitIntervals(found.target[there], found.level_low[there], found.level_high[there])


def _found(find: Callable[[], T] | None, lacking: str) -> T:
    if find is None:
        raise Unavailable(lacking)
    return find()


def statuses(targets: pd.DataFrame, of_maps: NDArray | Sequence[str]) -> NDArray[np.str_]:
    """What the index says of a target where it is not ok, else what became of its map: [n].

    A DataError where the maps are not as many as the targets.

    >>> statuses(pd.DataFrame({"status": ["ok", "missing"]}), ["degenerate", "unreadable"]).tolist()
    ['degenerate', 'missing']
    """
    found = np.asarray(of_maps, np.str_)
    if len(found) != len(targets):
        raise DataError(f"regions: {len(found)} targets, but the index has {len(targets)}")
    of_targets = targets["status"].to_numpy(np.str_)
    return np.where(of_targets == "ok", found, of_targets)
