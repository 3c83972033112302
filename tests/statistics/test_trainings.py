"""Trainings that cross images: the analysis of variance by loops, hand-made numbers, one training as ever."""

import numpy as np
import pytest
from scipy import stats

from wsol.statistics.intervals import detectable, interval, student, variance
from wsol.statistics.resampling import Resamples
from wsol.statistics.testing import below_best, student_p
from wsol.statistics.trainings import crossed, crossed_difference


def scored(random, trainings, n, spread=0.3, image=1.0):
    """Hits [s n] of trainings whose scores differ, on images that are easy or hard for all."""
    latent = spread * random.normal(size=(trainings, 1)) + image * random.normal(size=n)
    return (latent + random.normal(size=(trainings, n)) > 0).astype(float)


def exact(hits):
    """Draws [s n] whose variances and covariances are those of endless resamples."""
    n = hits.shape[1]
    return hits.mean(axis=1, keepdims=True) + (hits - hits.mean(axis=1, keepdims=True)) * np.sqrt((n - 1) / n**2)


def mean_squares(hits):
    """Of trainings, images, and what is left, one target at a time."""
    trainings, n = hits.shape
    mean = hits.mean()
    of_trainings = sum(n * (hits[t].mean() - mean) ** 2 for t in range(trainings)) / (trainings - 1)
    of_images = sum(trainings * (hits[:, i].mean() - mean) ** 2 for i in range(n)) / (n - 1)
    left = 0.0
    for t in range(trainings):
        for i in range(n):
            left += (hits[t, i] - hits[t].mean() - hits[:, i].mean() + mean) ** 2
    return of_trainings, of_images, left / ((trainings - 1) * (n - 1))


@pytest.mark.parametrize("trainings", [2, 3, 7])
def test_it_is_the_analysis_of_variance_of_a_balanced_table(trainings):
    hits = scored(np.random.default_rng(10 + trainings), trainings, 60)
    of_trainings, of_images, left = mean_squares(hits)
    found = crossed(hits.mean(axis=1), exact(hits), 60)
    assert found.variance == pytest.approx((of_trainings + of_images - left) / hits.size)
    assert found.spread == pytest.approx(np.sqrt(of_trainings / 60))


def test_of_images_it_counts_what_two_trainings_have_in_common():
    draws = np.random.default_rng(0).normal(size=(4, 50)) + np.random.default_rng(1).normal(size=50)
    common = np.cov(draws)[~np.eye(4, dtype=bool)].mean() * 30 / 29
    values = np.array([0.1, 0.2, 0.4, 0.3])
    assert crossed(values, draws, 30).variance == pytest.approx(values.var(ddof=1) / 4 + common)
    # Trainings that had nothing in common would be a plain sample of scores: Student's t of three.
    alone = crossed(values, np.linalg.qr(draws.T - draws.mean(axis=1))[0].T, 30)
    assert (alone.variance, alone.freedom) == pytest.approx((values.var(ddof=1) / 4, 3))


def test_resamples_give_what_the_table_gives():
    hits = scored(np.random.default_rng(5), 3, 200)
    resamples = Resamples(np.arange(200), 4000, 0)
    draws = np.stack([resamples.means(each) for each in hits])
    resampled, table = (crossed(hits.mean(axis=1), each, 200) for each in (draws, exact(hits)))
    assert resampled.variance == pytest.approx(table.variance, rel=0.05)
    assert resampled.freedom == pytest.approx(table.freedom, rel=0.2)


def test_one_training_is_what_it_was_to_the_last_bit():
    random = np.random.default_rng(3)
    a, b = random.random((2, 1, 500))
    assert crossed([0.5], a, 40)[:2] == (variance(a[0], 40), 39)
    assert np.isnan(crossed([0.5], a, 40).spread)
    for paired in (False, True):
        found = crossed_difference([0.5], a, [0.4], b, 40, paired=paired)
        assert found[:2] == (variance(a[0] - b[0], 40), 39)
    free = 39.0
    assert interval(0.4, 0.01, 80, 40, freedom=free) == interval(0.4, 0.01, 80, 40)
    assert detectable(0.1, 40, free) == detectable(0.1, 40)
    assert student_p(0.1, 0.05, 40, free) == student_p(0.1, 0.05, 40)


def test_a_difference_within_trainings_knows_nothing_of_what_they_share():
    hits = scored(np.random.default_rng(2), 3, 100)
    values, draws = hits.mean(axis=1), exact(hits)
    paired = crossed_difference(values + 0.1, draws, values, draws, 100, paired=True)
    assert paired.variance == pytest.approx(0, abs=1e-12) and paired.spread == pytest.approx(0, abs=1e-12)
    apart = crossed_difference(values + 0.1, draws, values, draws, 100, paired=False)
    assert apart.variance == pytest.approx(2 * values.var(ddof=1) / 3)  # of images both see the same
    assert np.isnan(apart.spread)


