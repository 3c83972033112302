"""Comparisons: exact differences, which runs are compared and why, what is in a family."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wsol.errors import DataError
from wsol.scores.comparisons import COLUMNS, comparisons
from wsol.scores.metrics import METRICS
from wsol.scores.metrics.record import Metric
from wsol.scores.runs import ScoredRun
from wsol.statistics.resampling import Resamples
from wsol.statistics.testing import holm

N = 300


def run(
    cam, values, *, backbone="net", threshold="sweep", control=False, choice="oracle", metric="maxboxacc@50", **more
):
    """A run whose scores are the means of these values, drawn as every other's."""
    columns = {(metric, choice): values, **more.pop("columns", {})}
    resamples = Resamples(np.arange(len(values)), 2000, 0)
    rows = [(*key, 100 * np.mean(v), len(v), len(v)) for key, v in columns.items()]
    scores = pd.DataFrame(rows, columns=["metric", "choice", "value", "n", "groups"])
    draws = np.stack([resamples.means(np.asarray(v, float)) for v in columns.values()])
    return ScoredRun("e", backbone, cam, threshold, control, more.get("targets", "t"), scores, draws)


def hits(rate, seed):
    return (np.random.default_rng(seed).random(N) < rate).astype(float)


def test_a_difference_is_the_paired_t_test_s():
    a, b = hits(0.6, 0), hits(0.5, 1)
    row = comparisons([run("a", a), run("b", b)]).iloc[0]
    expected = stats.ttest_rel(a, b)
    assert row["difference"] == pytest.approx(100 * (a - b).mean())
    assert (row["a"], row["b"], row["family"]) == ("net/a/sweep", "net/b/sweep", "best")
    assert row["p"] == pytest.approx(expected.pvalue, rel=0.25)
    interval = expected.confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx((100 * interval.low, 100 * interval.high), abs=0.5)
    assert row["p_adjusted"] == pytest.approx(row["p"])
    # McNemar without correction is the normal limit of the same test.
    discordant = (a > b).sum(), (b > a).sum()
    z = (discordant[0] - discordant[1]) / np.sqrt(sum(discordant))
    assert row["p"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=0.3)


def test_runs_are_compared_with_the_best_and_with_their_controls():
    runs = [
        run("a", hits(0.7, 0)),
        run("b", hits(0.5, 1)),
        run("c", hits(0.4, 2), backbone="other", threshold="otsu"),
        run("center", hits(0.3, 3), backbone="none", control=True),
        run("mean", hits(0.3, 4), control=True),
        run("mean", hits(0.3, 5), backbone="other", control=True),
        run("center", hits(0.3, 6), backbone="none", threshold="otsu", control=True),
    ]
    found = comparisons(runs)
    assert list(found.columns) == COLUMNS
    pairs = {family: set(zip(part["a"], part["b"], strict=True)) for family, part in found.groupby("family")}
    assert pairs == {
        "best": {("net/a/sweep", "net/b/sweep"), ("net/a/sweep", "other/c/otsu")},
        "control": {
            ("net/a/sweep", "none/center/sweep"),
            ("net/a/sweep", "net/mean/sweep"),
            ("net/b/sweep", "none/center/sweep"),
            ("net/b/sweep", "net/mean/sweep"),
            ("other/c/otsu", "none/center/otsu"),
        },
    }
    controlled = found[found["family"] == "control"]
    np.testing.assert_allclose(controlled["p_adjusted"], holm(controlled["p"]))
    every = comparisons(runs, every=True)
    assert (every["family"] == "all").sum() == 7 * 6 / 2
    assert len(every) == len(found) + 21


def test_runs_equal_by_construction_have_no_p_and_fill_no_family():
    a, b = hits(0.7, 0), hits(0.6, 1)
    alone = comparisons([run("a", a), run("b", b)])
    crowded = comparisons([run("a", a), *(run(f"same{i}", a) for i in range(8)), run("b", b)])
    assert crowded["p"].isna().sum() == 8 and crowded["p_adjusted"].isna().sum() == 8
    there = crowded.dropna(subset="p")
    np.testing.assert_allclose(there["p_adjusted"], alone["p_adjusted"])
    assert there["b"].tolist() == ["net/b/sweep"]


