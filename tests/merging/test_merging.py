"""The order and the names of merged runs, on records written by hand."""

from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from wsol.errors import DataError
from wsol.experiment import plugins
from wsol.files.index import TARGETS
from wsol.merging.carried import Carried, CarriedRun
from wsol.merging.merge import join_metrics
from wsol.merging.naming import called, told
from wsol.merging.ordering import merged, ordered
from wsol.merging.together import contents

# Two networks, the first also as a cam asks for another layer of it; and trainings of two seeds, and of more epochs.
SETTINGS = {
    "net@1": {"architecture": "A", "layer": "auto", "weights": "random"},
    "net@2": {"architecture": "A", "layer": "conv", "weights": "random"},
    "net@3": {"architecture": "B", "layer": "auto", "weights": "random"},
    "net@s0": {"architecture": "A", "layer": "auto", "weights": {"train": "net@t0"}},
    "net@s1": {"architecture": "A", "layer": "auto", "weights": {"train": "net@t1"}},
    "net@l0": {"architecture": "A", "layer": "auto", "weights": {"train": "net@u0"}},
    "net@t0": {"architecture": "A", "train": {"epochs": 1, "seed": 0}},
    "net@t1": {"architecture": "A", "train": {"epochs": 1, "seed": 1}},
    "net@u0": {"architecture": "A", "train": {"epochs": 9, "seed": 0}},
    "cam@1": {"method": "cam"},
    "deep@1": {"method": "gradcam"},
    "center@1": {"method": "center", "sigma": 0.25},
    "center@2": {"method": "center", "sigma": 0.5},
}


def run(backbone=None, cam="cam@1", training=None, evaluation="e@1", report="d@1", threshold="sweep@1"):
    return CarriedRun(Path("r"), evaluation, report, None, backbone, cam, threshold, training, backbone is None)


def names(*runs):
    found = called(runs, SETTINGS)
    return [found[each.place] for each in runs]


def test_an_order_follows_every_sequence_wherever_they_agree():
    assert merged([["z", "a"], ["b"], ["a", "c"]]) == ["b", "z", "a", "c"]
    sequences = [["c", "a"], ["a", "b"], ["d"], ["c", "d"]]
    found = {tuple(merged(order)) for order in permutations(sequences)}
    assert found == {("c", "a", "b", "d")}
    contrary = [["a", "b"], ["b", "c"], ["c", "a"]]
    assert {tuple(merged(order)) for order in permutations(contrary)} == {("a", "b", "c")}


@pytest.mark.parametrize("split", ["backbone", "cam", "threshold"])
def test_runs_that_were_made_apart_stand_in_the_order_of_an_experiment(split):
    """An experiment's own order: cam by cam, of each the backbones, of each the thresholds."""
    whole = [
        run(backbone, cam, threshold=threshold)
        for cam in ("deep@1", "cam@1", "center@1")
        for backbone in ("net@1", "other@1")
        for threshold in ("otsu@1", "sweep@1")
    ]
    settings = SETTINGS | {"other@1": {"architecture": "C"}}
    parts: dict = {}
    for each in whole:
        parts.setdefault(getattr(each, split), []).append(each)
    # Of cams that no folder has together nothing but their names tells; one folder that has them all does.
    folders = [*parts.values(), *([whole[::4]] if split == "cam" else [])]
    for order in permutations(folders):
        assert ordered(order, whole[::-1], settings) == whole


def test_trainings_of_one_network_are_one_row_whatever_folder_they_are_of():
    first, second, longer = (
        run(f"net@{s}", training=f"net@{t}") for s, t in (("s0", "t0"), ("s1", "t1"), ("l0", "u0"))
    )
    assert [each.backbone for each in names(first, second)] == ["net", "net"]
    assert ordered([[second], [first]], [second, first], SETTINGS) == [first, second]
    apart = [each.backbone for each in names(first, second, longer)]
    assert apart[0] == apart[1] != apart[2] and all(name.startswith("net@") for name in apart)


