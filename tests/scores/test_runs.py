"""From heatmaps through regions files to scores, against naive loops and the law that perfect maps score 100."""

import cv2
import numpy as np
import pandas as pd
import pytest

from wsol import boxes
from wsol.affine import UNSAID, Affine
from wsol.errors import DataError
from wsol.files import rle
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.npz import pack
from wsol.files.predict import PREDICTIONS
from wsol.regions.localize import localize
from wsol.scores.evaluate import evaluate
from wsol.scores.load import load_run
from wsol.scores.metrics import METRICS
from wsol.scores.outcome import DELTAS

SIZE = (48, 64)  # height, width of the network's input


def settings(protocol="exact", canvas="input", masks=False, alignment="stretch", **threshold):
    kinds = {"upsampling": "linear", "normalization": "minmax", "canvas": canvas, "masks": masks}
    kinds["alignment"] = alignment
    return {"threshold": threshold or {"method": "sweep"}, "protocol": protocol, **kinds}


def run(
    folder,
    maps,
    truths,
    sizes,
    settings,
    *,
    shard=4,
    status=None,
    name="",
    masks=None,
    cell_to_input=None,
    explain="labelled",
):
    """Stage files of maps stretched over images of (height, width) -> the outcome and its stages."""
    n, images = len(maps), [f"{name}{i}" for i in range(len(maps))]
    masks = [""] * n if masks is None else masks
    table = {
        "image": images, "label": np.arange(n) % 2, "class_name": "x", "width": [s[1] for s in sizes],
        "height": [s[0] for s in sizes], "boxes": [np.ravel(t).astype(float) for t in truths], "mask": masks,
        "ignore": "", "group": images, "outputs": [[i % 3] for i in range(n)],
        "status": ["ok" if len(t) or m else "no_ground_truth" for t, m in zip(truths, masks, strict=True)],
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    files = {"targets": folder / "targets.parquet", "predictions": [], "heatmaps": [], "regions": []}
    TARGETS.write(files["targets"], pd.DataFrame(table))
    input_to_image = np.array([[w / SIZE[1], h / SIZE[0], 0, 0] for h, w in sizes], float)
    status = np.array(status or ["ok"] * n)
    for first in range(0, n, shard):
        rows, size = slice(first, first + shard), np.array(SIZE)
        kinds = {k: folder / f"{first}.{k}.npz" for k in ("predictions", "heatmaps", "regions")}
        packed = pack([np.asarray(m, np.float32) for m in maps[rows]])
        cells = Affine.stretch(maps[0].shape, SIZE).array() if cell_to_input is None else cell_to_input
        how = {
            "status": status[rows],
            "input_to_image": input_to_image[rows],
            "input_size": size,
            "cell_to_input": cells,
        }
        HEATMAPS.write(kinds["heatmaps"], **packed, **how)
        found = localize(maps[rows], sizes=np.array(sizes[rows]), **how, **settings)
        REGIONS.write(kinds["regions"], **found)
        logits = np.tile(np.float32([2, 1, 0]), (len(maps[rows]), 1))
        others = {"readable": np.ones(len(logits), bool), "input_to_image": input_to_image[rows], "input_size": size}
        others["names"] = np.empty(0, np.str_)
        others["settings"] = {"explain": explain}
        PREDICTIONS.write(kinds["predictions"], image=np.array(images[rows]), logits=logits, **others)
        for kind, path in kinds.items():
            files[kind].append(path)
    return load_run(files, settings)


def perfect(tmp_path, settings, name=""):
    """Maps that are the truth's mask, one to three boxes apart an image, all of the class that the logits prefer."""
    random = np.random.default_rng(0)
    boxes_of = [[[2, y, 22, y + 25], [30, y, 48, y + 9], [52, y, 61, y + 14]] for y in random.integers(2, 20, 9)]
    truths = [three[: 1 + i % 3] for i, three in enumerate(boxes_of)]
    maps = [np.zeros(SIZE, np.float32) for _ in truths]
    for map, truth in zip(maps, truths, strict=True):
        for x0, y0, x1, y1 in truth:
            map[y0:y1, x0:x1] = 1
    masks = [rle.encode(map > 0) for map in maps]
    found, stages = run(tmp_path, maps, truths, [SIZE] * 9, settings, masks=masks, name=name)
    found.rank[:] = 0
    return found, stages


@pytest.mark.parametrize("canvas", ["input", "image"])
@pytest.mark.parametrize(
    "threshold", [{"method": "sweep"}, {"method": "sweep", "step": 0.01}, {"method": "fixed", "level": 0.5}]
)
def test_perfect_maps_score_100_in_every_metric(tmp_path, canvas, threshold):
    single = threshold["method"] == "fixed"
    wanted = settings(canvas=canvas, masks=single, **threshold)
    report, select = perfect(tmp_path / "a", wanted)[0], perfect(tmp_path / "b", wanted, "s")[0]
    found = evaluate(report, select, list(METRICS), single_level=single, resamples=200)
    assert not found.unavailable
    scores = found.scores.set_index("metric")["value"].drop("boxes_per_target")
    np.testing.assert_allclose(scores, 100, rtol=1e-6)
    assert (found.scores.set_index("metric").loc["boxes_per_target"]["value"] == 2).all()
    assert set(found.scores["choice"]) == ({"none", "fixed"} if single else {"none", "oracle", "selected"})


def noisy(random, n):
    return [cv2.resize(random.random((6, 8), np.float32), SIZE[::-1])[::6, ::8].copy() for _ in range(n)]


def box_of(random, height, width):
    x, y = np.sort(random.integers(0, width, 2)), np.sort(random.integers(0, height, 2))
    return [x[0], y[0], x[1] + 1, y[1] + 1]


def naive_v1(maps, truths, sizes, grid, deltas=DELTAS):
    """Hits [delta level target] of the largest region, by OpenCV's labelling of the upsampled map."""
    hit = np.zeros((len(deltas), len(grid), len(maps)), bool)
    for t, (map, truth, (height, width)) in enumerate(zip(maps, truths, sizes, strict=True)):
        full = cv2.resize(map, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        full = (full - full.min()) / np.ptp(full)
        for place, level in enumerate(grid):
            _, _, stats, _ = cv2.connectedComponentsWithStats((full >= level).astype(np.uint8))
            x, y, w, h, _ = stats[1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])]
            box = Affine.stretch(SIZE, (height, width)).boxes([x, y, x + w, y + h])
            hit[:, place, t] = boxes.iou(box, truth).max() >= np.array(deltas)
    return hit


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
        found = evaluate(report, None, list(METRICS), resamples=50)
        assert found.targets["status"].tolist() == ["degenerate", "unreadable", "degenerate"]
        scores = found.scores.set_index("metric").drop(["top1_acc", "top5_acc"])
        # The published pixel metrics see such a map as zeros: at level 0 all of it is predicted, here rightly.
        published = (
            ["pxap", "pixel_ap", "mask_iou", "pixel_precision", "pixel_recall"] if protocol == "wsol2020" else []
        )
        boxed = scores["value"].drop(published).pop("boxes_per_target")
        assert boxed == (2 / 3 if protocol == "wsol2020" else 0)  # there a degenerate map has the box 0 0 0 0
        counted = scores["n"].drop("pointing_game")
        assert (scores["value"].drop([*published, "boxes_per_target"]) == 0).all() and (counted == 3).all()


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
