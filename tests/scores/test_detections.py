"""Average precision is pycocotools': of the export, of images that really come several times, and by hand."""

import contextlib
import io
import json

import cv2
import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from stagefiles import SIZE, box_of, noisy, perfect, run, settings
from wsol.boxes import to_xywh
from wsol.exports import coco
from wsol.scores.boxscores import scored_boxes
from wsol.scores.detections import IOUS, MatchedBoxes, Matcher, arrange
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS
from wsol.scores.results import RunResult
from wsol.scores.views import View

NAMES = ["ap@50", "ap@75", "ap@[.5:.95]"]


def pycocotools(truth: dict, results: list) -> np.ndarray:
    """The whole of COCOeval on a truth and results: average precision at IoU .5, at .75 and over all."""
    with contextlib.redirect_stdout(io.StringIO()):
        ours = COCO()
        ours.dataset = truth
        ours.createIndex()
        evaluation = COCOeval(ours, ours.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][..., 0, 2]
    return np.array([p[p > -1].mean() for p in (precision[0], precision[5], precision)])


def scene(random, images=14, classes=3):
    """Targets (image, class), the true boxes and ours of each, and scores of which many are equal."""
    rows = [(i, c) for i in range(images) for c in range(classes) if random.random() < 0.6]
    found = []
    for image, label in rows:
        corner = random.integers(0, 60, (random.integers(1, 4), 2))
        truth = np.concatenate([corner, corner + random.integers(8, 30, corner.shape)], axis=1).astype(float)
        near = truth[random.integers(0, len(truth), random.integers(0, 6))] + random.integers(-4, 5, 4)
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        found.append((image, label, truth, near, random.integers(1, 4, len(near)) / 4))
    return found


def repeated(found, times) -> tuple[dict, list]:
    """The scene as COCO's files, with each target as often as it is drawn: copies stand side by side."""
    truths, ours, images = [], [], []
    for (image, label, truth, boxes, scores), often in zip(found, times, strict=True):
        for copy in range(often):
            identity = 1000 * image + 10 * copy + 1
            images.append(identity)
            mine = {"image_id": identity, "category_id": label + 1}
            for box in to_xywh(truth).tolist():
                area = box[2] * box[3]
                truths.append(mine | {"bbox": box, "area": area, "iscrowd": 0, "id": len(truths) + 1})
            pairs = zip(to_xywh(boxes).tolist(), scores.tolist(), strict=True)
            ours += [mine | {"bbox": box, "score": score} for box, score in pairs]
    categories = [{"id": label + 1, "name": str(label)} for label in range(3)]
    return {"images": [{"id": i} for i in sorted({*images})], "categories": categories, "annotations": truths}, ours


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_copies_of_images(seed):
    random = np.random.default_rng(seed)
    found = scene(random)
    matcher, collected = Matcher(IOUS), MatchedBoxes()
    for _, _, truth, boxes, scores in found:
        collected.add(*matcher.match(boxes, scores, truth))
    labels, names = np.array([c for _, c, *_ in found]), [f"{i:03}" for i, *_ in found]
    ranked = arrange(collected, labels, names, np.array([len(t) for _, _, t, *_ in found]), IOUS)
    assert ranked.tied.any()
    weights = random.integers(0, 4, (12, len(found)))
    weights[0] = 1
    weights[1, labels == 0] = 0  # a class that a resample lacks is none of its classes
    got = [ranked.average_precision(weights, ious) for ious in (IOUS[:1], IOUS[5:6], IOUS)]
    expected = [pycocotools(*repeated(found, times)) for times in weights]
    np.testing.assert_allclose(np.transpose(got), expected, rtol=0, atol=1e-12)


def test_no_truth_in_a_resample_is_no_number():
    collected = MatchedBoxes()
    collected.add(np.empty(0), np.empty((1, 0), bool))
    ranked = arrange(collected, np.array([4]), ["a"], np.array([1]), [0.5])
    assert ranked.average_precision(np.array([[0.0], [1.0]]), [0.5]).tolist() == pytest.approx([np.nan, 0], nan_ok=True)


