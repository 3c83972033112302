"""report: scores and pictures -> one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.job import job
from wsol.page import trained
from wsol.page.gallery import gallery
from wsol.page.page import page
from wsol.page.pictures import pictured
from wsol.page.seen import Tables
from wsol.report import claims
from wsol.report.tables import read

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "report") as log:
    plugins.joined(params.metrics)
    runs = [run | {key: plugins.joined(run[key]) for key in ("dataset", "settings")} for run in params.runs]
    tables = Tables(*map(read, files.tables))
    indexed = {Path(path).parts[-3].split("@")[0]: Path(path) for path in files.summaries}
    html = page(
        tables,
        trainings=trained.read(params.trained, files.histories, files.learned),
        gallery=gallery(pictured(runs, files, tables.scores), params.overlays),
        summaries={name: path.read_text() for name, path in indexed.items()},
        problems={name: pd.read_csv(path.with_name("problems.csv"), dtype=str) for name, path in indexed.items()},
        reproduction=next(map(claims.read, files.reproduction), None),
        described=params.described,
        costs="costs.html",
    )
    with atomic(snakemake.output[0]) as path:
        Path(path).write_text(html)
