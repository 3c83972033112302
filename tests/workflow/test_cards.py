"""`gpus: 1` in a run: jobs of a card come one after the other, and a machine without one says so in a line."""

import re

import pytest

EXPERIMENT = {
    "gpus": 1,
    "shard_size": 5,
    "resamples": 200,
    "overlays": 0,
    "datasets": {"b": {"adapter": "shapes", "split": "report", "count": 10, "size": 32, "class_map": "labels"}},
    "backbones": {"net": {"architecture": "MobileNet", "alpha": 0.25, "input": 32, "weights": "random", "classes": 10}},
    "cams": {"gradcam": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"all": {"report": "b", "metrics": ["maxboxacc_v2"]}},
}


@pytest.mark.slow
@pytest.mark.parametrize(("cards", "order"), [(1, "begins ends begins ends"), (2, "begins begins ends ends")])
def test_no_more_jobs_run_at_once_than_there_are_cards(workflow, monkeypatch, cards, order):
    """Both jobs fail, on a machine that has a card too: none is to be seen."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    run = workflow(EXPERIMENT, "-k", "--resources", f"gpu={cards}", cores=4)
    assert run.returncode == 1
    line = "gpus: TensorFlow sees no card here (CUDA_VISIBLE_DEVICES is '-1'); say `gpus: 0`, or install `.[cuda]`."
    assert f"! predict net · b · images 000000-000004: {line}" in run.stderr
    events = re.findall(r"localrule (predict):|Error in rule (predict):", run.said)
    assert " ".join("begins" if began else "ends" for began, _ in events) == order
