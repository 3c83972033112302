"""heatmap: evidence -> one small float map per target, on the layer's own grid."""

from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.augmentations import SETTINGS, augmentations
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.npz import pack
from wsol.files.predict import EVIDENCE, PREDICTIONS, view
from wsol.index.splits import rows
from wsol.job import job
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files = snakemake.input

with job(snakemake.log, "heatmap") as log:
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    predictions = PREDICTIONS.read(files.predictions)
    read, name, asked = EVIDENCE.map(files.evidence), snakemake.wildcards.backbone, snakemake.params.backbone
    evidence, *further = [view(read, name + way.tag) for way in augmentations(asked)]
    given = plugins.joined(snakemake.params.cam)
    cam, fusion = CAMS[given.pop("method")], given.pop("fusion")
    maps = list(log.progress(heatmaps.maps_from(cam, evidence, given, fusion, further), len(targets), "targets"))
    image_of = evidence["image_of"]
    HEATMAPS.write(
        snakemake.output.heatmaps,
        **pack(maps),
        status=heatmaps.status(maps, targets, predictions["readable"][image_of], evidence["explained"]),
        input_to_image=predictions["input_to_image"][image_of],
        input_size=predictions["input_size"],
        cell_to_input=heatmaps.cell_to_input(evidence, maps, predictions["input_size"], further),
        settings=snakemake.params.cam | {key: asked[key] for key in ("explain", *SETTINGS) if key in asked},
        made_from={"predictions": files.predictions, "evidence": files.evidence},
    )
