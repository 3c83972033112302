"""Runs as tables and comparisons take them: a backbone that was trained several times is one row.

Each training is scored by itself, its levels chosen on its own maps, as by whoever trains one network. The score is the
mean over trainings, and its interval covers images and trainings.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from wsol.files.score import RUN_COLUMNS
from wsol.scores.metrics import metric
from wsol.statistics.intervals import Estimate, interval
from wsol.statistics.resampling import Floats
from wsol.statistics.trainings import Crossed, crossed


class ScoredRun(NamedTuple):
    """One run's `scores`, one row per metric and choice as `evaluate` gives them, and the draws [m r] of each row."""

    evaluation: str
    backbone: str
    cam: str
    threshold: str
    control: bool
    targets: str  # what says which targets these are
    scores: pd.DataFrame
    draws: Floats
    training: str = ""  # `name@digest` of the backbone's training; "" where nothing was trained

    @property
    def name(self) -> str:
        return f"{self.backbone}/{self.cam}/{self.threshold}"


class DrawnScore(NamedTuple):
    """One number of a row of the tables, as its metric's unit says, and its draws in the same unit."""

    run: ScoredRun  # the first of the row's trainings
    metric: str
    level_from: str  # the table's column `choice`
    values: Floats  # [s], of each training; a single one where nothing was trained
    draws: Floats  # [s r], in the same resamples
    trainings: tuple[str, ...]  # their digests, [] where nothing was trained: of two equal ones the weights are equal
    n: int  # the fewest targets that count in a training
    groups: int

    @property
    def value(self) -> float:
        return float(self.values.mean())


def by_row(runs: Iterable[ScoredRun]) -> list[list[ScoredRun]]:
    """The trainings of each row of the tables together, in their order."""
    found: dict[tuple[str, str], list[ScoredRun]] = {}
    for run in runs:
        found.setdefault((run.evaluation, run.name), []).append(run)
    return list(found.values())


def drawn_scores(trainings: Sequence[ScoredRun]) -> Iterator[DrawnScore]:
    """Every number of one row of the tables that each of its trainings has."""
    keys = [list(zip(run.scores["metric"], run.scores["choice"], strict=True)) for run in trainings]
    digests = tuple(run.training.rpartition("@")[2] for run in trainings if run.training)
    for name, choice in keys[0]:
        if all((name, choice) in own for own in keys):
            places = [own.index((name, choice)) for own in keys]
            found = pd.DataFrame([run.scores.iloc[at] for run, at in zip(trainings, places, strict=True)])
            draws = np.stack([run.draws[at] for run, at in zip(trainings, places, strict=True)])
            values = found["value"].to_numpy(np.float64)
            counts = (int(found["n"].min()), int(found["groups"].min()))
            yield DrawnScore(trainings[0], name, choice, values, draws * metric(name).scale, digests, *counts)


def joined(trainings: Sequence[ScoredRun]) -> pd.DataFrame:
    """The scores of one row of the tables, with `spread`, `trainings` and `each`, the values of several trainings.

    One training alone, or none, has the interval that its stage gave it: of the images.
    """
    scores = trainings[0].scores
    if len(trainings) == 1:
        return scores.assign(spread=np.nan, trainings=int(trainings[0].training != ""), each="")
    found = []
    for seen in drawn_scores(trainings):
        scale = metric(seen.metric).scale
        plain = (seen.values / scale, seen.draws / scale)
        estimate, spread = over_trainings(seen.metric, *plain, seen.n, seen.groups)
        about = (*scores[list(RUN_COLUMNS)].iloc[0], seen.metric, seen.level_from)
        each = " ".join(f"{value:.4f}" for value in seen.values)
        found.append((*about, *estimate, spread, len(trainings), each))
    columns = [*RUN_COLUMNS, "metric", "choice", *Estimate._fields, "spread", "trainings", "each"]
    return pd.DataFrame(found, columns=columns)


def over_trainings(name: str, values: Floats, draws: Floats, n: int, groups: int) -> tuple[Estimate, float]:
    """The mean of a metric over trainings with its interval, and the spread of the trainings, in the metric's unit.

    `values` [s] and their `draws` [s r] are shares or counts.
    """
    measure = metric(name)
    value = float(values.mean())
    found = crossed(values, draws, groups) if groups > 1 else Crossed(np.nan, np.nan, float(values.std(ddof=1)))
    estimate = interval(value, found.variance, n, groups, freedom=found.freedom, share=measure.is_share)
    number, low, high = (measure.scale * each for each in estimate[:3])
    return Estimate(number, low, high, n, groups), measure.scale * found.spread
