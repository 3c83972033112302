"""The browser's box is the scorer's, on real images and weights, through the whole workflow and its report."""

import json

import pytest
from test_cutting import LEVELS, compared

from browser import complaints, opened, requests
from conftest import DATA, REAL, shipped
from wsol.scores.load import load_run

pytestmark = [*REAL, pytest.mark.browser]


def stages(results, evaluation, settings):
    """What the regions files of the run that the page shows first say."""
    backbone, cam, threshold = evaluation["runs"][0]["name"].split("/")
    above = next(results.glob(f"{evaluation['dataset']}@*"))
    maps = next(above.glob(f"{backbone}*/{cam}@*"))
    files = {"targets": above / "index/targets.parquet", "predictions": []}
    files["heatmaps"] = sorted(maps.glob("*.heatmaps.npz"))
    folders = {folder.parent.parent for folder in maps.glob(f"{threshold}@*/{evaluation['name']}@*/scores.parquet")}
    files["regions"] = sorted(next(iter(folders)).glob("*.regions.npz"))
    return load_run(files, settings)[1]


def test_on_a_tenth_of_the_images_by_both_protocols(workflow, tmp_path):
    config = shipped("ilsvrc")
    config["datasets"] = {"imagenet": config["datasets"]["imagenet"] | {"part": {"of": 10, "take": 0}}}
    config["evaluations"] = {name: config["evaluations"][name] for name in ("all", "aligned", "published")}
    config |= {"claims": {}, "overlays": 150, "resamples": 100, "data": str(DATA)}
    config["cams"].pop("cam")
    done = workflow(config)
    assert done.returncode == 0, done.stderr
    with opened(tmp_path / "results/report.html") as driver:
        shown = json.loads(driver.execute_script("return document.getElementById('gallery-data').textContent"))
        every = [each | {"runs": each["runs"][:1]} for each in shown["evaluations"]]
        keys = ("protocol", "upsampling", "normalization", "canvas", "alignment")
        threshold = {"method": "sweep", "step": 0.001}
        found = [
            stages(tmp_path / "results", each, {key: each["runs"][0][key] for key in keys} | {"threshold": threshold})
            for each in every
        ]
        assert all(len(each["targets"]) == each["count"] > 100 for each in every)
        differ, pairs, near = compared(driver, found, [round(level - level % 0.001, 3) for level in LEVELS[:5]])
        assert complaints(driver) == [] and requests(driver) == []
    assert pairs > 1500 and differ == [] and near <= pairs // 100, f"{near} of {pairs} are within 1e-6 of the level"
