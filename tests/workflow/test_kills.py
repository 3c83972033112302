"""Kill -9 at random moments: after the README's way back the results are an undisturbed run's, byte for byte."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml
from test_changes import dataset, from_nothing, results_of, table

from conftest import runner

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
JOBS, RUNS = 25, 10  # how many of each are killed


class Killed:
    """An experiment that is started, killed and taken up again; its annotations change between versions of a seed."""

    def __init__(self, workflow, root: Path, seed: int):
        self.workflow, self.root, self.random = workflow, root, np.random.default_rng(seed)
        self.config = dataset(root)
        self.whole = {}
        for version in (0, 1):
            table(root, seed=version)
            self.whole[version] = from_nothing(workflow, root, self.config)
        self.version = 1

    def start(self) -> psutil.Popen:
        return started(self.root, self.config)

    def written(self, pattern: str, since: float) -> bool:
        """Whether a file of the results was written in this run."""
        return any(path.stat().st_mtime > since for path in (self.root / "results").glob(pattern))

    def perhaps_edit(self) -> None:
        if self.random.random() < 0.8:
            self.version = 1 - self.version
            table(self.root, seed=self.version)

    def check(self) -> None:
        """The README's way back, and what it ends in."""
        taken_up(self.workflow, self.config)
        assert results_of(self.root, "results") == self.whole[self.version]


def started(root: Path, config: dict, *arguments: str) -> psutil.Popen:
    """A run on two cores that somebody may kill."""
    (root / "experiment.yaml").write_text(yaml.safe_dump(config))
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    options = ["--cores", "2", "--keep-going", "--rerun-incomplete"]
    where = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(root)]
    where += ["--configfile", str(root / "experiment.yaml"), *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return psutil.Popen([sys.executable, "-m", "snakemake", *options, *where], cwd=ROOT, env=plain, **quiet)


def taken_up(workflow, config: dict, *arguments: str) -> None:
    """The README's way back."""
    workflow(config, "--unlock")
    run = workflow(config, "--rerun-incomplete", *arguments)
    while "jobs of a run that was killed still work" in run.stderr:  # one that began as its run was killed
        time.sleep(1)
        run = workflow(config, "--rerun-incomplete", *arguments)
    assert run.returncode == 0, run.stderr


def jobs_of(run: psutil.Popen) -> list[psutil.Process]:
    """The processes that work on a job of a run."""
    try:
        return [child for child in run.children(recursive=True) if child.is_running()]
    except psutil.NoSuchProcess:
        return []


def wait_for(what, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not what():
        time.sleep(0.005)


def kill(process: psutil.Process) -> bool:
    """Whether it still was there to be killed."""
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return False
    return True


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    root = tmp_path_factory.mktemp("killed")
    return Killed(runner(root), root, seed=7)


def test_jobs_may_be_killed_at_any_moment(killed):
    gone = 0
    while gone < JOBS:
        killed.perhaps_edit()
        run = killed.start()
        for _ in range(4):
            wait_for(lambda run=run: jobs_of(run) or run.poll() is not None)
            time.sleep(killed.random.uniform(0, 3))
            if working := jobs_of(run):
                gone += kill(working[killed.random.integers(len(working))])
        run.wait(300)
        killed.check()


@pytest.mark.parametrize("turn", range(RUNS))
def test_a_run_may_be_killed_at_any_moment_and_right_behind_what_it_waits_for(killed, turn):
    killed.perhaps_edit()
    since = time.time()
    run = killed.start()
    if turn % 3 < 2:
        pattern = ("plans/*/plan.json", "*/index/targets.parquet")[turn % 3]
        wait_for(lambda: killed.written(pattern, since) or run.poll() is not None)
    else:
        time.sleep(killed.random.uniform(1, 12))
    for process in [run, *jobs_of(run)]:
        kill(process)
    run.wait(60)
    killed.check()