def test_a_name_that_means_one_thing_stays_and_one_of_two_has_its_digest():
    plain = names(run("net@1"), run("net@1", "deep@1"), run(cam="center@1"))
    assert [each.name for each in plain] == ["net/cam/sweep", "net/deep/sweep", "none/center/sweep"]
    assert told(plain) == []
    two = names(run("net@1"), run("net@3"), run(cam="center@1"), run(cam="center@2"))
    assert two[0].backbone != two[1].backbone and two[0].cam == "cam"
    assert [each.name for each in two[2:]] == ["none/center@1/sweep", "none/center@2/sweep"]
    assert [line.partition(":")[0] for line in told(two)] == ["backbone net is of several", "cam center is of several"]


def test_a_cam_that_asks_for_another_layer_is_told_apart_where_the_rows_would_be_one():
    own = names(run("net@1"), run("net@2", "deep@1"))  # as within one experiment, whose cam has a layer of its own
    assert [each.name for each in own] == ["net/cam/sweep", "net/deep/sweep"]
    found = names(run("net@1"), run("net@2"), run("net@1", "deep@1"))
    assert [each.backbone for each in found] == ["net", "net", "net"] and found[2].cam == "deep"
    assert found[0].cam != found[1].cam and all(each.cam.startswith("cam@") for each in found[:2])


def test_an_evaluation_of_two_data_sets_is_two_and_of_two_settings_too():
    one, other = names(run(), run(report="d@2"))
    assert (one.dataset, other.dataset) == ("d@1", "d@2")
    assert (one.evaluation, other.evaluation) == ("e on d@1", "e on d@2")
    said = ["dataset d is of several: d@1, d@2", "evaluation e is of several, each compared by itself: "]
    assert told([one, other]) == [said[0], f"{said[1]}e on d@1, e on d@2"]
    assert [each.evaluation for each in names(run(), run(report="x@1"))] == ["e on d", "e on x"]
    assert [each.evaluation for each in names(run(), run(evaluation="e@2"))] == ["e@1", "e@2"]
    # A threshold is of its evaluation, which says how maps are prepared.
    apart = names(run(), run(evaluation="f@1", threshold="sweep@2"))
    assert [each.threshold for each in apart] == ["sweep", "sweep"]
    assert [each.threshold for each in names(run(), run(threshold="sweep@2"))] == ["sweep@1", "sweep@2"]


def targets(root: Path, group: str, settings: str) -> Carried:
    row = {"image": "a", "label": 1, "class_name": "cat", "width": 9, "height": 9, "boxes": [0.0, 0.0, 5.0, 5.0]}
    row |= {"mask": "", "ignore": "", "group": group, "outputs": [1], "status": "ok"}
    TARGETS.write(root / "d@1/index/targets.parquet", pd.DataFrame([row]), settings=settings)
    return Carried(root, {"datasets": ["d@1"]}, [])


def test_targets_are_the_same_by_what_they_say_not_by_what_wrote_them(tmp_path):
    one, other = targets(tmp_path / "a", "g", "here"), targets(tmp_path / "b", "g", "there")
    assert len({path.read_bytes() for path in tmp_path.rglob("targets.parquet")}) == 2
    assert contents([one, other]).keys() == {"d@1"} and contents([one, other]) == contents([other])
    with pytest.raises(DataError, match=r"merge: data set d@1 has other targets in '.*a' than in '.*c'"):
        contents([one, targets(tmp_path / "c", "h", "here")])


def test_a_metric_of_a_plugin_that_is_not_here_or_not_the_same_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("import numpy as np\n\nMETRICS = {'half': lambda view: np.full(len(view), 0.5)}\n")
    settings = {"metrics": ["half"], plugins.KEY: {"mine.py": plugins.digest("mine.py")}}
    join_metrics("e@1", settings)
    assert "half" in plugins.registry("METRICS")
    plugins.load([])
    for text in ("METRICS = {'half': len}\n", None):
        Path("mine.py").unlink()
        if text:
            Path("mine.py").write_text(text)
        with pytest.raises(DataError, match=r"'mine\.py', a plugin of evaluation e@1, is not here"):
            join_metrics("e@1", settings)
