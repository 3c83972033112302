"""Ranks of the right class; statuses; what counts as a hit."""

import numpy as np
import pandas as pd
import pytest

from wsol.errors import DataError
from wsol.scores.curves import HitIntervals
from wsol.scores.outcome import Outcome, Unavailable, statuses
from wsol.scores.ranks import UNRANKED, ranks, ranks_of


def test_ranks_agree_with_a_stable_sort():
    random = np.random.default_rng(0)
    logits = random.integers(0, 6, (50, 20)).astype(np.float32)  # many ties
    rows, outputs = random.integers(0, 50, 80), [random.choice(20, random.integers(1, 4), False) for _ in range(80)]
    order = np.argsort(-logits, axis=1, kind="stable")
    naive = [min(list(order[row]).index(o) for o in some) for row, some in zip(rows, outputs, strict=True)]
    np.testing.assert_array_equal(ranks(logits, rows, outputs), naive)


def test_no_image_no_output_or_no_finite_logits_is_no_rank():
    logits = np.array([[1, 2], [np.nan, np.nan]])
    assert ranks(logits, [0, 1, -1, 0], [[0], [0], [0], []]).tolist() == [1, UNRANKED, UNRANKED, UNRANKED]
    with pytest.raises(DataError, match="2 outputs"):
        ranks(logits, [0], [[2]])


def test_ranks_over_shards_go_by_the_image_s_name():
    targets = pd.DataFrame({"image": ["b", "a", "b", "z"], "outputs": [[0], [1], [1], [0]]})
    unnamed = np.empty(0, np.str_)
    shards = [
        {"image": np.array([name]), "logits": np.array([logits]), "names": unnamed}
        for name, logits in [("a", [3, 1]), ("b", [3, 1])]
    ]
    assert ranks_of(targets, shards).tolist() == [0, 1, 1, UNRANKED]


def test_the_index_s_status_goes_before_the_map_s():
    targets = pd.DataFrame({"status": ["ok", "ok", "missing"]})
    assert statuses(targets, ["ok", "degenerate", "unreadable"]).tolist() == ["ok", "degenerate", "missing"]
    with pytest.raises(DataError, match="2 targets, but the index has 3"):
        statuses(targets, ["ok", "ok"])


def test_hits_are_found_once_for_the_usual_deltas_and_matched_as_asked():
    calls = []

    def find(deltas, components, truth):
        calls.append((deltas, components, [len(b) for b in truth]))
        return [HitIntervals(np.array([0, 1]), np.array([d, d]), np.array([1.0, 1.0])) for d in deltas]

    targets = pd.DataFrame({"boxes": [np.array([0, 0, 1, 1, 0, 0, 3, 3.0]), np.empty(0)]})
    outcome = Outcome(targets, np.array(["ok", "no_ground_truth"]), find_hit_intervals=find)
    assert outcome.hit_intervals(0.5).level_low.tolist() == [0.5] and outcome.hit_intervals(0.3).target.tolist() == [0]
    outcome.hit_intervals(0.7, "all", "largest")
    assert calls == [((0.3, 0.5, 0.7), "largest", [2, 0]), ((0.3, 0.5, 0.7), "all", [1, 0])]
    assert outcome.largest_ground_truth[0].tolist() == [[0, 0, 3, 3]]
    with pytest.raises(Unavailable, match="regions"):
        Outcome(targets, np.array(["ok", "ok"])).hit_intervals(0.5)
