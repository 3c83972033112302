"""Recall of objects by their own sizes, against a search through all matchings."""

import numpy as np
import pandas as pd
import pytest
from test_metrics import naive_matching

from wsol import boxes
from wsol.errors import ConfigError
from wsol.scores.curves import HitIntervals
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import metric
from wsol.scores.outcome import Outcome
from wsol.scores.views import View

SIDES = {"small": (5, 31.9), "medium": (32, 95.9), "large": (96, 150)}
# One target of each size alone, two of several, one of which nothing is found, one without truth.
TRUTHS = [["small"], ["medium"], ["large"], ["small", "large", "small", "medium"], ["large", "large"], ["small"], []]


def outcome(seed):
    random = np.random.default_rng(seed)
    truths, found = [], []
    for sizes in TRUTHS:
        corners = random.uniform(0, 20, (len(sizes), 2))
        sides = np.array([random.uniform(*SIDES[size], 2) for size in sizes]).reshape(-1, 2)
        truths.append(np.concatenate([corners, corners + sides], axis=1))
        near = truths[-1][random.integers(0, max(len(sizes), 1), 3 if sizes else 0)]
        found.append(near + random.uniform(-2, 2, near.shape))
    found[5] = found[5][:0]
    targets = pd.DataFrame({"image": list("abcdefg"), "group": list("abcdefg"), "label": 0, "mask": ""})
    status = np.array(["ok"] * 6 + ["no_ground_truth"])
    return found, Outcome(
        targets.assign(boxes=[flat.ravel() for flat in truths]),
        status,
        find_hit_intervals=lambda deltas, *_: [HitIntervals(np.array([0]), np.zeros(1), np.ones(1)) for _ in deltas],
        find_overlaps=lambda level: [boxes.iou(a, b) for a, b in zip(found, truths, strict=True)],
    )


@pytest.mark.parametrize("size", SIDES)
@pytest.mark.parametrize("seed", range(5))
def test_each_object_counts_by_its_own_size(seed, size):
    found, report = outcome(seed)
    values = metric(f"box_recall_{size}@60")(View(report, "oracle"))
    low, high = {"small": (0, 1024), "medium": (1024, 9216), "large": (9216, np.inf)}[size]
    for t, (ours, value) in enumerate(zip(found, values, strict=True)):
        true = [
            (x0, y0, x1, y1)
            for x0, y0, x1, y1 in np.reshape(report.targets["boxes"][t], (-1, 4))
            if low <= (x1 - x0) * (y1 - y0) < high
        ]
        assert len(true) == TRUTHS[t].count(size)
        if not true:
            assert np.isnan(value)
            continue
        allowed = np.array([boxes.iou(ours, box)[:, 0] >= 0.6 for box in true]).reshape(len(true), -1).T
        assert value == pytest.approx(naive_matching(allowed) / len(true))


def test_an_edge_belongs_to_the_size_above_it():
    report = outcome(0)[1]
    report.targets["boxes"] = [[0.0, 0, 32, 32]] * 3 + [[0.0, 0, 96, 96]] * 4
    report.find_overlaps = lambda level: [np.ones((1, 1))] * 7
    counted = {size: np.isfinite(metric(f"box_recall_{size}@50")(View(report, "oracle"))).sum() for size in SIDES}
    assert counted == {"small": 0, "medium": 3, "large": 3}  # the last target has the status no_ground_truth


def test_a_size_that_no_object_has_is_no_row():
    report = outcome(0)[1]
    report.targets["boxes"] = [[0.0, 0, 9, 9]] * 7
    report.find_overlaps = lambda level: [np.ones((1, 1))] * 7
    found = evaluate(report, None, [f"box_recall_{size}@50" for size in SIDES], resamples=20)
    assert found.scores["metric"].tolist() == ["box_recall_small@50"]
    assert found.unavailable == {"box_recall_medium@50": "truth", "box_recall_large@50": "truth"}
    with pytest.raises(ConfigError, match="none of box_recall_small@1 to box_recall_small@99"):
        metric("box_recall_small@all")
