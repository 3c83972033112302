"""From heatmaps through regions files to scores, against naive loops and the law that perfect maps score 100."""

import cv2
import numpy as np
import pandas as pd
import pytest

from stagefiles import SIZE, box_of, naive_v1, noisy, perfect, run, settings
from wsol.affine import UNSAID, Affine
from wsol.errors import DataError
from wsol.files import rle
from wsol.files.localize import REGIONS
from wsol.regions.localize import localize
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS, metric


@pytest.mark.parametrize("canvas", ["input", "image"])
@pytest.mark.parametrize(
    "threshold", [{"method": "sweep"}, {"method": "sweep", "step": 0.01}, {"method": "fixed", "level": 0.5}]
)
def test_perfect_maps_score_100_in_every_metric(tmp_path, canvas, threshold):
    single = threshold["method"] == "fixed"
    wanted = settings(canvas=canvas, masks=single, **threshold)
    report, select = perfect(tmp_path / "a", wanted)[0], perfect(tmp_path / "b", wanted, "s")[0]
    report.targets = report.targets.assign(image="one of two classes")
    found = evaluate(report, select, list(METRICS), single_level=single, resamples=200)
    assert not found.unavailable
    for name, value in found.scores.set_index("metric")["value"].drop("boxes_per_target").items():
        np.testing.assert_allclose(value, 100 if metric(name).higher_is_better else 0, rtol=1e-6, err_msg=name)
    assert (found.scores.set_index("metric").loc["boxes_per_target"]["value"] == 2).all()
    assert set(found.scores["choice"]) == ({"none", "fixed"} if single else {"none", "oracle", "selected"})


def test_the_whole_chain_is_the_naive_loop_and_shards_change_nothing(tmp_path):
    random = np.random.default_rng(1)
    sizes = [tuple(random.integers(30, 90, 2)) for _ in range(30)]
    maps, truths = (
        noisy(random, 30),
        [[box_of(random, *size) for _ in range(1 + i % 2)] for i, size in enumerate(sizes)],
    )
    wanted, grid = settings(method="sweep", step=0.02), np.arange(0, 1, 0.02)
    metrics = [f"maxboxacc@{d}" for d in (30, 50, 70)] + ["boxacc@30"]
    found = evaluate(run(tmp_path / "a", maps, truths, sizes, wanted)[0], None, metrics)
    hit = naive_v1(maps, truths, sizes, grid)
    best = hit.mean(axis=2).argmax(axis=1)
    expected = [hit[d, best[d]] for d in range(3)] + [hit[0, best[1]]]
    np.testing.assert_array_equal(found.targets.iloc[:, 4:].to_numpy().T, expected)
    assert found.scores["levels"].tolist() == [f"{grid[b]:.6g}" for b in [*best, best[1]]]
    one_shard = evaluate(run(tmp_path / "b", maps, truths, sizes, wanted, shard=99)[0], None, list(METRICS))
    many = evaluate(run(tmp_path / "c", maps, truths, sizes, wanted, shard=7)[0], None, list(METRICS))
    pd.testing.assert_frame_equal(one_shard.scores, many.scores, check_exact=True)


@pytest.mark.parametrize("canvas", ["input", "image"])
@pytest.mark.parametrize("kind, flag", [("linear", cv2.INTER_LINEAR), ("cubic", cv2.INTER_CUBIC)])
def test_aligned_maps_are_opencvs_affine_and_shards_change_nothing(tmp_path, canvas, kind, flag):
    random = np.random.default_rng(2)
    maps, grid = [random.random((6, 8), np.float32) for _ in range(9)], np.array([8, 8, 4, -2.0])
    truths = [[box_of(random, *SIZE)] for _ in maps]
    wanted = settings(canvas=canvas, alignment="receptive_field") | {"upsampling": kind}
    outcomes = []
    for shard in (2, 99):
        found, stages = run(tmp_path / str(shard), maps, truths, [SIZE] * 9, wanted, shard=shard, cell_to_input=grid)
        outcomes.append(evaluate(found, None, list(METRICS), resamples=50).scores)
    pd.testing.assert_frame_equal(*outcomes, check_exact=True)
    affine = np.array([[8, 0, 8 / 2 + 4 - 0.5], [0, 8, 8 / 2 - 2 - 0.5]])
    for heatmap, (drawn, canvas_to_image) in zip(maps, stages.maps(), strict=True):
        moved = cv2.warpAffine(heatmap, affine, SIZE[::-1], flags=flag, borderMode=cv2.BORDER_REPLICATE)
        moved = moved.clip(heatmap.min(), heatmap.max())
        assert drawn == pytest.approx((moved - moved.min()) / np.ptp(moved), abs=1e-5)
        np.testing.assert_array_equal(canvas_to_image, [1, 1, 0, 0])


