"""What leaves the project is read back by the tools it is for."""

import contextlib
import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

import sources
from wsol.errors import DataError
from wsol.exports import coco, csv_table, scoremaps
from wsol.files import rle
from wsol.index.indexing import index
from wsol.maps import imported


@pytest.fixture
def targets(tmp_path):
    return index(sources.coco(tmp_path)).targets


def average_precision(truth: str, results: str, kind: str) -> np.ndarray:
    """pycocotools' twelve numbers."""
    with contextlib.redirect_stdout(io.StringIO()):
        ours = COCO(truth)
        evaluation = COCOeval(ours, ours.loadRes(results), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def written(path: Path, content) -> str:
    coco.write_json(path, content)
    return str(path)


def perfect(targets: pd.DataFrame) -> tuple[list, list]:
    boxes = [np.reshape(flat, (-1, 4)) for flat in targets["boxes"]]
    return boxes, [np.ones(len(b)) for b in boxes]


def test_perfect_boxes_score_one_against_the_original_file(targets, tmp_path):
    original = tmp_path / "instances.json"
    content = json.loads(original.read_text())
    for entry in content["annotations"]:
        entry["area"] = entry["bbox"][2] * entry["bbox"][3]
    original.write_text(json.dumps(content))
    results = coco.coco_results(targets, *perfect(targets), known=coco.ids_of(original))
    stats = average_precision(str(original), written(tmp_path / "results.json", results), "bbox")
    assert stats[:3] == pytest.approx([1, 1, 1])


def test_perfect_boxes_score_one_against_our_own_truth(targets, tmp_path):
    truth = written(tmp_path / "truth.json", coco.coco_ground_truth(targets))
    results = written(tmp_path / "results.json", coco.coco_results(targets, *perfect(targets)))
    assert average_precision(truth, results, "bbox")[0] == pytest.approx(1)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_perfect_masks_score_one(targets, tmp_path, as_bytes):
    masks = [m.encode() if as_bytes else m for m in targets["mask"]]
    found = coco.coco_results(targets, *perfect(targets), masks=masks)
    truth = written(tmp_path / "truth.json", coco.coco_ground_truth(targets, masks=True))
    assert average_precision(truth, written(tmp_path / "results.json", found), "segm")[0] == pytest.approx(1)


def test_shifted_boxes_score_what_the_overlap_says(targets, tmp_path):
    boxes, _ = perfect(targets)
    shifted = [b + [1, 0, 1, 0] for b in boxes]  # IoU 9/11 = .82 for the 10 px boxes, 4/6 = .67 for the 5 px box
    truth = written(tmp_path / "truth.json", coco.coco_ground_truth(targets))
    results = written(tmp_path / "results.json", coco.coco_results(targets, shifted, [[1.0], [0.5, 0.9]]))
    stats = average_precision(truth, results, "bbox")
    # cats: 7 of 10 thresholds (.50-.80); dogs: 4 (.50-.65) in full, 3 more (.70-.80) with half of the objects found.
    # At half recall, 51 of 101 recall points have precision 1.
    assert stats[1] == 1
    assert stats[0] == pytest.approx((7 / 10 + (4 + 3 * 51 / 101) / 10) / 2)


def test_truth_reads_back_as_the_same_targets(targets, tmp_path):
    path = written(tmp_path / "truth.json", coco.coco_ground_truth(targets))
    again = index({"adapter": "coco", "annotations": path, "target": "all"}).targets
    assert again["boxes"].tolist() == targets["boxes"].tolist()
    assert again["class_name"].tolist() == targets["class_name"].tolist()


def test_mask_results_carry_the_highest_score_and_skip_what_has_none(targets):
    found = coco.coco_results(targets, [[], []], [[0.2, 0.7], []], masks=[targets["mask"][0], ""])
    assert [(e["score"], e["segmentation"]["size"]) for e in found] == [(0.7, [30, 40])]


def test_an_unknown_image_is_an_error(targets):
    with pytest.raises(DataError, match=r"'a.png' with label 0 is not in the ids"):
        coco.coco_results(targets, [[], []], [[], []], known=({}, {}))


@pytest.mark.parametrize("text", ["{}", "[]", '{"images": [{}], "categories": []}', '{"images": 3, "categories": []}'])
def test_ids_of_a_foreign_file_are_an_error(tmp_path, text):
    with pytest.raises(DataError, match="is no COCO instances file"):
        coco.ids_of(sources.write(tmp_path / "x.json", text))


# score maps

MAPS = [np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)]


