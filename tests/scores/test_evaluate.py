"""Rows of the scores table: choices, levels, denominators, what is refused."""

import numpy as np
import pandas as pd
import pytest

from wsol.errors import ConfigError, DataError
from wsol.scores.curves import HitIntervals
from wsol.scores.evaluate import COLUMNS, evaluate
from wsol.scores.metrics import METRICS
from wsol.scores.outcome import Outcome
from wsol.scores.ranks import UNRANKED

EVERY = (-np.inf, np.inf)


def outcome(intervals, *, status=None, rank=None, names="abcdefgh", levels=None):
    """Targets whose one box is hit, at every IoU, in the given (lo, hi] each; None: never."""
    n = len(intervals)
    rows = [(t, *i) for t, i in enumerate(intervals) if i is not None]
    target, lo, hi = np.array(rows, float).reshape(-1, 3).T
    found = HitIntervals(target.astype(int), lo, hi)
    images = list(names[:n])
    truth = {"boxes": [[0, 0, 9, 9]] * n, "mask": "", "height": 9, "width": 9}
    return Outcome(
        pd.DataFrame({"image": images, "group": images, "label": 0, **truth}),
        np.array(status or ["ok"] * n),
        None if rank is None else np.array(rank),
        find_hit_intervals=lambda deltas, components, truth: [found] * len(deltas),
        swept_levels=levels,
    )


def row(evaluation, metric, choice):
    frame = evaluation.scores.set_index(["metric", "choice"])
    return frame.loc[(metric, choice)]


def test_oracle_beside_selected():
    report = outcome([(0.1, 0.2), (0.1, 0.2), (0.6, 0.8)])
    select = outcome([(0.6, 0.8), None], names="xy")
    found = evaluate(report, select, ["gtknown_loc"])
    assert list(found.scores.columns) == COLUMNS
    oracle, selected = row(found, "gtknown_loc", "oracle"), row(found, "gtknown_loc", "selected")
    assert oracle["value"] == pytest.approx(200 / 3) and oracle["levels"] == "0.15"
    assert selected["value"] == pytest.approx(100 / 3) and selected["levels"] == "0.7"
    assert oracle["low"] <= oracle["value"] <= oracle["high"]
    assert found.targets["gtknown_loc@selected"].tolist() == [0, 0, 1]


def test_v2_has_a_level_for_each_iou_and_its_own_name_with_one():
    by_delta = {0.3: [(0, 0.2), (0, 0.2)], 0.5: [(0.4, 0.6), (0.7, 0.9)], 0.7: [(0.4, 0.6), None]}

    def find(deltas, components, truth):
        rows = [[(t, *i) for t, i in enumerate(by_delta[d]) if i] for d in deltas]
        return [
            HitIntervals(np.array([int(r[0]) for r in k]), *(np.array([r[j] for r in k]) for j in (1, 2))) for k in rows
        ]

    report = outcome([None, None])
    report.find_hit_intervals = find
    found = evaluate(report, None, ["maxboxacc_v2", "maxboxacc_v2_one_level", "maxboxacc_v2@30", "boxacc@30"])
    assert row(found, "maxboxacc_v2", "oracle")["value"] == pytest.approx(100 * (1 + 0.5 + 0.5) / 3)
    assert row(found, "maxboxacc_v2", "oracle")["levels"] == "0.1 0.5 0.5"
    # At (0, .2] both are hit at .3; at (.4, .6] one at .5 and .7: a tie, and the lower level is first.
    assert row(found, "maxboxacc_v2_one_level", "oracle")["value"] == pytest.approx(100 * 1 / 3)
    assert row(found, "maxboxacc_v2@30", "oracle")["value"] == 100
    assert row(found, "boxacc@30", "oracle")["value"] == 0


def test_single_levels_are_fixed_and_classification_has_no_choice():
    report = outcome([EVERY, None, EVERY, None], rank=[0, 0, 3, UNRANKED])
    metrics = ["top1_acc", "top5_acc", "gtknown_loc", "top1_loc", "top5_loc"]
    found = evaluate(report, outcome([EVERY], names="z"), metrics, single_level=True).scores
    assert found["choice"].tolist() == ["none", "none", "fixed", "fixed", "fixed"]
    assert found["value"].tolist() == [50, 75, 50, 25, 50]
    assert (found["n"] == 4).all() and (found["levels"] == "").all()


def test_what_is_not_ok_misses_and_only_no_ground_truth_leaves_the_denominator():
    status = ["ok", "degenerate", "unreadable", "missing", "no_ground_truth"]
    report = outcome([EVERY] * 5, status=status, rank=[0] * 5)
    found = evaluate(report, None, ["gtknown_loc", "top1_loc", "top1_acc"], single_level=True)
    assert row(found, "gtknown_loc", "fixed")[["value", "n"]].tolist() == [25, 4]
    assert row(found, "top1_loc", "fixed")[["value", "n"]].tolist() == [25, 4]
    assert row(found, "top1_acc", "none")[["value", "n"]].tolist() == [100, 5]
    assert found.targets["status"].tolist() == status
    assert np.isnan(found.targets["gtknown_loc@fixed"][4])


def test_a_metric_without_its_input_has_no_row():
    found = evaluate(outcome([EVERY]), None, ["top1_acc", "gtknown_loc"])
    assert found.scores["metric"].tolist() == ["gtknown_loc"] and found.unavailable == {"top1_acc": "predictions"}
    found = evaluate(outcome([EVERY], status=["no_ground_truth"]), None, ["gtknown_loc"])
    assert not len(found.scores) and found.unavailable == {"gtknown_loc": "truth"}


def test_refusals():
    with pytest.raises(ConfigError, match=r"unknown 'maxboxac'\. Did you mean"):
        evaluate(outcome([EVERY]), None, ["maxboxac"])
    with pytest.raises(DataError, match="empty"):
        evaluate(outcome([EVERY]), outcome([]), ["gtknown_loc"])


def test_every_metric_scores_a_perfect_run_100():
    report = outcome([EVERY] * 4, rank=[0] * 4)
    found = evaluate(report, None, list(METRICS), single_level=True)
    assert (found.scores[["value", "high"]] == 100).all(axis=None) and (found.scores["low"] < 100).all()


def test_the_published_grid_s_first_best_level():
    report = outcome([(0.15, 0.72)], levels=np.arange(0, 1, 0.1))
    assert row(evaluate(report, None, ["maxboxacc@50"]), "maxboxacc@50", "oracle")["levels"] == "0.2"