def test_a_grid_that_is_the_stretch_changes_no_byte(tmp_path):
    random = np.random.default_rng(3)
    maps, size = noisy(random, 3), (299, 301)
    how = {k: v for k, v in settings().items() if k != "alignment"} | {
        "cell_to_input": Affine.stretch(maps[0].shape, size).array()
    }
    given = (maps, ["ok"] * 3, np.tile([1.0, 1, 0, 0], (3, 1)), size, np.tile(size, (3, 1)))
    plain, same = (localize(*given, alignment=a, **how) for a in ("stretch", "receptive_field"))
    unknown = localize(*given, alignment="receptive_field", **how | {"cell_to_input": UNSAID.array()})
    for name in REGIONS.fields:
        np.testing.assert_array_equal(plain[name], same[name])
        np.testing.assert_array_equal(plain[name], unknown[name])


def test_the_level_is_one_for_all_images_not_each_image_s_best(tmp_path):
    """One map is right at high levels, one at low ones: a union over levels would say two of two."""
    high, low = np.zeros((2, *SIZE), np.float32)
    high[:, :], high[10:20, 10:20], low[:, :], low[10:30, 10:30], low[0, 0] = 0.6, 1, 0, 0.3, 1
    high[0, 0] = 0
    wanted = settings(method="sweep", step=0.1)
    report = run(tmp_path, [high, low], [[[10, 10, 20, 20]], [[10, 10, 30, 30]]], [SIZE] * 2, wanted)[0]
    found = evaluate(report, None, ["maxboxacc@50"])
    assert report.hit_intervals(0.5).target.tolist() == [0, 1]
    assert found.scores["value"].tolist() == [50]


def test_a_target_that_is_not_ok_misses_everything(tmp_path):
    flat = np.zeros(SIZE, np.float32)
    truths = [[[0, 0, 64, 48]]] * 3
    for protocol in ("exact", "wsol2020"):
        report = run(tmp_path, [flat] * 3, truths, [SIZE] * 3, settings(protocol), status=["ok", "unreadable", "ok"],
                     masks=[rle.encode(np.ones(SIZE))] * 3)[0]  # fmt: skip
        # No pixel lies beside the object.
        names = [name for name in METRICS if metric(name).localises and name != "pixel_specificity"]
        found = evaluate(report, None, names, resamples=50)
        assert found.targets["status"].tolist() == ["degenerate", "unreadable", "degenerate"]
        scores = found.scores.set_index("metric")
        # The published pixel metrics see such a map as zeros: at level 0 all of it is predicted, here rightly.
        of_pixels = [name for name in names if metric(name).function.__module__ == "wsol.scores.metrics.masks"]
        published = of_pixels if protocol == "wsol2020" else []
        boxed = scores["value"].drop(published).pop("boxes_per_target")
        assert boxed == (2 / 3 if protocol == "wsol2020" else 0)  # there a degenerate map has the box 0 0 0 0
        counted = scores["n"].drop("pointing_game")
        for name, value in scores["value"].drop([*published, "boxes_per_target"]).items():
            assert value == (0 if metric(name).higher_is_better else 100), name
        assert (counted == 3).all()


@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_boxes_at_a_level(tmp_path, protocol):
    two = np.zeros(SIZE, np.float32)
    two[5:15, 5:25], two[30:40, 40:60], two[2, 60] = 1, 0.8, 0.9
    truth = [[[5, 5, 25, 15], [40, 30, 60, 40], [0, 40, 9, 48]]]
    wanted = settings(protocol, method="fixed", level=0.5)
    report, stages = run(tmp_path, [two], truth, [SIZE], wanted)
    metrics = ["box_recall@50", "box_precision@50", "boxes_per_target"]
    found = evaluate(report, None, metrics, single_level=True, resamples=10).targets
    assert found[[f"{m}@fixed" for m in metrics]].to_numpy() == pytest.approx(np.array([[2 / 3, 2 / 3, 3]]))
    tolerance = 1e-6 if protocol == "exact" else 0.6
    np.testing.assert_allclose(stages.largest_boxes(None), [[5, 5, 25, 15]], atol=tolerance)
    best = np.sort(report.overlaps(None)[0].max(axis=0))
    assert best[0] == 0 and (best[1:] > (0.999 if protocol == "exact" else 0.75)).all()


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # the very table that the outcome holds has to change
def test_shards_must_be_of_these_targets(tmp_path):
    report, stages = run(tmp_path, [np.eye(5)] * 3, [[[0, 0, 9, 9]]] * 3, [SIZE] * 3, settings())
    stages.targets.drop(index=0, inplace=True)
    with pytest.raises(DataError, match="3 targets, but the index has 2"):
        report.find_hit_intervals((0.5,), "largest", report.ground_truth)
