"""Curves: naive loops over levels, IoU and recall; at the level that was chosen the curve is the score."""

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import precision_recall_curve

import naive
from stagefiles import SIZE, box_of, naive_v1, noisy, run, settings
from wsol import boxes
from wsol.affine import Affine
from wsol.files import rle
from wsol.files.score import RUN_COLUMNS
from wsol.regions.edges import BINS, bin_of
from wsol.scores.evaluate import evaluate
from wsol.scores.histograms import average_precision
from wsol.scores.outcome import DELTAS
from wsol.scores.pixels import Pixels
from wsol.scores.seen import as_seen
from wsol.scores.series import by_iou, find_curves, precision_recall
from wsol.scores.tables import mean_curves
from wsol.scores.views import View

METRICS = ["maxboxacc@50", "maxboxacc_v2", "mask_iou", "pxap"]
STEP = 0.02
GRID = np.arange(0, 1, STEP)


def split(folder, seed, n=25, boxed=True, **threshold):
    """Noise over images of any size, with boxes and masks of the truth -> the outcome, its stages, what they are of."""
    random = np.random.default_rng(seed)
    sizes = [tuple(map(int, random.integers(30, 90, 2))) for _ in range(n)]
    truths = [[box_of(random, *size) for _ in range(1 + i % 2)] if boxed else [] for i, size in enumerate(sizes)]
    masks = [cv2.resize(random.random((5, 5)), size[::-1]) > 0.6 for size in sizes]
    # Noise, and some of the mask in it, so that the best level of masks is no trivial one.
    seen = [cv2.resize(mask.astype(np.float32), (8, 8), interpolation=cv2.INTER_AREA) for mask in masks]
    maps = [0.6 * heatmap + own for heatmap, own in zip(noisy(random, n), seen, strict=True)]
    wanted = settings(masks=threshold.get("method") == "fixed", **threshold)
    given = (folder, maps, truths, sizes, wanted)
    found = run(*given, masks=[rle.encode(mask) for mask in masks], name=f"{seed}-")
    return *found, (maps, truths, sizes, masks)


def curves_of(report, stages, select=None, single=False, metrics=METRICS):
    """The curves and the scores."""
    found = evaluate(report, select, metrics, single_level=single, resamples=20)
    view = View(report, "fixed" if single else "selected" if select else "oracle", select)
    ious = as_seen(view, stages)["iou"]
    names = found.scores["metric"].tolist()
    return find_curves(view, select, ious, names), found.scores


def part(curves, *key):
    """The points of one curve, metric and split."""
    return curves[(curves[["curve", "metric", "split"]] == list(key)).all(axis=1)]


def parts(curves):
    return set(curves[["curve", "metric", "split"]].itertuples(index=False, name=None))


