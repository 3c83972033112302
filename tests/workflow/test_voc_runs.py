"""Segmentation seeds from a development kit's layout, and from COCO's, to tables, report and pseudo-masks."""

import contextlib
import copy
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pycocotools.coco import COCO
from sklearn.metrics import confusion_matrix

from conftest import DATA, REAL, shipped
from sources import OBJECT, PAGE, save, write
from wsol.adapters.voc import CLASSES
from wsol.exports.voc_png import save as save_palette

SIZE = (40, 56)
NAMES = [f"2007_{number:06d}" for number in range(1, 17)]
PAIRS = [("cat", "dog"), ("person", "horse"), ("cat", "person")]
DATASET = {
    "adapter": "voc",
    "images": "VOC2012/JPEGImages",
    "annotations": "VOC2012/Annotations",
    "masks": "VOC2012/SegmentationClass",
    "split": "VOC2012/ImageSets/Segmentation/val.txt",
    "difficult": "keep",
}
CONFIG = {
    "data": ".",
    "resamples": 200,
    "overlays": 1,
    "datasets": {f"voc_{take}": DATASET | {"part": {"of": 2, "take": take}} for take in (0, 1)},
    "backbones": {"theirs": {"imported": "maps"}},
    "cams": {"center": {}},
    "thresholds": {"sweep": {}, "quarter": {"method": "fixed", "level": 0.25}},
    "evaluations": {
        "seeds": {
            "select": "voc_0",
            "report": "voc_1",
            "metrics": ["voc_miou", "mask_iou"],
            "exports": ["voc_png"],
        }
    },
}
TABLES = ("scores", "strata", "curves", "comparisons")


def devkit(root):
    """Images of two classes, every other one with XML, its last object difficult; maps are the masks and noise."""
    for number, name in enumerate(NAMES):
        random = np.random.default_rng(number)
        values = np.zeros(SIZE, np.uint8)
        values[5:35, 2:50] = 255
        objects = ""
        for left, of_class in zip((4, 28), PAIRS[number % 3], strict=True):
            place = np.s_[7 + number % 5 : 33, left : left + 20]
            values[place] = CLASSES.index(of_class) + 1
            drawn = np.zeros(SIZE)
            drawn[place] = 1
            (root / "maps").mkdir(exist_ok=True)
            noisy = drawn + 0.4 * random.normal(size=SIZE) ** 2
            np.save(root / f"maps/{name}.jpg.{CLASSES.index(of_class)}.npy", noisy)
            objects += OBJECT.format(left + 1, 8 + number % 5, left + 20, 33, name=of_class)
        save(root / f"VOC2012/JPEGImages/{name}.jpg", random.integers(0, 256, (*SIZE, 3), np.uint8))
        save_palette(root / f"VOC2012/SegmentationClass/{name}.png", values)
        if number % 2:
            page = PAGE.format(name=f"{name}.jpg", width=SIZE[1], height=SIZE[0], objects=objects)
            page = "<difficult>1".join(page.rsplit("<difficult>0", 1))
            write(root / f"VOC2012/Annotations/{name}.xml", page)
    write(root / "VOC2012/ImageSets/Segmentation/val.txt", "".join(f"{name}\n" for name in NAMES))


def rows(root, table):
    return pd.read_csv(root / f"results/{table}.csv", keep_default_na=False)


def rescored(folder, truth_of):
    """IoU of each class [classes + 1] in percent of the written masks, NaN where it occurs nowhere."""
    total = np.zeros((91, 91), int)
    for path in sorted(folder.rglob("*.png")):
        truth, predicted = truth_of(path.stem), np.array(Image.open(path))
        kept = truth != 255
        total += confusion_matrix(truth[kept], predicted[kept], labels=range(91))
    union = total.sum(axis=0) + total.sum(axis=1) - np.diag(total)
    with np.errstate(invalid="ignore"):
        return 100 * np.diag(total) / union


