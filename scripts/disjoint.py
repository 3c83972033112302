"""disjoint: refuse a dataset that shares images with one that selects or trains for it."""

from typing import TYPE_CHECKING

from wsol.files import TARGETS
from wsol.job import job
from wsol.splits import check_disjoint

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job(snakemake.log, "disjoint"):
    targets, header = TARGETS.open(snakemake.input.targets)
    for path in snakemake.input.others:
        others, other = TARGETS.open(path)
        check_disjoint(header["settings"], targets, other["settings"], others)