def test_a_difference_of_two_networks_by_hand():
    """Spreads of .1 and .3 in three and two trainings; all see the images as one that varies by .04^2, b twice so."""
    draws = 0.04 * np.array([-1.0, 1, 0]) * np.sqrt(9 / 10)  # the variance of resamples of ten groups
    a_values, b_values = [0.4, 0.5, 0.6], [0.4 - 0.3 / 2**0.5, 0.4 + 0.3 / 2**0.5]
    a, b = np.tile(draws, (3, 1)), np.tile(2 * draws, (2, 1))
    found = crossed_difference(a_values, a, b_values, b, 10, paired=False)
    between = 0.1**2 / 3 + 0.3**2 / 2
    assert found.variance == pytest.approx(between + 0.04**2)
    welch = between**2 / ((0.1**2 / 3) ** 2 / 2 + (0.3**2 / 2) ** 2)
    reach = (between * stats.t.ppf(0.975, welch) + 0.04**2 * stats.t.ppf(0.975, 9)) / (between + 0.04**2)
    assert stats.t.ppf(0.975, found.freedom) == pytest.approx(reach)
    swapped = crossed_difference(b_values, b, a_values, a, 10, paired=False)
    assert swapped[:2] == pytest.approx(found[:2])


def test_a_control_has_no_spread_and_takes_none_away():
    hits = scored(np.random.default_rng(4), 5, 80)
    control = scored(np.random.default_rng(9), 1, 80)
    found = crossed_difference(hits.mean(axis=1), exact(hits), control.mean(axis=1), exact(control), 80, paired=False)
    table = crossed(hits.mean(axis=1) - control.mean(), exact(hits - control), 80)
    assert found[:2] == pytest.approx(table[:2])  # as if the control had been trained five times, always the same


@pytest.mark.parametrize(("spread", "expected"), [(1e-9, 99), (1e3, 2)])
def test_the_freedom_goes_from_the_images_to_the_trainings(spread, expected):
    draws = np.tile(np.random.default_rng(0).normal(size=400), (3, 1))
    found = crossed(spread * np.array([-1, 0, 1.0]), draws, 100)
    assert found.freedom == pytest.approx(expected, rel=1e-3)


def test_trainings_that_agree_to_the_last_image_are_one():
    draws = np.random.default_rng(0).random(300)
    found = crossed([0.5, 0.5, 0.5], np.tile(draws, (3, 1)), 20)
    assert found.variance == pytest.approx(variance(draws, 20)) and found.freedom == 19 and found.spread == 0


def test_scores_that_agree_by_chance_do_not_end_in_no_width():
    hits = np.array([[1, 1, 0, 0, 0, 1.0], [0, 0, 1, 0, 1, 1], [1, 0, 0, 1, 1, 0]])
    found = crossed(hits.mean(axis=1), exact(hits), 6)
    assert found.spread == 0 and found.variance == pytest.approx(hits.mean(axis=0).var(ddof=1) / 6)


def test_one_group_has_no_interval_however_often_it_is_trained():
    found = crossed([0.4, 0.5, 0.6], np.full((3, 10), 0.5), 1)
    assert np.isnan(interval(0.5, found.variance, 9, 1, freedom=found.freedom).low)
    assert np.isnan(student_p(0.1, np.sqrt(found.variance), 1, found.freedom))


def test_the_freedom_that_is_given_is_the_one_of_student_s_t():
    assert student(0.95, 500, 2.5) == pytest.approx(stats.t.ppf(0.975, 2.5))
    assert student_p(0.3, 0.1, 500, 2.5) == pytest.approx(2 * stats.t.sf(3, 2.5))
    assert detectable(0.1, 500, 2.5) == pytest.approx(0.1 * (stats.t.ppf(0.975, 2.5) + stats.t.ppf(0.8, 2.5)))
    found = interval(3.0, 0.01, 50, 50, freedom=2.5, share=False)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 2.5, 3, 0.1))


def test_a_range_takes_the_freedom_of_each_and_an_unsure_run_hides_no_other():
    assert below_best([2.2], 500, [3.3])[0] == pytest.approx(2 * stats.t.sf(2.2, 3.3))
    found = below_best([8.0, 2.0], 500, [9.0, 2.1])  # far behind, and unsure: one of its trainings failed
    assert found[0] == pytest.approx(stats.studentized_range.sf(8 * np.sqrt(2), 3, 9), rel=1e-6) and found[0] < 0.001
    assert found[1] == pytest.approx(stats.studentized_range.sf(2 * np.sqrt(2), 3, 2.1), rel=1e-6) and found[1] > 0.2
    assert below_best([8.0, 0.5], 500)[0] > 0.2  # where all are as sure, what is further behind is a lead too
