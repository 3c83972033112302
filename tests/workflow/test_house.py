"""The house keeps its rules: who imports whom, what is listed where, and nothing of one machine in it."""

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from wsol.index.shards import rows, shards
from wsol.provenance.code import library

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    str(path.relative_to(ROOT / "workflow").with_suffix("")).replace("/", ".")
    for path in (ROOT / "workflow/wsol").rglob("*.py")
    if path.name != "__init__.py"
)


def test_nothing_imports_tensorflow_or_snakemake_on_import():
    unwanted = {"tensorflow", "keras", "snakemake"}
    code = f"import sys\nfor m in {MODULES}: __import__(m)\nprint({unwanted} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stdout + found.stderr


@pytest.mark.parametrize("stage", ["index", "control", "heatmap", "localize", "score", "table", "report"])
def test_only_train_and_predict_can_reach_keras(stage):
    used = {path.name for path in library(ROOT / f"scripts/{stage}.py", ROOT / "workflow")}
    assert not used & {
        "architectures.py",
        "backbones.py",
        "built.py",
        "graphs.py",
        "kerasmodel.py",
        "savedmodel.py",
        "explainer.py",
        "asking.py",
        "evidence.py",
        "perturb.py",
        "train.py",
    }


def names(lines):
    return {re.split(r"[ <>=!~;\[]", line.strip(), maxsplit=1)[0].lower().replace("_", "-") for line in lines}


def test_the_environments_name_the_same_direct_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    listed = [d for d in conda if isinstance(d, str)] + next(d["pip"] for d in conda if isinstance(d, dict))
    listed = [line.replace("matplotlib-base", "matplotlib") for line in listed]
    assert names(listed) - {"python", "pip"} == names(project["dependencies"])
    assert project["requires-python"] == ">=3.11,<3.14" and "python >=3.11,<3.14" in conda


def test_the_lock_pins_every_dependency_with_hashes_and_no_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements.lock").read_text()
    pinned = names(line for line in lock.splitlines() if "==" in line)
    assert names(project["dependencies"]) | names(project["optional-dependencies"]["dev"]) <= pinned
    assert "://" not in lock and "index-url" not in lock
    for package in re.split(r"\n(?=[a-z])", lock):
        assert "--hash=sha256:" in package, package[:60]


def test_shards_are_contiguous_and_named_by_what_they_hold():
    import pandas as pd

    assert shards(5, 2) == ["000000-000001", "000002-000003", "000004-000004"]
    targets = pd.DataFrame({"image": ["a", "a", "b", "c", "c", "d"], "label": range(6)})
    assert [rows(targets, shard)["label"].tolist() for shard in shards(4, 2)] == [[0, 1, 2], [3, 4, 5]]


def test_the_readme_names_everything_that_can_be_named():
    from wsol.adapters import ADAPTERS
    from wsol.maps.cams import CAMS
    from wsol.maps.controls import CONTROLS
    from wsol.regions.thresholds import THRESHOLDS
    from wsol.scores.metrics import METRICS

    readme = (ROOT / "README.md").read_text()
    for registry in (ADAPTERS, CAMS, CONTROLS, METRICS, THRESHOLDS):
        assert not [name for name in registry if f"`{name}`" not in readme]


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_experiment_is_a_valid_one(path):
    """All but the data itself: folders that are not here are the only thing a check may miss."""
    from wsol.errors import ConfigError
    from wsol.experiment import config

    try:
        experiment = config.check(yaml.safe_load(path.read_text()))
    except ConfigError as error:
        assert re.search(r"no such file or folder|no file '", str(error)), error
    else:
        assert experiment.runs


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.stem)
def test_every_benchmark_still_imports_what_it_measures(path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    assert f"python benchmarks/{path.name}" in runpy.run_path(str(path), run_name="imported")["__doc__"]
