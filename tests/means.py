"""What holds of a mean over parts of the targets, classes or groups, against pandas' groupby."""

import numpy as np
import pandas as pd
import pytest

from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.levels import carried, representatives
from wsol.scores.metrics import metric
from wsol.scores.views import View

HITS = ((0.5,), "largest", "any")


def naive(values, parts):
    """The mean over parts of each one's mean."""
    return pd.Series(values).groupby(np.asarray(parts)).mean().mean()


def check_mean_over(column, ending, name, report, select):
    """A metric with `ending` is, in each choice, the mean over the parts that a column of the targets names."""
    found = evaluate(report, select, [name, name + ending], resamples=100)
    rows = found.scores.set_index(["metric", "choice"])
    for choice in rows.loc[name].index:
        mine = rows.loc[name + ending, choice]
        expected = metric(name).scale * naive(found.targets[f"{name}@{choice}"], report.targets[column])
        assert mine["value"] == pytest.approx(expected, rel=1e-12)
        assert mine["low"] <= mine["value"] <= mine["high"]
        assert mine[["n", "groups", "levels"]].tolist() == rows.loc[name, choice][["n", "groups", "levels"]].tolist()
        assert f"{name}{ending}@{choice}" not in found.targets


def check_draws_carry_the_level(column, ending, chosen, report, select, drawn):
    """Draws of maxboxacc@50 with `ending`, at the level that each resample chooses.

    `drawn(values, parts, times, codes)` is the mean over parts of a resample that has groups so many `times`.
    """
    drawing = ScoreDraws(report, select, 150, 3)
    view, name = View(report, chosen, select), f"maxboxacc@50{ending}"
    draws = drawing.draws(metric(name), view, metric(name)(view))
    by_level = drawing.report if chosen == "oracle" else drawing.select
    kept, which = representatives(view.levels_of_resamples(HITS, by_level))
    assert len(kept) > 1
    parts = report.targets[column]
    values = [metric("maxboxacc@50")(view.at({HITS: level})) for level in kept]
    moved = carried(np.array([naive(each, parts) for each in values]), kept, which)
    for r, times in enumerate(drawing.report.times[:]):
        seen = values[which[r]] if chosen == "oracle" else metric("maxboxacc@50")(view)
        expected = drawn(seen, parts, times, drawing.report.codes) + (0 if chosen == "oracle" else moved[r])
        assert draws[r] == pytest.approx(expected)
