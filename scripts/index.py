"""index: annotations -> every target with its truth, what a training may know of it, every problem, and a summary."""

from pathlib import Path
from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.index import LABELS, TARGETS
from wsol.index import indexing
from wsol.index.summary import told
from wsol.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

settings, output = snakemake.params.settings, snakemake.output
dataset = snakemake.wildcards.dataset.split("@")[0]

with job(snakemake.log, f"index {dataset}") as log:
    found = indexing.index(plugins.joined(settings), where=f"datasets.{dataset}")
    log.say(found.summary)
    TARGETS.write(output.targets, found.targets, settings=settings)
    LABELS.write(output.labels, found.labels, settings=settings)
    with atomic(output.problems) as path:
        found.problems.to_csv(path, index=False)
    with atomic(output.summary) as path:
        Path(path).write_text(found.summary)
    if wrong := told(found.problems, output.problems):
        log.tell(wrong)
