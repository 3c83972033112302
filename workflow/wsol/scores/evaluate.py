"""One run's scores: each metric at each choice of level, with its interval, its resamples and every target's values."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import ConfigError, DataError, unknown
from wsol.scores.draws import Drawing
from wsol.scores.metrics import COUNTS, METRICS, Pooled
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.views import Values, View
from wsol.statistics.intervals import Estimate, interval, variance
from wsol.statistics.resampling import Floats

RESAMPLES = 2_000
COLUMNS = ["metric", "choice", "value", "low", "high", "n", "groups", "levels"]


class Evaluation(NamedTuple):
    """What `evaluate` found.

    `scores`: a row a metric and choice, in percent but for counts. `draws` [rows resamples]: each row's value in each
    resample, as it is. `targets`: image, label, group, status and a column `metric@choice` for each row that is a mean,
    as fractions. `unavailable`: each metric without a row, and what it lacks.
    """

    scores: pd.DataFrame
    draws: Floats
    targets: pd.DataFrame
    unavailable: dict[str, str]


def evaluate(
    report: Outcome,
    select: Outcome | None,
    metrics: Sequence[str],
    *,
    single_level: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Score `report`. The best level is its own (`oracle`) and that of `select` (`selected`), where it is given;
    `single_level`: the threshold gives each map its one level (`fixed`)."""
    if missing := [name for name in metrics if name not in METRICS]:
        raise ConfigError(unknown("metrics", missing[0], METRICS))
    if select is not None and not len(select):
        raise DataError("select: the split is empty, no level can be chosen on it")
    drawing = Drawing(report, select, resamples, seed)
    targets = report.targets[["image", "label", "group"]].assign(status=report.status).reset_index(drop=True)
    rows, draws, columns, unavailable = [], [], {}, {}
    for name in metrics:
        try:
            for view, values in _seen(name, report, select, single_level):
                choice = view.choice if view.levels else "none"
                draws.append(drawing.draws(METRICS[name], view, values))
                rows.append(_row(name, choice, _estimate(name, values, draws[-1], report), view))
                if not isinstance(values, Pooled):
                    columns[f"{name}@{choice}"] = values
        except Unavailable as reason:
            unavailable[name] = str(reason)
    drawn = np.array(draws).reshape(len(rows), resamples)
    return Evaluation(pd.DataFrame(rows, columns=COLUMNS), drawn, targets.assign(**columns), unavailable)


def _seen(
    name: str, report: Outcome, select: Outcome | None, single_level: bool
) -> Iterator[tuple[View, Values | Pooled]]:
    """A metric's values [n] at each choice of level; one that asks for no level has one row."""
    choices = ["fixed"] if single_level else ["oracle"] + ["selected"] * (select is not None)
    for choice in choices:
        view = View(report, choice, select)
        values = METRICS[name](view)
        if not _counted(values).any():
            raise Unavailable("truth")
        yield view, values
        if not view.levels:
            return


def _estimate(name: str, values: Values | Pooled, draws: Floats, report: Outcome) -> Estimate:
    counted = _counted(values)
    groups = report.targets["group"][counted].nunique()
    if isinstance(values, Pooled):
        value = float(values.estimate(counted[None].astype(np.float64))[0])
    else:
        value = float(np.nanmean(values))
    return interval(value, variance(draws, groups), int(counted.sum()), groups, share=name not in COUNTS)


def _counted(values: Values | Pooled) -> NDArray[np.bool_]:
    return values.counted if isinstance(values, Pooled) else np.isfinite(values)


def _row(name: str, choice: str, estimate: Estimate, view: View) -> tuple:
    scale = 1 if name in COUNTS else 100
    levels = " ".join(f"{level:.6g}" for level in view.levels.values() if level is not None)
    return (name, choice, *(scale * x for x in estimate[:3]), estimate.n, estimate.groups, levels)
