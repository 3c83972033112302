"""Maps from elsewhere come in, results go out, and what went out and came back in scores the same."""

import contextlib
import copy
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS

METRICS = ["top1_acc", "maxboxacc@50", "maxboxacc_v2", "top1_loc", "pointing_game", "energy_pointing", "pxap"]
METRICS += ["mask_iou"]
DATASETS = {
    "a": {"adapter": "shapes", "split": "select", "count": 24, "size": 80, "class_map": "labels"},
    "b": {"adapter": "shapes", "split": "report", "count": 40, "size": 80, "class_map": "labels"},
}
COMMON = {"report": "b", "select": "a", "metrics": METRICS}
NETWORK = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "weights": "random"}
FORMS = ["npy", "npy_raw"]
OUT = {
    "resamples": 100,
    "overlays": 1,
    "datasets": DATASETS,
    "backbones": {"net": NETWORK},
    "cams": {"gradcam": {"layer": "conv_pw_11_relu"}},
    "thresholds": {"sweep": {}},
    "evaluations": {
        "exact": {**COMMON, "exports": ["coco", "csv", "npy_raw"]},
        "published": {**COMMON, "protocol": "wsol2020", "exports": ["npy"]},
        "published_a": {"report": "a", "protocol": "wsol2020", "metrics": ["pxap"], "exports": FORMS},
    },
}


@pytest.fixture
def scored(workflow, tmp_path):
    """Run a config; its scores by evaluation, metric and choice."""

    def run(config: dict) -> pd.DataFrame:
        done = workflow(config)
        assert done.returncode == 0, done.stderr
        scores = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False)
        return scores.set_index(["backbone", "evaluation", "metric", "choice"])[["value", "low", "high", "n"]]

    return run


def exported(root: Path, dataset: str, evaluation: str, form: str) -> Path:
    found = [p for p in root.glob(f"{dataset}@*/*/*/*/{evaluation}@*/export/{form}") if p.is_dir()]
    assert len(found) == 1, found
    return found[0]


