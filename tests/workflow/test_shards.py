"""One shard, four or thirteen; undisturbed, or killed and taken up again: the same bytes of every table."""

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

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
IMAGES, SELECT = 52, 8
SIZES = {1: 52, 4: 13, 13: 4}  # shards, images each
TABLES = ("scores", "comparisons", "strata", "failures", "curves")
METRICS = ["maxboxacc@50", "maxboxacc_v2", "peak_within_15px", "energy_pointing", "relevance_rank", "ap@50"]
METRICS += ["pxap", "mask_iou", "dice", "pixel_specificity", "voc_miou", "corloc", "dice@class_mean"]
DRAWN = {"adapter": "shapes", "split": "report", "count": IMAGES, "size": 48, "objects": 2}
CONFIG = {
    "resamples": 200,
    "overlays": 2,
    "datasets": {"b": DRAWN, "a": DRAWN | {"split": "select", "count": SELECT}},
    "data": ".",
    "backbones": {"theirs": {"imported": "maps"}},
    "cams": {"center": {}},
    "thresholds": {"sweep": {"step": 0.01}, "otsu": {}},
    "evaluations": {
        "exact": {"report": "b", "select": "a", "metrics": METRICS},
        "published": {"report": "b", "protocol": "wsol2020", "metrics": ["maxboxacc_v2", "pxap", "mask_iou"]},
    },
}


@pytest.fixture
def maps(tmp_path):
    """A map for every image that may be drawn."""
    random = np.random.default_rng(0)
    for split, count in (("report", IMAGES), ("select", SELECT)):
        for i in range(count):
            path = tmp_path / f"maps/{split}/{i:06d}.png.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, random.random((7, 7), np.float32))


def tables(results: Path) -> dict[str, bytes]:
    return {name: (results / f"{name}.csv").read_bytes() for name in TABLES}


def interrupted(root: Path, config: dict, cut: int) -> None:
    """The run and its jobs are killed once so many maps of shards have been cut."""
    (root / "killed.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(root), "--configfile", str(root / "killed.yaml")]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = psutil.Popen(command, cwd=ROOT, env=plain, **quiet)
    while run.poll() is None and len(list((root / config["results"]).rglob("*.regions.npz"))) < cut:
        time.sleep(0.01)
    assert run.poll() is None, "ended before it was killed"
    for process in [run, *run.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)
    run.wait(60)


def test_shards_change_no_byte_also_when_a_run_was_killed(workflow, tmp_path, maps):
    found = {}
    for shards, size in SIZES.items():
        whole = workflow(CONFIG | {"shard_size": size, "results": f"whole{shards}"})
        assert whole.returncode == 0, whole.stderr
        found[shards] = tables(tmp_path / f"whole{shards}")
        assert len(list((tmp_path / f"whole{shards}").glob("b@*/*/imported@*/*.heatmaps.npz"))) == shards
    assert found[1] == found[4] == found[13]
    for shards, size in SIZES.items():
        config = CONFIG | {"shard_size": size, "results": f"killed{shards}"}
        interrupted(tmp_path, config, cut=2 * shards)
        workflow(config, "--unlock")
        again = workflow(config, "--rerun-incomplete")
        while "jobs of a run that was killed still work" in again.stderr:
            time.sleep(1)
            again = workflow(config, "--rerun-incomplete")
        assert again.returncode == 0, again.stderr
        assert tables(tmp_path / f"killed{shards}") == found[1]
