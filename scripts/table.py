"""table: what was found of every run -> scores.csv, strata.csv, failures.csv, curves.csv and comparisons.csv, tidy."""

from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.job import job
from wsol.report.leaderboard import text
from wsol.report.tidy import tidy, write
from wsol.scores.comparisons import comparisons
from wsol.scores.runs import by_row
from wsol.scores.tables import scored_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "table") as log:
    plugins.joined(params.metrics)
    stages = zip(files.scores, files.draws, params.controls, params.trainings, strict=True)
    runs = [scored_run(*each) for each in stages]
    tables = tidy(by_row(runs), files) | {"comparisons": comparisons(runs, every=params.every)}
    log.say(text(tables["scores"], tables["comparisons"]))
    write(tables, snakemake.output)
