"""report: scores and pictures -> one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.index import TARGETS
from wsol.files.score import OUTCOMES
from wsol.index import indexing
from wsol.job import job
from wsol.report import claims
from wsol.report.gallery import PicturedRun, gallery
from wsol.report.page import page
from wsol.report.tables import read

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "report") as log:
    plugins.joined(params.metrics)
    evaluations: dict[str, list] = {}
    for run, targets, outcomes in zip(params.runs, files.targets, files.outcomes, strict=True):
        maps = [path for path in files.heatmaps if f"/{run['maps']}/" in path]
        seen = PicturedRun(run["name"], OUTCOMES.read(outcomes), maps, run["alignment"])
        evaluations.setdefault(run["evaluation"], []).append((plugins.joined(run["dataset"]), targets, seen))
    pictures = {
        name: gallery(TARGETS.read(runs[0][1]), indexing.opener(runs[0][0]), [run for *_, run in runs], params.overlays)
        for name, runs in evaluations.items()
    }
    summaries = {Path(path).parts[-3].split("@")[0]: Path(path).read_text() for path in files.summaries}
    with atomic(snakemake.output[0]) as path:
        tables = [read(table) for table in (files.scores, files.comparisons, files.strata)]
        verdicts = [claims.read(table) for table in files.reproduction]
        Path(path).write_text(page(*tables, pictures, summaries, *verdicts))
