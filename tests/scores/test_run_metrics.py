"""What metrics say of a run's maps as they lie in its files: degenerate, of the predicted class, negative, swept."""

import cv2
import numpy as np
import pytest

from stagefiles import SIZE, box_of, perfect, run, settings
from wsol.files import rle
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS


@pytest.mark.parametrize("protocol, hits", [("exact", [0, 0, 0]), ("wsol2020", [1, 0, 0])])
def test_a_degenerate_map_hits_a_truth_that_is_scaled_to_the_corner_as_published(tmp_path, protocol, hits):
    """The published evaluator has the box 0 0 0 0 where there is no contour, and nothing for an image without a map."""
    truths, sizes = [[[0, 0, 3, 3]], [[0, 0, 9, 9]], [[0, 0, 3, 3]]], [(900, 900)] * 3
    status = ["ok", "ok", "unreadable"]
    report, _ = run(tmp_path, [np.ones((4, 4))] * 3, truths, sizes, settings(protocol), status=status)
    metrics = ["maxboxacc@30", "maxboxacc@70", "maxboxacc_v2"]
    found = evaluate(report, None, metrics, resamples=10).targets
    assert found["status"].tolist() == ["degenerate", "degenerate", "unreadable"]
    assert [found[f"{metric}@oracle"].tolist() for metric in metrics] == [hits] * 3


def test_maps_of_the_predicted_class_are_known_by_what_made_them(tmp_path):
    labelled, _ = perfect(tmp_path / "a", settings())
    maps = [np.eye(5)] * 3
    how = {"explain": "predicted", "activation": "softmax"}
    predicted, _ = run(tmp_path, maps, [[[0, 0, 9, 9]]] * 3, [SIZE] * 3, settings(), **how)
    assert (labelled.explain, predicted.explain) == ("labelled", "predicted")
    found = evaluate(predicted, predicted, list(METRICS), resamples=10)
    v2 = ["top1_loc_v2", "top1_loc_v2@30", "top1_loc_v2@50", "top1_loc_v2@70"]
    of_classes = ["average_precision", "ece", "roc_auc", "top1_acc", "top1_loc", *v2, "top5_acc"]
    assert sorted(set(found.scores["metric"])) == of_classes
    reasons = {"maps of the labelled class (explain: predicted)", "masks of the truth"}
    assert set(found.unavailable.values()) <= reasons and "gtknown_loc" in found.unavailable


@pytest.mark.parametrize("canvas", ["input", "image"])
@pytest.mark.parametrize("normalization", ["minmax", "max", "none"])
@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_energy_is_of_the_map_as_computed_whatever_its_normalization(tmp_path, protocol, normalization, canvas):
    """Negative values are no energy; after min-max all but the least would be some."""
    random, size = np.random.default_rng(5), (224, 224) if protocol == "wsol2020" else SIZE
    maps = [random.normal(size=(6, 8)).astype(np.float32) - 1 for _ in range(4)] + [-np.float32([[1, 2], [3, 4]])]
    maps[0][:], maps[0][2:4, 2:4] = -3, 9
    truths = [[box_of(random, *size)] for _ in maps]
    wanted = settings(protocol, canvas="input" if protocol == "wsol2020" else canvas) | {"normalization": normalization}
    report, _ = run(tmp_path, maps, truths, [size] * 5, wanted)
    expected = []
    for heatmap, ((x0, y0, x1, y1),) in zip(maps, truths, strict=True):
        positive = np.maximum(cv2.resize(heatmap, size[::-1], interpolation=cv2.INTER_LINEAR), 0)
        expected.append(positive[y0:y1, x0:x1].sum() / max(positive.sum(), 1e-9))
    assert expected[-1] == 0 < min(expected[:3])
    np.testing.assert_allclose(report.pointing.energy, expected, rtol=1e-4)


@pytest.mark.parametrize("step", [0.15, 0.05, 0.001, 0.0123])
@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_pixel_metrics_take_their_level_from_the_swept_grid(tmp_path, protocol, step):
    random, size = np.random.default_rng(6), (224, 224) if protocol == "wsol2020" else SIZE
    maps = [random.random((6, 8), np.float32) for _ in range(5)]
    masks = [cv2.resize(random.random((5, 5)), size[::-1]) > 0.6 for _ in maps]
    wanted = settings(protocol, method="sweep", step=step)
    given = (maps, [[]] * 5, [size] * 5, wanted)
    report, _ = run(tmp_path, *given, masks=[rle.encode(mask) for mask in masks])
    found = evaluate(report, None, ["mask_iou", "pixel_precision", "pixel_recall", "pxap"], resamples=10).scores
    counts = np.zeros((3, 5, len(np.arange(0, 1, step))))
    for target, (heatmap, mask) in enumerate(zip(maps, masks, strict=True)):
        full = cv2.resize(heatmap.astype(np.float64 if protocol == "wsol2020" else np.float32), size[::-1])
        full = (full - full.min()) / (full - full.min()).max()
        for place, level in enumerate(np.arange(0, 1, step)):
            predicted = full >= level
            counts[:, target, place] = (predicted & mask).sum(), (predicted & ~mask).sum(), mask.sum()
    hit, false, true = counts
    best = (hit / (false + true)).mean(axis=0).argmax()
    expected = [x[:, best].mean() for x in (hit / (false + true), hit / (hit + false), hit / true)]
    assert found["value"].tolist()[:3] == pytest.approx([100 * x for x in expected], abs=1e-9)
    assert found["levels"].tolist()[:3] == [f"{np.arange(0, 1, step)[best]:.6g}"] * 3
    (tmp_path / "fine").mkdir()
    wanted = settings(protocol, method="sweep", step=0.001)
    fine, _ = run(tmp_path / "fine", *given[:3], wanted, masks=[rle.encode(mask) for mask in masks])
    # PxAP has the published levels, whatever is swept.
    assert fine.pixels.pooled_ap(np.ones((1, 5)))[0] == pytest.approx(found["value"][3] / 100, abs=1e-12)
