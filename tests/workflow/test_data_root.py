"""Data lie below one folder that a run is told: where it lies names no result, and what lies there makes each."""

import pickle
import subprocess
import sys

import pandas as pd
import pytest

import sources
import standins
from configs import changed
from conftest import ROOT
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import notes
from wsol.files.formats import digest
from wsol.files.index import TARGETS
from wsol.places import as_written, below, named

NAMES = [f"{number}.jpg" for number in range(6)]
CONFIG = {
    "resamples": 100,
    "datasets": {"a": {"adapter": "wsol", "annotations": "meta"}},
    "cams": {"center": {}},
    "thresholds": {"half": {"method": "fixed", "level": 0.5}},
    "evaluations": {"e": {"report": "a", "metrics": ["maxboxacc@50"]}},
}


def test_a_path_is_opened_where_it_lies_and_called_what_is_written():
    path = below("/data", "images", "birds/a")
    assert (path, path.written, path.root) == ("/data/birds/a", "birds/a", "/data")
    assert (
        digest({"images": [path]}) == digest({"images": ["birds/a"]}) == digest({"images": [below("x", "", "birds/a")]})
    )
    assert digest({"images": path}) != digest({"images": below("/data", "images", "birds/b")})
    assert TARGETS.header("x", {"part": None, "images": path}, {})["settings"] == {"part": None, "images": "birds/a"}
    again = pickle.loads(pickle.dumps({"images": path}))["images"]  # as Snakemake hands settings to a job
    assert (again, as_written(again), named(again)) == (path, "birds/a", "'birds/a' (looked for below '/data')")
    absolute = below("/data", "images", "/elsewhere")
    assert (absolute, absolute.written, named(absolute)) == ("/elsewhere", "/elsewhere", "'/elsewhere'")


def test_every_kind_of_path_counts_from_the_root_and_words_do_not(tmp_path, monkeypatch):
    monkeypatch.setenv("SET", "glas/train")
    root = standins.data(tmp_path / "lies/here")
    config = changed(
        ("data", str(root)),
        (
            "datasets.a",
            {"adapter": "wsol", "annotations": "${SET}/metadata", "masks": "$SET/masks", "images": "$SET/images"},
        ),
        (
            "datasets.b",
            {"adapter": "wsol", "annotations": str(root / "glas/test/metadata"), "masks": "glas/test/masks"},
        ),
        ("backbones", {"net": {"architecture": "MobileNetV2", "weights": "weights/mobilenet_v2_imagenet.weights.h5"}}),
    )
    config["datasets"]["a"]["class_map"] = config["datasets"]["b"]["class_map"] = "labels"
    config["datasets"]["b"]["images"] = "glas/test/images"
    config["backbones"] |= {
        "mine": {"model": "voc.keras", "preprocessing": {}},
        "maps": {"imported": {"a": "glas", "b": "cub20"}},
    }
    experiment = check(config)
    first, second = experiment.dataset("a").settings, experiment.dataset("b").settings
    assert first["masks"] == f"{root}/glas/train/masks" and first["masks"].written == "glas/train/masks"
    assert first["class_map"] == "labels" and not hasattr(first["class_map"], "written")
    assert second["annotations"] == f"{root}/glas/test/metadata"
    backbones = {run.backbone.name: run.backbone.settings for run in experiment.runs if run.backbone}
    assert backbones["net"]["weights"] == f"{root}/weights/mobilenet_v2_imagenet.weights.h5"
    assert backbones["mine"]["model"] == f"{root}/voc.keras"
    assert backbones["maps"]["imported"] == {"a": f"{root}/glas", "b": f"{root}/cub20"}
    assert all(path.startswith(str(root)) for paths in notes(experiment).values() for path in paths)


def test_a_root_that_is_a_file_and_one_that_cannot_be_expanded_are_one_line():
    with pytest.raises(ConfigError, match=rf"^data: '{__file__}' is a file, a folder is meant\.$"):
        check(changed(("data", __file__)))
    with pytest.raises(ConfigError, match=r"^data: the environment has no variable 'NOWHERE_AT_ALL'\.$"):
        check(changed(("data", "$NOWHERE_AT_ALL/x")))


def test_another_root_has_the_same_folders_and_is_read_anew(workflow, tmp_path):
    for place, labels in (("one", [0] * 6), ("two", [0, 1] * 3)):
        standins.wsol(tmp_path / place / "meta", NAMES, labels)
    assert workflow(CONFIG, "--config", f"data={tmp_path}/one").returncode == 0
    before = list(tmp_path.glob("results/a@*/index/targets.parquet"))
    again = workflow(CONFIG, "--config", "data=two")  # from the folder that the run starts in
    assert again.returncode == 0, again.stderr
    assert "annotations: 4 new" in again.said
    after = list(tmp_path.glob("results/a@*/index/targets.parquet"))
    assert before == after and len(after) == 1
    assert pd.read_parquet(after[0])["label"].tolist() == [0, 1] * 3


def test_what_a_check_says_with_a_root(tmp_path):
    config = tmp_path / "experiment.yaml"
    config.write_text(str(CONFIG).replace("'", '"'))
    script = [sys.executable, str(ROOT / "scripts/check.py"), str(config), "--data"]
    wrong = subprocess.run([*script, "nowhere"], cwd=tmp_path, capture_output=True, text=True)
    said = "config: datasets.a.annotations: no such file or folder: 'meta' (looked for below 'nowhere').\n"
    assert (wrong.returncode, wrong.stderr) == (1, said)


@pytest.mark.parametrize(
    "words, ends",
    [
        ({}, "--configfile config.yaml"),
        ({"DATA": "/a b"}, "--configfile config.yaml --config data='/a b'"),
        ({"DATA": "/x", "ARGS": "-n"}, "--configfile config.yaml -n --config data='/x'"),
        ({"DATA": "/x", "ARGS": "--config seed=5 -n"}, "--configfile config.yaml --config data='/x' seed=5 -n"),
        ({"DATA": "/x", "ARGS": "-n -C seed=5"}, "--configfile config.yaml -n --config data='/x' seed=5"),
        ({"DATA": "/x", "ARGS": "--config=seed=5"}, "--configfile config.yaml --config data='/x' seed=5"),
        ({"ARGS": "-n -C seed=5"}, "--configfile config.yaml -n -C seed=5"),
    ],
)
def test_make_hands_the_root_on_beside_other_values(words, ends):
    """Of two `--config` Snakemake takes the last."""
    command = ["make", "-n", "-o", ".venv/ready", "run", *[f"{name}={value}" for name, value in words.items()]]
    environment = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert " ".join(done.stdout.splitlines()[-1].split()).endswith(ends)


def test_a_contact_sheet_finds_its_data(tmp_path):
    settings = sources.coco(tmp_path / "data")
    relative = {key: value.removeprefix(f"{tmp_path}/data/") for key, value in settings.items()}
    (tmp_path / "experiment.yaml").write_text(str({"datasets": {"a": relative}}).replace("'", '"'))
    command = [sys.executable, str(ROOT / "scripts/contact_sheet.py"), "experiment.yaml", "a"]
    done = subprocess.run([*command, "--data", str(tmp_path / "data")], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
