"""The stages' files of every run as the tables take them: run by run, and what several trainings say together."""

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np
import pandas as pd

from wsol.files.index import TARGETS
from wsol.files.score import DRAWS, OUTCOMES, RUN_COLUMNS, SCORES, STRATA
from wsol.scores.runs import ScoredRun
from wsol.scores.strata import strata

Files = Iterable[str]


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
    files = zip(stratified, outcomes, targets, strict=True)
    found = []
    for trainings in rows:
        own = list(islice(files, len(trainings)))
        if len(own) > 1:
            seen = strata([OUTCOMES.read(path) for _, path, _ in own], TARGETS.read(own[0][2]))
            seen = seen.assign(**trainings[0].scores[list(RUN_COLUMNS)].iloc[0])
        else:
            seen = STRATA.read(own[0][0]).assign(spread=np.nan)
        found.append(seen.assign(trainings=sum(run.training != "" for run in trainings)))
    return pd.concat(found, ignore_index=True)
