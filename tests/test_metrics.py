"""Metrics by hand, and what all of them obey."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsol.curves import Hits
from wsol.metrics import COUNTS, METRICS, Pooled, View, matching
from wsol.outcome import DELTAS, Outcome, Unavailable
from wsol.pixels import BINS, Counts, Pixels
from wsol.pointing import Pointing


def outcome(n=6, seed=0):
    """Any run: every input there, values at random, the last target without truth."""
    random = np.random.default_rng(seed)

    def find(deltas, components, truth):
        starts = np.sort(random.random(n))
        return [Hits(np.arange(n), starts, starts + 0.5 * (1 - delta)) for delta in deltas]

    boxes = [[0, 0, 9, 9]] * (n - 1) + [[]]
    masks = ["04"] * (n - 1) + [""]
    there = np.array([1.0] * (n - 1) + [np.nan])
    inside, outside = random.integers(0, 5, (2, n, BINS)).astype(np.int32) * (there == 1)[:, None]
    return Outcome(
        pd.DataFrame({"boxes": boxes, "mask": masks}),
        np.array(["ok"] * (n - 1) + ["unlabelled"]),
        random.integers(0, 9, n),
        find_hits=find,
        find_overlaps=lambda level: [random.random((3, len(b) // 4)) for b in boxes],
        find_pixels=lambda: Pixels(inside, outside, random.random(n) * there, there == 1),
        find_masks=lambda: Counts(0.7 * there, random.random(n) * there, there),
        find_pointing=lambda: Pointing(random.integers(0, 30, n) * there, random.random(n) * there),
    )


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("choice", ["oracle", "selected", "fixed"])
def test_every_metric_is_a_share_of_each_target_and_nan_only_without_truth(name, choice):
    view = View(outcome(), choice, outcome(seed=1))
    values = METRICS[name](view)
    if isinstance(values, Pooled):
        counted = values.counted
        assert ((found := values.estimate(np.ones((2, 6)))) >= 0).all() and (found <= 1).all()
    else:
        counted = np.isfinite(values)
        assert values.shape == (6,) and (values[counted] >= 0).all()
        assert name in COUNTS or (values[counted] <= 1).all()
    assert counted.tolist() == [True] * 5 + [name in ("top1_acc", "top5_acc")]
    assert METRICS[name].__doc__ or METRICS[name].func.__doc__


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_lacks_is_said(name):
    bare = Outcome(pd.DataFrame({"boxes": [[0, 0, 1, 1]], "mask": [""]}), np.array(["ok"]))
    with pytest.raises(Unavailable, match=r"predictions|regions|masks|heatmaps"):
        METRICS[name](View(bare, "oracle"))


def test_names_of_one_iou():
    for delta in DELTAS:
        for family in ("maxboxacc", "maxboxacc_v2", "boxacc", "box_recall"):
            assert METRICS[f"{family}@{round(100 * delta)}"].keywords == {"delta": delta}


def test_top_loc_needs_both():
    found = Outcome(
        pd.DataFrame({"boxes": [[0, 0, 1, 1]] * 4, "mask": ""}),
        np.array(["ok"] * 4),
        np.array([0, 0, 4, 5]),
        find_hits=lambda d, c, t: [Hits(np.array([0, 2, 3]), np.full(3, -np.inf), np.full(3, np.inf))] * len(d),
    )
    assert METRICS["top1_loc"](View(found, "fixed")).tolist() == [1, 0, 0, 0]
    assert METRICS["top5_loc"](View(found, "fixed")).tolist() == [1, 0, 1, 0]


def test_pointing_tolerance_is_below_15_pixels_and_inside_counts_without():
    found = outcome()
    found.find_pointing = lambda: Pointing(np.array([0, 1, 14.9, 15, np.inf, np.nan]), np.zeros(6))
    assert METRICS["pointing_game"](View(found, "oracle"))[:5].tolist() == [1, 0, 0, 0, 0]
    assert METRICS["pointing_game_15px"](View(found, "oracle"))[:5].tolist() == [1, 1, 1, 0, 0]


def naive_matching(allowed):
    """The largest matching by trying everything."""
    if not allowed.size:
        return 0
    rest = naive_matching(allowed[1:])
    return max([rest] + [1 + naive_matching(np.delete(allowed[1:], j, 1)) for j in np.flatnonzero(allowed[0])])


@settings(deadline=None)  # the first call imports scipy
@given(arrays(bool, st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_matching_is_the_largest(allowed):
    assert matching(allowed) == naive_matching(allowed)


def test_matching_where_greedy_would_lose():
    assert matching(np.array([[True, True], [True, False]])) == 2
