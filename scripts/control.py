"""control: targets -> maps that ignore the model and the image."""

from typing import TYPE_CHECKING

import numpy as np

from wsol.affine import IDENTITY, Affine
from wsol.experiment import plugins
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.npz import pack
from wsol.index.splits import rows
from wsol.job import job
from wsol.maps import heatmaps
from wsol.maps.controls import drawn

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


with job(snakemake.log, "control"):
    targets = rows(
        TARGETS.read(snakemake.input.targets, ["image", "width", "height", "status"]), snakemake.wildcards.shard
    )
    given = plugins.joined(snakemake.params.cam)
    maps = drawn(given.pop("method"), list(targets["image"]), given)
    everywhere = np.ones(len(targets), bool)
    HEATMAPS.write(
        snakemake.output.heatmaps,
        **pack(maps),
        status=heatmaps.status(maps, targets, readable=everywhere, explained=everywhere.astype(int)),
        input_to_image=Affine.stretch(maps[0].shape, targets[["height", "width"]]).array(),
        input_size=np.array(maps[0].shape),
        cell_to_input=IDENTITY.array(),
        settings=snakemake.params.cam,
        made_from={"targets": snakemake.input.targets},
    )
