"""localize: maps and levels -> the regions' boxes at every level, and masks where the evaluation asks for them."""

from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.npz import unpack
from wsol.index.splits import rows
from wsol.job import job
from wsol.regions.localize import localize

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, settings = snakemake.input, snakemake.params.threshold

with job(snakemake.log, "localize") as log:
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    maps = HEATMAPS.read(files.heatmaps)
    regions = localize(
        unpack(maps),
        maps["status"],
        maps["input_to_image"],
        maps["input_size"],
        targets[["height", "width"]].to_numpy(),
        cell_to_input=maps["cell_to_input"],
        **plugins.joined(settings),
    )
    REGIONS.write(
        snakemake.output.regions,
        **regions,
        settings=settings,
        made_from={"targets": files.targets, "heatmaps": files.heatmaps},
    )
