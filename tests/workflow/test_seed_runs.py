"""A backbone that is trained several times, from its config to the tables; and once more."""

import copy

import numpy as np
import pandas as pd
import pytest
from test_workflow import digests, done

from small import SMALL
from wsol.files.score import SCORES
from wsol.files.train import WEIGHTS

NAMES = ["backbone", "cam", "threshold", "metric", "choice"]


def trained(**train):
    """The small experiment with a network trained so; its maps in one shard, at one threshold."""
    config = copy.deepcopy(SMALL) | {"shard_size": 100, "thresholds": {"sweep": {}}}
    config["cams"] = {"gradcam": {}, "mean_activation": {}, "center": {}}
    config["backbones"]["mobilenet"]["weights"]["train"] |= train
    return config


@pytest.mark.slow
def test_a_network_of_several_trainings_is_one_row_and_a_seed_more_touches_no_other(workflow, tmp_path):
    two = workflow(trained(seeds=[0, 1]))
    assert two.returncode == 0, two.stderr
    assert "train     mobilenet seed 1 · " in two.stderr and "predict   mobilenet seed 0 · " in two.stderr
    results = tmp_path / "results"
    table = pd.read_csv(results / "scores.csv", keep_default_na=False, na_values=[""]).set_index(NAMES).sort_index()
    assert table.index.is_unique and set(table.loc["mobilenet", "trainings"]) == {2}
    assert set(table.loc["none", "trainings"]) == {0}
    stages = pd.concat([SCORES.read(path) for path in results.rglob("mobilenet@*/**/scores.parquet")])
    for key, own in stages.groupby(NAMES):
        row = table.loc[key]
        assert len(own) == 2 and row["value"] == pytest.approx(sum(own["value"]) / 2, abs=1e-4)
        assert row["spread"] == pytest.approx(abs(np.diff(own["value"])[0]) / np.sqrt(2), abs=1e-4)
        assert sorted(map(float, row["each"].split())) == pytest.approx(sorted(own["value"]), abs=1e-4)
        assert row["low"] <= row["value"] <= row["high"]
    compared = pd.read_csv(results / "comparisons.csv")
    counts = compared.groupby(["a", "b"])[["a_trainings", "b_trainings"]].first()
    assert counts.loc[("mobilenet/gradcam/sweep", "mobilenet/mean_activation/sweep")].tolist() == [2, 2]
    assert counts.loc[("mobilenet/gradcam/sweep", "none/center/sweep")].tolist() == [2, 0]
    assert "2 trainings, spread " in two.stdout and "2 trainings</small>" in (results / "report.html").read_text()

    before = digests(results)
    three = workflow(trained(seeds=3))
    assert three.returncode == 0, three.stderr
    rules = ("index", "control", "train", "predict", "heatmap", "localize", "score", "table", "report")
    assert [done(three, rule) for rule in rules] == [0, 0, 1, 2, 4, 4, 2, 1, 1]
    after = digests(results)
    tables = {f"{name}.csv" for name in ("scores", "comparisons", "strata", "failures", "curves")}
    tables |= {"report.html", "SHA256SUMS"}
    assert {name for name, digest in before.items() if after.get(name) != digest} == tables
    assert "3 trainings" in three.stdout

    # Written alone, the second seed is the same training, and one row again.
    once = workflow(trained(seed=1))
    assert once.returncode == 0, once.stderr
    assert [done(once, rule) for rule in rules] == [0, 0, 0, 0, 0, 0, 0, 1, 1]
    assert "1 training: the interval says nothing" in once.stdout
    alone = pd.read_csv(results / "scores.csv", keep_default_na=False, na_values=[""]).set_index(NAMES).sort_index()
    assert set(alone.loc["mobilenet", "trainings"]) == {1} and alone.loc["mobilenet", "spread"].isna().all()
    seeds = {
        path.parent.name: WEIGHTS.peek(path)["settings"]["train"]["seed"] for path in results.rglob("*.weights.h5")
    }
    assert sorted(seeds.values()) == [0, 1, 2]
