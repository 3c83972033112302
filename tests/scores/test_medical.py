"""Medical metrics: Dice, sensitivity, specificity and CheXlocalize's hit rate, from maps and masks by naive loops."""

import numpy as np
import pandas as pd
import pytest
from test_pixels import blobs, rle, targets, whole

from stagefiles import SIZE, noisy, run, settings
from wsol.regions.edges import EDGES
from wsol.regions.exact import EXACT
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS
from wsol.scores.outcome import Outcome
from wsol.scores.pixels import dice_of_counts, measure, measure_masks
from wsol.scores.pointing import Pointing
from wsol.scores.views import View
from wsol.statistics.resampling import Resamples


@pytest.fixture(scope="module")
def cases():
    """Maps, true and ignored pixels of six images, for which Dice and IoU are best at different levels."""
    random = np.random.default_rng(7)
    return [blobs(random, 40, 60) for _ in range(6)]


@pytest.fixture(scope="module")
def outcome(cases):
    table = targets([c[1] for c in cases], [c[2] for c in cases]).assign(label=0, boxes=[[]] * 6)
    maps = [whole(c[0], 40, 60) for c in cases]
    return Outcome(table, np.full(6, "ok"), find_pixels=lambda: measure(table, maps, EXACT))


def kept(values, mask, ignore, level):
    """Predicted and true pixels of those that are not ignored; the truth goes before."""
    there = mask | ~ignore
    return (np.float32(values) >= level)[there], mask[there]


def naive_dice(case, level):
    predicted, true = kept(*case, level)
    return 2 * (predicted & true).sum() / (predicted.sum() + true.sum())


def naive_iou(case, level):
    predicted, true = kept(*case, level)
    return (predicted & true).sum() / (predicted | true).sum()


def test_dice_is_the_naive_loop_s_at_the_level_of_its_own_best_mean(cases, outcome):
    curve = [np.mean([naive_dice(case, level) for case in cases]) for level in EDGES]
    best = EDGES[int(np.argmax(curve))]
    view = View(outcome, "oracle")
    np.testing.assert_allclose(METRICS["dice"](view), [naive_dice(case, best) for case in cases], rtol=1e-12)
    assert view.levels == {("pixels", "dice"): best}
    METRICS["mask_iou"](view)
    overlaps = [np.mean([naive_iou(case, level) for case in cases]) for level in EDGES]
    assert view.levels["pixels",] == EDGES[np.argmax(overlaps)] != best


def test_at_one_level_dice_is_a_function_of_iou_even_where_nothing_is_predicted_or_true(outcome):
    view = View(outcome, "oracle").at({("pixels",): 0.4, ("pixels", "dice"): 0.4})
    iou = METRICS["mask_iou"](view)
    np.testing.assert_allclose(METRICS["dice"](view), 2 * iou / (1 + iou), rtol=1e-12)
    empty = np.zeros((4, 4), bool)
    table = targets([empty, ~empty, empty]).assign(label=0, boxes=[[]] * 3)
    predicted = [b"", b"", rle(~empty).encode()]
    found = Outcome(table, np.full(3, "ok"), find_masks=lambda: measure_masks(table, predicted))
    for name in ("dice", "mask_iou"):
        assert METRICS[name](View(found, "fixed")).tolist() == [0, 0, 0]
    assert np.isnan(dice_of_counts(np.array([np.nan]), np.array([np.nan]), np.array([np.nan]))).all()


def test_the_resamples_of_dice_choose_the_level_of_its_best_mean(cases, outcome):
    resamples = Resamples(list("aabbcd"), 40, seed=1)
    every = [int(place) for place in np.linspace(0, len(EDGES) - 1, 101).round()]
    table = np.array([[naive_dice(case, EDGES[place]) for place in every] for case in cases])
    expected = EDGES[np.array(every)[(resamples.times[:, resamples.codes].astype(float) @ table).argmax(axis=1)]]
    np.testing.assert_array_equal(View(outcome, "oracle").levels_of_resamples(("pixels", "dice"), resamples), expected)


