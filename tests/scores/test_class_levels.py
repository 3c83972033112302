"""A level for each class: chosen by naive loops over the targets of a class, and never on the reported split."""

import numpy as np
import pandas as pd
import pytest
from test_draws import GRID, N, split

from wsol.regions.edges import BINS, EDGES
from wsol.scores import curves
from wsol.scores.choosing import telling
from wsol.scores.curves import HitIntervals
from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.levels import carried, representatives
from wsol.scores.metrics import METRICS, metric
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.pixels import Pixels
from wsol.scores.views import View

KEY = ((0.5,), "largest", "any")
PLACES = [int(place) for place in np.linspace(0, len(EDGES) - 1, 101).round()]


def classed(seed, classes=3):
    """A split of some classes; the maps of each are best at levels of its own, in boxes and in pixels."""
    found, random = split(seed), np.random.default_rng(seed)
    label = found.targets["label"] = np.arange(N) % classes
    inside, outside = np.zeros((2, N, BINS), np.int32)
    for i, c in enumerate(label):
        edge = 200 + 250 * int(c) + random.integers(-90, 90)
        inside[i, edge:] = random.integers(0, 9, BINS - edge)
        outside[i, : edge + 60] = random.integers(0, 9, edge + 60)
    found.find_pixels = lambda: Pixels(inside, outside, random.random(N), np.ones(N, bool))
    at_one = found.find_overlaps
    found.find_overlaps = lambda level: [at_one(at)[i] for i, at in enumerate(np.broadcast_to(level, N))]
    return found


def naive_hits(outcome, delta=0.5):
    """Whether each target is hit at each level of the grid, [l n]."""
    found = outcome.hit_intervals(delta)
    return np.array([curves.hit_at(found, float(level), len(outcome)) for level in GRID])


def naive_level(hits, rows):
    return float(GRID[np.argmax(hits[:, rows].sum(axis=1))])


def naive_overlap(outcome, kind, place, rows):
    pixels = outcome.pixels
    hit, false = pixels.inside[rows, place + 1 :].sum(1), pixels.outside[rows, place + 1 :].sum(1)
    true = pixels.inside[rows].sum(1)
    return hit / (false + true) if kind == "iou" else 2 * hit / (hit + false + true)


@pytest.mark.parametrize("select", [None, classed(1)])
def test_hits_are_at_the_level_that_the_naive_loop_chooses_for_each_class(select):
    report = classed(0)
    found = evaluate(report, select, ["maxboxacc@50", "maxboxacc@50@class_mean"], per_class=True, resamples=100)
    for choice, chooser in {"oracle": report, "selected": select}.items():
        if chooser is None:
            continue
        expected = np.zeros(N)
        levels = []
        for c in range(3):
            rows = np.flatnonzero(report.targets["label"] == c)
            levels.append(naive_level(naive_hits(chooser), np.flatnonzero(chooser.targets["label"] == c)))
            expected[rows] = naive_hits(report)[list(GRID).index(levels[-1]), rows]
        np.testing.assert_array_equal(found.targets[f"maxboxacc@50@{choice}"], expected)
        row = found.scores[found.scores["choice"] == choice].iloc[0]
        assert row["levels"] == f"{min(levels):.6g}..{max(levels):.6g}" and len(set(levels)) > 1
        assert row["value"] == pytest.approx(100 * expected.mean()) and row["low"] < row["value"] < row["high"]
    one = evaluate(report, select, ["maxboxacc@50"], resamples=100).scores
    assert found.scores["value"][0] >= one["value"][0] and found.without_level == {}


@pytest.mark.parametrize(("name", "kind"), [("mask_iou", "iou"), ("dice", "dice")])
def test_pixels_are_at_the_level_that_the_naive_loop_chooses_for_each_class(name, kind):
    report, select = classed(0), classed(1)
    view = View(report, "selected", select, per_class=True)
    values = METRICS[name](view)
    (levels,) = view.levels.values()
    for c in range(3):
        rows = np.flatnonzero(report.targets["label"] == c)
        theirs = np.flatnonzero(select.targets["label"] == c)
        best = np.argmax([naive_overlap(select, kind, place, theirs).mean() for place in range(len(EDGES))])
        assert (levels[rows] == EDGES[best]).all()
        np.testing.assert_allclose(values[rows], naive_overlap(report, kind, best, rows), rtol=1e-12)
    assert len(np.unique(levels)) == 3


def test_selected_levels_never_read_the_reported_split():
    """Another split in its place, its hits, pixels, ranks and classes moved: the same levels, class by class."""
    select = classed(1)
    names = ["maxboxacc@50", "maxboxacc_v2", "mask_iou", "dice", "box_recall@50"]

    def levels(report):
        found = []
        for name in names:
            view = View(report, "selected", select, per_class=True)
            metric(name)(view)
            label = report.targets["label"].to_numpy()
            found += [{int(c): float(at[label == c][0]) for c in np.unique(label)} for at in view.levels.values()]
        return found

    first = levels(classed(0))
    swapped = classed(7)
    swapped.targets["label"] = np.random.default_rng(0).permutation(swapped.targets["label"])
    assert levels(swapped) == first
    oracle = View(swapped, "oracle", select, per_class=True)
    metric("mask_iou")(oracle)
    assert {float(level) for level in oracle.levels["pixels",]} != set(first[4].values())


