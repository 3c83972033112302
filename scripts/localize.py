"""localize: maps and levels -> regions' boxes at every level, masks where asked for, and what scores need of pixels."""

from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.measures import MEASURES
from wsol.files.npz import unpack
from wsol.index.splits import rows
from wsol.job import job
from wsol.regions.localize import localize
from wsol.scores.measuring import Measuring

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params, output = snakemake.input, snakemake.params, snakemake.output

with job(snakemake.log, "localize") as log:
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    maps = HEATMAPS.read(files.heatmaps)
    settings = plugins.joined(params.threshold)
    measuring = Measuring(targets, maps["status"], settings, params.measures)
    regions = localize(
        unpack(maps),
        maps["status"],
        maps["input_to_image"],
        maps["input_size"],
        targets[["height", "width"]].to_numpy(),
        cell_to_input=maps["cell_to_input"],
        see=measuring.see,
        **settings,
    )
    made_from = {"targets": files.targets, "heatmaps": files.heatmaps}
    REGIONS.write(output.regions, **regions, settings=params.threshold, made_from=made_from)
    measures = measuring.arrays(maps)
    measured = params.threshold | {"measures": measuring.sources}
    MEASURES.write(output.measures, **measures, settings=measured, made_from=made_from)
