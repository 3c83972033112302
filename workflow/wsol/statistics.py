"""How sure a number is: bootstrap intervals, paired comparisons, Holm's correction.

What is resampled is the group (an image and all its targets, a patient, a video), because targets of one group are not
independent. The estimate is the plain mean over targets, never the bootstrap's own mean. A value of NaN is a target
that does not count (no ground truth), not a miss. One seed gives one set of bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wsol.errors import DataError

Floats = NDArray[np.float64]
RESAMPLES = 10_000
POOLED_RESAMPLES = 1_000  # each of these is a whole histogram, not a mean
BLOCK = 1 << 20  # random numbers held at once
KEYS = ["evaluation", "metric", "choice"]


class Estimate(NamedTuple):
    value: float
    low: float
    high: float
    n: int


class Comparison(NamedTuple):
    difference: float
    low: float
    high: float
    p: float
    test: str
    n: int


class Run(NamedTuple):
    """One run's values per target: `targets` as `evaluate` gives them, a column `metric@choice` for each metric."""

    evaluation: str
    backbone: str
    cam: str
    threshold: str
    targets: pd.DataFrame

    @property
    def name(self) -> str:
        return f"{self.backbone}/{self.cam}/{self.threshold}"


def interval(
    values: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Mean of values [n] with its percentile bootstrap interval (Efron 1979), groups [n] resampled whole."""
    values = np.asarray(values, np.float64)
    n = int(np.isfinite(values).sum())
    if not n:
        raise DataError("interval: no target has a value")
    low, high = _percentiles(resampled_means(values, groups, resamples=resamples, seed=seed), level)
    return Estimate(float(np.nanmean(values)), low, high, n)


def resampled_means(values: ArrayLike, groups: ArrayLike | None, *, resamples: int, seed: int) -> Floats:
    """Means of `resamples` samples of the groups, drawn with replacement. [n] -> [resamples].

    Groups with the same sum and count are interchangeable, so drawing how often each distinct kind comes (multinomial)
    has exactly the distribution of drawing the groups one by one; hits have a handful of kinds. Values that are mostly
    distinct are drawn one by one, in blocks.
    """
    sums, counts = group_sums(np.asarray(values, np.float64), groups)
    random = np.random.default_rng(seed)
    kinds, how_many = np.unique(sums + 1j * counts, return_counts=True)
    if 10 * len(kinds) <= len(sums) or len(kinds) == 1:
        drawn = random.multinomial(len(sums), how_many / len(sums), size=resamples)
        return (drawn @ kinds.real) / (drawn @ kinds.imag)
    means, equal = np.empty(resamples), (counts == counts[0]).all()
    for rows in _blocks(resamples, len(sums)):
        chosen = random.integers(0, len(sums), (rows.stop - rows.start, len(sums)))
        size = counts[0] * len(sums) if equal else counts.take(chosen).sum(axis=1)
        means[rows] = sums.take(chosen).sum(axis=1) / size
    return means


def group_sums(values: Floats, groups: ArrayLike | None) -> tuple[Floats, Floats]:
    """Sum and count of the values of each group that has any: [n], [n] -> [g], [g]."""
    counted = np.isfinite(values)
    if groups is None:
        return values[counted], np.ones(int(counted.sum()))
    codes = pd.factorize(np.asarray(groups)[counted], sort=True)[0]
    sums: Floats = np.bincount(codes, values[counted]).astype(np.float64)
    return sums, np.bincount(codes).astype(np.float64)


def pooled_interval(
    estimate: Callable[[Floats], Floats],
    counted: NDArray[np.bool_],
    groups: ArrayLike | None = None,
    *,
    resamples: int = POOLED_RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """The same for a number that is no mean: `estimate` maps weights [r n], how often each target counts, to [r].

    Targets not `counted` [n] weigh nothing, and a group of such alone is not drawn.
    """
    names = np.arange(len(counted)) if groups is None else np.asarray(groups)
    codes = pd.factorize(names[counted], sort=True)[0]
    size, random, drawn = int(codes.max()) + 1, np.random.default_rng(seed), []
    for rows in _blocks(resamples, -(-len(counted) // 4)):  # four times the rows: each block reads every histogram
        times = random.multinomial(size, np.full(size, 1 / size), rows.stop - rows.start)
        weights = np.zeros((len(times), len(counted)))
        weights[:, counted] = times[:, codes]
        drawn.append(estimate(weights))
    value = float(estimate(counted[None].astype(np.float64))[0])
    return Estimate(value, *_percentiles(np.concatenate(drawn), level), len(codes))


def compare(
    a: ArrayLike, b: ArrayLike, groups: ArrayLike | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Mean of a - b over the targets both count, its paired bootstrap interval and a two-sided p value.

    Hits (0 or 1) of independent targets are tested by McNemar's exact test, anything else by the bootstrap: twice the
    smaller share of resampled differences on either side of 0, so that p < .05 and an interval without 0 agree.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise DataError(f"compare: paired values must be of the same targets, got {a.shape} and {b.shape}")
    both = np.isfinite(a - b)
    if not both.any():
        raise DataError("compare: no target has a value in both")
    drawn = resampled_means(a - b, groups, resamples=resamples, seed=seed)
    independent = groups is None or len(np.unique(np.asarray(groups)[both])) == both.sum()
    if independent and np.isin(np.concatenate([a[both], b[both]]), (0, 1)).all():
        p, test = mcnemar(a[both] > b[both], b[both] > a[both]), "mcnemar"
    else:
        p, test = _bootstrap_p(drawn), "bootstrap"
    return Comparison(float(np.nanmean(a - b)), *_percentiles(drawn, 0.95), p, test, int(both.sum()))


def mcnemar(only_a: ArrayLike, only_b: ArrayLike) -> float:
    """Two-sided exact p that neither run hits more (McNemar 1947): discordant pairs are fair coin tosses."""
    from scipy.special import bdtr

    first, second = int(np.sum(only_a)), int(np.sum(only_b))
    # A fair coin is symmetric: both tails are twice the smaller one, and no toss at all is certain.
    return min(1.0, 2 * float(bdtr(min(first, second), first + second, 0.5))) if first + second else 1.0


def holm(p: ArrayLike) -> Floats:
    """p values [m] adjusted for being m together (Holm 1979)."""
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def comparisons(runs: Iterable[Run], *, resamples: int = RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """Every pair of an evaluation's runs that share the threshold or differ in it alone, one row a metric and choice.

    Differences are a - b in percent; Holm's family is an evaluation's pairs of one metric and choice.
    """
    columns = [*KEYS, "a", "b", "difference", "low", "high", "p", "p_holm", "test", "n"]
    rows = [row for a, b in combinations(runs, 2) if _related(a, b) for row in _rows(a, b, resamples, seed)]
    frame = pd.DataFrame(rows, columns=[c for c in columns if c != "p_holm"])
    adjusted = frame.groupby(KEYS, sort=False)["p"].transform(holm) if len(frame) else frame["p"]
    return frame.assign(p_holm=adjusted)[columns].sort_values([*KEYS, "a", "b"], ignore_index=True)


def _related(a: Run, b: Run) -> bool:
    same = (a.backbone, a.cam) == (b.backbone, b.cam)
    return a.evaluation == b.evaluation and (a.threshold == b.threshold or same)


def _rows(a: Run, b: Run, resamples: int, seed: int) -> Iterable[tuple]:
    if not a.targets[["image", "label"]].equals(b.targets[["image", "label"]]):
        raise DataError(f"comparisons: {a.name} and {b.name} of {a.evaluation} are not of the same targets")
    for column in (c for c in a.targets.columns if "@" in c and c in b.targets.columns):
        metric, choice = column.rsplit("@", 1)
        first, second = a.targets[column].to_numpy(), b.targets[column].to_numpy()
        if np.isfinite(first - second).any():
            found = compare(first, second, a.targets["group"].to_numpy(), resamples=resamples, seed=seed)
            percent = [100 * x for x in found[:3]]
            yield (a.evaluation, metric, choice, a.name, b.name, *percent, found.p, found.test, found.n)


def _bootstrap_p(differences: Floats) -> float:
    tails = [np.sum(differences <= 0), np.sum(differences >= 0)]
    return min(1.0, 2 * (1 + int(min(tails))) / (1 + len(differences)))


def _percentiles(resampled: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _blocks(total: int, size: int) -> Sequence[slice]:
    rows = max(1, BLOCK // size)
    return [slice(start, min(start + rows, total)) for start in range(0, total, rows)]