@pytest.mark.slow
def test_a_development_kit_flows_through_to_masks_that_score_what_is_said(workflow, tmp_path):
    devkit(tmp_path)
    done = workflow(CONFIG)
    assert done.returncode == 0, done.stderr
    scores = rows(tmp_path, "scores").set_index(["cam", "threshold", "metric", "choice"])
    of_seeds = scores.xs("voc_miou", level="metric")
    assert set(of_seeds.loc["imported"].index) == {
        ("sweep", "oracle"),
        ("sweep", "selected"),
        ("quarter", "fixed"),
    }
    assert of_seeds.loc[("imported", "sweep", "oracle"), "value"] > of_seeds.loc[("center", "sweep", "oracle"), "value"]
    assert (of_seeds["low"].astype(float) < of_seeds["value"]).all()

    strata = rows(tmp_path, "strata").set_index(["cam", "threshold", "metric", "choice", "table"])
    for cam, threshold, choice in (("imported", "sweep", "selected"), ("imported", "quarter", "fixed")):
        found = tmp_path.glob(f"results/voc_1@*/*/{cam}@*/{threshold}@*/seeds@*/export/voc_png")
        (folder,) = (path for path in found if path.is_dir())
        about = json.loads((folder / "about.json").read_text())["settings"]
        assert about["choice"] == choice
        ious = rescored(folder, lambda name: np.array(Image.open(tmp_path / f"VOC2012/SegmentationClass/{name}.png")))
        said = of_seeds.loc[(cam, threshold, choice), "value"]
        assert np.nanmean(ious) == pytest.approx(said, abs=1e-4)
        by_class = strata.loc[(cam, threshold, "voc_miou", choice, "class")].set_index("stratum")["value"]
        names = ["(background)", *CLASSES]
        expected = {names[index]: iou for index, iou in enumerate(ious) if iou == iou}
        assert by_class.to_dict() == pytest.approx(expected, abs=1e-4) and "(background)" in by_class
    curves = rows(tmp_path, "curves")
    curve = curves[(curves["curve"] == "level") & (curves["metric"] == "voc_miou")]
    assert set(curve["split"]) == {"report", "select"} and curve["x"].max() == 0.59
    assert "voc_miou by class, seeds" in (tmp_path / "results/report.html").read_text()

    before = {table: (tmp_path / f"results/{table}.csv").read_bytes() for table in TABLES}
    done = workflow(CONFIG | {"shard_size": 5, "results": "others"})
    assert done.returncode == 0, done.stderr
    assert before == {table: (tmp_path / f"others/{table}.csv").read_bytes() for table in TABLES}


@REAL[0]
@REAL[1]
def test_coco_s_classes_of_an_image_together(workflow, tmp_path):
    config = shipped("coco") | {"overlays": 2, "resamples": 200, "data": str(DATA)}
    config = copy.deepcopy(config)
    for dataset in config["datasets"].values():
        dataset["target"] = "all"
    config["cams"].pop("layercam")
    config["evaluations"] = {
        "seeds": config["evaluations"]["coco"] | {"metrics": ["voc_miou", "mask_iou"], "exports": ["voc_png"]}
    }
    done = workflow(config)
    assert done.returncode == 0, done.stderr
    scores = rows(tmp_path, "scores").set_index(["cam", "metric", "choice"])["value"]
    assert scores["gradcam", "voc_miou", "oracle"] >= scores["gradcam", "voc_miou", "selected"] > 0
    with contextlib.redirect_stdout(io.StringIO()):
        peer = COCO(str(DATA / "coco100/instances.json"))
    numbers = {Path(entry["file_name"]).stem: identity for identity, entry in peer.imgs.items()}
    order = sorted(peer.cats)

    def truth_of(name):
        """Of COCO's own masks: crowds do not count, the smaller class lies in front."""
        entries = peer.loadAnns(peer.getAnnIds(imgIds=[numbers[name]]))
        size = [peer.imgs[numbers[name]][side] for side in ("height", "width")]
        found = np.zeros(size, int)
        masks = {}
        for entry in entries:
            if entry["iscrowd"]:
                found[peer.annToMask(entry) > 0] = 255
            else:
                label = order.index(entry["category_id"])
                masks[label] = masks.get(label, np.zeros(size, bool)) | (peer.annToMask(entry) > 0)
        for label in sorted(masks, key=lambda each: (masks[each].sum(), each), reverse=True):
            found[masks[label]] = label + 1
        return found

    for cam in ("gradcam", "center"):
        (folder,) = tmp_path.glob(f"results/coco_b@*/*/{cam}@*/sweep@*/seeds@*/export/voc_png")
        assert np.nanmean(rescored(folder, truth_of)) == pytest.approx(scores[cam, "voc_miou", "selected"], abs=1e-4)
