"""What holds of a mean over parts of the targets, classes or groups, against pandas' groupby."""

import numpy as np
import pandas as pd
import pytest

from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import metric


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
