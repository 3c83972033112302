"""One run's scores: each metric at each choice of level, with its interval, and every target's own values."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import ConfigError, DataError, unknown
from wsol.metrics import COUNTS, METRICS, Pooled, Values, View
from wsol.outcome import Outcome, Unavailable
from wsol.statistics import POOLED_RESAMPLES, RESAMPLES, Estimate, interval, pooled_interval

COLUMNS = ["metric", "choice", "value", "low", "high", "n", "levels"]


class Evaluation(NamedTuple):
    """What `evaluate` found.

    `scores`: a row a metric and choice, in percent but for counts. `targets`: image, label, group, status and a column
    `metric@choice` for each row that is a mean, as fractions. `unavailable`: each metric without a row, and what it
    lacks.
    """

    scores: pd.DataFrame
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
    groups = report.targets["group"].to_numpy()
    targets = report.targets[["image", "label", "group"]].assign(status=report.status).reset_index(drop=True)
    rows, columns, unavailable = [], {}, {}
    for name in metrics:
        try:
            for choice, values, levels in _seen(name, report, select, single_level):
                estimate = _estimate(values, groups, resamples, seed)
                scale = 1 if name in COUNTS else 100
                rows.append((name, choice, *(scale * x for x in estimate[:3]), estimate.n, levels))
                if not isinstance(values, Pooled):
                    columns[f"{name}@{choice}"] = values
        except Unavailable as reason:
            unavailable[name] = str(reason)
    return Evaluation(pd.DataFrame(rows, columns=COLUMNS), targets.assign(**columns), unavailable)


def _seen(
    name: str, report: Outcome, select: Outcome | None, single_level: bool
) -> Iterator[tuple[str, Values | Pooled, str]]:
    """(choice, values [n], levels) of a metric; one that asks for no level has one row, choice `none`."""
    choices = ["fixed"] if single_level else ["oracle"] + ["selected"] * (select is not None)
    for choice in choices:
        view = View(report, choice, select)
        values = METRICS[name](view)
        if not (values.counted if isinstance(values, Pooled) else np.isfinite(values)).any():
            raise Unavailable("truth")
        levels = " ".join(f"{level:.6g}" for level in view.levels.values() if level is not None)
        yield (choice if view.levels else "none"), values, levels
        if not view.levels:
            return


def _estimate(values: Values | Pooled, groups: NDArray, resamples: int, seed: int) -> Estimate:
    if not isinstance(values, Pooled):
        return interval(values, groups, resamples=resamples, seed=seed)
    few = min(resamples, POOLED_RESAMPLES)
    return pooled_interval(values.estimate, values.counted, groups, resamples=few, seed=seed)
