"""plan: what the indexed datasets add up to; what could not be scored is refused before hours are spent on it."""

from typing import TYPE_CHECKING

from wsol import planning
from wsol.files import PLAN, TARGETS
from wsol.job import job
from wsol.splits import check_disjoint

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "plan") as log:
    datasets = {name: TARGETS.open(path) for name, path in zip(params.datasets, files.targets, strict=True)}
    for one, other in params.pairs:
        (targets, header), (others, header_of_other) = datasets[one], datasets[other]
        check_disjoint(header["settings"], targets, header_of_other["settings"], others)
    targets = {name: frame for name, (frame, _) in datasets.items()}
    networks = {network["id"]: planning.look(network, targets, log.say) for network in params.networks}
    made_from = dict(zip(params.datasets, files.targets, strict=True))
    images = {name: int(frame["image"].nunique()) for name, frame in targets.items()}
    PLAN.write(snakemake.output[0], made_from=made_from, images=images, networks=networks)
