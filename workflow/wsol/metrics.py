"""Metrics: what is said of each target, in one line each.

Contract: `metric(view) -> values [n]`, one number a target in [0, 1] (a count for those in COUNTS), NaN where the
target does not count; their mean is the score. `view.hit(delta)` is 1 where the run's box reaches IoU >= delta; which
level the boxes are cut at is the view's choice: the best on the reported split (`oracle`), the best on the select split
(`selected`) or each map's own (`fixed`). Components: `largest` gives one box a target, `all` any of its boxes.
Matching: `any` of the target's truth boxes, or the `largest`.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wsol import curves
from wsol.outcome import DELTAS, Outcome, Unavailable

Values = NDArray[np.float64]


class View:
    """An outcome seen at the levels of one choice; `levels` records which were asked for, in order."""

    def __init__(self, outcome: Outcome, choice: str, select: Outcome | None = None):
        self.outcome, self.choice = outcome, choice
        self.chooser = select if choice == "selected" and select is not None else outcome
        self.levels: dict[tuple, float | None] = {}

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

    def top(self, k: int) -> Values:
        """1 where a right class is among the k best outputs."""
        if self.outcome.rank is None:
            raise Unavailable("predictions")
        return (self.outcome.rank < k).astype(np.float64)


Metric = Callable[[View], Values]


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
    "gtknown_loc": gtknown_loc,
    "top1_loc": partial(top_loc, k=1),
    "top5_loc": partial(top_loc, k=5),
}
COUNTS: frozenset[str] = frozenset()
