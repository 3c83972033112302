"""The house keeps its rules: who imports whom, what is listed where, and nothing of one machine in it."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
import yaml

from wsol.index.splits import rows, shards
from wsol.provenance.code import Library

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    str(path.relative_to(ROOT / "workflow").with_suffix("")).replace("/", ".")
    for path in (ROOT / "workflow/wsol").rglob("*.py")
    if path.name != "__init__.py"
)
# Who may import whom: a room (a folder, or a module beside the folders) what stands on a line above its own, and
# nothing else. Rooms of one line do not know each other. Rules and scripts may import everything.
FLOORS = (
    ("errors",),
    ("boxes", "lock", "places", "processor"),
    ("affine", "settings", "job"),
    ("files",),
    ("datasets",),
    ("adapters",),
    ("index",),
    ("networks", "maps", "regions", "statistics"),
    ("scores", "training"),
    ("exports",),
    ("report", "pictures", "terminal", "fetching"),
    ("page", "explain"),
    ("provenance",),
    ("experiment",),
    ("merging",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def room(module: str) -> str:
    """`wsol.maps.cams` -> `maps`; "" for the package itself, which holds the version and imports nothing."""
    return module.partition(".")[2].partition(".")[0]


def imports(package: Path) -> Iterator[tuple[str, int, str]]:
    """(module, line, imported module) for every import of the package by itself, those inside functions too."""
    modules = {module_name(path, package) for path in package.rglob("*.py")}
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            for target in targets(node, modules):
                if target.partition(".")[0] == package.name:
                    yield module_name(path, package), node.lineno, target


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def targets(node: ast.AST, modules: set[str]) -> list[str]:
    """The modules that an import names; of `from a import b` it is `a.b` where that is one, else `a`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    source = "." * node.level + (node.module or "")
    assert node.level == 0, f"a relative import of {source}: say wsol.…"
    return [name if (name := f"{source}.{alias.name}") in modules else source for alias in node.names]


def wrong_imports(package: Path) -> list[str]:
    """`module:line imports module` for every import that the table does not allow; [] where all is well."""
    found = []
    for module, line, target in imports(package):
        importer = room(module)
        imported = room(target)
        if imported in ("", importer):
            continue
        if importer not in FLOOR_OF or imported not in FLOOR_OF:
            found.append(f"{module}:{line} imports {target}, and the table lacks one of their rooms")
        elif FLOOR_OF[imported] >= FLOOR_OF[importer]:
            found.append(f"{module}:{line} imports {target}")
    return found


def test_a_room_imports_only_what_stands_before_it():
    assert wrong_imports(ROOT / "workflow/wsol") == []


def test_every_room_stands_in_the_table():
    package = ROOT / "workflow/wsol"
    rooms = {room(module_name(path, package)) for path in package.rglob("*.py")}
    assert rooms - {""} == FLOOR_OF.keys()


def test_the_house_stays_small():
    package = ROOT / "workflow/wsol"
    lengths = {path: len(path.read_text().splitlines()) for path in package.rglob("*.py")}
    assert [f"{path.name}: {lines} lines" for path, lines in lengths.items() if lines > 260] == []
    assert len(list(package.glob("*.py"))) <= 9, "beside the rooms"


def test_no_modules_import_each_other_in_a_circle():
    order: TopologicalSorter = TopologicalSorter()
    for module, _, target in imports(ROOT / "workflow/wsol"):
        order.add(module, target)
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    ("module", "planted", "complaint"),
    [
        ("files.paths", "from wsol.scores.metrics import METRICS", "imports wsol.scores.metrics"),
        ("maps.cams", "from wsol.networks import evidence", "imports wsol.networks.evidence"),
        ("boxes", "import wsol.index.summary", "imports wsol.index.summary"),
        ("index.summary", "def late():\n    from wsol.regions import tree", "imports wsol.regions.tree"),
        ("scores.levels", "import wsol.drawer", "imports wsol.drawer, and the table lacks one of their rooms"),
    ],
    ids=["of a later room", "of a room beside it", "in a word", "inside a function", "of an unknown room"],
)
def test_a_planted_wrong_import_is_named(tmp_path, module, planted, complaint):
    package = tmp_path / "wsol"
    shutil.copytree(ROOT / "workflow/wsol", package, ignore=shutil.ignore_patterns("__pycache__"))
    file = package / f"{module.replace('.', '/')}.py"
    file.write_text(f"{file.read_text()}{planted}\n")
    line = len(file.read_text().splitlines())
    assert wrong_imports(package) == [f"wsol.{module}:{line} {complaint}"]


def test_nothing_imports_tensorflow_or_snakemake_on_import():
    unwanted = {"tensorflow", "keras", "snakemake"}
    code = f"import sys\nfor m in {MODULES}: __import__(m)\nprint({unwanted} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True)
    assert found.stdout.strip() == "set()", found.stdout + found.stderr


@pytest.mark.parametrize("stage", ["index", "control", "heatmap", "refine", "localize", "score", "table", "report"])
def test_only_train_and_predict_can_reach_keras(stage):
    used = {path.name for path in Library(ROOT / "workflow").reached(ROOT / f"scripts/{stage}.py")}
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
        "fitting.py",
        "optimizing.py",
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
    from wsol.exports.forms import EXPORTS
    from wsol.maps.cams import CAMS
    from wsol.maps.controls import CONTROLS
    from wsol.networks.models.heading import HEADS
    from wsol.regions.thresholds import THRESHOLDS
    from wsol.scores.metrics import METRICS
    from wsol.training.methods import METHODS
    from wsol.training.optimizing import OPTIMIZERS, SCHEDULES

    readme = (ROOT / "README.md").read_text()
    trained = (HEADS, METHODS, OPTIMIZERS, SCHEDULES)
    for registry in (ADAPTERS, CAMS, CONTROLS, EXPORTS, METRICS, THRESHOLDS, *trained):
        assert not [name for name in registry if f"`{name}`" not in readme]


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "workflow/experiments").glob("*.yaml")), ROOT / ".test/config.yaml"],
    ids=lambda path: path.stem,
)
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


BENCHMARKS = [*(ROOT / "benchmarks").glob("*.py"), *(ROOT / "benchmarks/large").glob("*.py")]


@pytest.mark.parametrize("path", sorted(path for path in BENCHMARKS if path.stem != "runs"), ids=lambda path: path.stem)
def test_every_benchmark_still_imports_what_it_measures(path, monkeypatch):
    for folder in (ROOT / "benchmarks", path.parent):
        monkeypatch.syspath_prepend(str(folder))
    assert f"python {path.relative_to(ROOT)}" in runpy.run_path(str(path), run_name="imported")["__doc__"]
