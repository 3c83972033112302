"""table: what was found of every run -> scores.csv, strata.csv, failures.csv, curves.csv and comparisons.csv, tidy."""

from typing import TYPE_CHECKING

import pandas as pd

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.job import job
from wsol.report.leaderboard import text
from wsol.report.tables import COLUMNS, printed
from wsol.scores.comparisons import comparisons
from wsol.scores.runs import by_row, joined
from wsol.scores.tables import joined_curves, joined_failures, joined_strata, scored_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "table") as log:
    plugins.joined(params.metrics)
    stages = zip(files.scores, files.draws, params.controls, params.trainings, strict=True)
    runs = [scored_run(*each) for each in stages]
    rows = by_row(runs)
    tables = {
        "scores": pd.concat([joined(trainings) for trainings in rows], ignore_index=True)[COLUMNS["scores"]],
        "strata": joined_strata(rows, files.strata, files.outcomes, files.targets)[COLUMNS["strata"]],
        "failures": joined_failures(rows, files.outcomes)[COLUMNS["failures"]],
        "curves": joined_curves(rows, files.curves)[COLUMNS["curves"]],
        "comparisons": comparisons(runs, every=params.every),
    }
    log.say(text(tables["scores"], tables["comparisons"]))
    for name, frame in tables.items():
        with atomic(snakemake.output[name]) as temporary:
            printed(frame).to_csv(temporary, index=False)
