"""What several tests share: running a stage's script as Snakemake does, and a whole small experiment."""

import fcntl
import hashlib
import json
import os
import pickle
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import sources
from archives import Server
from wsol.index.indexing import index

ROOT = Path(__file__).parents[1]
# Where the shipped experiments' data lie, as `DATA=/where/the/data/lie make test-real` says.
DATA = Path(os.environ.get("DATA") or ROOT / "data")
LOGS = ".snakemake/log/*.log"
REAL = [pytest.mark.real, pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data: '{DATA}' is not there")]


class Named(SimpleNamespace):
    """Snakemake's named files and parameters, as scripts use them."""

    def get(self, name, default=None):
        return vars(self).get(name, default)

    def items(self):
        return vars(self).items()


def run_stage(name: str, **snakemake) -> None:
    """Run `scripts/NAME.py` with the given input, output, params, wildcards and log."""
    given = {key: Named(**value) if isinstance(value, dict) else value for key, value in snakemake.items()}
    runpy.run_path(str(ROOT / "scripts" / f"{name}.py"), init_globals={"snakemake": Named(**given)})


def shipped(name: str) -> dict:
    """An experiment of workflow/experiments."""
    return yaml.safe_load((ROOT / "workflow/experiments" / f"{name}.yaml").read_text())


def problems(settings: dict) -> list[tuple]:
    """What the index says against a data set: (kind, image, detail)."""
    return [tuple(row) for row in index(settings).problems.itertuples(index=False)]


def kinds(settings: dict) -> list[str]:
    return sorted(kind for kind, *_ in problems(settings))


@pytest.fixture
def wsol(tmp_path):
    """The small data set in the published form."""
    return sources.wsol(tmp_path)


@pytest.fixture
def workflow(tmp_path):
    """Run an experiment in a folder of its own: `workflow(config, *arguments) -> CompletedProcess`."""
    return runner(tmp_path)


def runner(root: Path, house: Path = ROOT) -> Callable[..., subprocess.CompletedProcess]:
    """The function that runs an experiment in `root`, with the workflow of the checkout `house`.

    What it returns also has `said`: what was printed, and what Snakemake wrote into its own log.
    """

    def run(config: dict, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess:
        file = root / "experiment.yaml"
        file.write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", str(file), *arguments]
        where = ["--snakefile", str(house / "Snakefile"), "--directory", str(root)]
        plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
        before = set(root.glob(LOGS))
        done = subprocess.run([*command, *where], cwd=house, env=plain, capture_output=True, text=True, timeout=900)
        logs = [path.read_text() for path in sorted(set(root.glob(LOGS)) - before)]
        done.said = "".join([done.stdout, done.stderr, *logs])
        return done

    return run


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(config, folder)`: as if `runner(folder)(config)`, which is run once for all tests that ask for it."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def put(config: dict, folder: Path) -> subprocess.CompletedProcess:
        kept = shared / f"run-{hashlib.sha256(json.dumps(config).encode()).hexdigest()[:8]}"
        with open(f"{kept}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed: the other workers wait for this run
            if not (kept / "said.pickle").exists():
                shutil.rmtree(kept, ignore_errors=True)  # of a run that did not end
                kept.mkdir()
                said = runner(kept)(config)
                (kept / "said.pickle").write_bytes(pickle.dumps(said))
        shutil.copytree(kept, folder, ignore=shutil.ignore_patterns("said.pickle"), dirs_exist_ok=True)
        return pickle.loads((kept / "said.pickle").read_bytes())

    return put


@pytest.fixture
def server():
    """A server on this machine, of files that a test gives it."""
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs first, the longest before all: no worker then waits at the end for one that the other began last."""
    items.sort(key=lambda item: (item.path.parent.name != "workflow", item.path.name != "test_workflow.py"))
