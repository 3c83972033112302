"""Top-1 and top-5 localisation under MaxBoxAccV2's three IoUs: a naive loop, and what they obey."""

import numpy as np
import pandas as pd
import pytest

from stagefiles import SIZE, box_of, noisy, run, settings
from wsol.scores.curves import HitIntervals
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS
from wsol.scores.outcome import DELTAS, Outcome
from wsol.scores.views import View

LEVELS = np.arange(0, 1, 0.05)


def drawn(seed, n=40):
    """A run of random hit intervals and ranks, and the intervals by IoU: low and high [n] each."""
    random = np.random.default_rng(seed)
    low = {delta: random.random(n) for delta in DELTAS}
    spans = {delta: (low[delta], low[delta] + random.random(n) * (1 - delta)) for delta in DELTAS}
    given = {"find_hit_intervals": lambda d, c, t: [HitIntervals(np.arange(n), *spans[each]) for each in d]}
    table = pd.DataFrame({"boxes": [[0, 0, 1, 1]] * n, "mask": ""})
    rank = random.integers(0, 8, n)
    return Outcome(table, np.full(n, "ok"), rank, swept_levels=LEVELS, **given), spans, rank


@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_naive_loop_s(k, seed):
    """A level for each IoU, the best of all targets'; then the class is asked for."""
    found, spans, rank = drawn(seed)
    each = []
    for delta in DELTAS:
        low, high = spans[delta]
        hits = [[bool(lo < level <= hi) for lo, hi in zip(low, high, strict=True)] for level in LEVELS]
        best = max(hits, key=sum)  # the first of equals
        each.append([hit and r < k for hit, r in zip(best, rank, strict=True)])
        of_one = METRICS[f"top{k}_loc_v2@{round(100 * delta)}"](View(found, "oracle"))
        assert of_one.tolist() == each[-1]
    np.testing.assert_allclose(METRICS[f"top{k}_loc_v2"](View(found, "oracle")), np.mean(each, axis=0))


@pytest.mark.parametrize("choice", ["oracle", "selected", "fixed"])
def test_more_classes_are_more_hits_and_all_of_them_are_maxboxacc_v2(choice):
    found, _, _ = drawn(0)
    one, five, all_of_them = (
        METRICS[name](View(found, choice, drawn(1)[0])) for name in ("top1_loc_v2", "top5_loc_v2", "maxboxacc_v2")
    )
    assert (one <= five).all() and (five <= all_of_them).all()
    assert one.sum() < five.sum() < all_of_them.sum()
    found.rank[:] = 0
    for name in ("top1_loc_v2", "top5_loc_v2"):
        np.testing.assert_array_equal(METRICS[name](View(found, choice, drawn(1)[0])), all_of_them)


def test_its_rows_stand_beside_maxboxacc_v2_s_on_a_whole_run(tmp_path):
    random = np.random.default_rng(4)
    truths = [[box_of(random, *SIZE)] for _ in range(9)]
    found, _ = run(tmp_path, noisy(random, 9), truths, [SIZE] * 9, settings())
    found.rank[:] = [0, 4, 7] * 3
    names = ["maxboxacc_v2", "top5_loc_v2", "top1_loc_v2", *(f"top1_loc_v2@{iou}" for iou in (30, 50, 70))]
    rows = evaluate(found, None, names, resamples=50).scores.set_index("metric")
    assert rows["value"]["maxboxacc_v2"] >= rows["value"]["top5_loc_v2"] >= rows["value"]["top1_loc_v2"] > 0
    assert rows["levels"].loc[names[:3]].nunique() == 1
    assert rows["value"][names[3:]].mean() == pytest.approx(rows["value"]["top1_loc_v2"])