def test_sensitivity_and_specificity_are_the_naive_loop_s_at_the_level_of_mask_iou(cases, outcome):
    view = View(outcome, "oracle")
    METRICS["mask_iou"](view)
    level = view.levels["pixels",]
    pairs = [kept(*case, level) for case in cases]
    sensitivity = [(p & t).sum() / t.sum() for p, t in pairs]
    specificity = [(~p & ~t).sum() / (~t).sum() for p, t in pairs]
    np.testing.assert_allclose(METRICS["pixel_recall"](View(outcome, "oracle")), sensitivity, rtol=1e-12)
    np.testing.assert_allclose(METRICS["pixel_specificity"](View(outcome, "oracle")), specificity, rtol=1e-12)
    assert "sensitivity" in METRICS["pixel_recall"].function.__doc__


def test_specificity_of_an_image_that_is_all_object_is_nothing_and_of_a_map_that_failed_a_miss():
    every = np.ones((4, 4), bool)
    some = np.eye(4, dtype=bool)
    table = targets([every, some, some]).assign(label=0, boxes=[[]] * 3)
    status = np.array(["ok", "ok", "degenerate"])
    found = Outcome(table, status, find_masks=lambda: measure_masks(table, [rle(every).encode(), b"", b""]))
    assert np.array_equal(METRICS["pixel_specificity"](View(found, "fixed")), [np.nan, 1, 0], equal_nan=True)


def test_masks_of_a_threshold_are_counted_as_maps_are(tmp_path):
    """Both ways to the same numbers: masks cut at one level, and histograms of the maps at that level."""
    maps = noisy(np.random.default_rng(2), 5)
    masks = [m[1] for m in (blobs(np.random.default_rng(i), *SIZE) for i in range(5))]
    given = (maps, [[]] * 5, [SIZE] * 5)
    of_masks = [rle(m) for m in masks]
    cut = run(tmp_path / "cut", *given, settings(masks=True, method="fixed", level=0.5), masks=of_masks)[0]
    swept = run(tmp_path / "all", *given, settings(), masks=of_masks)[0]
    at = View(swept, "oracle").at({("pixels",): 0.5, ("pixels", "dice"): 0.5})
    for name in ("dice", "pixel_specificity", "pixel_recall"):
        np.testing.assert_allclose(METRICS[name](View(cut, "fixed")), METRICS[name](at), rtol=1e-12)


def chexlocalize(peaks, masks, labels):
    """The share of each pathology's masks that its map's highest pixel lies on, and the mean over pathologies."""
    hits = {}
    for (y, x), mask, label in zip(peaks, masks, labels, strict=True):
        if mask is not None:
            hits.setdefault(label, []).append(bool(mask[y, x]))
    return np.mean([np.mean(of_class) for of_class in hits.values()])


def test_the_hit_rate_is_a_mean_over_classes_of_targets_with_masks(tmp_path):
    random = np.random.default_rng(7)
    maps = [np.zeros(SIZE, np.float32) for _ in range(12)]
    peaks = [tuple(random.integers(0, SIZE)) for _ in maps]
    masks = [random.random(SIZE) < (0.8 if i % 2 else 0.3) for i in range(12)]
    masks[4] = masks[7] = None
    for map, peak in zip(maps, peaks, strict=True):
        map[peak] = 1
    truths = [[] if m is not None else [[0, 0, *SIZE[::-1]]] for m in masks]
    of_masks = ["" if m is None else rle(m) for m in masks]
    found = run(tmp_path, maps, truths, [SIZE] * 12, settings(), masks=of_masks)[0]
    found.targets["label"] = [0, 1, 1] * 4
    scores = evaluate(found, None, ["hit_rate", "peak_on_object", "peak_on_object@class_mean"], resamples=100).scores
    rate, plain, mean = scores["value"]
    assert rate == pytest.approx(100 * chexlocalize(peaks, masks, found.targets["label"]))
    assert scores["n"].tolist() == [10, 12, 12] and len({rate, plain, mean}) == 3


def test_where_every_target_has_a_mask_the_hit_rate_is_the_class_mean_of_peak_on_object():
    table = pd.DataFrame({"boxes": [[0, 0, 1, 1]] * 4, "mask": "04", "label": [3, 3, 3, 8]})
    distances = np.array([0, 0.0, 4, np.inf])
    found = Outcome(table, np.full(4, "ok"), find_pointing=lambda: Pointing(distances, distances, distances))
    values = [METRICS[name](View(found, "oracle")).score() for name in ("hit_rate", "peak_on_object@class_mean")]
    assert values == pytest.approx([1 / 3, 1 / 3])
