"""plan: what the indexed datasets add up to; what could not be scored is refused before hours are spent on it."""

from typing import TYPE_CHECKING

from wsol.experiment import planning, plugins, weighing
from wsol.files.index import LABELS, TARGETS
from wsol.files.plan import PLAN
from wsol.index.splits import Split, check_disjoint
from wsol.job import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

params = snakemake.params
paths = dict(zip(params.datasets, snakemake.input.targets, strict=True))
told = dict(zip(params.labelled, snakemake.input.labels, strict=True))

with job(snakemake.log, "plan") as log:
    splits = {}
    for (dataset, path), settings in zip(paths.items(), params.settings, strict=True):
        splits[dataset] = Split(dataset.split("@")[0], settings, TARGETS.read(path))
    for one, other in params.pairs:
        check_disjoint(splits[one], splits[other])
    networks = [network | {"settings": plugins.joined(network["settings"])} for network in params.networks]
    for path, dataset, name in params.logits:
        planning.look_at_logits(path, splits[dataset], name, log.say)
    targets = {dataset: split.targets for dataset, split in splits.items()}
    labels = {dataset: LABELS.read(path) for dataset, path in told.items()}
    PLAN.write(
        snakemake.output[0],
        made_from=paths | {f"labels of {dataset}": path for dataset, path in told.items()},
        images={dataset: int(found["image"].nunique()) for dataset, found in targets.items()},
        targets={dataset: len(found) for dataset, found in targets.items()},
        maps=weighing.weighed(params.elsewhere, targets),
        networks={network["id"]: planning.look(network, splits, log.say, labels) for network in networks},
    )
