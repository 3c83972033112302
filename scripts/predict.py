"""predict: images -> logits, and the evidence that cams need. The network runs once per image."""

from typing import TYPE_CHECKING

import numpy as np

from wsol.experiment import kept, plugins, readings
from wsol.files.index import TARGETS
from wsol.files.predict import EVIDENCE, PREDICTIONS
from wsol.files.train import WEIGHTS
from wsol.index import indexing
from wsol.index.outputs import right
from wsol.index.splits import rows
from wsol.job import job
from wsol.networks import asking, backbones, determinism, device, evidence, receptive, scaling

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params
name = snakemake.wildcards.reading.split("@")[0]

with job(snakemake.log, f"predict {name}") as log:
    settings, dataset = plugins.joined(params.reading["network"]), plugins.joined(params.dataset)
    explanations = params.reading["explanations"]
    threads, instructions = settings.pop("threads"), settings.pop("instructions")
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    # A thread for each chunk of images, and none within one; PyTorch has its threads within.
    how = {"gpus": settings.pop("gpus"), "deterministic": settings.pop("deterministic")}
    is_torch = settings["torch"] is not None
    ran_on = determinism.deterministic(threads if is_torch else 1, instructions, **how, torch=is_torch)
    log.say(f"{ran_on}; instructions {instructions}")
    trained = files.weights[0] if isinstance(settings["weights"], dict) else None
    fitted = WEIGHTS.read(trained) if trained else {"classes": None, "names": []}
    targets = targets.assign(outputs=right(targets, fitted["names"]))
    settings["layer"] = readings.layers(explanations.values())
    backbone = backbones.build(settings, trained, fitted["classes"])
    log.say(f"{name}: explains {', '.join(backbone.layer)}, {backbone.classes} outputs")
    for note in backbone.notes:
        log.say(note)
    for layer, cells in zip(backbone.layers, backbone.cell_to_input, strict=True):
        log.say(receptive.describe(layer, cells))
    sized = scaling.sized(settings, backbone, explanations.values(), trained, fitted["classes"])
    for scale in set(sized) - {1.0}:
        log.say(f"scale {scale:g}: an input of {sized[scale].size[0]}x{sized[scale].size[1]} pixels")
    weights = {f"weights{asking.suffix(place)}": path for place, path in enumerate(files.weights)}
    found_out = {"layer": backbone.layer, "activation": backbone.activation}
    provenance = {
        "settings": {"reading": params.reading, **found_out},
        "made_from": {"targets": files.targets} | (weights if trained else {}),
        "given": ({} if trained else weights)
        | {f"model{asking.suffix(place)}": path for place, path in enumerate(files.model)}
        | dict(zip(["code"], files.program, strict=False)),
    }
    with (
        EVIDENCE.stream(snakemake.output.evidence, **provenance) as sink,
        log.counter(targets["image"].nunique()) as done,
    ):
        options = {"explanations": explanations, "sized": sized, "threads": threads, "progress": done}
        seen_before = kept.kept(snakemake.output.predictions, params.reading, backbone.layer, files)
        if seen_before:
            log.say("layers as another reading kept them: no image is opened")
        with device.told():
            found = evidence.predict(backbone, indexing.opener(dataset), targets, sink, **options, kept=seen_before)
    names = np.array(fitted["names"], np.str_)
    PREDICTIONS.write(snakemake.output.predictions, **provenance, **found, names=names)
    unreadable = found["image"][~found["readable"]]
    speak = log.tell if len(unreadable) else log.say
    speak(f"{len(unreadable)} of {len(found['image'])} images do not decode", *unreadable[:10])