def test_a_class_that_tells_of_no_level_has_that_of_all_targets_and_it_is_said():
    report, select = classed(0), classed(1, classes=2)
    select.targets["label"] = select.targets["label"].replace(1, 5)  # has 0 and 5, the report 0, 1 and 2
    found = evaluate(report, select, ["maxboxacc@50", "mask_iou", "top1_acc"], per_class=True, resamples=100)
    assert found.without_level == {f"{name}@selected": ["1", "2"] for name in ("maxboxacc@50", "mask_iou")}
    view = View(report, "selected", select, per_class=True)
    metric("mask_iou")(view)
    every = np.argmax([naive_overlap(select, "iou", place, np.arange(N)).mean() for place in range(len(EDGES))])
    levels, known = view.levels["pixels",], report.targets["label"] == 0
    assert set(levels[~known]) == {EDGES[every]} != set(levels[known])
    odd = select.hit_intervals(0.5).target % 2 == 1
    select._hit_intervals[0.5, "largest", "any"] = HitIntervals(*(v[odd] for v in select.hit_intervals(0.5)))
    report.targets["label"] = report.targets["label"].replace(2, 5)
    missed = View(report, "selected", select, per_class=True)
    missed.level(*KEY)  # targets of class 0 are hit at no level
    assert missed.classes_without_level() == ["0", "1"]
    assert telling(select, KEY).tolist() == [bool(t % 2) for t in range(N)]


@pytest.mark.parametrize("suffix", ["", "@class_mean"])
def test_the_oracle_s_draws_choose_each_class_level_again(suffix):
    report = classed(0)
    found = evaluate(report, None, [f"maxboxacc@50{suffix}"], per_class=True, resamples=120, seed=3)
    drawing, label = ScoreDraws(report, None, 120, 3), report.targets["label"].to_numpy()
    hits = naive_hits(report)
    for times, draw in zip(drawing.report.times, found.draws[0], strict=True):
        rows = np.repeat(np.arange(N), times[drawing.report.codes])
        level = {c: naive_level(hits, rows[label[rows] == c]) for c in np.unique(label[rows])}
        hit = pd.Series([hits[list(GRID).index(level[label[row]]), row] for row in rows], dtype=float)
        expected = hit.groupby(label[rows]).mean().mean() if suffix else hit.mean()
        assert draw == pytest.approx(expected)


@pytest.mark.parametrize("suffix", ["", "@class_mean"])
def test_selected_draws_carry_each_class_choice_as_if_the_others_stood_still(suffix):
    report, select = classed(0), classed(1)
    name = f"maxboxacc@50{suffix}"
    found = evaluate(report, select, [name], per_class=True, resamples=120, seed=3)
    drawing, label = ScoreDraws(report, select, 120, 3), report.targets["label"].to_numpy()
    ours, theirs = naive_hits(report), naive_hits(select)
    chosen = {c: naive_level(theirs, np.flatnonzero(select.targets["label"] == c)) for c in range(3)}

    def score(levels, rows):
        hit = pd.Series([ours[list(GRID).index(levels[label[row]]), row] for row in rows], dtype=float)
        return hit.groupby(label[rows]).mean().mean() if suffix else hit.mean()

    moved = 0
    for c in range(3):
        own = np.flatnonzero(select.targets["label"] == c)
        again = []
        for times in drawing.select.times:
            rows = np.repeat(own, times[drawing.select.codes[own]])
            again.append(naive_level(theirs, rows) if len(rows) else naive_level(theirs, np.arange(N)))
        kept, which = representatives(np.array(again))
        moved = moved + carried(np.array([score({**chosen, c: level}, np.arange(N)) for level in kept]), kept, which)
    every = [np.repeat(np.arange(N), times[drawing.report.codes]) for times in drawing.report.times]
    held = np.array([score(chosen, rows) for rows in every])
    np.testing.assert_allclose(found.draws[1], held + moved, atol=1e-12)
    assert np.ptp(moved) > 0


def test_one_class_has_the_level_of_all():
    report, select = classed(0, classes=1), classed(1, classes=1)
    names = ["maxboxacc_v2", "mask_iou", "box_recall@50", "top1_acc"]
    one, own = (evaluate(report, select, names, per_class=each, resamples=100) for each in (False, True))
    pd.testing.assert_frame_equal(one.scores, own.scores, rtol=1e-9)
    np.testing.assert_allclose(one.draws, own.draws, atol=1e-9)


def test_a_score_that_is_no_mean_has_no_row_at_levels_of_classes(monkeypatch):
    def pooled(view):
        values = view.hit(0.5)
        return Pooled(lambda weights: weights @ values / weights.sum(axis=1), np.isfinite(values))

    monkeypatch.setitem(METRICS, "pooled", Metric(pooled))
    names = ["pooled", "maxboxacc@50@group_mean", "maxboxacc@50"]
    found = evaluate(classed(0), None, names, per_class=True, resamples=100)
    assert found.scores["metric"].tolist() == ["maxboxacc@50"] and len(found.draws) == 1
    assert found.unavailable.keys() == {*names[:2]} and "levels: per_class" in found.unavailable["pooled"]
