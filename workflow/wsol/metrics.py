"""Metrics: what is said of each target, in one line each.

Contract: `metric(view) -> values [n]`, one number a target in [0, 1] (a count for those in COUNTS), NaN where the
target does not count; their mean is the score. `view.hit(delta)` is 1 where the run's box reaches IoU >= delta; which
level the boxes are cut at is the view's choice: the best on the reported split (`oracle`), the best on the select split
(`selected`) or each map's own (`fixed`). Components: `largest` gives one box a target, `all` any of its boxes.
Matching: `any` of the target's truth boxes, or the `largest`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol import curves, levels, pixels
from wsol.outcome import DELTAS, Outcome, Unavailable
from wsol.resampling import Resamples

Values = NDArray[np.float64]
PIXELS = ("pixels",)  # the key of the one level that pixel metrics are taken at


class View:
    """An outcome seen at the levels of one choice; `levels` records which were asked for, in order."""

    def __init__(self, outcome: Outcome, choice: str, select: Outcome | None = None):
        self.outcome, self.choice = outcome, choice
        self.chooser = select if choice == "selected" and select is not None else outcome
        self.levels: dict[tuple, float | None] = {}

    def at(self, levels: dict[tuple, float | None]) -> "View":
        """The same outcome, seen at these levels instead."""
        other = View(self.outcome, self.choice, self.chooser)
        other.levels = dict(levels)
        return other

    def again(self, key: tuple, resamples: Resamples) -> Values:
        """The level that a key of `levels` has when it is chosen in each resample of the chooser, [r]."""
        if key == PIXELS:
            return self.chooser.pixels.again(resamples)
        deltas, components, matching = key
        hits = curves.join([self.chooser.hits(delta, components, matching) for delta in deltas])
        return levels.again(hits, self.chooser.levels, resamples)

    def level(self, deltas: tuple[float, ...], components: str, matching: str) -> float | None:
        """The one level of highest accuracy, averaged over deltas; None where each map has its own."""
        key = (deltas, components, matching)
        if key not in self.levels:
            self.levels[key] = None if self.choice == "fixed" else self._best(*key)
        return self.levels[key]

    def _best(self, deltas: tuple[float, ...], components: str, matching: str) -> float:
        hits = curves.join([self.chooser.hits(delta, components, matching) for delta in deltas])
        return curves.best(curves.curve(hits), self.chooser.levels)

    def hit(
        self, delta: float, components: str = "largest", matching: str = "any", over: tuple[float, ...] = ()
    ) -> Values:
        """1 where a box reaches IoU >= delta at the level best for the deltas `over` (this delta, if not said)."""
        hits = self.outcome.hits(delta, components, matching)
        hit = curves.hit_at(hits, self.level(over or (delta,), components, matching), len(self.outcome))
        return np.where(self.outcome.labelled, hit, np.nan)

    def pixels(self) -> pixels.Counts:
        """Pixel counts at the level of highest mean IoU, or of each map's own mask."""
        if self.choice == "fixed":
            self.levels[PIXELS] = None
            return self.outcome.masks
        level = self.levels.setdefault(PIXELS, None)
        if level is None:
            level = self.levels[PIXELS] = float(pixels.EDGES[self.chooser.pixels.best()])
        return self.outcome.pixels.at(int(np.searchsorted(pixels.EDGES, level)))

    def overlaps(self) -> Sequence[NDArray[np.float64]]:
        """IoU [boxes truth] of all boxes of each target at the level best for IoU .5."""
        return self.outcome.overlaps(self.level((0.5,), "all", "any"))

    def top(self, k: int) -> Values:
        """1 where a right class is among the k best outputs."""
        if self.outcome.rank is None:
            raise Unavailable("predictions")
        return (self.outcome.rank < k).astype(np.float64)


class Pooled(NamedTuple):
    """A score that is no mean over targets, and asks for no level.

    `estimate` maps weights [r n], how often each target counts, to [r].
    """

    estimate: Callable[[Values], Values]
    counted: NDArray[np.bool_]


Metric = Callable[[View], Values | Pooled]


def top_acc(view: View, *, k: int) -> Values:
    """A right class is among the k highest logits; of equal logits the first output is the higher."""
    return view.top(k)


def maxboxacc(view: View, *, delta: float) -> Values:
    """The largest region's box reaches IoU >= delta, at the best level for this delta (Choe et al. 2020)."""
    return view.hit(delta)


def maxboxacc_any(view: View, *, delta: float) -> Values:
    """Any region's box reaches IoU >= delta, at the best level for this delta: one term of MaxBoxAccV2."""
    return view.hit(delta, components="all")


def maxboxacc_v2(view: View) -> Values:
    """Mean over IoU .3, .5, .7 of any region's box reaching it, a level for each, as published (Choe et al. 2022)."""
    return np.mean([view.hit(delta, components="all") for delta in DELTAS], axis=0)


def maxboxacc_v2_one_level(view: View) -> Values:
    """MaxBoxAccV2 at one level for all three IoU: the level of the best mean."""
    return np.mean([view.hit(delta, components="all", over=DELTAS) for delta in DELTAS], axis=0)


def maxboxacc_largest_truth(view: View, *, delta: float) -> Values:
    """MaxBoxAcc where only the target's largest truth box counts."""
    return view.hit(delta, matching="largest")


