"""The curve from intervals agrees with counting level by level; ties are broken as said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsol.scores.curves import HitIntervals, best_level, counts_at, curve, hit_at, join

INF = np.inf


def hits(*rows):
    target, lo, hi = np.array(rows, float).reshape(-1, 3).T
    return HitIntervals(target.astype(int), lo, hi)


def disjoint(edges):
    edges = sorted(set(edges))
    return list(zip(edges[::2], edges[1::2], strict=False))


@given(st.lists(st.lists(st.integers(-1, 10), max_size=6).map(disjoint), min_size=1, max_size=6))
def test_curve_is_the_count_of_hits_at_every_level(targets):
    found = hits(*[(t, lo, hi) for t, intervals in enumerate(targets) for lo, hi in intervals])
    levels = np.arange(-1.5, 11.5, 0.5)
    naive = [sum(any(lo < level <= hi for lo, hi in intervals) for intervals in targets) for level in levels]
    np.testing.assert_array_equal(counts_at(curve(found), levels), naive)
    np.testing.assert_array_equal([hit_at(found, level, len(targets)).sum() for level in levels], naive)
    grid = np.arange(11) / 1.0
    assert best_level(curve(found), grid) == grid[np.argmax(counts_at(curve(found), grid))]
    assert counts_at(curve(found), np.array([best_level(curve(found))]))[0] == max(naive)


def test_best_is_the_middle_of_the_first_best_stretch():
    assert best_level(curve(hits((0, 0.2, 0.4), (1, 0.6, 0.8)))) == pytest.approx(0.3)
    # One target leaves where another comes: the stretch goes on.
    assert best_level(curve(hits((0, 0.2, 0.4), (1, 0.4, 0.8)))) == pytest.approx(0.5)
    assert best_level(curve(hits((0, -INF, 0.4)))) == 0.4
    assert best_level(curve(hits((0, -INF, INF)))) == 0
    assert best_level(curve(hits())) == 0
    assert 0.5 < best_level(curve(hits((0, 0.5, INF)))) < 0.5001
    next_to = np.nextafter(0.5, 1)
    assert best_level(curve(hits((0, 0.5, next_to)))) == next_to


def test_best_on_a_grid_is_its_first_best_level():
    grid = np.arange(0, 1, 0.1)
    assert best_level(curve(hits((0, 0.15, 0.7))), grid) == grid[2]
    assert best_level(curve(hits()), grid) == 0


def test_counts_are_summed_over_targets_before_the_maximum():
    """Each target is hit somewhere, no level hits both: one of two, not two of two."""
    found = hits((0, 0.1, 0.2), (1, 0.5, 0.6))
    assert curve(found).counts.max() == 1
    assert hit_at(found, best_level(curve(found)), 2).tolist() == [True, False]


def test_join_adds_up_and_takes_nothing():
    both = join([hits((0, 0, 0.5)), hits((0, 0.2, 0.7))])
    assert curve(both).counts.max() == 2 and best_level(curve(both)) == pytest.approx(0.35)
    assert join([]).target.shape == (0,)


def test_hit_at_each_map_s_own_level():
    assert hit_at(hits((1, -INF, INF)), None, 3).tolist() == [False, True, False]
