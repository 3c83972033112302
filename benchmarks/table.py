"""How long a whole leaderboard's statistics take: `PYTHONPATH=workflow python benchmarks/table.py`, on one core.

Each run scores 50,000 targets by six metrics, at the oracle's level and at one chosen on 10,000 others; the level is
chosen again in each of 2,000 resamples. Then every two runs are compared, and failure kinds and curves are found of one
run. The naive loop, which gathers the targets of a resample and chooses its level anew, is timed on a few resamples of
one metric and scaled up.
"""

import resource
import sys
from time import perf_counter

import numpy as np
import pandas as pd

from wsol.scores.comparisons import comparisons
from wsol.scores.curves import HitIntervals, best_level, curve
from wsol.scores.evaluate import RESAMPLES, evaluate
from wsol.scores.failures import failure_shares, find_failures
from wsol.scores.outcome import DELTAS, Outcome
from wsol.scores.runs import ScoredRun
from wsol.scores.series import find_curves
from wsol.scores.views import View

TARGETS, SELECT, FEW = 50_000, 10_000, 5
METRICS = ["top1_acc", "top5_acc", "maxboxacc@50", "maxboxacc_v2", "top1_loc", "top5_loc"]
GRID = np.arange(0, 1, 0.001)


def outcome(random: np.random.Generator, targets: pd.DataFrame) -> Outcome:
    """Maps of a plausible network: each target is hit over a stretch of levels, shorter at a stricter IoU, or never."""
    middle, reach = random.normal(0.3, 0.12, len(targets)), random.exponential(0.15, len(targets))
    found = {}
    for delta in DELTAS:
        width = np.where(random.random(len(targets)) < delta / 2, 0, reach * (1.2 - delta))
        target = np.flatnonzero(width)
        found[delta] = HitIntervals(target, (middle - width)[target], (middle + width)[target])
    rank = random.geometric(0.6, len(targets)) - 1
    status = np.full(len(targets), "ok")
    return Outcome(targets, status, rank, lambda deltas, *_: [found[d] for d in deltas], swept_levels=GRID)


def split(size: int) -> pd.DataFrame:
    names = [f"{i:06d}" for i in range(size)]
    boxes = [np.array([0.0, 0, 9, 9])] * size
    return pd.DataFrame(
        {"image": names, "group": names, "label": 0, "boxes": boxes, "mask": "", "height": 9, "width": 9}
    )


def naive(outcome: Outcome, resamples: int) -> None:
    """Draw targets, gather their intervals, choose the best level; once a resample."""
    random, hits = np.random.default_rng(0), outcome.hit_intervals(0.5)
    rows = np.searchsorted(hits.target, np.arange(len(outcome) + 1))
    for _ in range(resamples):
        drawn = random.integers(0, len(outcome), len(outcome))
        mine = np.concatenate([np.arange(rows[t], rows[t + 1]) for t in drawn])
        best_level(curve(HitIntervals(*(values[mine] for values in hits))), GRID)


def failures_and_curves(random: np.random.Generator, report: Outcome, select: Outcome) -> float:
    """Seconds of one run's failure kinds, their table, and its curves; boxes of any place and size."""
    corners = np.sort(random.random((2, len(report), 2, 2)) * 9, axis=2).reshape(2, len(report), 1, 4)
    found = evaluate(report, select, METRICS, resamples=2).targets
    begun = perf_counter()
    kinds = find_failures(report, corners[0], corners[1], inclusive=False)
    failure_shares([found.assign(**kinds, choice="selected")])
    find_curves(View(report, "selected", select), select, kinds["iou"], METRICS)
    return perf_counter() - begun


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 52
    random, report, select, runs = np.random.default_rng(0), split(TARGETS), split(SELECT), []
    print(f"{count} runs, {TARGETS} targets, levels chosen on {SELECT}, {len(METRICS)} metrics, {RESAMPLES} resamples")
    begun = perf_counter()
    for number in range(count):
        found = evaluate(outcome(random, report), outcome(random, select), METRICS)
        runs.append(ScoredRun("e", "net", f"cam{number}", "sweep", number < 4, "t", found.scores, found.draws))
        if number in (0, 1, 3) or number + 1 == count:
            print(f"  {number + 1:3} runs scored    {perf_counter() - begun:7.1f} s", flush=True)
    scored = perf_counter()
    rows = len(comparisons(runs, every=True))
    print(f"  {rows} comparisons  {perf_counter() - scored:7.1f} s   altogether {perf_counter() - begun:.1f} s")
    took = failures_and_curves(random, outcome(random, report), outcome(random, select))
    print(f"  failure kinds and curves of one run {took:7.1f} s")
    begun = perf_counter()
    naive(outcome(random, report), FEW)
    loop = (perf_counter() - begun) * RESAMPLES / FEW
    print(f"  naive loop, the level of one metric of one run {loop:7.1f} s")
    print(f"  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
