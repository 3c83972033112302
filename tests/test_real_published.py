"""Published numbers, from published metadata and real images, through the whole workflow."""

from pathlib import Path

import pandas as pd
import pytest

from conftest import REAL, shipped

pytestmark = REAL


def values(path: Path) -> pd.Series:
    scores = pd.read_csv(path, keep_default_na=False)
    return scores.set_index(["evaluation", "cam", "metric", "choice"])["value"].sort_index()


def test_the_centre_baseline_on_the_whole_benchmarks(workflow, tmp_path):
    run = workflow(shipped("published_controls"))
    assert run.returncode == 0, run.stderr
    found = values(tmp_path / "results/scores.csv")
    published = {
        "ilsvrc": {"maxboxacc@30": 76.81, "maxboxacc@50": 54.06, "maxboxacc@70": 29.28, "maxboxacc_v2": 53.39},
        "cub": {"maxboxacc@30": 93.91, "maxboxacc@50": 59.60, "maxboxacc@70": 17.00, "maxboxacc_v2": 56.83},
    }
    for name, expected in published.items():
        for metric, value in expected.items():
            assert found[name, "center", metric, "oracle"] == pytest.approx(value, abs=0.02), (name, metric)
    assert 52 < found["ilsvrc_exact", "center", "maxboxacc@50", "selected"] < 55


def test_mobilenetv2_on_real_images(workflow, tmp_path):
    run = workflow(shipped("ilsvrc"))
    assert run.returncode == 0, run.stderr
    found = values(tmp_path / "results/scores.csv")
    assert found["all", "gradcam", "top1_acc", "none"] == pytest.approx(78.5, abs=0.3)
    assert found["all", "gradcam", "top5_acc", "none"] == pytest.approx(94.2, abs=0.3)
    oracle = found["all", "gradcam", "maxboxacc@50", "oracle"]
    assert 58 <= oracle <= 66
    # Stretched over the input, Keras' maps lie up and left of what they show: on these images below the centre.
    assert found["aligned", "gradcam", "maxboxacc@50", "oracle"] > found["aligned", "center", "maxboxacc@50", "oracle"]
    two_images = 200 / 1300 + 1e-3
    published = {
        "cam": [86.154, 62.000, 31.231, 86.385, 62.077, 31.231],
        "gradcam": [86.154, 62.231, 31.231, 86.462, 62.308, 31.231],
    }
    for cam, expected in published.items():
        metrics = [f"{name}@{delta}" for name in ("maxboxacc", "maxboxacc_v2") for delta in (30, 50, 70)]
        got = [found["published", cam, metric, "oracle"] for metric in metrics]
        assert got == pytest.approx(expected, abs=two_images), cam
