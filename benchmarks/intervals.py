"""How fast intervals and comparisons are: `PYTHONPATH=workflow python benchmarks/intervals.py`, seconds and memory.

Ratios are against the loop one would write first, timed on fewer resamples in the same process and scaled up.
"""

import resource
from time import perf_counter

import numpy as np

from wsol.curves import Hits, best, curve
from wsol.pixels import BINS, Pixels
from wsol.statistics import compare, interval, pooled_interval

TARGETS, RESAMPLES, FEW = 50_000, 10_000, 20


def seconds(function, *args, **settings) -> float:
    start = perf_counter()
    function(*args, **settings)
    return perf_counter() - start


def naive(values: np.ndarray, groups: np.ndarray, resamples: int) -> list[float]:
    """Draw groups, gather their targets, take the mean; once a resample."""
    random, order = np.random.default_rng(0), np.argsort(groups, kind="stable")
    members = np.split(order, np.unique(groups[order], return_index=True)[1][1:])
    chosen = (random.integers(0, len(members), len(members)) for _ in range(resamples))
    return [values[np.concatenate([members[g] for g in some])].mean() for some in chosen]


def report(what: str, ours: float, theirs: float | None = None) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = f"{theirs / ours:8.0f} x the naive loop" if theirs else ""
    print(f"{what:58} {ours:7.2f} s   peak {peak:5.0f} MB {ratio}", flush=True)


def main() -> None:
    random = np.random.default_rng(0)
    hits, continuous = (random.random(TARGETS) < 0.6).astype(float), random.random(TARGETS)
    alone, names = np.arange(TARGETS), np.array([f"{i:06d}" for i in range(TARGETS)], object)
    pairs = np.repeat(np.arange(TARGETS // 2), 2)
    print(f"{TARGETS} targets, {RESAMPLES} resamples")
    loop = seconds(naive, hits, alone, FEW) * RESAMPLES / FEW
    report("interval, hits", seconds(interval, hits, names), loop)
    report("interval, hits in groups of two", seconds(interval, hits, pairs), loop)
    report("interval, continuous values", seconds(interval, continuous, names), loop)
    report("interval, continuous values in groups of two", seconds(interval, continuous, pairs), loop)
    report("comparison of hits", seconds(compare, hits, hits[::-1], names), loop)
    report("comparison of continuous values", seconds(compare, continuous, continuous[::-1], names), loop)
    lo = random.random(20 * TARGETS)
    intervals = Hits(np.repeat(np.arange(TARGETS), 20), lo, lo + 0.01)
    report("best level of 1,000,000 intervals", seconds(lambda: best(curve(intervals))))
    counts = random.integers(0, 50, (2, 10_000, BINS)).astype(np.int32)
    pixels = Pixels(*counts, np.ones(10_000), np.ones(10_000, bool))
    report("pxap of 10,000 masks, 1,000 resamples", seconds(pooled_interval, pixels.pooled_ap, pixels.counted))


if __name__ == "__main__":
    main()
