"""An outcome seen at levels: the best on the reported split, the best on another, or each map's own."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from wsol.scores import choosing, curves, pixels
from wsol.scores.choosing import OneLevel, Rows
from wsol.scores.detections import Detections
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.seeds import Seeds
from wsol.statistics.resampling import Resamples

Values = NDArray[np.float64]
Level = Values | float | None  # of all targets, or of each its own [n]; None: each map's own
PIXELS = ("pixels",)  # the key of the one level that pixel metrics are taken at
SEEDS = ("seeds",)  # and of the background level of segmentation seeds


class View:
    """What a metric sees: an outcome, at levels that come from one place.

    `level_from` says from where: "oracle" is the best level on the reported split itself, "selected" the best on the
    select split, "fixed" each map's own. `per_class`: each class has its own, chosen on the targets of that class.
    `levels` records the levels that a metric asked for, in order, one or each target's own [n]: what the keys are
    `choosing` says.
    """

    def __init__(self, outcome: Outcome, level_from: str, select: Outcome | None = None, *, per_class: bool = False):
        self.outcome = outcome
        self.level_from = level_from
        self.chooser = select if level_from == "selected" and select is not None else outcome
        self.per_class = per_class
        self.levels: dict[tuple, Level] = {}

    def at(self, levels: Mapping[tuple, Level]) -> "View":
        """The same outcome, seen at these levels instead."""
        other = View(self.outcome, self.level_from, self.chooser, per_class=self.per_class)
        other.levels = dict(levels)
        return other

    def of_one_level(self, key: tuple) -> list[OneLevel]:
        """The targets by the level of a key that they have."""
        if isinstance(self.levels.get(key), np.ndarray):
            return choosing.of_one_level(self.outcome, self.chooser, key)
        return [OneLevel(np.arange(len(self.outcome)), None)]

    def classes_without_level(self) -> list[str]:
        """The classes that have the level of all targets together for any of `levels`, where others have their own."""
        found: set[str] = set()
        for key in self.levels:
            found |= {name for rows, on in self.of_one_level(key) if on is None for name in self._names(key, rows)}
        return sorted(found)

    def _names(self, key: tuple, rows: Rows) -> list[str]:
        if not isinstance(self.levels[key], np.ndarray):
            return []
        targets = self.outcome.targets.iloc[rows]
        return [str(name) for name in targets["class_name" if "class_name" in targets else "label"].unique()]

    def levels_of_resamples(self, key: tuple, resamples: Resamples, on: Rows | None = None) -> Values:
        """The level that a key of `levels` has when it is chosen in each resample of the chooser, [r].

        `on`: of those of a class, chosen on these of the chooser's targets.
        """
        return choosing.levels_of_resamples(self.chooser, key, resamples, on)

    def level(self, deltas: tuple[float, ...], components: str, matching: str) -> Level:
        """The one level of highest accuracy, averaged over deltas; None where each map has its own."""
        return self._level((deltas, components, matching))

    def _level(self, key: tuple) -> Level:
        if key not in self.levels:
            self.levels[key] = None if self.level_from == "fixed" else self._chosen(key)
        return self.levels[key]

    def _chosen(self, key: tuple) -> Level:
        whole = choosing.best_level(self.chooser, key)
        if not self.per_class:
            return whole
        found = np.full(len(self.outcome), whole)
        for rows, on in choosing.of_one_level(self.outcome, self.chooser, key):
            if on is not None:
                found[rows] = choosing.best_level(self.chooser, key, on)
        return found

    def shown_level(self) -> Level:
        """The level that the box of a target is shown at: the best for IoU .5.

        Where the truth has masks only, and a metric has counted their pixels, that of highest mean IoU.
        """
        if self.level_from == "fixed" or self.chooser.known_pixels is None or self.chooser.has_true_boxes.any():
            return self.level((0.5,), "largest", "any")
        return self._level(PIXELS)

    def exported_level(self) -> Level:
        """The level of what is exported: the best for all regions' boxes, or for masks where the truth has no boxes."""
        boxed = self.outcome.has_true_boxes.any() or not self.outcome.has_true_mask.any()
        return self.level((0.5,), "all", "any") if boxed or self.level_from == "fixed" else self._level(PIXELS)

    @property
    def of_label(self) -> Outcome:
        """The outcome, where every map is the labelled class's."""
        if self.outcome.explain == "predicted":
            raise Unavailable("maps of the labelled class (explain: predicted)")
        return self.outcome

    def hit(
        self,
        delta: float,
        components: str = "largest",
        matching: str = "any",
        over: tuple[float, ...] = (),
        right: bool = False,
    ) -> Values:
        """1 where a box reaches IoU >= delta at the level best for the deltas `over` (this delta, if not said), [n].

        `components`: the box of the "largest" region counts, or "all" regions' boxes. `matching`: "any" true box
        counts, or the "largest" alone. `right`: asked only of targets whose highest logit is right, where maps of
        either class are the same. NaN where there is no true box.
        """
        outcome = self.outcome if right else self.of_label
        intervals = outcome.hit_intervals(delta, components, matching)
        hit = curves.hit_at(intervals, self.level(over or (delta,), components, matching), len(outcome))
        return np.where(outcome.has_true_boxes, hit, np.nan)

    def pixels(self, overlap: str = "iou") -> pixels.Counts:
        """Pixel counts at the level of highest mean IoU, or `dice`, or of each map's own mask."""
        key = PIXELS if overlap == "iou" else (*PIXELS, overlap)
        if self.level_from == "fixed":
            self.levels[key] = None
            return self.of_label.masks
        found = self.of_label.pixels
        level = self._level(key)
        assert level is not None, "only a fixed level is each map's own"
        return found.at_level(level, self.outcome.expected_levels(key))

    def seeds(self) -> tuple[Seeds, int]:
        """Segmentation seeds counted at every background level, and the place of the level of highest mean IoU.

        The classes of an image compete above one level, so that no class has its own. Where the threshold is one level
        for all maps, that is it.
        """
        found = self.of_label.seeds
        level = self.levels.setdefault(SEEDS, None)
        if level is None and self.level_from != "fixed":
            level = self.levels[SEEDS] = choosing.best_level(self.chooser, SEEDS)
        assert not isinstance(level, np.ndarray)
        return found, found.place(level)

    def overlaps(self) -> Sequence[NDArray[np.float64]]:
        """IoU [boxes truth] of all boxes of each target at the level best for IoU .5."""
        return self.of_label.overlaps(self.level((0.5,), "all", "any"))

    def detections(self, ious: Sequence[float]) -> Detections:
        """All boxes at the level best for IoU .5, ranked and matched with true boxes at `ious` among others."""
        key = ((0.5,), "all", "any")
        level = self.level(*key)
        if isinstance(level, np.ndarray):
            raise Unavailable("one level for all classes (levels: per_class)")
        return self.of_label.detections(key, level, ious)

    def top(self, k: int) -> Values:
        """1 where a right class is among the k best outputs, [n]."""
        if self.outcome.rank is None:
            raise Unavailable("predictions")
        return (self.outcome.rank < k).astype(np.float64)