def test_one_run_far_ahead_of_51_is_seen():
    """27 points with an interval of [-30.3 -23.6] had an adjusted p of .2652."""
    runs = [run("lead", hits(0.87, 99))] + [run(f"c{i}", hits(0.6, i)) for i in range(51)]
    found = comparisons(runs)
    assert len(found) == 51 and (found["a"] == "net/lead/sweep").all()
    assert (found["p_adjusted"] < 1e-6).all() and (found["p_adjusted"] >= found["p"]).all()


def test_what_is_shown_first_is_compared_whatever_chose_the_level():
    swept = run("a", hits(0.7, 0), choice="selected", columns={("maxboxacc@50", "oracle"): hits(0.75, 1)})
    fixed = run("a", hits(0.6, 2), choice="fixed", threshold="otsu")
    found = comparisons([swept, fixed])
    assert found["choice"].tolist() == ["selected/fixed"]
    other = run("b", hits(0.7, 3), choice="selected", columns={("maxboxacc@50", "oracle"): hits(0.75, 4)})
    assert sorted(comparisons([swept, other])["choice"]) == ["oracle", "selected"]


def test_counts_are_counts_and_pooled_metrics_are_there():
    counts = np.random.default_rng(0).poisson(3, (2, N)).astype(float)
    a, b = (
        run(name, values / 1, metric="boxes_per_target", choice="fixed")
        for name, values in zip("ab", counts, strict=True)
    )
    a.scores["value"], b.scores["value"] = counts.mean(axis=1)
    found = comparisons([a, b]).iloc[0]
    assert abs(found["difference"]) == pytest.approx(abs(counts[0].mean() - counts[1].mean()))
    assert found["high"] - found["low"] < 1.0
    pooled = comparisons(
        [run("a", hits(0.7, 0), metric="pxap", choice="none"), run("b", hits(0.6, 1), metric="pxap", choice="none")]
    )
    assert pooled["metric"].tolist() == ["pxap"]


def test_the_best_is_the_lowest_of_a_metric_of_which_less_is_better(monkeypatch):
    runs = [run("a", hits(0.7, 0)), run("b", hits(0.5, 1)), run("c", hits(0.4, 2))]
    more = comparisons(runs)
    monkeypatch.setitem(METRICS, "maxboxacc@50", Metric(print, higher_is_better=False))
    less = comparisons(runs)
    assert set(more["a"]) == {"net/a/sweep"} and set(less["a"]) == {"net/c/sweep"}
    both = less[less["b"] == "net/a/sweep"].iloc[0], more[more["b"] == "net/c/sweep"].iloc[0]
    assert both[0]["difference"] == -both[1]["difference"] < 0
    assert both[0]["p_adjusted"] == pytest.approx(both[1]["p_adjusted"]) and both[0]["p_adjusted"] < 0.01


def test_runs_of_other_targets_are_refused():
    with pytest.raises(DataError, match="net/a/sweep and net/b/sweep of e are not of the same targets"):
        comparisons([run("a", hits(0.7, 0)), run("b", hits(0.7, 1), targets="other")])
    assert not len(comparisons([run("a", hits(0.7, 0))])) and not len(comparisons([]))


def test_a_single_group_has_neither_interval_nor_p():
    a, b = run("a", hits(0.7, 0)), run("b", hits(0.6, 1))
    a.scores["groups"] = b.scores["groups"] = 1
    row = comparisons([a, b]).iloc[0]
    assert row[["low", "high", "p", "p_adjusted", "detectable"]].isna().all() and np.isfinite(row["difference"])


def test_one_that_always_hits_where_the_other_always_misses_differs():
    """No resample differs from another; [100 100] with no p would say that nothing is known."""
    row = comparisons([run("a", np.ones(20)), run("b", np.zeros(20))]).iloc[0]
    assert row["difference"] == row["high"] == 100 and 75 < row["low"] < 90
    assert row["p"] < 1e-6
