"""export: one run's boxes, masks or maps, in a form that other tools read."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsol.exports import EXPORTS, write_about
from wsol.job import job
from wsol.metrics import View
from wsol.results import Result
from wsol.runs import outcome

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, root = snakemake.input, snakemake.params, Path(snakemake.output[0])
evaluation, threshold = params.evaluation, params.threshold
KINDS = ("targets", "predictions", "heatmaps", "regions")

with job(snakemake.log, "export") as log:
    report, stages = outcome({kind: files.get(kind) for kind in KINDS}, threshold)
    chosen_on = {kind: files.get(f"select_{kind}") for kind in KINDS}
    select = outcome(chosen_on, threshold)[0] if evaluation["select"] else None
    single = threshold["threshold"]["method"] != "sweep"
    view = View(report, "fixed" if single else "selected" if select else "oracle", select)
    result = Result(view, stages, files.predictions)
    EXPORTS[snakemake.wildcards.form](result, root)
    made_from = {"targets": files.targets} | {f"heatmaps {i}": path for i, path in enumerate(files.heatmaps)}
    settings = {"run": params.run, "threshold": threshold, "choice": view.choice, "level": result.level}
    write_about(root, settings, made_from)
