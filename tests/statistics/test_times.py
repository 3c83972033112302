"""Draws on disk are the draws in memory, however they are read."""

import numpy as np
import pytest

from wsol.statistics import times
from wsol.statistics.resampling import Resamples
from wsol.statistics.times import Times


def naive(resamples: int, groups: int, seed: int) -> np.ndarray:
    """Group after group is drawn, and counted one by one."""
    random = np.random.default_rng(seed)
    found = np.zeros((resamples, groups), int)
    for row in found:
        for group in random.integers(0, groups, groups):
            row[group] += 1
    return found


@pytest.mark.parametrize("held", [0, 7, 1 << 24], ids=["a row at a time", "some rows", "in memory"])
def test_draws_are_those_of_a_loop_wherever_they_lie(monkeypatch, held):
    monkeypatch.setattr(times, "HELD", held)
    expected, found = naive(5, 3, seed=1), Times(5, 3, seed=1)
    assert (found._held is None) == (held < 15)
    assert np.array_equal(found[:], expected)
    assert np.array_equal(found[np.array([4, 1])], expected[[4, 1]])
    assert np.array_equal(found[1:3], expected[1:3])
    assert np.array_equal(found.of(np.array([2, 2, 0])), expected[:, [2, 2, 0]])
    parts = list(found.blocks())
    assert np.array_equal(np.concatenate([block for _, block in parts]), expected)
    assert len(parts) == {0: 5, 7: 3, 1 << 24: 1}[held]


def test_scores_of_draws_on_disk_are_those_of_draws_in_memory(monkeypatch):
    random = np.random.default_rng(0)
    groups, values = random.integers(0, 20, 60), random.random((3, 60))
    values[:, 7] = np.nan
    which = random.integers(0, 3, 50)

    def scores() -> list[np.ndarray]:
        resamples = Resamples(groups, 50, seed=3)
        weighted = [lambda w, one=row: np.nansum(w * one, axis=1) for row in values]
        part = resamples.of(np.arange(30)).means(values[0, :30])
        return [resamples.means_at(values, which), resamples.pooled_at(weighted, which), part]

    held = scores()
    monkeypatch.setattr(times, "HELD", 45)
    for one, other in zip(held, scores(), strict=True):
        assert one.tobytes() == other.tobytes()