def boxacc(view: View, *, delta: float) -> Values:
    """The largest region's box reaches IoU >= delta at one level for every delta: the best for IoU .5."""
    return view.hit(delta, over=(0.5,))


def top_loc(view: View, *, k: int) -> Values:
    """GT-known localisation, and a right class is among the k highest logits (Russakovsky et al. 2015)."""
    return gtknown_loc(view) * view.top(k)


def gtknown_loc(view: View) -> Values:
    """The largest region's box reaches IoU >= .5, whatever the class predicted: maxboxacc@50 by its other name."""
    return view.hit(0.5)


def box_recall(view: View, *, delta: float) -> Values:
    """Share of truth boxes matched one to one with boxes at IoU >= delta, all boxes at the one level best for .5."""
    matched = [matching(o >= delta) / o.shape[1] if o.shape[1] else np.nan for o in view.overlaps()]
    return np.where(view.outcome.labelled, matched, np.nan)


def box_precision(view: View, *, delta: float) -> Values:
    """Share of boxes matched one to one with truth boxes at IoU >= delta, the same boxes; no box has precision 0."""
    matched = [matching(o >= delta) / max(len(o), 1) for o in view.overlaps()]
    return np.where(view.outcome.labelled, matched, np.nan)


def boxes_per_target(view: View) -> Values:
    """How many boxes there are at the one level best for IoU .5: what `any of its boxes` hits are bought with."""
    return np.where(view.outcome.labelled, [len(o) for o in view.overlaps()], np.nan)


def matching(allowed: NDArray[np.bool_]) -> int:
    """Size of the largest one-to-one matching of boxes with truth boxes, [boxes truth] -> count."""
    if min(allowed.shape) <= 1:
        return int(allowed.any())
    from scipy.optimize import linear_sum_assignment

    return int(allowed[linear_sum_assignment(allowed, maximize=True)].sum())


def pointing_game(view: View, *, tolerance: float) -> Values:
    """The map's highest value lies on the object, or nearer to it than `tolerance` pixels (Zhang et al. 2016).

    Of equal values the first in row-major order is the peak. The mean is over targets; TorchRay's, of 15 pixels, is
    over classes (see the tables by class).
    """
    distance = view.outcome.pointing.distance
    return np.where(np.isnan(distance), np.nan, (distance == 0) | (distance < tolerance))


def energy_pointing(view: View) -> Values:
    """Share of the map's positive values that lies on the object (Wang et al. 2020)."""
    return view.outcome.pointing.energy


def miou(view: View) -> Values:
    """IoU of predicted and true pixels, ignored ones left out, a mean over targets; the level of the best mean."""
    counts = view.pixels()
    return pixels.iou(counts.hit, counts.false, counts.true)


def pixel_precision(view: View) -> Values:
    """Share of predicted pixels that are true, at the level of the best miou; no predicted pixel has precision 0."""
    counts = view.pixels()
    return np.where(np.isnan(counts.hit), np.nan, counts.hit / np.maximum(counts.hit + counts.false, 1))


def pixel_recall(view: View) -> Values:
    """Share of true pixels that are predicted, at the level of the best miou; NaN without true pixels."""
    counts = view.pixels()
    return np.where(counts.true > 0, counts.hit / np.maximum(counts.true, 1), np.nan)


def pixel_ap(view: View) -> Values:
    """Average precision of a target's own pixels over all levels: large objects do not outweigh small ones."""
    return view.outcome.pixels.ap


def pxap(view: View) -> Pooled:
    """Average precision of the pixels of all targets together, over levels of step .001 (Choe et al. 2020)."""
    found = view.outcome.pixels
    return Pooled(found.pooled_ap, found.counted)


def _each(name: str, metric: Callable[..., Values]) -> dict[str, Metric]:
    """One metric for each of the usual IoU thresholds: `name@30` and so on."""
    return {f"{name}@{round(100 * delta)}": partial(metric, delta=delta) for delta in DELTAS}


METRICS: dict[str, Metric] = {
    "top1_acc": partial(top_acc, k=1),
    "top5_acc": partial(top_acc, k=5),
    **_each("maxboxacc", maxboxacc),
    "maxboxacc_v2": maxboxacc_v2,
    **_each("maxboxacc_v2", maxboxacc_any),
    "maxboxacc_v2_one_level": maxboxacc_v2_one_level,
    **_each("maxboxacc_largest_truth", maxboxacc_largest_truth),
    **_each("boxacc", boxacc),
    **_each("box_recall", box_recall),
    **_each("box_precision", box_precision),
    "boxes_per_target": boxes_per_target,
    "gtknown_loc": gtknown_loc,
    "top1_loc": partial(top_loc, k=1),
    "top5_loc": partial(top_loc, k=5),
    "pointing_game": partial(pointing_game, tolerance=0),
    "pointing_game_15px": partial(pointing_game, tolerance=15),
    "energy_pointing": energy_pointing,
    "pxap": pxap,
    "pixel_ap": pixel_ap,
    "miou": miou,
    "pixel_precision": pixel_precision,
    "pixel_recall": pixel_recall,
}
COUNTS = frozenset({"boxes_per_target"})  # not a share: no percent
CLASSIFICATION = frozenset({"top1_acc", "top5_acc"})  # say nothing of where
