"""The stages' files of every run as the tables take them: run by run, and what several trainings say together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import pandas as pd

from wsol.files.index import TARGETS
from wsol.files.score import CURVES, DRAWS, OUTCOMES, RUN_COLUMNS, SCORES, STRATA
from wsol.scores.failures import failure_shares
from wsol.scores.runs import ScoredRun
from wsol.scores.strata import strata

Files = Iterable[str]
KINDS = ["group", "choice", "iou", "kind", "published", "right_class"]  # the columns of outcomes that failures are of


def scored_run(scores: str, draws: str, control: bool, training: str) -> ScoredRun:
    """A run from the files of its scores and draws; `training` is that of its backbone, "" for none."""
    arrays, header = DRAWS.open(draws)
    names = {key: header["settings"]["run"][key] for key in RUN_COLUMNS if key != "dataset"}
    targets = header["made_from"]["targets"]["digest"]
    return ScoredRun(
        **names, control=control, targets=targets, scores=SCORES.read(scores), draws=arrays["values"], training=training
    )


def joined_strata(
    rows: Sequence[Sequence[ScoredRun]], stratified: Files, outcomes: Files, targets: Files
) -> pd.DataFrame:
    """The strata of every row of the tables, with `spread` and `trainings`.

    One training alone has what its stage found; of several the values of every target are taken together. The files
    are one for each training, in the order of the rows.
    """
    found = []
    for trainings, own in _of_rows(rows, stratified, outcomes, targets):
        if len(own) > 1:
            seen = strata([OUTCOMES.read(path) for _, path, _ in own], TARGETS.read(own[0][2]))
            seen = seen.assign(**trainings[0].scores[list(RUN_COLUMNS)].iloc[0])
            seen = _concat([seen, pooled_strata([STRATA.read(path) for path, *_ in own], seen)])
        else:
            seen = STRATA.read(own[0][0]).assign(spread=np.nan)
        found.append(seen.assign(trainings=_count(trainings)))
    return pd.concat(found, ignore_index=True)


def pooled_strata(trainings: Sequence[pd.DataFrame], seen: pd.DataFrame) -> pd.DataFrame:
    """The strata of several trainings in the metrics that are no mean over targets, which `seen` lacks.

    Their mean and spread; no interval, as of each training only its own is known.
    """
    own = pd.concat(trainings, ignore_index=True)
    own = own[~own["metric"].isin(seen["metric"])]
    names = [*RUN_COLUMNS, "table", "stratum", "metric", "choice"]
    grouped = own.groupby(names, sort=False)
    found = grouped.agg(value=("value", "mean"), n=("n", "min"), groups=("groups", "min"), spread=("value", "std"))
    return found[grouped.size() == len(trainings)].reset_index().assign(low=np.nan, high=np.nan)


def joined_failures(rows: Sequence[Sequence[ScoredRun]], outcomes: Files) -> pd.DataFrame:
    """The failure kinds of every row of the tables, with `spread` and `trainings`; files as for `joined_strata`."""
    found = []
    for trainings, own in _of_rows(rows, outcomes):
        opened = [OUTCOMES.open(path, KINDS) for (path,) in own]
        seen = failure_shares([frame for frame, _ in opened])
        found.append(seen.assign(**opened[0][1]["settings"]["run"], trainings=_count(trainings)))
    return _concat(found)


def joined_curves(rows: Sequence[Sequence[ScoredRun]], curves: Files) -> pd.DataFrame:
    """The curves of every row of the tables, of several trainings their mean; files as for `joined_strata`."""
    return _concat([mean_curves([CURVES.read(path) for (path,) in own]) for _, own in _of_rows(rows, curves)])


def mean_curves(trainings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The mean over trainings of each point that all of them have: the first with the first of a curve, and so on."""
    if len(trainings) == 1:
        return trainings[0]
    names = [*RUN_COLUMNS, "curve", "metric", "split"]
    placed = [own.assign(point=own.groupby(names).cumcount()).set_index([*names, "point"]) for own in trainings]
    common = [key for key in placed[0].index if all(key in own.index for own in placed)]
    points = np.stack([own.loc[common, ["x", "value"]].to_numpy(np.float64) for own in placed])
    mean = pd.DataFrame(points.mean(axis=0), pd.MultiIndex.from_tuples(common, names=placed[0].index.names))
    return mean.set_axis(["x", "value"], axis=1).reset_index()


def _of_rows(rows: Sequence[Sequence[ScoredRun]], *files: Files) -> Iterator[tuple[Sequence[ScoredRun], list[tuple]]]:
    """The trainings of each row, and the files of each training."""
    every = zip(*files, strict=True)
    for trainings in rows:
        yield trainings, list(islice(every, len(trainings)))


def _concat(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table below another; an empty one has no types that could count."""
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _count(trainings: Sequence[ScoredRun]) -> int:
    """How often the backbone was trained: 0 of what was not trained here."""
    return sum(run.training != "" for run in trainings)
