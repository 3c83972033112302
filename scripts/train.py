"""train: images and their labels -> weights. No box and no mask is in any file that this stage is given."""

from typing import TYPE_CHECKING

from wsol.errors import few
from wsol.experiment import plugins
from wsol.files.formats import atomic
from wsol.files.index import LABELS
from wsol.files.train import HISTORY, WEIGHTS
from wsol.index import indexing
from wsol.job import job
from wsol.networks import backbones, determinism, device
from wsol.training import checkpoints, fitting, labels, network, reading, stepping
from wsol.training.reading import Source
from wsol.training.validation import Validation

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

params, output = snakemake.params, snakemake.output
files = dict(zip(params.datasets, snakemake.input.labels, strict=True))
brought = {"model": snakemake.input.model, "code": snakemake.input.program, "initial": snakemake.input.initial}

with job(snakemake.log, f"train {snakemake.wildcards.backbone.split('@')[0]}") as log:
    settings = plugins.joined(params.settings)
    given, threads, instructions = (settings.pop(key) for key in ("train", "threads", "instructions"))
    found = {name: labels.rows(LABELS.read(path), name) for name, path in files.items()}
    learned = [found[name] for name in given["dataset"]]
    judging = [found[name] for name in [given["validation"]] if name]
    ran_on = determinism.deterministic(threads, instructions, settings.pop("gpus"), settings.pop("deterministic"))
    log.say(f"{ran_on}; instructions {instructions}")
    names = labels.names(learned)
    backbone = backbones.build(backbones.untrained(settings, given["seed"], given["initial"]), classes=len(names))
    ends = {"activation": backbone.activation, "binary": backbone.binary}
    labelled = labels.labelled(learned, names, **ends)
    judged = labels.labelled(judging, names, **ends) if judging else None
    log.say(f"{len(labelled.images)} images, {backbone.classes} classes")
    model = network.logits_model(backbone)
    if doubt := stepping.doubt(backbone, model, given):
        log.tell(doubt)
    kept = checkpoints.beside(output.weights, dict(params.items()), dict(snakemake.input.items()), ran_on, log.say)
    openers = {name: indexing.opener(plugins.joined(own)) for name, own in params.datasets.items()}
    source = Source.of(reading.joined(openers), backbone.size, settings, given, threads)
    held = Validation(judged, source) if judged else None
    with device.told():
        history = fitting.fit(backbone, model, labelled, source, given, log.say, held, kept)
    if source.undecoded:
        log.tell(
            f"{len(source.undecoded)} of its images left out, for they do not decode: {few(sorted(source.undecoded))}"
        )
    about = {
        "settings": params.settings,
        "made_from": {f"labels of {name}": path for name, path in files.items()},
        "given": {name: found[0] for name, found in brought.items() if found},
    }
    with WEIGHTS.saving(output.weights, **about, classes=backbone.classes, names=names) as path:
        backbone.model.save_weights(path)
    HISTORY.write(output.history, history, settings=about["settings"], made_from=about["made_from"])
    with atomic(output.printed) as path:
        history.to_csv(path, index=False)
    kept.remove()
