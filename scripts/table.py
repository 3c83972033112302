"""table: the scores of every run -> scores.csv and strata.csv, tidy; runs on the same images -> comparisons.csv."""

from typing import TYPE_CHECKING

import pandas as pd

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.score import DRAWS, RUN_COLUMNS, SCORES, STRATA
from wsol.job import job
from wsol.report.leaderboard import text
from wsol.report.tables import COLUMNS, printed
from wsol.scores.comparisons import ScoredRun, comparisons

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "table") as log:
    plugins.joined(params.metrics)
    scores = [SCORES.read(path) for path in files.scores]
    runs = []
    for frame, path, control in zip(scores, files.draws, params.controls, strict=True):
        arrays, header = DRAWS.open(path)
        names = {key: header["settings"]["run"][key] for key in RUN_COLUMNS if key != "dataset"}
        targets = header["made_from"]["targets"]["digest"]
        runs.append(ScoredRun(**names, control=control, targets=targets, scores=frame, draws=arrays["values"]))
    tables = {
        "scores": pd.concat(scores, ignore_index=True)[COLUMNS["scores"]],
        "strata": pd.concat([STRATA.read(path) for path in files.strata], ignore_index=True)[COLUMNS["strata"]],
        "comparisons": comparisons(runs, every=params.every),
    }
    log.say(text(tables["scores"], tables["comparisons"]))
    for name, frame in tables.items():
        with atomic(snakemake.output[name]) as temporary:
            printed(frame).to_csv(temporary, index=False)
