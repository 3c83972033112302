"""A run of the whole workflow in a process of its own, and what it took."""

import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]


class Took(NamedTuple):
    """Seconds by the clock and of the processor, and what the run itself says of its stages (costs.csv)."""

    wall: float
    cpu: float
    stages: pd.DataFrame


def run(experiment: Path, results: Path, cores: int, *words: str) -> Took:
    """The experiment of a file, into a results folder; it ends this process where the run fails."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", str(experiment)]
    command += [*words, "--config", f"results={results}"]
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, cpu, pd.read_csv(results / "costs.csv"))


def megabytes(folder: Path, pattern: str) -> float:
    """What the files of a folder's tree take together."""
    return sum(path.stat().st_size for path in folder.rglob(pattern)) / 1e6


def told(stages: pd.DataFrame) -> None:
    print(stages.to_string(index=False), flush=True)
