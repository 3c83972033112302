"""report: scores and pictures -> one HTML file that needs nothing beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.index import TARGETS
from wsol.files.score import OUTCOMES
from wsol.index import indexing
from wsol.job import job
from wsol.page.page import page
from wsol.page.seen import Tables
from wsol.report import claims
from wsol.report.gallery import PicturedRun, gallery
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
    indexed = {Path(path).parts[-3].split("@")[0]: Path(path) for path in files.summaries}
    html = page(
        Tables(*(read(table) for table in files.tables)),
        gallery=pictures,
        summaries={name: path.read_text() for name, path in indexed.items()},
        problems={name: pd.read_csv(path.with_name("problems.csv"), dtype=str) for name, path in indexed.items()},
        reproduction=next(map(claims.read, files.reproduction), None),
        described=params.described,
    )
    with atomic(snakemake.output[0]) as path:
        Path(path).write_text(html)
