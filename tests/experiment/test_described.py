"""What the report says of how its numbers were made."""

import json
from pathlib import Path

from configs import changed
from wsol.experiment.config import check
from wsol.experiment.described import command, described

NET = {"architecture": "MobileNetV2", "input": 64}


def experiment():
    trained = NET | {"weights": {"train": {"dataset": "c", "seeds": 2}}}
    return check(changed(("backbones.net", trained), ("datasets.c", {"adapter": "shapes", "split": "train"})))


def test_every_run_has_its_decisions_and_each_of_them_its_settings():
    found = described(experiment(), ["config.yaml"])
    decisions = {part for run in found["runs"] for _, part in run["decisions"]}
    assert decisions <= found["settings"].keys() and list(found["settings"]) == sorted(found["settings"])
    trained = next(run for run in found["runs"] if run["name"].startswith("net/"))
    assert [kind for kind, _ in trained["decisions"]].count("backbone") == 2
    assert json.loads(json.dumps(found)) and found == described(experiment(), ["config.yaml"])


def test_no_path_of_this_machine_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command([str(tmp_path / "mine/e.yaml")]) == "make run CONFIG=mine/e.yaml"
    assert command(["/somewhere/else/e.yaml"]) == "make run CONFIG=e.yaml"
    assert command([]) == "make run"
    assert str(Path.cwd()) not in str(described(experiment(), [str(tmp_path / "e.yaml")]))
