"""export: one run's boxes, masks or maps, in a form that other tools read."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.exports.forms import EXPORTS, OF_SEEDS, write_about
from wsol.job import job
from wsol.scores.load import viewed
from wsol.scores.results import RunResult

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, root = snakemake.input, snakemake.params, Path(snakemake.output[0])

with job(snakemake.log, "export") as log:
    view, stages = viewed(files, plugins.joined(params.threshold), params.evaluation["levels"])
    result = RunResult(view, stages, files.predictions)
    form = snakemake.wildcards.form
    EXPORTS[form](result, root)
    made_from = {"targets": files.targets} | {f"heatmaps {i}": path for i, path in enumerate(files.heatmaps)}
    level, choice = result.seed_level if form in OF_SEEDS else (result.levels, view.level_from)
    settings = {"run": params.run, "threshold": params.threshold, "choice": choice, "level": level}
    settings |= {} if form in OF_SEEDS else {"box_score": result.scored}
    write_about(root, settings, made_from)
