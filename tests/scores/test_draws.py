"""Draws: each resample scored by a naive loop that draws targets, chooses the level and takes the mean."""

import numpy as np
import pandas as pd
import pytest

import detected
from severalclasses import at_random
from stagefiles import certain
from wsol.regions.edges import BINS
from wsol.scores import curves
from wsol.scores.curves import HitIntervals
from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.levels import carried, representatives
from wsol.scores.metrics import METRICS, metric
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.outcome import DELTAS, Outcome
from wsol.scores.pixels import Pixels
from wsol.scores.pointing import Pointing
from wsol.scores.views import View

GRID = np.arange(0, 1, 0.05)  # few enough levels that each stands for itself
N = 24


def split(seed, n=N):
    """Targets in groups of two, hit over one stretch of levels each, with ranks, overlaps, pixels and peaks."""
    random = np.random.default_rng(seed)
    names = [f"{seed}-{i // 2}" for i in range(n)]
    found = {}
    for delta in DELTAS:
        lo = random.random(n) * 0.5
        found[delta] = HitIntervals(np.arange(n), lo, lo + random.random(n) * (1 - delta))
    counts = random.integers(0, 9, (2, n, BINS)).astype(np.int32)
    frame = {"image": names, "group": [f"g{i // 2}" for i in range(n)], "label": np.arange(n) % 2}
    targets = pd.DataFrame(frame).assign(height=19, width=19, mask="x", boxes=[np.array([0.0, 0, 9, 9])] * n)

    def overlaps(level):
        """More boxes, and worse ones, at a lower level."""
        rng = np.random.default_rng(int(1000 * level))
        return [rng.random((1 + int(3 * (1 - level)), 2)) for _ in range(n)]

    return Outcome(
        targets,
        np.full(n, "ok"),
        random.integers(0, 3, n),
        lambda deltas, *_: [found[d] for d in deltas],
        GRID,
        find_overlaps=overlaps,
        find_detections=detected.at_random(targets, seed),
        find_pointing=lambda: Pointing(random.integers(0, 30, n).astype(float), *random.random((2, n))),
        find_pixels=lambda: Pixels(*counts, random.random(n), np.ones(n, bool)),
        find_probabilities=lambda: certain(targets.assign(label=np.arange(n) % 2)),
        find_seeds=lambda: at_random(random, np.ones(n, bool)),
    )


def resampled(outcome, times, codes):
    """A split's hits with each target as often as its group is drawn."""
    rows = [t for t in range(len(outcome)) for _ in range(times[codes[t]])]
    return rows, [HitIntervals(np.arange(len(rows)), *(v[rows] for v in outcome.hit_intervals(0.5)[1:]))]


def test_the_oracle_s_draws_are_the_naive_loop_s():
    report = split(0)
    found = evaluate(report, None, ["maxboxacc@50"], resamples=150, seed=3)
    drawing = ScoreDraws(report, None, 150, 3)
    for times, draw in zip(drawing.report.times, found.draws[0], strict=True):
        rows, hits = resampled(report, times, drawing.report.codes)
        level = curves.best_level(curves.curve(hits[0]), GRID)
        assert draw == pytest.approx(curves.hit_at(hits[0], level, len(rows)).mean())


def test_selected_draws_move_with_the_level_that_the_resampled_split_chooses():
    report, select = split(0), split(1)
    found = evaluate(report, select, ["top1_loc"], resamples=150, seed=3)
    drawing, top = ScoreDraws(report, select, 150, 3), report.rank < 1
    levels = []
    for times in drawing.select.times:
        _, hits = resampled(select, times, drawing.select.codes)
        levels.append(curves.best_level(curves.curve(hits[0]), GRID))
    kept, which = representatives(np.array(levels))
    means = np.array([(curves.hit_at(report.hit_intervals(0.5), level, N) & top).mean() for level in kept])
    chosen = curves.best_level(curves.curve(select.hit_intervals(0.5)), GRID)
    held = drawing.report.means((curves.hit_at(report.hit_intervals(0.5), chosen, N) & top).astype(float))
    assert len(set(levels)) >= 2
    np.testing.assert_allclose(found.draws[1], held + carried(means, kept, which))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_at_several_levels_is_a_sum_of_what_each_contributes(name):
    """What `ScoreDraws` relies on: moving two levels moves the score as moving each by itself does."""
    outcome = split(0)
    view = View(outcome, "oracle")
    values = METRICS[name](view)
    if isinstance(values, Pooled):
        values = values.score()
    moved = dict.fromkeys(view.levels, 0.35)
    whole = scored(name, view.at(moved))
    parts = [scored(name, view.at({**view.levels, key: level})) - values for key, level in moved.items()]
    np.testing.assert_allclose(whole - values, np.sum(parts, axis=0) if parts else 0, atol=1e-12)


def scored(name, view):
    found = METRICS[name](view)
    return found.score() if isinstance(found, Pooled) else found


@pytest.mark.parametrize("name", ["maxboxacc@50", "maxboxacc_v2", "mask_iou", "top1_acc"])
@pytest.mark.parametrize("select", [None, split(1)])
def test_a_pooled_metric_is_drawn_with_its_level_as_the_mean_that_it_pools(name, select, monkeypatch):
    def pooled(view):
        values = METRICS[name](view)
        return Pooled(lambda weights: weights @ values / weights.sum(axis=1), np.isfinite(values))

    monkeypatch.setitem(METRICS, "pooled", Metric(pooled))
    found = evaluate(split(0), select, [name, "pooled"], resamples=150, seed=3)
    mean, own = np.split(found.draws, 2)
    np.testing.assert_allclose(mean, own, atol=1e-12)
    assert found.scores["choice"].tolist() == found.scores["choice"].tolist()[: len(mean)] * 2
    assert found.scores["levels"].tolist() == found.scores["levels"].tolist()[: len(mean)] * 2


def test_two_equal_runs_have_equal_draws_and_other_runs_share_them():
    first, again = (evaluate(split(0), split(1), ["maxboxacc_v2", "top1_acc", "pxap", "mask_iou"]) for _ in range(2))
    assert np.array_equal(first.draws, again.draws)
    assert len(first.draws) == len(first.scores) == 6
    mean, score = first.draws.mean(axis=1), first.scores["value"].to_numpy() / 100
    deviation = first.draws.std(axis=1)
    assert (np.abs(mean - score) < 1.5 * deviation).all() and (deviation > 0).all()


def test_counts_are_drawn_as_counts():
    found = evaluate(split(0), None, ["boxes_per_target"])
    assert [metric(name).unit for name in found.scores["metric"]] == ["count"]
    row = found.scores.iloc[0]
    assert row["low"] <= row["value"] <= row["high"] and 1 <= row["value"] <= 4
    assert found.draws.mean() == pytest.approx(row["value"], abs=0.8)
