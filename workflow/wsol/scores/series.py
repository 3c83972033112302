"""Curves: accuracy at every level and at every IoU, precision at every recall, and the levels that were chosen.

The level curve of a metric is what the metric says of all targets at one level, so that at the level that was chosen it
is the score. `maxboxacc_v2` chooses a level for each IoU; its curve has all three at one, as maxboxacc_v2_one_level.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from wsol.regions.edges import published
from wsol.scores import curves
from wsol.scores.metrics import metric
from wsol.scores.metrics.record import Pooled
from wsol.scores.outcome import DELTAS, Outcome
from wsol.scores.pixels import Floats, Pixels
from wsol.scores.views import View

COLUMNS = ["curve", "metric", "split", "x", "value"]
LEVELS = np.arange(101) / 100
IOUS = np.arange(21) / 20
RECALLS = np.arange(101)  # percent
HITS = {"maxboxacc@50": ((0.5,), "largest"), "maxboxacc_v2": (DELTAS, "all")}  # the IoU that count, and the components
BY_IOU, OF_MASKS, OF_RECALL, OF_SEEDS = "gtknown_loc", "mask_iou", "pxap", "voc_miou"
PERCENT = 100

Points = Iterable[tuple[float, float]]  # x, value


def find_curves(view: View, select: Outcome | None, ious: Floats, metrics: Sequence[str]) -> pd.DataFrame:
    """The rows of files.CURVES of one run, without its names.

    `view`: the run at the level that tables show first. `select`: the split that levels are chosen on, where there is
    one. `ious` [n]: of each target's box at the level best for .5, NaN where it does not count. `metrics`: those that
    were scored. Of what none of them asks for there is no curve: it would cost another pass over the run.
    """
    report = view.outcome
    rows = list(_of_levels(view, select, metrics)) if view.level_from != "fixed" else []
    if report.explain != "predicted" and np.isfinite(ious).any():
        rows += [("iou", BY_IOU, "report", *point) for point in by_iou(ious)]
    if report.known_pixels is not None:
        rows += [("precision_recall", OF_RECALL, "report", *point) for point in precision_recall(report.known_pixels)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_levels(view: View, select: Outcome | None, metrics: Sequence[str]) -> Iterator[tuple]:
    """The level curves of both splits, and the levels that were chosen on either.

    Where each class has a level of its own none of them is one of the curve's, which is of all targets at one.
    """
    report = view.outcome
    for name in (*HITS, OF_MASKS, OF_SEEDS):
        if _is_known(name, report, metrics):
            # A select split without masks chooses no level of them.
            chooser = None if select is not None and _lacks(select, name) else select
            for split, outcome in {"report": report, "select": chooser}.items():
                if outcome is not None:
                    yield from (("level", name, split, *point) for point in by_level(outcome, name))
            if not view.per_class or name == OF_SEEDS:  # of seeds there is one for all
                yield from _chosen(name, report, chooser)


def _chosen(name: str, report: Outcome, select: Outcome | None) -> Iterator[tuple]:
    """Each level that a metric was scored at, with its score."""
    for level_from in ["oracle"] + ["selected"] * (select is not None):
        view = View(report, level_from, select)
        values = metric(name)(view)
        score = PERCENT * (values.score() if isinstance(values, Pooled) else np.nanmean(values))
        yield from (("chosen", name, level_from, level, score) for level in view.levels.values())


def _lacks(outcome: Outcome, name: str) -> bool:
    """Whether a metric of masks has not counted the pixels of a split."""
    known = {OF_MASKS: outcome.known_pixels, OF_SEEDS: outcome.known_seeds}
    return name in known and known[name] is None


def _is_known(name: str, report: Outcome, metrics: Sequence[str]) -> bool:
    """Whether what a curve is made of has been found: the hits of largest regions always are."""
    if name in (OF_MASKS, OF_SEEDS):
        return name in metrics
    boxed = report.explain != "predicted" and bool(report.has_true_boxes.any())
    return boxed and (HITS[name][1] == "largest" or name in metrics)


def by_level(outcome: Outcome, name: str) -> Points:
    """The score of all targets at each level, in percent; nothing where no target counts."""
    if name == OF_SEEDS:
        seeds = outcome.known_seeds
        return [] if seeds is None else zip(seeds.levels, PERCENT * seeds.curve(), strict=True)
    if name == OF_MASKS:
        pixels = outcome.known_pixels
        if pixels is None:
            return []
        places = pixels.levels[_spread(pixels.edges[pixels.levels])]
        return zip(pixels.edges[places], PERCENT * pixels.mean_ious()[places], strict=True)
    if not outcome.has_true_boxes.any():
        return []
    levels = LEVELS if outcome.swept_levels is None else outcome.swept_levels[_spread(outcome.swept_levels)]
    deltas, components = HITS[name]
    found = curves.curve(curves.join([outcome.hit_intervals(delta, components) for delta in deltas]))
    hits = curves.counts_at(found, levels) / len(deltas)
    return zip(levels, PERCENT * hits / outcome.has_true_boxes.sum(), strict=True)


def _spread(levels: Floats) -> np.ndarray:
    """The places of those levels of a grid that lie nearest to LEVELS: between two of a grid's there is no other."""
    return np.unique([np.abs(levels - wanted).argmin() for wanted in LEVELS])


def by_iou(ious: Floats) -> Points:
    """The share of boxes that reach each IoU, in percent, NaN not counted.

    >>> dict(by_iou(np.array([0.5, 0.2, np.nan])))[0.5]
    50.0
    """
    reached = ious[np.isfinite(ious)]
    return [(float(wanted), float(PERCENT * (reached >= wanted).mean())) for wanted in IOUS]


def precision_recall(pixels: Pixels) -> Points:
    """Recall and precision, both in percent, of the pixels of all targets together: what pxap is the area below.

    At each whole percent of recall that a level reaches: the precision at the highest level that reaches it. Levels are
    those of pxap; one at which nothing is predicted has no precision. Nothing without true pixels.
    """
    inside, outside = (published(histogram, pixels.edges) for histogram in pixels.summed())
    if not inside.sum():
        return []
    hit = np.cumsum(inside[:0:-1])
    predicted = hit + np.cumsum(outside[:0:-1])
    first = np.searchsorted(PERCENT * hit, RECALLS * inside.sum(), side="left")
    first = np.maximum(first, np.searchsorted(predicted, 1))
    return [
        (float(r), float(PERCENT * hit[i] / predicted[i])) for r, i in zip(RECALLS, first, strict=True) if i < len(hit)
    ]