def average_precision(truth: Path, results: Path, kind: str) -> float:
    with contextlib.redirect_stdout(io.StringIO()):
        ours = COCO(str(truth))
        evaluation = COCOeval(ours, ours.loadRes(str(results)), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[1]  # at IoU .5


def elsewhere(root: Path) -> dict:
    """The same evaluations of what was exported: maps as they were, and as the published tool has them."""
    raw = {"a": exported(root, "a", "published_a", "npy_raw"), "b": exported(root, "b", "exact", "npy_raw")}
    maps = {"a": exported(root, "a", "published_a", "npy"), "b": exported(root, "b", "published", "npy")}
    config = copy.deepcopy(OUT) | {"cams": {}}
    config["backbones"] = {
        "raw": {"imported": {name: str(path) for name, path in raw.items()}, "input": 64},
        "maps": {"imported": {name: str(path) for name, path in maps.items()}},
    }
    exact, published = ({**OUT["evaluations"][name], "exports": []} for name in ("exact", "published"))
    return config | {"evaluations": {"exact": exact | {"backbones": ["raw"]}, "published": published}}


def test_what_went_out_and_came_back_in_scores_the_same(scored, tmp_path):
    out, root = scored(OUT).loc["net"].sort_index(), tmp_path / "results"
    back = scored(elsewhere(root)).sort_index()
    of_maps = ~out.index.get_level_values("metric").str.startswith("top1")
    for backbone, evaluation in (("raw", "exact"), ("raw", "published"), ("maps", "published")):
        expected, came = out[of_maps].loc[evaluation], back.loc[backbone, evaluation]
        assert len(expected) == 9
        if backbone == "maps":  # scaled to [0, 1]: what was below 0 is gone, and with it what is energy
            expected, came = (frame.drop("energy_pointing", level="metric") for frame in (expected, came))
        pd.testing.assert_frame_equal(came, expected)

    stored = np.load(next(exported(root, "b", "published", "npy").rglob("*.npy")))
    assert stored.shape == (224, 224) and stored.dtype == np.float64 and 0 <= stored.min() < stored.max() <= 1
    heatmaps = HEATMAPS.read(next(root.glob("b@*/raw@*/imported@*/*.heatmaps.npz")))
    assert heatmaps["input_size"].tolist() == [64, 64] and set(heatmaps["shapes"].ravel()) == {4}

    coco = exported(root, "b", "exact", "coco")
    results = json.loads((coco / "boxes.json").read_text())
    assert all(0 < entry["score"] < 1 for entry in results)  # one of 1000 classes: never certain
    rows = pd.read_csv(exported(root, "b", "exact", "csv") / "boxes.csv")
    assert rows["score"].tolist() == [entry["score"] for entry in results]
    about = json.loads((coco / "about.json").read_text())
    assert about["format"] == "export" and about["settings"]["choice"] == "selected"


CENTRE = {
    "shard_size": 25,
    "resamples": 100,
    "datasets": {"b": DATASETS["b"]},
    "data": ".",
    "backbones": {"other": {"imported": "maps"}},
    "cams": {"center": {}},
    "thresholds": {"half": {"method": "fixed", "level": 0.5}},
}
METRICS_OF_MAPS = {"report": "b", "metrics": ["maxboxacc@50", "top1_loc", "mask_iou"], "masks": True}
# An alignment is known of a layer's maps only: maps from elsewhere are stretched all the same.
CENTRE["evaluations"] = {"b": METRICS_OF_MAPS | {"alignment": "receptive_field", "exports": ["coco"]}}


def test_maps_of_every_kind_and_none_flow_through(workflow, tmp_path):
    """Of 40 targets one has no map, one a broken one, one a constant one; the others are the box itself."""
    assert workflow(CENTRE | {"backbones": {}}, "--until", "index").returncode == 0
    targets = TARGETS.read(next(tmp_path.rglob("targets.parquet")))
    (tmp_path / "maps").mkdir()
    for i, row in enumerate(targets.itertuples(index=False)):
        x0, y0, x1, y1 = np.round(row.boxes[:4]).astype(int)
        drawn = np.zeros((row.height, row.width), np.float32)
        drawn[y0:y1, x0:x1] = 1
        path = tmp_path / "maps" / f"{row.image}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        if i == 3:
            path.write_bytes(b"no map")
        elif i != 7:
            np.save(path, np.ones((5, 5)) if i == 9 else drawn)
    run = workflow(CENTRE)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False).set_index(["cam", "metric"])
    assert scores.loc[("imported", "maxboxacc@50"), "value"] == pytest.approx(100 * 37 / 40)
    assert scores.loc[("imported", "maxboxacc@50"), "backbone"] == "other"
    assert "top1_loc" not in scores.index.get_level_values("metric")
    found = pd.read_parquet(next(tmp_path.glob("results/b@*/other@*/imported@*/*/*/outcomes.parquet")))
    assert {i: s for i, s in enumerate(found["status"]) if s != "ok"} == {
        3: "unreadable",
        7: "missing",
        9: "degenerate",
    }
    coco = next(tmp_path.glob("results/b@*/other@*/imported@*/*/*/export/coco"))
    boxes, masks = (json.loads((coco / f"{kind}.json").read_text()) for kind in ("boxes", "masks"))
    assert len({entry["image_id"] for entry in boxes}) == len(masks) == 37
    assert {entry["score"] for entry in boxes} == {1.0}
    # Every object is found but those of three of the 40 images.
    assert 0.8 < average_precision(coco / "truth.json", coco / "boxes.json", "bbox") < 1
    assert 0.8 < average_precision(coco / "truth_masks.json", coco / "masks.json", "segm") < 1
    assert json.loads((coco / "about.json").read_text())["settings"]["level"] is None
