"""Metrics by hand, and what all of them obey."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import detected
from severalclasses import at_random
from stagefiles import certain
from wsol.regions.edges import BINS
from wsol.scores import curves
from wsol.scores.curves import HitIntervals
from wsol.scores.histograms import Counts
from wsol.scores.metrics import METRICS, metric
from wsol.scores.metrics.boxes import matching
from wsol.scores.metrics.record import Pooled
from wsol.scores.outcome import DELTAS, Outcome, Unavailable
from wsol.scores.pixels import Pixels
from wsol.scores.pointing import Pointing
from wsol.scores.views import View
from wsol.statistics.classmeans import mean_over_classes


def outcome(n=6, seed=0):
    """Any run: every input there, values at random, two classes in an image, the last target without truth."""
    random = np.random.default_rng(seed)

    def find(deltas, components, truth):
        starts = np.sort(random.random(n))
        return [HitIntervals(np.arange(n), starts, starts + 0.5 * (1 - delta)) for delta in deltas]

    boxes = [[0, 0, 9, 9]] * (n - 1) + [[]]
    masks = ["04"] * (n - 1) + [""]
    there = np.array([1.0] * (n - 1) + [np.nan])
    inside, outside = random.integers(0, 5, (2, n, BINS)).astype(np.int32) * (there == 1)[:, None]
    table = pd.DataFrame({"boxes": boxes, "mask": masks, "label": np.arange(n) % 2, "image": np.arange(n) // 2})
    table[["width", "height"]] = 20, 30
    return Outcome(
        table,
        np.array(["ok"] * (n - 1) + ["no_ground_truth"]),
        random.integers(0, 9, n),
        find_hit_intervals=find,
        find_overlaps=lambda level: [random.random((3, len(b) // 4)) for b in boxes],
        find_detections=detected.at_random(table, seed),
        find_pixels=lambda: Pixels(inside, outside, random.random(n) * there, there == 1),
        find_masks=lambda: Counts(0.7 * there, random.random(n) * there, there, there),
        find_pointing=lambda: Pointing(random.integers(0, 30, n) * there, *random.random((2, n)) * there),
        find_probabilities=lambda: certain(table),
        find_seeds=lambda: at_random(random, there == 1),
    )


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("choice", ["oracle", "selected", "fixed"])
def test_every_metric_is_a_share_of_each_target_and_nan_only_without_truth(name, choice):
    view = View(outcome(), choice, outcome(seed=1))
    values = METRICS[name](view)
    if isinstance(values, Pooled):
        counted = values.counted
        assert ((found := values.estimate(np.ones((2, 6)))) >= 0).all() and (found <= 1).all()
    else:
        counted = np.isfinite(values)
        assert values.shape == (6,) and (values[counted] >= 0).all()
        assert metric(name).unit == "count" or (values[counted] <= 1).all()
    assert counted.tolist() == [True] * 5 + [not metric(name).localises]
    assert metric(name).function.__doc__


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_lacks_is_said(name):
    bare = Outcome(pd.DataFrame({"boxes": [[0, 0, 1, 1]], "mask": [""]}), np.array(["ok"]))
    with pytest.raises(Unavailable, match=r"predictions|regions|masks|heatmaps"):
        METRICS[name](View(bare, "oracle"))


def test_names_of_one_iou():
    for delta in DELTAS:
        for family in ("maxboxacc", "maxboxacc_v2", "boxacc", "box_recall"):
            assert METRICS[f"{family}@{round(100 * delta)}"].settings == {"delta": delta}


def test_top_loc_needs_both():
    everywhere = HitIntervals(np.array([0, 2, 3]), np.full(3, -np.inf), np.full(3, np.inf))
    found = Outcome(
        pd.DataFrame({"boxes": [[0, 0, 1, 1]] * 4, "mask": ""}),
        np.array(["ok"] * 4),
        np.array([0, 0, 4, 5]),
        find_hit_intervals=lambda d, c, t: [everywhere] * len(d),
    )
    assert METRICS["top1_loc"](View(found, "fixed")).tolist() == [1, 0, 0, 0]
    assert METRICS["top5_loc"](View(found, "fixed")).tolist() == [1, 0, 1, 0]


def peaks(distance, label):
    found = outcome()
    found.targets["label"] = label
    found.find_pointing = lambda: Pointing(np.array(distance), np.zeros(6), np.zeros(6))
    return View(found, "oracle")


def test_peaks_lie_on_the_object_or_nearer_than_15_pixels():
    view = peaks([0, 1, 14.9, 15, np.inf, np.nan], 0)
    assert METRICS["peak_on_object"](view)[:5].tolist() == [1, 0, 0, 0, 0]
    assert METRICS["peak_within_15px"](view)[:5].tolist() == [1, 1, 1, 0, 0]


def test_the_pointing_game_is_a_mean_over_classes():
    # Class 3 hits 3 of 4, class 8 misses its one: TorchRay's headline is 37.5 %, a mean over targets 60 %.
    found = METRICS["pointing_game"](peaks([0, 1, 14.9, 15, np.inf, np.nan], [3, 3, 3, 3, 8, 5]))
    assert found.counted.tolist() == [True] * 5 + [False]
    once, without_8, only_8 = [1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 2, 0]
    assert found.estimate(np.array([once, without_8, only_8], float)).tolist() == [0.375, 0.5, 0]


def torchray(distance, label, times):
    """Hits and misses of each class, its accuracy, and the mean over classes."""
    hits, misses = {}, {}
    for d, c, n in zip(distance, label, times, strict=True):
        hits[c] = hits.get(c, 0) + n * (d**2 < 15**2)
        misses[c] = misses.get(c, 0) + n * (d**2 >= 15**2)
    return np.mean([hits[c] / (hits[c] + misses[c]) for c in hits if hits[c] + misses[c]])


def test_the_pointing_game_of_resamples_is_the_naive_loop_s():
    random = np.random.default_rng(0)
    distance, label = random.uniform(0, 30, 200), random.integers(0, 12, 200)
    times = random.multinomial(60, np.full(200, 1 / 200), 50).astype(float)
    found = mean_over_classes((distance < 15).astype(float), label, times)
    np.testing.assert_allclose(found, [torchray(distance, label, t) for t in times], rtol=1e-12)


OF_CLASSES = {"top1_acc", "top5_acc", "roc_auc", "average_precision", "ece"}
# What a map of the predicted class can say.
PREDICTED = OF_CLASSES | {"top1_loc", "top1_loc_v2", *(f"top1_loc_v2@{iou}" for iou in (30, 50, 70))}


@pytest.mark.parametrize("name", METRICS)
def test_maps_of_the_predicted_class_say_nothing_of_the_labelled(name):
    found = outcome()
    found.explain = "predicted"
    if name in PREDICTED:
        values = METRICS[name](View(found, "oracle"))
        assert np.isfinite(values.score() if isinstance(values, Pooled) else values).any()
        return
    for choice in ("oracle", "fixed"):
        with pytest.raises(Unavailable, match=r"maps of the labelled class \(explain: predicted\)"):
            METRICS[name](View(found, choice, found))


def test_top1_loc_of_predicted_maps_is_the_naive_loop_s():
    """Wrong predictions' maps, whatever they show, have no say: neither a hit nor the level."""
    levels, rank = np.arange(0, 1, 0.1), np.array([0, 0, 3, 1, 7])
    lo, hi = np.array([0.55, 0.65, 0.05, 0.05, 0.05]), np.array([0.75, 0.95, 0.45, 0.45, 0.45])
    hit = (lo < levels[:, None]) & (levels[:, None] <= hi) & (rank == 0)
    best = hit.sum(axis=1).argmax()
    table = pd.DataFrame({"boxes": [[0, 0, 1, 1]] * 5, "mask": ""})
    given = {
        "find_hit_intervals": lambda d, c, t: [HitIntervals(np.arange(5), lo, hi)] * len(d),
        "swept_levels": levels,
    }
    view = View(Outcome(table, np.array(["ok"] * 5), rank, **given, explain="predicted"), "oracle")
    assert METRICS["top1_loc"](view).tolist() == hit[best].tolist() == [1, 1, 0, 0, 0]
    assert list(view.levels.values()) == [levels[best]]
    view = View(Outcome(table, np.array(["ok"] * 5), rank, **given), "oracle")
    assert METRICS["top1_loc"](view).tolist() == [0] * 5  # maps of the labelled class all choose the level


def test_metrics_of_one_level_look_for_it_once(monkeypatch):
    found, looked = outcome(), []
    best = curves.best_level
    monkeypatch.setattr(curves, "best_level", lambda *given: looked.append(given) or best(*given))
    for name in ("maxboxacc@50", "gtknown_loc", "top1_loc", "boxacc@50"):
        METRICS[name](View(found, "oracle"))
    assert len(looked) == 1


def naive_matching(allowed):
    """The largest matching by trying everything."""
    if not allowed.size:
        return 0
    rest = naive_matching(allowed[1:])
    return max([rest] + [1 + naive_matching(np.delete(allowed[1:], j, 1)) for j in np.flatnonzero(allowed[0])])


@settings(deadline=None)  # the first call imports scipy
@given(arrays(bool, st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_matching_is_the_largest(allowed):
    assert matching(allowed) == naive_matching(allowed)


def test_matching_where_greedy_would_lose():
    assert matching(np.array([[True, True], [True, False]])) == 2
