"""Intervals cover, resampling agrees with the naive loop, tests agree with scipy and hand-worked numbers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from wsol import statistics
from wsol.errors import DataError
from wsol.statistics import Run, compare, comparisons, holm, interval, mcnemar, pooled_interval, resampled_means


def naive_means(values, groups, resamples, seed):
    """Draw groups one by one, as the textbook says."""
    random, names = np.random.default_rng(seed), np.unique(groups)
    members = {name: values[groups == name] for name in names}
    draws = [np.concatenate([members[g] for g in random.choice(names, len(names))]) for _ in range(resamples)]
    return np.array([np.nanmean(d) for d in draws])


@pytest.mark.parametrize("kind", ["hits", "continuous"])
@pytest.mark.parametrize("grouped", [False, True])
def test_resampling_has_the_naive_loop_s_distribution(kind, grouped):
    random = np.random.default_rng(3)
    values = (random.random(240) < 0.3).astype(float) if kind == "hits" else random.random(240)
    values[:5] = np.nan
    groups = np.sort(random.integers(0, 60, 240)) if grouped else np.arange(240)
    ours = resampled_means(values, groups, resamples=4000, seed=1)
    theirs = naive_means(values, groups, 4000, 2)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * theirs.std() / 4000**0.5)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.06)
    np.testing.assert_allclose(np.quantile(ours, [0.025, 0.975]), np.quantile(theirs, [0.025, 0.975]), atol=0.012)


def test_interval_covers_the_true_rate():
    random = np.random.default_rng(0)
    trials = [interval(random.random(500) < 0.6, resamples=1000, seed=t) for t in range(1000)]
    assert 0.93 <= np.mean([t.low <= 0.6 <= t.high for t in trials]) <= 0.97


def test_interval_covers_when_targets_of_a_group_agree_and_not_without_groups():
    random, groups = np.random.default_rng(0), np.repeat(np.arange(150), 4)
    trials = [np.repeat(random.random(150) < 0.6, 4) for _ in range(400)]
    covered = {
        name: np.mean([e.low <= 0.6 <= e.high for e in (interval(t, g, resamples=1000, seed=1) for t in trials)])
        for name, g in {"grouped": groups, "blind": None}.items()
    }
    assert 0.92 <= covered["grouped"] <= 0.98
    assert covered["blind"] < 0.8


def test_estimate_is_the_plain_mean_and_nan_is_not_a_miss():
    estimate = interval([1, 0, np.nan, 1, 1])
    assert estimate.value == 0.75 and estimate.n == 4
    assert interval([1, 1, 1]) == (1, 1, 1, 3)
    with pytest.raises(DataError, match="no target"):
        interval([np.nan])


def test_same_seed_same_numbers_and_blocks_do_not_matter(monkeypatch):
    values = np.random.default_rng(0).random(100)
    once = interval(values, seed=7, resamples=500)
    monkeypatch.setattr(statistics, "BLOCK", 900)
    assert interval(values, seed=7, resamples=500) == once
    assert interval(values, seed=8, resamples=500) != once


def test_pooled_interval_of_a_mean_is_the_interval_of_the_mean():
    values = np.random.default_rng(0).random(300)
    pooled = pooled_interval(lambda w: w @ values / w.sum(axis=1), np.ones(300, bool), resamples=4000)
    plain = interval(values)
    assert pooled.value == pytest.approx(values.mean())
    assert (pooled.low, pooled.high) == pytest.approx((plain.low, plain.high), abs=0.003)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (5, 0), (3, 9), (10, 10), (400, 460)])
def test_mcnemar_is_the_exact_binomial_test(a, b):
    expected = binomtest(a, a + b, 0.5).pvalue if a + b else 1
    assert mcnemar(np.ones(a), np.ones(b)) == pytest.approx(expected, abs=1e-12)


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.5]), [0.09, 0.04, 0.09, 0.5])
    assert holm([]).shape == (0,)


def test_compare_chooses_its_test():
    a, b = np.repeat([1.0, 0, 1], [30, 20, 10]), np.repeat([1.0, 0, 0], [30, 20, 10])
    hits = compare(a, b)
    assert hits.test == "mcnemar" and hits.p == pytest.approx(2 * 0.5**10) and hits.difference == pytest.approx(1 / 6)
    assert hits.low > 0
    assert compare(a, b, np.repeat(np.arange(30), 2)).test == "bootstrap"
    assert compare(a * 0.7, b).test == "bootstrap"
    assert compare(a, a).p == 1
    with pytest.raises(DataError, match="same targets"):
        compare(a, b[:-1])


def test_bootstrap_p_is_uniform_where_nothing_differs():
    random = np.random.default_rng(5)
    p = [compare(*random.random((2, 80)), resamples=400, seed=t).p for t in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(p) < 0.5) == pytest.approx(0.5, abs=0.08)


def run(cam, values, threshold="sweep"):
    targets = {"image": [f"{i}" for i in range(len(values))], "label": 0, "group": [f"{i}" for i in range(len(values))]}
    return Run("e", "net", cam, threshold, pd.DataFrame({**targets, "maxboxacc@50@oracle": values}))


def test_comparisons_over_the_matrix():
    random = np.random.default_rng(0)
    runs = [run(name, (random.random(200) < rate).astype(float)) for name, rate in [("a", 0.9), ("b", 0.5), ("c", 0.5)]]
    runs.append(run("b", runs[1].targets["maxboxacc@50@oracle"], "otsu"))
    frame = comparisons(runs)
    assert list(zip(frame["a"], frame["b"], strict=True)) == [
        ("net/a/sweep", "net/b/sweep"),
        ("net/a/sweep", "net/c/sweep"),
        ("net/b/sweep", "net/b/otsu"),
        ("net/b/sweep", "net/c/sweep"),
    ]
    assert set(frame["metric"]) == {"maxboxacc@50"} and set(frame["choice"]) == {"oracle"}
    assert (frame["p_holm"] >= frame["p"]).all() and (frame["p_holm"] < 0.05).tolist() == [True, True, False, False]
    np.testing.assert_allclose(frame["p_holm"], holm(frame["p"]))
    assert len(comparisons(runs[:1])) == 0
    runs[1].targets["image"] = "other"
    with pytest.raises(DataError, match="not of the same targets"):
        comparisons(runs)
