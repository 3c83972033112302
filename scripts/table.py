"""table: the scores of every run -> scores.csv, tidy; every two runs on the same targets -> comparisons.csv."""

from typing import TYPE_CHECKING

import pandas as pd

from wsol.files import OUTCOMES, RUN, SCORES
from wsol.formats import atomic
from wsol.job import job
from wsol.report.leaderboard import text
from wsol.statistics import Run, comparisons

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COLUMNS = [*RUN, "metric", "choice", "value", "low", "high", "n"]
files, params = snakemake.input, snakemake.params

with job(snakemake.log, "table") as log:
    scores = [SCORES.read(path) for path in files.scores]
    tables = [OUTCOMES.open(path) for path in files.outcomes]
    named = [{key: header["settings"]["run"][key] for key in RUN if key != "dataset"} for _, header in tables]
    runs = [Run(**names, targets=targets) for names, (targets, _) in zip(named, tables, strict=True)]
    table = pd.concat(scores, ignore_index=True)
    log.say(text(table))
    compared = comparisons(runs, resamples=params.resamples, seed=params.seed)
    for path, frame in ((snakemake.output.scores, table[COLUMNS]), (snakemake.output.comparisons, compared)):
        with atomic(path) as temporary:
            frame.to_csv(temporary, index=False, float_format="%.4f")
