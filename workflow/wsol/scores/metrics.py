"""Metrics: what is said of each target, in one line each.

Contract: `metric(view) -> values [n]`, one number a target in [0, 1] (a count for those in COUNTS), NaN where the
target does not count; their mean is the score. `view.hit(delta)` is 1 where the run's box reaches IoU >= delta; which
level the boxes are cut at is the view's choice: the best on the reported split (`oracle`), the best on the select split
(`selected`) or each map's own (`fixed`). Components: `largest` gives one box a target, `all` any of its boxes.
Matching: `any` of the target's truth boxes, or the `largest`.

What compares a map with the truth asks for the labelled class's map. A run of maps of the predicted class
(`explain: predicted`) has top1_acc, top5_acc and top1_loc: a right prediction's map is the labelled class's.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.scores import pixels
from wsol.scores.outcome import DELTAS
from wsol.scores.views import Values, View


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
    return view.hit(0.5, right=k == 1) * view.top(k)


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


def pointing_game(view: View) -> Pooled:
    """Share of a class' targets whose peak is nearer to the object than 15 pixels, a mean over the classes that occur.

    Zhang et al. 2016, as TorchRay computes it. Of equal values the first in row-major order is the peak.
    """
    hit = peak(view, tolerance=15)
    return Pooled(partial(mean_over_classes, hit, view.outcome.targets["label"].to_numpy()), np.isfinite(hit))


def mean_over_classes(values: Values, labels: NDArray, weights: Values) -> Values:
    """Mean over classes of each class' mean of values [n], NaN left out, each counted weights [r n] times: [r].

    A class that none of a resample's targets has is none of its classes.
    """
    counted = np.flatnonzero(np.isfinite(values))
    order = counted[np.argsort(labels[counted], kind="stable")]
    starts = np.unique(labels[order], return_index=True)[1]
    count = np.add.reduceat(weights[:, order], starts, axis=1)  # [r classes]
    total = np.add.reduceat(weights[:, order] * values[order], starts, axis=1)
    means, classes = np.divide(total, count, out=np.zeros(count.shape), where=count > 0), (count > 0).sum(axis=1)
    return np.divide(means.sum(axis=1), classes, out=np.full(len(weights), np.nan), where=classes > 0)


def peak(view: View, *, tolerance: float) -> Values:
    """The map's highest value lies on the object, or nearer to it than `tolerance` pixels: a mean over targets.

    The pointing game's question with no mean over classes; of equal values the first in row-major order is the peak.
    """
    distance = view.of_label.pointing.distance
    return np.where(np.isnan(distance), np.nan, (distance == 0) | (distance < tolerance))


def energy_pointing(view: View) -> Values:
    """Share of the positive part of the map as computed, whatever its normalisation, on the object (Wang et al. 2020).

    sum(max(M, 0) on the object) / sum(max(M, 0)), M upsampled; a map without a positive value has 0.
    """
    return view.of_label.pointing.energy


def miou(view: View) -> Values:
    """IoU of predicted and true pixels, ignored ones left out, a mean over targets; the level of the best mean.

    The level is one of the sweep's; where every value is swept, of step .001.
    """
    counts = view.pixels()
    return pixels.iou_of_counts(counts.hit, counts.false, counts.true)


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
    return view.of_label.pixels.ap


def pxap(view: View) -> Pooled:
    """Average precision of the pixels of all targets together, over levels of step .001 (Choe et al. 2020)."""
    found = view.of_label.pixels
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
    "pointing_game": pointing_game,
    "peak_within_15px": partial(peak, tolerance=15),
    "peak_on_object": partial(peak, tolerance=0),
    "energy_pointing": energy_pointing,
    "pxap": pxap,
    "pixel_ap": pixel_ap,
    "miou": miou,
    "pixel_precision": pixel_precision,
    "pixel_recall": pixel_recall,
}
COUNTS = frozenset({"boxes_per_target"})  # not a share: no percent
CLASSIFICATION = frozenset({"top1_acc", "top5_acc"})  # say nothing of where
PIXEL_LEVEL = ("miou", "pixel_precision", "pixel_recall")  # of pixels at one level of the sweep
