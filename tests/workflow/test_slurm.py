"""The workflow on a cluster, through workflow/profiles/slurm (make test-slurm); needs a SLURM that takes jobs here."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from test_changes import results_of

PLUGIN = "snakemake_executor_plugin_slurm"
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(not shutil.which("sbatch"), reason="sbatch is not on PATH"),
    pytest.mark.skipif(not importlib.util.find_spec(PLUGIN), reason=f"{PLUGIN} is not installed"),
]
ROOT = Path(__file__).parents[2]
PROFILE = ("--profile", str(ROOT / "workflow/profiles/slurm"))
EXPERIMENT = {
    "shard_size": 20,
    "resamples": 200,
    "overlays": 2,
    "datasets": {"b": {"adapter": "shapes", "split": "report", "count": 40, "size": 64, "class_map": "labels"}},
    "backbones": {"net": {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "weights": "random"}},
    "cams": {"gradcam": {}, "center": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"shapes": {"report": "b", "metrics": ["maxboxacc@50", "maxboxacc_v2"]}},
}


def test_a_cluster_gives_the_bytes_of_one_machine_and_a_second_run_does_nothing(workflow, tmp_path):
    cluster = workflow(EXPERIMENT, *PROFILE)
    assert cluster.returncode == 0, cluster.stderr
    assert "submitted with SLURM jobid" in cluster.said
    here = workflow(EXPERIMENT | {"results": "here"})
    assert here.returncode == 0, here.stderr
    for name in ("scores.csv", "comparisons.csv"):
        assert (tmp_path / "results" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    again = workflow(EXPERIMENT, *PROFILE)
    assert again.returncode == 0 and "Nothing to be done" in again.stdout + again.stderr


CONTROLS = {
    "threads": 1,
    "shard_size": 20,
    "resamples": 200,
    "overlays": 0,
    "plugins": ["trouble.py"],
    "datasets": {"b": {"adapter": "shapes", "split": "report", "count": 40, "size": 64}},
    "cams": {"trouble": {}, "center": {}},
    "thresholds": {"sweep": {"step": 0.01}},
    "evaluations": {"shapes": {"report": "b", "metrics": ["maxboxacc@50", "maxboxacc_v2"]}},
}
TROUBLE = """
import time
from pathlib import Path
import numpy as np

def trouble(names: list[str]):
    slow, greedy = Path("slow"), Path("greedy")
    if slow.exists() and slow.read_text() == names[0]:
        time.sleep(300)
    if greedy.exists() and greedy.read_text() == names[0]:
        held = [bytearray(b"x" * (1 << 20)) for _ in range(2000)]
        time.sleep(5)
    y, x = np.mgrid[:32, :32]
    return [np.exp(-((x - 16) ** 2 + (y - 10) ** 2) / 50).astype(np.float32)] * len(names)

CONTROLS = {"trouble": trouble}
"""


def here(workflow, root: Path) -> dict[str, bytes]:
    """The results of the same experiment on this machine alone."""
    run = workflow(CONTROLS | {"results": "here"})
    assert run.returncode == 0, run.stderr
    return results_of(root, "here")


def begun(root: Path) -> list[Path]:
    """The log of the job that takes five minutes, which it writes before its work."""
    return list((root / "results/logs/control").rglob("trouble*/000000-000019.log"))


def limits_memory() -> bool:
    """Whether SLURM ends a job that takes more memory than it asked for."""
    said = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=True).stdout
    return "task/cgroup" in said or "OverMemoryKill" in said


def test_what_a_cluster_ended_is_named_with_what_to_ask_for_and_the_next_run_makes_it(workflow, tmp_path):
    (tmp_path / "trouble.py").write_text(TROUBLE)
    told = {
        "000000-000019": "TIMEOUT: it took longer than its 1 min. Ask for more (set-resources: control: {runtime: 2})"
    }
    (tmp_path / "slow").write_text("report/000000.png")
    if limits_memory():
        (tmp_path / "greedy").write_text("report/000020.png")
        told["000020-000039"] = "OUT_OF_MEMORY: it needed more memory than its 1500 MB."
    alone = ("--groups", "localize=regions")  # a group has the sum of its jobs' time, and the most of their memory
    asked = ("--set-resources", "control:runtime=1", "control:mem_mb=1500")
    run = workflow(CONTROLS, *PROFILE, "--retries", "0", *alone, *asked)
    assert run.returncode == 1
    for shard, words in told.items():
        assert f"! control trouble · b · images {shard}: {words}" in run.stderr, run.stderr
    for name in ("slow", "greedy"):
        (tmp_path / name).unlink(missing_ok=True)
    run = workflow(CONTROLS, *PROFILE)
    assert run.returncode == 0, run.stderr
    assert results_of(tmp_path, "results") == here(workflow, tmp_path)


def test_a_run_that_was_killed_goes_on_once_its_jobs_are_cancelled(workflow, tmp_path):
    """The README's way back; the jobs of the killed run are still at work when it is taken."""
    (tmp_path / "trouble.py").write_text(TROUBLE)
    (tmp_path / "slow").write_text("report/000000.png")
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(CONTROLS))
    where = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(tmp_path / "experiment.yaml")]
    command = [sys.executable, "-m", "snakemake", *PROFILE, *where, "--directory", str(tmp_path)]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    with open(tmp_path / "said", "w") as said:
        run = subprocess.Popen(command, cwd=ROOT, env=plain, stderr=said)
    deadline = time.monotonic() + 300
    while not begun(tmp_path) and time.monotonic() < deadline:
        time.sleep(1)
    assert begun(tmp_path), (tmp_path / "said").read_text()
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    number = (tmp_path / "said").read_text().split("SLURM run ID: ")[1].split()[0]
    subprocess.run(["scancel", "--name", number], check=True)
    (tmp_path / "slow").unlink()
    time.sleep(20)  # until the cancelled jobs have ended
    assert workflow(CONTROLS, "--unlock").returncode == 0
    again = workflow(CONTROLS, *PROFILE)
    assert again.returncode == 0, again.stderr
    assert results_of(tmp_path, "results") == here(workflow, tmp_path)
