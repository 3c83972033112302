"""Resamples: the naive loop's distribution, one draw for all runs, groups whole."""

import numpy as np
import pytest

from wsol.statistics.resampling import Resamples


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
    ours = Resamples(groups, 4000, 1).means(values)
    theirs = naive_means(values, groups, 4000, 2)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=4 * theirs.std() / 4000**0.5)
    assert ours.std() == pytest.approx(theirs.std(), rel=0.06)
    np.testing.assert_allclose(np.quantile(ours, [0.025, 0.975]), np.quantile(theirs, [0.025, 0.975]), atol=0.012)


def test_each_resample_is_the_mean_of_what_it_drew():
    random, groups = np.random.default_rng(0), np.array(list("bbaccca"))
    resamples, values = Resamples(groups, 50, 4), random.random((3, 7))
    values[:, 2] = np.nan
    which = random.integers(0, 3, 50)
    found = resamples.means_at(values, which)
    for row, mean in enumerate(found):
        times = dict(zip("abc", resamples.times[row].tolist(), strict=True))
        drawn = [v for v, g in zip(values[which[row]], groups, strict=True) for _ in range(times[g])]
        assert sum(times.values()) == 3
        assert mean == pytest.approx(np.nanmean(drawn), nan_ok=True)


def test_where_rows_lack_different_values_each_has_its_own_denominator():
    resamples = Resamples(np.arange(4), 30, 0)
    values = np.array([[1.0, np.nan, 0, 1], [1, 1, np.nan, 0]])
    which = np.arange(30) % 2
    weights = resamples.times[:].astype(float)
    there = np.isfinite(values)[which]
    expected = (weights * np.nan_to_num(values)[which]).sum(axis=1) / (weights * there).sum(axis=1)
    np.testing.assert_allclose(resamples.means_at(values, which), expected)


def test_one_seed_one_draw_whatever_is_measured():
    one, other = Resamples(["a", "b", "c"] * 10, 100, [7, 0]), Resamples(["a", "b", "c"] * 10, 100, [7, 0])
    assert np.array_equal(one.times[:], other.times[:])
    assert not np.array_equal(one.times[:], Resamples(["a", "b", "c"] * 10, 100, [7, 1]).times[:])
    first, second = np.random.default_rng(0).random((2, 30))
    np.testing.assert_allclose(one.means(first) - one.means(second), one.means(first - second))


def test_a_pooled_mean_is_the_mean():
    values = np.random.default_rng(0).random(300)
    resamples = Resamples(np.arange(300) // 2, 200, 0)
    pooled = resamples.pooled(lambda w: w @ values / w.sum(axis=1))
    np.testing.assert_allclose(pooled, resamples.means(values))


def test_sums_are_taken_in_one_order_whatever_the_processor_takes_at_once():
    random = np.random.default_rng(0)
    values, resamples = random.lognormal(0, 9, 101), Resamples(np.arange(101), 20, 0)
    for found, times in zip(resamples.means(values), resamples.times[:], strict=True):
        beside = [0.0] * 16  # every sixteenth term of the first 96 has a sum of its own
        for place in range(96):
            beside[place % 16] += float(times[place]) * float(values[place])
        total = 0.0
        for part in [*beside, *(times[96:].astype(float) * values[96:])]:
            total += float(part)
        assert found == total / 101
