"""Runs compared on the same images: differences in the same resamples, tested and corrected for being many.

By default each run is compared with the best of its evaluation and with each control. Of a backbone that was trained
several times the mean is compared, over images and trainings: two runs of the same trainings are paired by training,
other trainings are independent, and what was not trained has none.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from wsol.errors import DataError
from wsol.maps.controls import NO_BACKBONE
from wsol.scores.metrics import metric
from wsol.scores.runs import DrawnScore, ScoredRun, by_row, drawn_scores
from wsol.statistics.intervals import LEVEL, detectable, student
from wsol.statistics.testing import below_best, holm, student_p
from wsol.statistics.trainings import crossed_difference

# Where the level of what is shown first of a run is from: the honest number where there is one.
SHOWN_FIRST = ("selected", "fixed", "none", "oracle")
COLUMNS = [
    "evaluation",
    "metric",
    "choice",
    "family",
    "a",
    "b",
    "difference",
    "low",
    "high",
    "detectable",
    "p",
    "p_adjusted",
    "n",
    "groups",
    "a_trainings",
    "b_trainings",
]


class Pair(NamedTuple):
    a: DrawnScore
    b: DrawnScore
    difference: float  # a - b
    low: float
    high: float
    detectable: float
    t: float
    freedom: float  # its degrees of freedom
    p: float  # NaN where the two cannot differ


def shown(choices: Iterable[str]) -> str:
    """Of the choices that a metric has rows of, the one that tables show first.

    >>> shown(["oracle", "selected"])
    'selected'
    """
    there = set(choices)
    return next(choice for choice in SHOWN_FIRST if choice in there)


def comparisons(runs: Iterable[ScoredRun], *, every: bool = False) -> pd.DataFrame:
    """One row per pair of runs, metric and choice of level: of the numbers that are shown first, and of the oracle's.

    `family` says why two runs are compared and what p is adjusted for. `best`: the best run that is no control with
    each other one (`testing.below_best`). `control`: each run with each control of its threshold, Holm's correction
    over these pairs. `all`, where `every` is asked for: every two runs, Holm's over them. Two runs that are equal in
    every resample cannot differ: they have no p and are in no family. A DataError for runs of other targets.
    """
    rows = [row for numbers in _comparable(runs) for row in _families(numbers, every)]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS[:6], ignore_index=True)


def compare(a: DrawnScore, b: DrawnScore) -> Pair:
    """a - b with its paired interval, and p that there is none: Student's t with the deviation of the resamples."""
    measure = metric(a.metric)
    groups = min(a.groups, b.groups)
    paired = a.trainings == b.trainings
    found = crossed_difference(a.values, a.draws, b.values, b.draws, groups, paired=paired)
    deviation = np.sqrt(found.variance) if groups > 1 else np.nan
    difference = a.value - b.value
    if deviation == 0 and difference:
        # One hits wherever the other misses: the variance left by a pair of hits more each way (Agresti & Min 2005).
        deviation = np.sqrt(3) / groups * measure.scale
    reach = student(LEVEL, groups, found.freedom) * deviation if groups > 1 else np.nan
    # Of a network that was trained once nobody knows how far another training would be from it: no p of two networks.
    once = not paired and min(len(a.trainings), len(b.trainings)) == 1
    untold = once or np.array_equal(a.draws, b.draws, equal_nan=True)
    return Pair(
        a,
        b,
        difference,
        float(np.maximum(difference - reach, -measure.limit)),
        float(np.minimum(difference + reach, measure.limit)),
        detectable(deviation, groups, found.freedom),
        difference / deviation if deviation > 0 else 0.0,
        found.freedom,
        np.nan if untold else student_p(difference, deviation, groups, found.freedom),
    )


def _comparable(runs: Iterable[ScoredRun]) -> Iterable[list[DrawnScore]]:
    """The numbers of an evaluation and metric that tables show first, and those of the oracle beside them."""
    found: dict[tuple, list[DrawnScore]] = {}
    firsts: dict[str, ScoredRun] = {}
    for trainings in by_row(runs):
        evaluation = trainings[0].evaluation
        for run in trainings:
            _same_targets(firsts.setdefault(evaluation, run), run)
        for headline, seen in _numbers(trainings):
            found.setdefault((evaluation, seen.metric, headline), []).append(seen)
    return found.values()


