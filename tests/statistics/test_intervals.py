"""Intervals: Wilson's own numbers, coverage where percentiles fail, nothing said of a single group."""

import numpy as np
import pytest
from scipy.stats import binom, norm, t

from wsol.statistics.intervals import detectable, interval, mean_interval, student, variance
from wsol.statistics.resampling import Resamples


def wilson(hits, n, z):
    p = hits / n
    middle, reach = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


@pytest.mark.parametrize("hits", [1, 13, 500, 1000])
def test_of_a_plain_proportion_it_is_wilson_s(hits):
    values = np.repeat([1.0, 0], [hits, 100_000 - hits])
    found = mean_interval(values, np.arange(100_000))
    assert (found.low, found.high) == pytest.approx(wilson(hits, 100_000, norm.ppf(0.975)), rel=1e-3)


@pytest.mark.parametrize(("n", "rate"), [(20, 0.95), (20, 0.99), (50, 0.02), (300, 0.6)])
def test_coverage_by_summing_over_the_binomial(n, rate):
    """Percentiles of resamples cover .629 of 20 images at .95, and have no width in 37 % of the cases."""
    hits = np.arange(n + 1)
    found = [mean_interval(np.repeat([1.0, 0], [k, n - k]), np.arange(n)) for k in hits]
    covered = sum(binom.pmf(k, n, rate) for k, f in zip(hits, found, strict=True) if f.low <= rate <= f.high)
    assert covered >= 0.92
    assert all(f.high > f.low for f in found)


@pytest.mark.parametrize("groups", [4, 8, 150])
def test_groups_that_agree_within_are_covered_also_when_they_are_few(groups):
    random, each = np.random.default_rng(groups), 25
    names = np.repeat(np.arange(groups), each)
    covered = blind = 0
    for _ in range(600):
        rates = random.beta(6, 4, groups)  # of mean .6
        values = (random.random((groups, each)) < rates[:, None]).astype(float).ravel()
        grouped, alone = mean_interval(values, names), mean_interval(values, np.arange(len(values)))
        covered += grouped.low <= 0.6 <= grouped.high
        blind += alone.low <= 0.6 <= alone.high
    assert 0.92 <= covered / 600 <= 0.985
    assert blind < covered


def test_one_group_has_no_interval():
    found = mean_interval(np.arange(500) % 2, np.zeros(500))
    assert found.value == 0.5 and found.n == 500 and found.groups == 1
    assert np.isnan(found.low) and np.isnan(found.high)
    assert np.isnan(detectable(0.1, 1))


def test_a_count_is_student_s_and_not_below_nothing():
    values = np.random.default_rng(0).poisson(3, 40).astype(float)
    found = mean_interval(values, np.arange(40), share=False)
    assert (found.low, found.high) == pytest.approx(
        t.interval(0.95, 39, values.mean(), values.std(ddof=1) / np.sqrt(40))
    )
    assert interval(0.1, 1.0, 5, 5, share=False).low == 0


def test_resamples_have_the_closed_form_s_variance():
    random = np.random.default_rng(1)
    values, groups = random.random(400), random.integers(0, 30, 400)
    draws = Resamples(groups, 4000, 0).means(values)
    resampled = interval(values.mean(), variance(draws, 30), 400, 30)
    closed = mean_interval(values, groups)
    assert (resampled.low, resampled.high) == pytest.approx((closed.low, closed.high), abs=0.003)


def test_values_that_do_not_count_are_no_misses():
    assert mean_interval([1, 0, np.nan, 1, 1], list("abcde"))[0] == 0.75
    assert mean_interval([1, 0, np.nan, 1, 1], list("abcde")).n == 4


def test_what_is_called_detectable_is_found_four_times_in_five():
    random, deviation, groups = np.random.default_rng(0), 1.7, 40
    difference = detectable(deviation, groups)
    assert difference == pytest.approx((t.ppf(0.975, 39) + t.ppf(0.8, 39)) * 1.7)
    seen = random.normal(difference, deviation * np.sqrt(groups), (20_000, groups))
    found = np.abs(seen.mean(axis=1)) > student(0.95, groups) * seen.std(axis=1, ddof=1) / np.sqrt(groups)
    assert found.mean() == pytest.approx(0.8, abs=0.015)