def test_maps_come_back_equal_to_the_last_bit(targets, tmp_path):
    scoremaps.write_scoremaps(tmp_path / "maps", targets, MAPS, size=None)
    back = imported.load(tmp_path / "maps", targets)
    assert back.status.tolist() == ["ok", "ok"]
    for ours, theirs in zip(MAPS, back.maps, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert theirs.dtype == np.float64  # as the published evaluator demands its files


def test_score_maps_are_what_the_published_evaluator_demands(targets, tmp_path):
    scoremaps.write_scoremaps(tmp_path / "maps", targets, MAPS)
    for image, original in zip(targets["image"], MAPS, strict=True):
        stored = np.load(tmp_path / "maps" / f"{image}.npy")
        assert (stored.dtype, stored.shape) == (np.float64, (224, 224))
        assert (stored.min(), stored.max()) == (0, 1)
        resized = cv2.resize(original.astype(float), (224, 224))
        np.testing.assert_allclose(stored, (resized - resized.min()) / np.ptp(resized), rtol=0, atol=1e-15)


@pytest.mark.parametrize("values", [np.ones((3, 3)), np.full((3, 3), np.nan), np.array([[0, np.inf]])])
def test_maps_that_show_nothing_are_zero(values):
    assert not scoremaps.scoremap(values).any()


def test_images_with_several_targets_have_a_map_each(tmp_path):
    targets = pd.DataFrame({"image": ["a.png", "a.png", "b.png"], "label": [4, 2, 0]})
    maps = [np.full((2, 2), i) + np.eye(2, dtype=np.float32) for i in range(3)]
    scoremaps.write_scoremaps(tmp_path, targets, maps, size=None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png.2.npy", "a.png.4.npy", "b.png.npy"]
    for ours, theirs in zip(maps, imported.load(tmp_path, targets).maps, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_maps_are_not_written_outside_the_folder(tmp_path):
    with pytest.raises(DataError, match="leaves its folder"):
        scoremaps.write_scoremaps(tmp_path, pd.DataFrame({"image": ["../x"], "label": [0]}), [np.eye(2)])


def test_maps_of_one_image_are_shared_and_a_missing_one_is_named(tmp_path):
    np.save(tmp_path / "a.png.npy", MAPS[0])
    targets = pd.DataFrame({"image": ["a.png", "a.png", "b.png"], "label": [0, 1, 0]})
    found = imported.load(tmp_path, targets)
    assert found.maps[0] is found.maps[1]
    assert found.status.tolist() == ["ok", "ok", "missing"]
    assert found.reasons == {2: "b.png: no map"}


def test_one_archive_for_all(tmp_path):
    np.savez(tmp_path / "maps.npz", **{"d/a.png": MAPS[0], "b.png.1": MAPS[1]})
    targets = pd.DataFrame({"image": ["d/a.png", "b.png", "b.png"], "label": [0, 1, 2]})
    found = imported.load(tmp_path / "maps.npz", targets)
    assert found.status.tolist() == ["ok", "ok", "missing"]
    np.testing.assert_array_equal(found.maps[1], MAPS[1])


def test_pictures_count_from_zero_to_one(tmp_path):
    sources.save(tmp_path / "a.png", np.array([[0, 51], [255, 102]], np.uint8))
    sources.save(tmp_path / "b.png", np.array([[0, 13107], [65535, 26214]], np.uint16))
    found = imported.load(tmp_path, pd.DataFrame({"image": ["a.jpg", "b.jpg"], "label": [0, 0]}))
    for values in found.maps:
        np.testing.assert_allclose(values, [[0, 0.2], [1, 0.4]], rtol=1e-6)


# tables


def test_csv_has_a_row_a_box_and_quotes_what_needs_it(tmp_path):
    targets = pd.DataFrame({"image": ['a,"\n.png', "b.png"], "label": [3, 4], "class_name": ["x;y", "=1+1"]})
    boxes, scores = [[[0, 1, 2.5, 3], [4, 4, 5, 5]], []], [[0.5, 0.25], []]
    csv_table.write_csv(tmp_path / "boxes.csv", targets, boxes, scores)
    with open(tmp_path / "boxes.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["image"] for r in rows] == ['a,"\n.png'] * 2
    assert [float(rows[0][k]) for k in ("x0", "y0", "x1", "y1", "score")] == [0, 1, 2.5, 3, 0.5]
    assert rows[1]["class_name"] == "x;y"


def test_exported_boxes_read_back_through_the_table_adapter(targets, tmp_path):
    csv_table.write_csv(tmp_path / "boxes.csv", targets, *perfect(targets))
    columns = {"class": "class_name"}
    again = index({"adapter": "table", "annotations": str(tmp_path / "boxes.csv"), "columns": columns}).targets
    assert again["boxes"].tolist() == targets["boxes"].tolist()


def test_masks_survive_export(targets):
    truth = coco.coco_ground_truth(targets, masks=True)["annotations"]
    for entry, (width, height), name in zip(truth, sources.SIZES.values(), sources.SIZES, strict=True):
        np.testing.assert_array_equal(rle.decode(entry["segmentation"]["counts"], height, width), sources.painted(name))
        assert entry["area"] == sources.painted(name).sum()


def test_csv_holds_no_name_that_a_spreadsheet_would_run(tmp_path):
    names = ["=cmd|'/c calc'!A1", "+1", "-rf.png", "@SUM(A1)", "\tx", "\rx", "a=b.png", "1-2.png"]
    targets = pd.DataFrame({"image": names, "label": -1, "class_name": [*names[1:], names[0]]})
    csv_table.write_csv(tmp_path / "boxes.csv", targets, [[[-1.5, 0, 2, 3]]] * len(names), [[-0.5]] * len(names))
    with open(tmp_path / "boxes.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    quoted = [f"'{name}" for name in names[:6]] + names[6:]
    assert [row["image"] for row in rows] == quoted
    assert [row["class_name"] for row in rows] == [*quoted[1:], quoted[0]]
    assert [(row["label"], row["x0"], row["score"]) for row in rows] == [("-1", "-1.5", "-0.5")] * len(names)
