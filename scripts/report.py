"""report: scores and pictures -> one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.job import job
from wsol.page.gallery import gallery
from wsol.page.page import page
from wsol.page.pictures import pictured
from wsol.report import claims
from wsol.report.tables import read

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "report") as log:
    plugins.joined(params.metrics)
    runs = [run | {key: plugins.joined(run[key]) for key in ("dataset", "settings")} for run in params.runs]
    scores = read(files.scores)
    pictures = gallery(pictured(runs, files, scores), params.overlays)
    summaries = {Path(path).parts[-3].split("@")[0]: Path(path).read_text() for path in files.summaries}
    with atomic(snakemake.output[0]) as path:
        tables = [scores, *map(read, (files.comparisons, files.strata))]
        verdicts = [claims.read(table) for table in files.reproduction]
        Path(path).write_text(page(*tables, pictures, summaries, *verdicts))
