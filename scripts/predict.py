"""predict: images -> logits, and the explained layer's activations and gradients. The network runs once an image."""

from typing import TYPE_CHECKING

from wsol import backbones, evidence, indexing
from wsol.files import EVIDENCE, PREDICTIONS, TARGETS
from wsol.job import job
from wsol.shards import rows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, settings = snakemake.input, dict(snakemake.params.backbone)
threads = settings.pop("threads")
