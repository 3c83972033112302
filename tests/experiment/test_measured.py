"""Which sources are measured for whom, and what stays measured when a metric comes or goes."""

import copy

import numpy as np
import pytest

from wsol.experiment.config import check
from wsol.experiment.measured import measured, note, noted
from wsol.files.measures import MEASURES, SOURCES

CONFIG = {
    "datasets": {
        "a": {"adapter": "shapes", "split": "report", "count": 12},
        "b": {"adapter": "shapes", "split": "select", "count": 12},
    },
    "cams": {"center": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"boxes": {"report": "a", "select": "b", "metrics": ["maxboxacc_v2", "top1_acc"]}},
}


def of(root, thresholds=("sweep",), masks=False, **evaluations):
    """The sources of each data set, with these evaluations' metrics beside those of `boxes`."""
    config = copy.deepcopy(CONFIG)
    config["thresholds"] = {name: {"level": 0.2} if name == "fixed" else {} for name in thresholds}
    config["evaluations"]["boxes"]["masks"] = masks
    for name, metrics in evaluations.items():
        config["evaluations"][name] = {"report": "a", "metrics": metrics, "masks": masks}
    found = measured(check(config), root)
    return {folder.split("@")[0]: sources for folder, sources in found.items()}, found


@pytest.mark.parametrize(
    ("metrics", "sources"),
    [
        (["maxboxacc@55", "ap@50", "ece"], []),
        (["pointing_game", "relevance_rank"], ["pointing"]),
        (["mask_iou@class_mean", "hit_rate"], ["pixels", "pointing"]),
        (["pxap", "voc_miou"], ["pixels", "seeds"]),
    ],
)
def test_the_evaluations_that_use_a_threshold_are_asked_together(tmp_path, metrics, sources):
    by_dataset, _ = of(tmp_path, more=metrics)
    assert by_dataset == {"a": sources, "b": []}  # `more` selects on none


def test_one_level_of_each_map_asks_for_the_masks_that_it_is_cut_to(tmp_path):
    assert of(tmp_path, ["fixed"], masks=True, more=["mask_iou"])[0]["a"] == ["masks"]
    assert of(tmp_path, ["fixed"], masks=True, more=["mask_iou", "pxap"])[0]["a"] == ["masks", "pixels"]
    assert of(tmp_path, ["fixed"], more=["mask_iou"])[0]["a"] == []  # without masks there is no row


def test_a_plugin_s_metric_may_read_all(tmp_path):
    plugin = tmp_path / "mine.py"
    plugin.write_text("def mine(view):\n    return view.hit(0.5)\n\n\nMETRICS = {'mine': mine}\n")
    config = copy.deepcopy(CONFIG) | {"plugins": [str(plugin)]}
    config["evaluations"]["boxes"]["metrics"] = ["mine"]
    assert {*map(tuple, measured(check(config), tmp_path).values())} == {tuple(sorted({*SOURCES} - {"masks"}))}


def test_what_is_there_stays_and_is_added_to(tmp_path):
    _, found = of(tmp_path, more=["pointing_game"])
    nothing = {name: np.empty(0) for name in MEASURES.fields}
    for folder, sources in found.items():
        MEASURES.write(tmp_path / folder / "0-9.measures.npz", settings={"measures": sources}, **nothing)
    assert of(tmp_path)[1] == found  # the metric is left out, and nothing is made anew for it
    added = of(tmp_path, more=["pxap"])[0]
    assert added == {"a": ["pixels", "pointing"], "b": []}
    note(tmp_path / "measured.txt", found)
    assert noted(tmp_path / "measured.txt") == found


def test_a_file_that_says_nothing_is_passed_over(tmp_path):
    _, found = of(tmp_path, more=["pxap"])
    for folder in found:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "0-9.measures.npz").write_bytes(b"torn")
    assert of(tmp_path, more=["pxap"])[1] == found
