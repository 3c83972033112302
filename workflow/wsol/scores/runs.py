"""Runs as tables and comparisons take them: a backbone that was trained several times is one row.

Each training is scored by itself, its levels chosen on its own maps, as by whoever trains one network. The score is the
mean over trainings, and its interval covers images and trainings.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wsol.files.score import RUN_COLUMNS
from wsol.scores.metrics import metric
from wsol.statistics.intervals import Estimate, interval, mean_interval
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
        measure = metric(seen.metric)
        scale = measure.scale
        plain = (seen.values / scale, seen.draws / scale)
        estimate, spread = over_trainings(*plain, seen.n, seen.groups, share=measure.varies_as_share)
        about = (*scores[list(RUN_COLUMNS)].iloc[0], seen.metric, seen.level_from)
        each = " ".join(f"{value:.4f}" for value in seen.values)
        found.append((*about, *estimate.scaled(scale), scale * spread, len(trainings), each))
    columns = [*RUN_COLUMNS, "metric", "choice", *Estimate._fields, "spread", "trainings", "each"]
    return pd.DataFrame(found, columns=columns)


def over_trainings(values: Floats, draws: Floats, n: int, groups: int, *, share: bool = True) -> tuple[Estimate, float]:
    """The mean of a number over trainings with its interval, and the spread of the trainings.

    `values` [s] and their `draws` [s r] are shares, or counts where not `share`.
    """
    value = float(values.mean())
    found = crossed(values, draws, groups) if groups > 1 else Crossed(np.nan, np.nan, float(values.std(ddof=1)))
    return interval(value, found.variance, n, groups, freedom=found.freedom, share=share), found.spread


def of_targets(values: Floats, groups: ArrayLike, *, share: bool = True) -> tuple[Estimate, float]:
    """The mean over targets and trainings of values [s n], NaN not counted, and the spread; NaN of one training.

    Nothing is drawn: the interval is of these targets at the levels that their trainings were seen at.
    """
    if len(values) == 1:
        return mean_interval(values[0], groups, share=share), np.nan
    counted = np.isfinite(values)
    n = int(counted.sum(axis=1).min())
    codes = pd.factorize(np.asarray(groups))[0]
    size = min(len(np.unique(codes[row])) for row in counted)
    return over_trainings(*_linear(values, codes), n, size, share=share)


def _linear(values: Floats, codes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The mean of each training, [s], and draws of it, [s g], that vary together as its resamples do.

    `codes` [n] number the groups. Each is the mean moved by what one group is off it (Taylor), as in `mean_interval`;
    nothing is drawn.
    """
    counted = np.isfinite(values)
    means = np.nanmean(values, axis=1)
    off = np.stack([np.bincount(codes, row) for row in np.where(counted, values - means[:, None], 0)])
    return means, means[:, None] + off * np.sqrt(off.shape[1] - 1) / counted.sum(axis=1, keepdims=True)