def naive_v2(maps, truths, sizes, level):
    """The mean over IoU and targets of any region reaching it, all regions at one level."""
    hits = []
    for heatmap, truth, size in zip(maps, truths, sizes, strict=True):
        full = cv2.resize(heatmap, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        (found,) = naive.exact_boxes((full - full.min()) / np.ptp(full), [level], every=True)
        best = boxes.iou(Affine.stretch(SIZE, size).boxes(found), truth).max(initial=0)
        hits += [best >= delta for delta in DELTAS]
    return 100 * np.mean(hits)


def test_level_curves_are_naive_loops_and_the_scores_at_the_chosen_levels(tmp_path):
    report, stages, (*made, masks) = split(tmp_path / "a", 0, method="sweep", step=STEP)
    select, _, (*chosen_on, _) = split(tmp_path / "b", 1, method="sweep", step=STEP)
    curves, scores = curves_of(report, stages, select)
    for which, given in (("report", made), ("select", chosen_on)):
        own = part(curves, "level", "maxboxacc@50", which)
        np.testing.assert_array_equal(own["x"], GRID)
        np.testing.assert_allclose(own["value"], 100 * naive_v1(*given, GRID)[1].mean(axis=1))
        own = part(curves, "level", "maxboxacc_v2", which).set_index("x")["value"]
        for level in GRID[::7]:
            assert own[level] == pytest.approx(naive_v2(*given, level))
    own = part(curves, "level", "mask_iou", "report").set_index("x")["value"]
    for level in GRID[::7]:
        ious = []
        for heatmap, mask in zip(made[0], masks, strict=True):
            full = cv2.resize(heatmap, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
            whole = _nearest((full - full.min()) / np.ptp(full), mask.shape)
            ious.append(((whole >= level) & mask).sum() / ((whole >= level) | mask).sum())
        assert own[level] == pytest.approx(100 * np.mean(ious))
    for row in scores.set_index("metric").loc[["maxboxacc@50", "mask_iou"]].reset_index().itertuples():
        chosen = part(curves, "chosen", row.metric, row.choice)
        assert chosen["value"].tolist() == pytest.approx([row.value]) and f"{chosen['x'].iloc[0]:.6g}" == row.levels
        at = part(curves, "level", row.metric, "report").set_index("x")["value"]
        assert at[chosen["x"].iloc[0]] == pytest.approx(row.value)
    row = scores.set_index(["metric", "choice"]).loc[("maxboxacc_v2", "selected")]
    chosen = part(curves, "chosen", "maxboxacc_v2", "selected")
    assert [f"{x:.6g}" for x in chosen["x"]] == row["levels"].split()
    assert chosen["value"].tolist() == pytest.approx([row["value"]] * 3)


def _nearest(values, size):
    """The value of the canvas pixel that each image pixel's centre falls in."""
    rows, columns = ((np.arange(n) + 0.5) * side // n for n, side in zip(size, values.shape, strict=True))
    return values[np.ix_(rows.astype(int), columns.astype(int))]


def test_where_every_value_is_swept_the_curve_is_the_score_at_its_levels(tmp_path):
    report, stages, given = split(tmp_path, 0)
    curves, _ = curves_of(report, stages)
    own = part(curves, "level", "maxboxacc@50", "report")
    levels = np.arange(101) / 100
    np.testing.assert_array_equal(own["x"], levels)
    np.testing.assert_allclose(own["value"], 100 * naive_v1(*given[:3], levels)[1].mean(axis=1))
    assert {split for *_, split in parts(curves)} == {"report", "oracle"}
    assert {metric for curve, metric, _ in parts(curves) if curve == "chosen"} == set(METRICS[:3])
    best = part(curves, "chosen", "maxboxacc@50", "oracle")["value"].iloc[0]
    assert best >= own["value"].max()


def test_a_grid_has_its_own_levels_and_no_other(tmp_path):
    report, stages, _ = split(tmp_path / "a", 0, n=3, method="sweep", step=0.3)
    found = part(curves_of(report, stages)[0], "level", "maxboxacc@50", "report")["x"]
    assert found.tolist() == np.arange(0, 1, 0.3).tolist()
    report, stages, _ = split(tmp_path / "b", 0, n=3, method="sweep", step=0.001)
    found = part(curves_of(report, stages)[0], "level", "mask_iou", "report")["x"]
    np.testing.assert_allclose(found, np.append(np.arange(100) / 100, 0.999))


def test_where_each_map_has_its_own_level_there_is_none_to_draw_by(tmp_path):
    report, stages, _ = split(tmp_path, 0, method="fixed", level=0.5)
    curves, _ = curves_of(report, stages, single=True)
    assert parts(curves) == {("iou", "gtknown_loc", "report"), ("precision_recall", "pxap", "report")}


def test_what_no_metric_asks_for_is_not_looked_for(tmp_path):
    report, stages, _ = split(tmp_path / "a", 0)
    select, *_ = split(tmp_path / "b", 1, boxed=False)
    curves, _ = curves_of(report, stages, select, metrics=["top1_acc"])
    assert parts(curves) == {
        ("chosen", "maxboxacc@50", "oracle"),
        ("chosen", "maxboxacc@50", "selected"),
        ("iou", "gtknown_loc", "report"),
        ("level", "maxboxacc@50", "report"),
    }
    assert report.known_pixels is None


def test_a_select_split_without_masks_chooses_no_level_of_them(tmp_path):
    report, stages, _ = split(tmp_path / "a", 0)
    select, _ = run(tmp_path / "b", [np.eye(5)] * 3, [[[0, 0, 9, 9]]] * 3, [SIZE] * 3, settings(), name="s")
    curves, scores = curves_of(report, stages, select)
    masks = {(curve, which) for curve, metric, which in parts(curves) if metric == "mask_iou"}
    assert masks == {("level", "report"), ("chosen", "oracle")}
    assert scores.set_index("metric").loc["mask_iou", "choice"] == "oracle"
    assert {which for curve, metric, which in parts(curves) if metric == "maxboxacc@50"} >= {"select", "selected"}


def test_masks_alone_have_no_curve_of_boxes_and_their_own_level(tmp_path):
    report, stages, _ = split(tmp_path, 0, boxed=False, method="sweep", step=STEP)
    curves, scores = curves_of(report, stages)
    assert set(curves["metric"]) == {"mask_iou", "pxap"}
    seen = as_seen(View(report, "oracle"), stages)
    assert f"{seen['level']:.6g}" == scores.set_index("metric").loc["mask_iou", "levels"] and seen["level"] > 0
    assert set(seen["kind"]) == {""} and np.isnan(seen["iou"]).all()


def test_maps_of_the_predicted_class_have_no_curve_of_the_labelled_one_s_boxes(tmp_path):
    report, stages = run(tmp_path, [np.eye(5)] * 3, [[[0, 0, 9, 9]]] * 3, [SIZE] * 3, settings(), explain="predicted")
    assert not len(curves_of(report, stages)[0])


def test_the_share_of_boxes_by_iou_is_a_count(tmp_path):
    report, stages, _ = split(tmp_path, 0)
    curves, scores = curves_of(report, stages, metrics=["gtknown_loc", "boxacc@30", "boxacc@70"])
    own = part(curves, "iou", "gtknown_loc", "report").set_index("x")["value"]
    score = scores.set_index("metric")["value"]
    assert [own[0], own[0.3], own[0.5], own[0.7]] == pytest.approx(
        [100, *score[["boxacc@30", "gtknown_loc", "boxacc@70"]]]
    )
    ious = np.array([0.0, 0.05, 0.5, np.nan, 0.97, 1])
    counted = [x for x in ious if x == x]
    for wanted, share in by_iou(ious):
        assert share == pytest.approx(100 * sum(x >= wanted for x in counted) / 5)


def pixels_of(random, n=6, size=400):
    """Pixels of values that are whole hundredths, and sometimes of none -> histograms, values, truth."""
    values = random.integers(-1, 101, (n, size)) / 100
    true = random.random((n, size)) < np.clip(values, 0.1, 0.9)
    inside, outside = (
        np.stack([np.bincount(bin_of(row[own]), minlength=BINS) for row, own in zip(values, which, strict=True)])
        for which in (true, ~true)
    )
    found = Pixels(inside.astype(np.int32), outside.astype(np.int32), np.zeros(n), np.ones(n, bool))
    return found, values.ravel(), true.ravel()


@pytest.mark.parametrize("seed", range(4))
def test_precision_by_recall_is_a_loop_and_scikit_learn_s(seed):
    pixels, values, true = pixels_of(np.random.default_rng(seed))
    found = dict(precision_recall(pixels))
    assert list(found) == list(range(len(found))) and len(found) <= 101
    # Pixels that no level predicts are below every other of scikit-learn's thresholds.
    precisions, recalls, thresholds = precision_recall_curve(true, values)
    for recall in range(101):
        reached = [i for i, level in enumerate(thresholds) if level >= 0 and 100 * recalls[i] >= recall - 1e-9]
        if reached:
            assert found[recall] == pytest.approx(100 * precisions[max(reached)])
        else:
            assert recall not in found
    predicted = values >= 0.75
    recall = np.floor(100 * (predicted & true).sum() / true.sum())
    assert found[recall] >= 100 * true[predicted].mean() - 5


def test_precision_by_recall_by_hand():
    inside, outside = np.zeros((2, 1, BINS), np.int32)
    inside[0, [901, 501, 0]] = 2, 1, 1  # of four true pixels one is never predicted
    outside[0, [951, 501]] = 1, 4
    pixels = Pixels(inside, outside, np.zeros(1), np.ones(1, bool))
    found = precision_recall(pixels)
    assert found[0] == (0, 0) and found[1] == (1, pytest.approx(200 / 3)) and found[50] == (50, pytest.approx(200 / 3))
    assert found[51] == (51, pytest.approx(300 / 8)) and found[-1] == (75, pytest.approx(300 / 8)) and len(found) == 76
    steps = 0.5 * 2 / 3 + 0.25 * 3 / 8
    assert average_precision(inside, outside)[0] == pytest.approx(steps)
    assert precision_recall(pixels._replace(inside=np.zeros_like(inside))) == []


def test_curves_of_trainings_are_their_mean_where_all_have_the_point():
    names = dict.fromkeys(RUN_COLUMNS, "x")

    def training(rows):
        return pd.DataFrame(rows, columns=["curve", "metric", "split", "x", "value"]).assign(**names)

    chosen = ("chosen", "maxboxacc_v2", "oracle")
    recall = ("precision_recall", "pxap", "report")
    one = training([(*chosen, 0.2, 50.0), (*chosen, 0.4, 50.0), (*recall, 0.0, 90.0), (*recall, 1.0, 80.0)])
    two = training([(*chosen, 0.4, 60.0), (*chosen, 0.8, 60.0), (*recall, 0.0, 70.0)])
    found = mean_curves([one, two])
    assert found[["x", "value"]].to_numpy() == pytest.approx(np.array([[0.3, 55], [0.6, 55], [0, 80]]))
    assert found["curve"].tolist() == ["chosen", "chosen", "precision_recall"] and list(RUN_COLUMNS) == list(found)[:5]
    pd.testing.assert_frame_equal(mean_curves([one]), one)
