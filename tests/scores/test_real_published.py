"""Published numbers, from published metadata and real images, through the whole workflow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_published import published_hits

from conftest import REAL, shipped
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.npz import unpack

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
    # The published rules, applied to the run's own maps, give its numbers to the last image; those once written down
    # were of another machine's maps.
    written = {
        "cam": [86.154, 62.000, 31.231, 86.385, 62.077, 31.231],
        "gradcam": [86.154, 62.231, 31.231, 86.462, 62.308, 31.231],
    }
    for cam, expected in written.items():
        metrics = [f"{name}@{delta}" for name in ("maxboxacc", "maxboxacc_v2") for delta in (30, 50, 70)]
        got = [found["published", cam, metric, "oracle"] for metric in metrics]
        # The table has four decimals; one image of 1,300 is 0.08.
        assert got == pytest.approx(published_accuracies(tmp_path / "results", cam), abs=5e-5), cam
        assert got == pytest.approx(expected, abs=1e-3), cam


def published_accuracies(results: Path, cam: str) -> list[float]:
    """The best over levels at IoU .3, .5, .7, in percent: of the largest contour, then of all."""
    (stored,) = results.glob(f"imagenet@*/mobilenetv2@*/{cam}@*/*.heatmaps.npz")
    targets = TARGETS.read(next(results.glob("imagenet@*/index/targets.parquet")))
    correct = np.zeros((2, 1000, 3))
    for row, heatmap in zip(targets.itertuples(index=False), unpack(HEATMAPS.read(stored)), strict=True):
        for every in (False, True):
            truth, size = np.reshape(row.boxes, (-1, 4)), (row.height, row.width)
            correct[int(every)] += published_hits(heatmap, size, truth, every)
    return (100 * correct.max(axis=1) / len(targets)).ravel().tolist()
