"""logits: what a network said elsewhere of a shard's images -> predictions."""

from typing import TYPE_CHECKING

import numpy as np

from wsol.affine import UNSAID
from wsol.files import logits
from wsol.files.index import TARGETS
from wsol.files.predict import PREDICTIONS
from wsol.index.splits import rows
from wsol.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, settings = snakemake.input, snakemake.params.logits

with job(snakemake.log, "logits") as log:
    images = rows(TARGETS.read(files.targets, ["image"]), snakemake.wildcards.shard)["image"].unique()
    found = logits.read(settings["logits"], images)
    missing = images[~found.there]
    speak = log.tell if len(missing) else log.say
    speak(f"{len(missing)} of {len(images)} images have no logits", *missing[:10])
    if odd := int((found.there & ~np.isfinite(found.logits).all(axis=1)).sum()):
        log.tell(f"{odd} of {len(images)} images have logits that are not finite; they are misses")
    PREDICTIONS.write(
        snakemake.output.predictions,
        image=images.astype(np.str_),
        logits=found.logits,
        readable=found.there,
        input_to_image=np.tile(UNSAID.array(), (len(images), 1)),
        input_size=np.zeros(2, np.int64),
        names=np.array(found.names, np.str_),
        settings=settings,
        made_from={"targets": files.targets},
    )
