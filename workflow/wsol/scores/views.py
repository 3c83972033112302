"""An outcome seen at levels: the best on the reported split, the best on another, or each map's own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsol.scores import curves, levels, pixels
from wsol.scores.outcome import Outcome, Unavailable
from wsol.statistics.resampling import Resamples

Values = NDArray[np.float64]
PIXELS = ("pixels",)  # the key of the one level that pixel metrics are taken at


class View:
    """What a metric sees: an outcome, at levels that come from one place.

    `level_from` says from where: "oracle" is the best level on the reported split itself, "selected" the best on the
    select split, "fixed" each map's own. `levels` records the levels that a metric asked for, in order: the key of each
    is (deltas, components, matching), or begins with the name of what an outcome chooses it of: PIXELS.
    """

    def __init__(self, outcome: Outcome, level_from: str, select: Outcome | None = None):
        self.outcome = outcome
        self.level_from = level_from
        self.chooser = select if level_from == "selected" and select is not None else outcome
        self.levels: dict[tuple, float | None] = {}

    def at(self, levels: dict[tuple, float | None]) -> "View":
        """The same outcome, seen at these levels instead."""
        other = View(self.outcome, self.level_from, self.chooser)
        other.levels = dict(levels)
        return other

    def levels_of_resamples(self, key: tuple, resamples: Resamples) -> Values:
        """The level that a key of `levels` has when it is chosen in each resample of the chooser, [r]."""
        if isinstance(key[0], str):
            return getattr(self.chooser, key[0]).levels_of_resamples(resamples, *key[1:])
        deltas, components, matching = key
        found = curves.join([self.chooser.hit_intervals(delta, components, matching) for delta in deltas])
        return levels.levels_of_resamples(found, self.chooser.swept_levels, resamples)

    def level(self, deltas: tuple[float, ...], components: str, matching: str) -> float | None:
        """The one level of highest accuracy, averaged over deltas; None where each map has its own."""
        key = (deltas, components, matching)
        if key not in self.levels:
            self.levels[key] = None if self.level_from == "fixed" else self.chooser.best_level(*key)
        return self.levels[key]

    def shown_level(self) -> float | None:
        """The level that the box of a target is shown at: the best for IoU .5.

        Where the truth has masks only, and a metric has counted their pixels, that of highest mean IoU.
        """
        found = self.chooser.known_pixels
        if self.level_from == "fixed" or found is None or self.chooser.has_true_boxes.any():
            return self.level((0.5,), "largest", "any")
        return float(found.edges[found.best()])

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
        level = self.levels.setdefault(key, None)
        if level is None:
            level = self.levels[key] = self.chooser.pixels.best_level(overlap)
        return found.at(int(np.searchsorted(found.edges, level)))

    def overlaps(self) -> Sequence[NDArray[np.float64]]:
        """IoU [boxes truth] of all boxes of each target at the level best for IoU .5."""
        return self.of_label.overlaps(self.level((0.5,), "all", "any"))

    def top(self, k: int) -> Values:
        """1 where a right class is among the k best outputs, [n]."""
        if self.outcome.rank is None:
            raise Unavailable("predictions")
        return (self.outcome.rank < k).astype(np.float64)
