"""p values: scipy's, hand-worked, and how often tables of equal runs err."""

import numpy as np
import pytest
from scipy import stats

from wsol.statistics.testing import below_best, holm, student_p


def test_p_is_student_s_and_has_a_tail():
    values = np.random.default_rng(0).normal(0.3, 1, 60)
    deviation = values.std(ddof=1) / np.sqrt(60)
    assert student_p(values.mean(), deviation, 60) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert 0 < student_p(27, 1.7, 5000) < 1e-50
    assert np.isnan(student_p(1, 0.5, 1))


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03, 0.5]), [0.09, 0.04, 0.09, 0.5])
    np.testing.assert_allclose(holm([0.04, np.nan, 0.01]), [0.04, np.nan, 0.02])
    assert holm([]).shape == (0,)


def test_below_best_of_two_is_one_comparison_and_of_many_the_studentised_range():
    assert below_best([2.2], 500)[0] == pytest.approx(2 * stats.t.sf(2.2, 499))
    found = below_best([0.5, 1.0, 3.9], 500)
    assert found[2] == pytest.approx(stats.studentized_range.sf(3.9 * np.sqrt(2), 4, 499), rel=1e-6)
    # The second of four spans two: 1 - (1 - p)^(4 / 2); no run nearer to the best is further from it.
    assert found[0] == pytest.approx(1 - (1 - 2 * stats.t.sf(0.5, 499)) ** 2, rel=1e-6)
    assert (np.diff(found) <= 0).all()
    assert len(below_best([], 500)) == 0


def test_tables_of_equal_runs_err_in_one_of_twenty():
    random, runs = np.random.default_rng(0), 10
    wrong = naive = 0
    for _ in range(200):
        values = np.sort(random.normal(size=runs))[::-1]
        t = (values[0] - values[1:]) / np.sqrt(2)
        wrong += below_best(t, 10_000).min() < 0.05
        naive += holm(2 * stats.norm.sf(t)).min() < 0.05
    assert 0.02 <= wrong / 200 <= 0.085
    assert naive / 200 > 0.1  # what comparing with the best does where nobody minds how it was found


@pytest.mark.slow
def test_a_lead_of_eight_points_is_found_among_52_runs():
    """8 points with a deviation of 1.7, what two networks' maxboxacc@50 differ by on 1,000 images."""
    random, found = np.random.default_rng(0), []
    for _ in range(60):
        values = random.normal(size=52)
        values[0] += 8 / 1.7 * np.sqrt(2)
        others = np.sort(values[1:])[::-1]
        lead = (values[0] - others) / np.sqrt(2)
        found.append((below_best(lead, 1000) < 0.05).mean() if lead[0] > 0 else 0.0)
    assert np.mean(found) >= 0.75
