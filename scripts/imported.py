"""imported: maps that were made elsewhere -> heatmaps; each covers its image."""

from typing import TYPE_CHECKING

import numpy as np

from wsol.affine import UNSAID, Affine
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.npz import pack
from wsol.index.splits import rows
from wsol.job import job
from wsol.maps import imported

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, settings = snakemake.input, snakemake.params.backbone

with job(snakemake.log, "imported") as log:
    targets = rows(
        TARGETS.read(files.targets, ["image", "label", "width", "height", "status"]), snakemake.wildcards.shard
    )
    found = imported.load(snakemake.params.maps, targets)
    speak = log.tell if found.reasons else log.say
    speak(f"{len(found.reasons)} of {len(targets)} targets have no map to go by", *list(found.reasons.values())[:10])
    HEATMAPS.write(
        snakemake.output.heatmaps,
        **pack(found.maps),
        status=np.where(targets["status"] == "ok", found.status, targets["status"].to_numpy(str)),
        input_to_image=Affine.stretch(settings["input"], targets[["height", "width"]]).array(),
        input_size=np.array(settings["input"]),
        cell_to_input=UNSAID.array(),
        settings=settings,
        made_from={"targets": files.targets},
    )
