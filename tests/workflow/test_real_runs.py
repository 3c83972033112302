"""The real data sets, as the shipped experiments have them, from their files to scores; training cut short."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import DATA, REAL, ROOT, shipped
from wsol.errors import ConfigError
from wsol.experiment.config import check

EXPERIMENTS = sorted(path.stem for path in (ROOT / "workflow/experiments").glob("*.yaml"))
ELSEWHERE = {
    *("voc", "voc_seeds", "openimages30k", "pets", "cub200", "imagenetv2", "imagenet"),
    *("keras_accuracy", "gradcam_paper", "wsol_benchmark"),
}  # they may not lie below DATA
SMALL = {"overlays": 2, "resamples": 100, "claims": {}}

pytestmark = REAL


def experiment(name: str) -> dict:
    """A shipped experiment, cut short."""
    return shipped(name) | SMALL | {"data": str(DATA)}


@pytest.fixture
def scored(workflow, tmp_path):
    """Run a config; its scores by evaluation, cam, metric and choice."""

    def run(config: dict) -> pd.Series:
        done = workflow(config)
        assert done.returncode == 0, done.stderr
        scores = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False)
        assert scores["value"].between(0, 100).all() and (scores["low"] <= scores["high"]).all()
        assert "data:image/webp;base64," in (tmp_path / "results/report.html").read_text()
        return scores.set_index(["evaluation", "cam", "metric", "choice"])[["value", "n"]].sort_index()

    return run


def counts(folder: Path, dataset: str) -> tuple[int, int, int, int]:
    """Images, classes, boxes and masks of an indexed data set."""
    targets = pd.read_parquet(next(folder.glob(f"results/{dataset}@*/index/targets.parquet")))
    boxes = int(targets["boxes"].map(len).sum()) // 4
    return targets["image"].nunique(), targets["label"].nunique(), boxes, int((targets["mask"] != "").sum())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_shipped_experiment_is_right_or_says_what_data_it_wants(name):
    config = shipped(name) | {"data": str(DATA)}
    try:
        assert check(config).runs
    except ConfigError as error:
        assert name in ELSEWHERE and f"(looked for below '{DATA}')" in str(error), error


def test_coco(scored, tmp_path):
    config = experiment("coco")
    config["cams"].pop("layercam")
    config["evaluations"].pop("coco")  # the same images in halves
    everything = scored(config).loc["all"]
    assert counts(tmp_path, "coco") == (100, 35, 190, 100)
    assert everything.loc["gradcam", "top1_acc", "none"]["n"] == 100
    assert everything.loc["gradcam", "top1_acc", "none"]["value"] == pytest.approx(42, abs=2)
    assert everything.loc["gradcam", "top5_acc", "none"]["value"] == pytest.approx(66, abs=2)
    for metric in ("pxap", "mask_iou", "maxboxacc_v2", "pointing_game"):
        better, control = (everything.loc[cam, metric]["value"].iloc[0] for cam in ("gradcam", "center"))
        assert better > control > 30, metric
    exported = next(tmp_path.glob("results/coco@*/mobilenetv2@*/gradcam@*/*/all@*/export/coco"))
    assert len(json.loads((exported / "truth.json").read_text())["annotations"]) == 190
    assert len(json.loads((exported / "masks.json").read_text())) == 100


def test_cub(scored, tmp_path):
    """Of the six methods the plain one, for two epochs and small images."""
    config = experiment("cub")
    config["backbones"] = {"plain": config["backbones"]["plain"] | {"input": 128}}
    config["backbones"]["plain"]["weights"]["train"] |= {"epochs": 2, "seeds": 1}
    config["cams"].pop("acol")
    found = scored(config).loc["cub"]
    assert counts(tmp_path, "cub_train") == (600, 20, 600, 0)
    assert counts(tmp_path, "cub_test") == (585, 20, 585, 0)
    assert set(found["n"]) == {585}
    assert found.loc["center", "maxboxacc@50", "oracle"]["value"] == pytest.approx(55, abs=12)
    selected, oracle = (found.loc["layercam", "maxboxacc@50", c]["value"] for c in ("selected", "oracle"))
    assert 30 < selected <= oracle
    assert 25 < found.loc["gradcam", "top1_acc", "none"]["value"] < 95


def test_histology(scored, tmp_path):
    config = experiment("histology")
    config["backbones"]["mobilenet"]["weights"]["train"] |= {"epochs": 4, "seeds": 1}
    found = scored(config)
    assert counts(tmp_path, "glas_train") == (85, 2, 0, 85)
    assert counts(tmp_path, "glas_test") == (80, 2, 0, 80)
    glands = found.loc["glands"]
    area = glands.loc["full", "energy_pointing", "none"]["value"]  # the share of an image that is gland
    assert 35 < area < 65
    # Marking everything: pixel precision is the share of gland, miou the mean of shares (every level but the top).
    assert glands.loc["full", "mask_iou", "oracle"]["value"] == pytest.approx(area, abs=1)
    assert glands.loc["layercam", "pxap", "none"]["value"] > 45 and set(glands["n"]) == {80}
    assert glands.loc["gradcam", "top1_acc", "none"]["value"] > 60
    assert ("gradcam", "mask_iou", "fixed") in found.loc["own_level"].index


def test_raccoon(scored, tmp_path):
    config = experiment("raccoon")
    config["thresholds"].pop("otsu")
    config["evaluations"].pop("raccoon")  # the same images in halves
    found = scored(config)
    assert counts(tmp_path, "raccoon") == (40, 1, 45, 0)
    everything = found.loc["all"]
    assert everything.loc["relative", "top5_acc", "none"]["value"] > 20
    assert everything.loc["relative", "maxboxacc@50", "oracle"]["value"] > 40
    assert ("predicted", "maxboxacc@50", "oracle") not in everything.index  # maps of another class
    csv = pd.read_csv(next(tmp_path.glob("results/raccoon@*/mobilenetv2@*/relative@*/sweep@*/*/export/csv/boxes.csv")))
    assert csv["image"].nunique() == 40 and csv["score"].between(0, 1).all()
    assert (csv["x1"] > csv["x0"]).all() and (csv["y1"] > csv["y0"]).all()


def test_both_forms_of_the_ilsvrc_annotations(scored, tmp_path):
    given = experiment("ilsvrc")
    original = given["datasets"]["imagenet"] | {"part": None}
    stored = original | {"annotations": str(DATA / "ilsvrc1300/metadata_227"), "rescale": False}
    part = {"part": {"of": 5, "take": 0}}
    config = given | {
        "datasets": {
            "original": original,
            "stored": stored,
            "original_part": original | part,
            "stored_part": stored | part,
        },
        "cams": {"gradcam": {}, "center": {}},
        "evaluations": {
            name: {"report": name, "metrics": ["maxboxacc@50", "maxboxacc_v2"], "cams": ["center"]}
            for name in ("original", "stored")
        }
        | {
            name: {"report": name, "metrics": ["top1_acc", "top5_acc", "maxboxacc@50", "pointing_game"]}
            for name in ("original_part", "stored_part")
        },
    }
    found = scored(config)
    assert counts(tmp_path, "original") == counts(tmp_path, "stored") == (1300, 725, 1943, 0)
    # The forms differ by the rounding of boxes alone.
    np.testing.assert_allclose(found.loc["original"]["value"], found.loc["stored"]["value"], atol=1)
    one, two = found.loc["original_part"]["value"], found.loc["stored_part"]["value"]
    np.testing.assert_allclose(one, two, atol=2)
    assert one["gradcam", "top1_acc", "none"] == two["gradcam", "top1_acc", "none"] == pytest.approx(78.5, abs=6)
    assert one["gradcam", "top5_acc", "none"] == pytest.approx(94.2, abs=4)
    assert 52 < one["gradcam", "maxboxacc@50", "oracle"] < 72