def test_only_the_hundred_best_boxes_of_a_target_count():
    truth = np.array([[0.0, 0, 10, 10]])
    boxes = np.concatenate([np.tile([50.0, 50, 60, 60], (100, 1)), truth])
    scores, hits = Matcher([0.5]).match(boxes, [0.9] * 100 + [0.1], truth)
    assert len(scores) == 100 and not hits.any()
    assert Matcher([0.5]).match(boxes, [0.1] * 100 + [0.9], truth)[1][0].tolist() == [True] + [False] * 99


def test_worked_by_hand():
    """A duplicate is wrong: right, wrong, right is precision 1 up to recall .5, then 2/3."""
    truth = np.array([[0.0, 0, 10, 10], [50, 0, 60, 10]])
    ours = truth[[0, 0, 1]]
    collected = MatchedBoxes()
    collected.add(*Matcher([0.5]).match(ours, [0.9, 0.8, 0.7], truth))
    ranked = arrange(collected, np.array([0]), ["a"], np.array([2]), [0.5])
    assert ranked.average_precision(np.ones((1, 1)), [0.5])[0] == pytest.approx((51 + 50 * 2 / 3) / 101)
    # Three copies: 3 right, 3 wrong, 3 right of 6.
    third = ranked.average_precision(np.full((1, 1), 3.0), [0.5])[0]
    assert third == pytest.approx((51 + 50 * 6 / 9) / 101)


def several(folder, wanted, name="", seed=0, n=17, **more):
    """Maps of blobs on some of one to three objects, and elsewhere: boxes that hit, miss and come twice."""
    random = np.random.default_rng(seed)
    size = (224, 224) if wanted["protocol"] == "wsol2020" else SIZE
    maps, truths = noisy(random, n), []
    for values in maps:
        truths.append([box_of(random, *size) for _ in range(random.integers(1, 4))])
        for x0, y0, x1, y1 in truths[-1]:
            scale = np.array(values.shape) / size
            top, left = (np.array([y0, x0]) * scale).astype(int)
            bottom, right = np.ceil(np.array([y1, x1]) * scale).astype(int)
            values[top:bottom, left:right] += random.random()
    maps[3][:] = 1  # shows nothing
    status = ["ok"] * n
    status[5] = "unreadable"
    truths[6] = []
    return run(folder, maps, truths, [size] * n, wanted, status=status, name=name, **more)


@pytest.mark.parametrize("choice", ["oracle", "selected", "fixed"])
@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_scores_are_what_pycocotools_says_of_the_export(tmp_path, protocol, choice):
    wanted = settings(protocol, **({"method": "fixed", "level": 0.4} if choice == "fixed" else {"method": "sweep"}))
    activation = "softmax" if protocol == "exact" else ""  # then classes have probabilities of .67, .24 and .09
    report, stages = several(tmp_path / "report", wanted, n=24, activation=activation)
    select = several(tmp_path / "select", wanted, seed=1)[0] if choice == "selected" else None
    found = evaluate(report, select, NAMES, single_level=choice == "fixed", resamples=20).scores
    view = View(report, choice, select)
    coco.coco(RunResult(view, stages, list((tmp_path / "report").glob("*.predictions.npz"))), tmp_path)
    truth, results = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("truth", "boxes"))
    assert (max(entry["score"] for entry in results) < 0.7) == (protocol == "exact")
    expected = pycocotools(truth, results)
    got = found[found["choice"] == choice].set_index("metric")["value"]
    np.testing.assert_allclose(got[NAMES].to_numpy() / 100, expected, rtol=0, atol=1e-9)
    assert 0 < expected.min() < expected.max() < 1
    assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()
    assert (found["n"] == 23).all()  # the target without truth does not count, those that show nothing do


def test_draws_are_the_average_precision_of_drawn_images(tmp_path):
    """Where each map has its own level nothing but the images is drawn."""
    report, _ = several(tmp_path, settings(method="fixed", level=0.4))
    found = evaluate(report, None, ["ap@50"], single_level=True, resamples=30, seed=2)
    of_views = METRICS["ap@50"](View(report, "fixed"))
    random = np.random.default_rng([2, 0])
    for draw in found.draws[0]:
        times = np.bincount(random.integers(0, 17, 17), minlength=17).astype(float)
        codes = pd.factorize(report.targets["group"], sort=True)[0]
        assert draw == of_views.estimate(times[codes][None])[0]


