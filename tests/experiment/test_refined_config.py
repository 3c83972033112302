"""`refine` in a config: a cam of its own beside the plain one, and every single thing in it that can be wrong."""

import pytest

from configs import FOLDER, changed
from wsol.errors import ConfigError
from wsol.experiment import plugins
from wsol.experiment.config import check
from wsol.experiment.questions import is_control, notes, refined

MINE = '''
"""Refiners of my own."""


def nothing(heatmap, image, *, power: float = 1.0):
    return heatmap**power


REFINERS = {"nothing": nothing}
'''
IMPORTED = {"backbones.other": {"imported": FOLDER}}


def with_cam(entry: dict, **more: object) -> dict:
    return changed(("cams.finer", entry), *more.items())


@pytest.mark.parametrize(
    "entry, line",
    [
        ({"refine": 3}, "cams.finer.refine: must be text or a mapping, got 3."),
        ({"refine": "superpixel"}, "cams.finer.refine: unknown 'superpixel'. Did you mean 'superpixels'?"),
        ({"refine": {}}, "cams.finer.refine: unknown 'None'. Known: grabcut, random_walker, superpixels."),
        ({"refine": {"method": "grabcut", "round": 3}}, "cams.finer.refine: unknown 'round'. Did you mean 'rounds'?"),
        ({"refine": {"method": "grabcut", "sid": 3}}, "cams.finer.refine: unknown 'sid'. Did you mean 'side'?"),
        ({"refine": {"method": "grabcut", "beta": 3}}, "cams.finer.refine: unknown 'beta'."),
        ({"refine": {"method": "grabcut", "side": 4}}, "cams.finer.refine.side: must lie in [8, 1024], got 4."),
        (
            {"refine": {"method": "grabcut", "background": 0.8}},
            "cams.finer.refine.background: must lie below foreground (0.7).",
        ),
        (
            {"method": "center", "refine": {"method": "grabcut", "alignment": "receptive_field"}},
            "cams.finer.refine.alignment: 'center' has no layer; leave it out.",
        ),
        ({"method": "imported", "refine": "grabcut"}, "cams.finer: refines 'imported' maps, and no backbone has any."),
        ({"method": "imported"}, "cams.finer: unknown 'imported'."),
    ],
)
def test_what_is_wrong_is_one_line(entry, line):
    with pytest.raises(ConfigError) as error:
        check(with_cam({"method": "gradcam", **entry}))
    assert str(error.value).startswith(line)


def test_imported_maps_are_refined_and_nothing_else():
    with pytest.raises(ConfigError, match=r"^cams.finer: unknown 'layer'\. Known: method, refine\."):
        check(with_cam({"method": "imported", "refine": "grabcut", "layer": "x"}, **IMPORTED))
    experiment = check(with_cam({"method": "imported", "refine": "grabcut"}, **IMPORTED))
    pairs = {(run.backbone.name if run.backbone else None, run.cam.name) for run in experiment.runs}
    known = {("net", "gradcam"), (None, "center"), ("other", "imported"), ("other", "finer")}
    assert pairs == known


@pytest.mark.parametrize("method", ["center", "imported"])
def test_maps_are_refined_by_images_that_are_there(tmp_path, method):
    (tmp_path / "boxes.csv").write_text("image,class,x0,y0,x1,y1\n")
    blind = {"adapter": "table", "annotations": str(tmp_path / "boxes.csv")}
    with pytest.raises(ConfigError, match=r"^datasets\.b: 'images' is needed where maps are refined"):
        check(with_cam({"method": method, "refine": "grabcut"}, **{"datasets.b": blind, "backbones": {}}, **IMPORTED))


def test_a_refined_cam_is_one_beside_the_plain_one_whose_maps_it_begins_with():
    config = with_cam({"method": "gradcam", "refine": "superpixels"}, **{"cams.finer_center": {}})
    config["cams"]["finer_center"] = {"method": "center", "refine": {"method": "grabcut", "side": 64}}
    experiment = check(config)
    cams = {run.cam.name: run.cam for run in experiment.runs}
    assert refined(experiment) == {cams["finer"].id: cams["gradcam"].id, cams["finer_center"].id: cams["center"].id}
    assert [is_control(run) for run in experiment.runs] == [run.backbone is None for run in experiment.runs]
    backbones = {run.backbone.id for run in experiment.runs if run.cam.name in ("gradcam", "finer")}
    assert len(backbones) == 1, "the network is asked the same, once"
    spelt = check(with_cam({"method": "gradcam", "refine": {"method": "superpixels", "segments": 200}}))
    assert {run.cam.id for run in spelt.runs} >= {cams["finer"].id}


def test_a_plain_cam_that_no_run_scores_is_made_all_the_same_and_its_folder_is_known():
    config = with_cam({"method": "layercam", "refine": "superpixels"})
    experiment = check(config)
    (plain,) = set(refined(experiment).values())
    assert plain.startswith("layercam@") and experiment.decisions()[plain].settings["method"] == "layercam"
    assert "refine" not in experiment.decisions()[plain].settings


def test_plain_cams_are_what_they_were():
    """Their folders are known by what they were before there was any refining."""
    (before,) = {run.cam.id for run in check(changed()).runs if run.cam.name == "gradcam"}
    assert before in check(with_cam({"method": "gradcam", "refine": "superpixels"})).decisions()
    assert list(notes(check(changed()))) == list(notes(check(with_cam({"method": "gradcam", "refine": "grabcut"}))))


def test_a_plugin_brings_a_refiner_and_changes_no_plain_map(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    config = with_cam({"method": "gradcam", "refine": {"method": "nothing", "power": 2}})
    experiment = check(config | {"plugins": [str(tmp_path / "mine.py")]})
    try:
        cams = {run.cam.name: run.cam for run in experiment.runs}
        assert set(cams["finer"].settings["refine"]["plugins"]) == {str(tmp_path / "mine.py")}
        assert refined(experiment) == {cams["finer"].id: cams["gradcam"].id}
    finally:
        plugins.load([])
