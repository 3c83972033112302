"""The level chosen again: the naive loop's choice in every resample, and what is carried over to a score."""

import numpy as np
import pytest

from wsol.scores.curves import HitIntervals, best_level, curve
from wsol.scores.levels import KEPT, candidates, carried, levels_of_resamples, representatives
from wsol.statistics.resampling import Resamples


def some_hits(seed, n=40):
    random = np.random.default_rng(seed)
    target = np.sort(random.integers(0, n, n))
    lo = random.integers(0, 128, n) / 128
    keep = np.concatenate([[True], np.diff(target) > 0])  # one interval a target
    return HitIntervals(target[keep], lo[keep], (lo + random.integers(0, 64, n) / 128)[keep])


@pytest.mark.parametrize("grid", [None, np.arange(0, 1, 0.01), np.arange(0, 1, 0.1)])
@pytest.mark.parametrize("seed", range(4))
def test_every_resample_chooses_what_the_naive_loop_chooses(grid, seed):
    hits, groups = some_hits(seed), np.arange(40) // 3
    resamples = Resamples(groups, 60, seed)
    for times, level in zip(resamples.times, levels_of_resamples(hits, grid, resamples), strict=True):
        drawn = [j for j in range(len(hits.target)) for _ in range(times[groups[hits.target[j]]])]
        expected = curve(HitIntervals(*(values[drawn] for values in hits)))
        if grid is not None:
            assert level == best_level(expected, grid)
        else:  # in the first best stretch, whose edges may lie inside one of the undrawn curve's
            at = expected.counts[np.searchsorted(expected.edges, level) - 1]
            assert at == expected.counts.max()


def test_levels_where_nothing_or_everything_is_hit():
    nothing = HitIntervals(np.empty(0, int), np.empty(0), np.empty(0))
    resamples = Resamples(np.arange(3), 5, 0)
    assert levels_of_resamples(nothing, None, resamples).tolist() == [0] * 5
    assert levels_of_resamples(nothing, np.array([0.0, 0.5]), resamples).tolist() == [0] * 5
    every = HitIntervals(np.arange(3), np.full(3, -np.inf), np.full(3, np.inf))
    assert np.isfinite(levels_of_resamples(every, None, resamples)).all()


def test_candidates_are_one_a_stretch_until_they_are_too_many():
    hits = HitIntervals(np.arange(2), np.array([0.1, 0.3]), np.array([0.5, 0.9]))
    assert candidates(hits)[1:4].tolist() == pytest.approx([0.2, 0.4, 0.7])
    edges = np.random.default_rng(0).random((2, 5000))
    many = candidates(HitIntervals(np.arange(5000), edges.min(axis=0), edges.max(axis=0)))
    assert 900 < len(many) <= 1001 and (np.diff(many) > 0).all()


def test_representatives_stand_for_equal_shares():
    few = np.array([0.2, 0.1, 0.2, 0.4])
    kept, which = representatives(few)
    assert np.array_equal(kept[which], few)
    levels = np.random.default_rng(0).normal(0.3, 0.1, 2000)
    kept, which = representatives(levels)
    assert len(kept) == KEPT and np.bincount(which).max() <= 2000 / KEPT + 2
    assert np.abs(kept[which] - levels).mean() < 0.01 and np.corrcoef(kept[which], levels)[0, 1] > 0.97


def test_a_straight_movement_is_carried_whole_and_a_bent_one_once():
    """A score that falls by (z + x)^2, z the error of the chosen level: z^2 has variance 2, the naive spread 6."""
    random, x = np.random.default_rng(0), np.random.default_rng(1).normal(0, 1, 3000)
    kept, which = representatives(x)
    assert carried(3 * kept, kept, which).std() == pytest.approx(3 * x.std(), rel=0.05)
    spread = np.mean([carried(-((z + kept) ** 2), kept, which).var() for z in random.normal(0, 1, 2000)])
    naive = np.mean([(-((z + x) ** 2)).var() for z in random.normal(0, 1, 2000)])
    assert naive == pytest.approx(6, rel=0.15)
    # max(4 z^2 - 2, 2) has the mean 2 + 8 phi(1) = 3.94.
    assert spread == pytest.approx(3.94, rel=0.15)
    assert not carried(np.ones(3), np.arange(3.0), np.array([0, 1, 2, 1])).any()
