"""heatmap: activations and gradients -> one small float map a target, on the layer's own grid."""

from typing import TYPE_CHECKING

from wsol import heatmaps
from wsol.cams import CAMS
from wsol.files import EVIDENCE, HEATMAPS, PREDICTIONS, TARGETS
from wsol.job import job
from wsol.npz import pack
from wsol.shards import rows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

given, files = dict(snakemake.params.cam), snakemake.input

with job(snakemake.log, "heatmap") as log:
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    predictions, evidence = PREDICTIONS.read(files.predictions), EVIDENCE.map(files.evidence)
    cam, fusion = CAMS[given.pop("method")], given.pop("fusion")
    maps = list(log.progress(heatmaps.explain(cam, evidence, given, fusion), len(targets), "targets"))
    image_of = evidence["image_of"]
    HEATMAPS.write(
        snakemake.output.heatmaps,
        **pack(maps),
        status=heatmaps.status(maps, targets, predictions["readable"][image_of], evidence["explained"]),
        geometry=predictions["geometry"][image_of],
        input_size=predictions["input_size"],
        settings=snakemake.params.cam,
        made_from={"predictions": files.predictions, "evidence": files.evidence},
    )