@pytest.mark.parametrize("shard", [3, 17])
def test_shards_change_no_byte(tmp_path, shard):
    given = [several(tmp_path / str(size), settings(), shard=size)[0] for size in (4, shard)]
    one, other = (evaluate(each, None, [*NAMES, "corloc"], resamples=50) for each in given)
    pd.testing.assert_frame_equal(one.scores, other.scores, check_exact=True)
    assert one.draws.tobytes() == other.draws.tobytes()


def test_one_pass_finds_the_levels_that_resamples_choose(tmp_path):
    report, _ = several(tmp_path, settings())
    find, asked = report.find_detections, []
    report.find_detections = lambda levels, ious: asked.append(levels) or find(levels, ious)
    evaluate(report, None, [*NAMES, "maxboxacc@50"], resamples=100)
    assert len(asked) == 2 and len(asked[0]) == 1 and len(asked[1]) > 2  # its own level, then all others at once


@pytest.mark.parametrize("normalization", ["minmax", "none"])
def test_a_box_scores_the_highest_value_in_it_times_the_chance(tmp_path, normalization):
    random = np.random.default_rng(4)
    maps, chances, levels = noisy(random, 5), np.linspace(0.2, 1, 5), (0.3, 0.7)
    wanted = settings() | {"normalization": normalization}
    _, stages = run(tmp_path, maps, [[[0, 0, 9, 9]]] * 5, [SIZE] * 5, wanted)
    ranked = 0
    for values, chance, found in zip(maps, chances, scored_boxes(stages, chances, levels), strict=True):
        drawn = cv2.resize(values, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        if normalization == "minmax":
            drawn = (drawn - drawn.min()) / (drawn.max() - drawn.min())
        for (boxes, scores), level in zip(found, levels, strict=True):
            count = cv2.connectedComponents((drawn >= level).astype(np.uint8), connectivity=8)[0]
            assert len(boxes) == count - 1
            expected = [chance * drawn[y0:y1, x0:x1].max() for x0, y0, x1, y1 in boxes.astype(int)]
            assert scores.tolist() == pytest.approx(expected, rel=1e-5)
            ranked += len(set(scores.round(6)))
    assert ranked > 10


def test_maps_that_are_the_truth(tmp_path):
    view = View(perfect(tmp_path, settings())[0], "oracle")
    assert [METRICS[name](view).score() for name in [*NAMES, "corloc"]] == pytest.approx([1, 1, 1, 1])


def test_corloc_is_the_naive_loop_s(tmp_path):
    report, stages = several(tmp_path, settings())
    view = View(report, "oracle")
    found = METRICS["corloc"](view)
    level = view.levels[(0.5,), "largest", "any"]
    hits: dict[int, list] = {}
    for t, (box, truth, label) in enumerate(
        zip(stages.largest_boxes(level), report.ground_truth, report.targets["label"], strict=True)
    ):
        if report.status[t] == "no_ground_truth":
            continue
        best = 0.0
        for x0, y0, x1, y1 in truth if len(box) and report.status[t] == "ok" else ():
            shared = max(min(x1, box[2]) - max(x0, box[0]), 0) * max(min(y1, box[3]) - max(y0, box[1]), 0)
            area = (x1 - x0) * (y1 - y0) + (box[2] - box[0]) * (box[3] - box[1])
            best = max(best, shared / (area - shared))
        hits.setdefault(label, []).append(best >= 0.5)
    assert found.score() == pytest.approx(np.mean([np.mean(of_class) for of_class in hits.values()]))
    assert 0 < found.score() < 1


def test_classes_of_several_levels_have_no_average_precision_yet(tmp_path):
    report, _ = several(tmp_path, settings())
    found = evaluate(report, None, ["ap@50", "corloc"], resamples=20, per_class=True)
    assert found.scores["metric"].tolist() == ["corloc"]
    assert found.unavailable == {"ap@50": "one level for all classes (levels: per_class)"}


def test_exports_hold_boxes_of_classes_of_several_levels(tmp_path):
    _, stages = several(tmp_path, settings())
    levels = np.linspace(0.1, 0.9, 17)
    (together,) = zip(*scored_boxes(stages, np.ones(17), [levels]), strict=True)
    for t, (boxes, scores) in enumerate(together):
        alone = list(scored_boxes(stages, np.ones(17), [levels[t]]))[t][0]
        assert boxes.tolist() == alone[0].tolist() and scores.tolist() == alone[1].tolist()