def _same_targets(first: ScoredRun, run: ScoredRun) -> None:
    if (first.targets, first.draws.shape[1]) != (run.targets, run.draws.shape[1]):
        raise DataError(f"comparisons: {first.name} and {run.name} of {run.evaluation} are not of the same targets")


def _numbers(trainings: Sequence[ScoredRun]) -> Iterator[tuple[bool, DrawnScore]]:
    """Each number of a row of the tables that is compared, and whether tables show it first."""
    by_metric: dict[str, list[DrawnScore]] = {}
    for seen in drawn_scores(trainings):
        by_metric.setdefault(seen.metric, []).append(seen)
    for own in by_metric.values():
        headline = shown(seen.level_from for seen in own)
        for seen in own:
            if seen.level_from in (headline, "oracle"):
                yield seen.level_from == headline, seen


def _families(numbers: list[DrawnScore], every: bool) -> Iterator[tuple]:
    """The rows of one evaluation, metric and choice, family after family."""
    yield from _with_best([seen for seen in numbers if not seen.run.control])
    pairs = [compare(a, b) for a, b in _with_controls(numbers)]
    yield from _rows("control", pairs, holm([pair.p for pair in pairs]))
    if every:
        pairs = [compare(a, b) for a, b in combinations(numbers, 2)]
        yield from _rows("all", pairs, holm([pair.p for pair in pairs]))


def _with_best(numbers: list[DrawnScore]) -> Iterator[tuple]:
    """The best with each other one; those that are equal in every resample are one member of the family."""
    if not numbers:
        return
    sign = metric(numbers[0].metric).sign
    ordered = sorted(numbers, key=lambda seen: -sign * seen.value)
    pairs = [compare(ordered[0], seen) for seen in ordered[1:]]
    # Runs of the same draws have one p, that of the first of them; the best's own equals have none.
    distinct = list(dict.fromkeys(seen.draws.tobytes() for seen in ordered))
    place = [distinct.index(seen.draws.tobytes()) for seen in ordered]
    firsts = [pairs[place.index(other) - 1] for other in range(1, len(distinct))]
    groups = min(seen.groups for seen in numbers)
    several = any(len(seen.trainings) > 1 for seen in numbers)
    freedom = [pair.freedom for pair in firsts] if several else None
    adjusted = below_best([sign * pair.t for pair in firsts], groups, freedom)
    yield from _rows("best", pairs, [adjusted[at - 1] if at else np.nan for at in place[1:]])


def _rows(family: str, pairs: Iterable[Pair], corrected: Iterable[float]) -> Iterator[tuple]:
    """Rows of COLUMNS."""
    for pair, p in zip(pairs, corrected, strict=True):
        a = pair.a
        b = pair.b
        choice = a.level_from if a.level_from == b.level_from else f"{a.level_from}/{b.level_from}"
        about = (a.run.evaluation, a.metric, choice, family, a.run.name, b.run.name)
        # A correction never makes p smaller.
        adjusted = max(p, pair.p) if np.isfinite(pair.p) else np.nan
        numbers = (pair.difference, pair.low, pair.high, pair.detectable, pair.p, adjusted)
        sizes = (min(a.n, b.n), min(a.groups, b.groups), len(a.trainings), len(b.trainings))
        yield *about, *numbers, *sizes


def _with_controls(numbers: list[DrawnScore]) -> Iterator[tuple[DrawnScore, DrawnScore]]:
    """Each run with the controls of its threshold: those without a network and those of its own network."""
    controls = [seen for seen in numbers if seen.run.control]
    for seen in (seen for seen in numbers if not seen.run.control):
        for control in controls:
            theirs = control.run.backbone in (NO_BACKBONE, seen.run.backbone)
            if theirs and control.run.threshold == seen.run.threshold:
                yield seen, control
