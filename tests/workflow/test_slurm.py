"""The workflow on a cluster, through workflow/profiles/slurm (make test-slurm); needs a SLURM that takes jobs here."""

import importlib.util
import shutil
from pathlib import Path

import pytest

PLUGIN = "snakemake_executor_plugin_slurm"
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(not shutil.which("sbatch"), reason="sbatch is not on PATH"),
    pytest.mark.skipif(not importlib.util.find_spec(PLUGIN), reason=f"{PLUGIN} is not installed"),
]
PROFILE = ("--profile", str(Path(__file__).parents[2] / "workflow/profiles/slurm"))
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
