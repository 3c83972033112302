"""One run's scores: each metric with its interval, its resamples and what it says of every target."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.scores.draws import ScoreDraws
from wsol.scores.metrics import current, metric
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.views import Values, View
from wsol.statistics.intervals import Estimate, interval, variance
from wsol.statistics.resampling import Floats

RESAMPLES = 2_000
COLUMNS = ["metric", "choice", "value", "low", "high", "n", "groups", "levels"]


class Evaluation(NamedTuple):
    """What `evaluate` found.

    `scores`: one row per metric and `choice`, which says where its level is from; in percent, or as the metric's unit
    says. `draws` [rows resamples]: each row's value in each resample, as it is. `targets`: image, label, group, status
    and a column `metric@choice` for each row that is a mean, as fractions. `unavailable`: each metric without a row,
    and what it lacks. `without_level`: of each row whose classes have levels of their own, the classes that have that
    of all targets together, for lack of targets that tell of one.
    """

    scores: pd.DataFrame
    draws: Floats
    targets: pd.DataFrame
    unavailable: dict[str, str]
    without_level: dict[str, list[str]]


def evaluate(
    report: Outcome,
    select: Outcome | None,
    metrics: Sequence[str],
    *,
    single_level: bool = False,
    per_class: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Score `report` in each of `metrics`, names as in `METRICS` or a family's at any whole percent.

    The best level is its own (`oracle`) and that of `select` (`selected`), where it is given; `single_level`: the
    threshold gives each map its one level (`fixed`); `per_class`: each class has a level of its own. A ConfigError for
    a metric that is not known, a DataError for a select split without targets.
    """
    known = {current(name): metric(name) for name in metrics}
    if select is not None and not len(select):
        raise DataError("select: the split is empty, no level can be chosen on it")
    _expect(known, report, select)
    drawing = ScoreDraws(report, select, resamples, seed)
    rows: list[tuple] = []
    draws: list[Floats] = []
    columns: dict[str, Values] = {}
    unavailable: dict[str, str] = {}
    without: dict[str, list[str]] = {}
    places = ["fixed"] if single_level else ["oracle"] + ["selected"] * (select is not None)
    views = [partial(View, report, place, select, per_class=per_class) for place in places]
    for name, measure in known.items():
        try:
            for view, values in _seen(measure, views):
                choice = view.level_from if view.levels else "none"
                draws.append(drawing.draws(measure, view, values))
                rows.append(_row(name, choice, measure, _estimate(measure, values, draws[-1], report), view))
                if not isinstance(values, Pooled):
                    columns[f"{name}@{choice}"] = values
                if lacking := view.classes_without_level():
                    without[f"{name}@{choice}"] = lacking
        except Unavailable as reason:
            unavailable[name] = str(reason)
    targets = report.targets[["image", "label", "group"]].assign(status=report.status).reset_index(drop=True)
    drawn = np.array(draws).reshape(len(rows), resamples)
    return Evaluation(pd.DataFrame(rows, columns=COLUMNS), drawn, targets.assign(**columns), unavailable, without)


def _expect(metrics: Mapping[str, Metric], *outcomes: Outcome | None) -> None:
    """Say every IoU that will be asked for, so that one pass over the regions finds them all."""
    deltas = [found.settings["delta"] for found in metrics.values() if "delta" in found.settings]
    for outcome in outcomes:
        if outcome is not None:
            outcome.expect(deltas)


def _seen(measure: Metric, views: Iterable[Callable[[], View]]) -> Iterator[tuple[View, Values | Pooled]]:
    """A metric's values [n] at the level from each place; one that asks for no level has one row."""
    for fresh in views:
        view = fresh()
        values = measure(view)
        if not _counted(values).any():
            raise Unavailable("truth")
        yield view, values
        if not view.levels:
            return


def _estimate(measure: Metric, values: Values | Pooled, draws: Floats, report: Outcome) -> Estimate:
    counted = _counted(values)
    groups = report.targets["group"][counted].nunique()
    value = values.score() if isinstance(values, Pooled) else float(np.nanmean(values))
    return interval(value, variance(draws, groups), int(counted.sum()), groups, share=measure.varies_as_share)


def _counted(values: Values | Pooled) -> NDArray[np.bool_]:
    return values.counted if isinstance(values, Pooled) else np.isfinite(values)


def _row(name: str, choice: str, measure: Metric, estimate: Estimate, view: View) -> tuple:
    """One row of COLUMNS."""
    levels = " ".join(_shown(level) for level in view.levels.values() if level is not None)
    numbers = [measure.scale * number for number in estimate[:3]]
    return (name, choice, *numbers, estimate.n, estimate.groups, levels)


def _shown(level: Values | float) -> str:
    """A level, or the least and the highest of those that classes have.

    >>> _shown(0.25), _shown(np.array([0.5, 0.125, 0.5]))
    ('0.25', '0.125..0.5')
    """
    ends = dict.fromkeys([float(np.min(level)), float(np.max(level))])
    return "..".join(f"{end:.6g}" for end in ends)
