"""train: images and their labels -> weights. Of the targets only `labels.LABELS` leave the disk: no box, no mask."""

from typing import TYPE_CHECKING

from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.index import TARGETS
from wsol.files.train import WEIGHTS
from wsol.index import indexing
from wsol.index.outputs import names_of
from wsol.job import job
from wsol.networks import backbones, determinism, device
from wsol.training import fitting, labels, network
from wsol.training.reading import Source

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

params, output = snakemake.params, snakemake.output

with job(snakemake.log, f"train {snakemake.wildcards.backbone.split('@')[0]}") as log:
    settings = plugins.joined(params.settings)
    given, threads, instructions = (settings.pop(key) for key in ("train", "threads", "instructions"))
    found = labels.rows(TARGETS.read(snakemake.input.targets, labels.LABELS))
    ran_on = determinism.deterministic(threads, instructions, settings.pop("gpus"), settings.pop("deterministic"))
    log.say(f"{ran_on}; instructions {instructions}")
    names = names_of(found)
    backbone = backbones.build(backbones.untrained(settings, given["seed"], given["initial"]), classes=len(names))
    labelled = labels.labelled(found, len(names), binary=backbone.binary)
    log.say(f"{len(labelled.images)} images, {backbone.classes} classes")
    opener = indexing.opener(plugins.joined(params.dataset))
    source = Source.of(opener, backbone.size, settings, given, threads)
    with device.told():
        history = fitting.fit(backbone, network.logits_model(backbone), labelled, source, given, log.say)
    about = {
        "settings": params.settings,
        "made_from": {"targets": snakemake.input.targets},
        "given": dict(zip(["model", "code"], [*snakemake.input.model, *snakemake.input.program], strict=False))
        | dict(zip(["initial"], snakemake.input.initial, strict=False)),
    }
    with WEIGHTS.saving(output.weights, **about, classes=backbone.classes, names=names) as path:
        backbone.model.save_weights(path)
    with atomic(output.history) as path:
        history.to_csv(path, index=False)
