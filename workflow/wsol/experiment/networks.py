"""A backbone's entry in the config -> what is decided by it: the network as a cam explains it, and its training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wsol import places
from wsol.errors import ConfigError, DataError, Missing
from wsol.experiment import idle, plugins, starting
from wsol.experiment.decisions import IMPORTED, OF_NETWORK, Decision
from wsol.experiment.labelsets import has_images, labelled
from wsol.files import augmentations
from wsol.files.predict import EVIDENCE, PREDICTIONS
from wsol.maps import imported
from wsol.maps.cams import CAMS
from wsol.networks import backbones, scaling
from wsol.networks.models import inputs, modelfile, opening, owncode
from wsol.networks.perturb import EVIDENCES
from wsol.networks.pytorch import code as torchcode
from wsol.settings import checked, conform, known, parameters, shown
from wsol.training import methods, recipe

# Settings of the whole experiment that a network's numbers depend on, in their last digits.
OF_MACHINE = ("threads", "instructions", "gpus", "deterministic")


class CamEntry(NamedTuple):
    """A cam in the config: its method, what was written, and the decision it makes."""

    method: str
    given: Mapping[str, Any]
    decision: Decision


def decide(
    name: str | None, cam: CamEntry, config: Any, datasets: Any, seen: Any
) -> list[tuple[Decision | None, Decision | None]]:
    """The backbone as this cam explains it, with each of its trainings if the config asks for some, else None.

    `seen` are its datasets.
    """
    blind = [dataset.name for dataset in seen if dataset and not has_images(dataset)]
    if blind and "refine" in cam.given:
        raise ConfigError(f"datasets.{blind[0]}: 'images' is needed where maps are refined.")
    if name is None:
        return [(None, None)]
    if cam.method == IMPORTED:
        return [(_elsewhere(name, config["backbones"][name], [d.name for d in seen if d], datasets), None)]
    if blind:
        raise ConfigError(f"datasets.{blind[0]}: 'images' is needed where backbones run.")
    given = config["backbones"][name]
    _of_network(f"backbones.{name}", given)
    overrides = _of_network(f"cams.{cam.decision.name}", cam.given)
    overrides["evidence"] = _evidence(cam, usual(name, given))
    if (score := CAMS[cam.method].score) is not None:
        overrides["score"] = score
    settings = _network(f"backbones.{name}", given | overrides) | {key: config[key] for key in OF_MACHINE}
    augmented = _augmented(cam)
    _named(name, given, cam, settings)
    formats = (PREDICTIONS, EVIDENCE)
    if not isinstance(settings["weights"], dict):
        return [(Decision(name, settings | augmented, formats), None)]
    trainings = _trainings(name, settings, datasets, report=seen[0])
    settings |= augmented
    return [(Decision(name, settings | {"weights": {"train": each.id}}, formats), each) for each in trainings]


def _augmented(cam: CamEntry) -> dict[str, Any]:
    """At which scales of the input a cam explains, and whether mirrored too; {} where neither."""
    where = f"cams.{cam.decision.name}"
    given = {key: cam.given[key] for key in augmentations.SETTINGS if key in cam.given}
    try:
        return scaling.augmentation(**checked(where, scaling.augmentation, given))
    except ConfigError as error:
        raise ConfigError(f"{where}.{str(error).removeprefix(f'{where}.')}") from error


def _of_network(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a backbone or a cam says of what is explained, evidence apart: what is wrong in it is said of that one."""
    kinds = parameters(backbones.backbone)
    own = {key: given[key] for key in OF_NETWORK if key in given and key != "evidence"}
    return {key: conform(f"{where}.{key}", kinds[key].annotation, value) for key, value in own.items()}


def usual(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A backbone's own evidence, for the cams that need it: `gradient` is `{method: gradient}`."""
    where = f"backbones.{name}.evidence"
    evidence = conform(where, str | dict, given.get("evidence", "gradient"))
    evidence = evidence if isinstance(evidence, dict) else {"method": evidence}
    known(where, evidence.get("method"), EVIDENCES)
    return evidence


def _named(name: str, given: Mapping[str, Any], cam: CamEntry, settings: Mapping[str, Any]) -> None:
    """The layers and the output that a backbone and its cam name are in the model, as far as its file says."""
    where, model = f"backbones.{name}", settings["model"]
    described = modelfile.description(model) if model and Path(model).is_file() else None
    for place, of, entry in ((where, "", given), (f"cams.{cam.decision.name}", f" ({where})", cam.given)):
        layers = _layers(f"{place}.layer", entry.get("layer", "auto"))
        if described:
            named = [layer for layer in layers if layer != "auto"]
            modelfile.check_names(f"{place}.layer{of}", described, "layer", named)
    if described and settings["output"] and not settings["output"].isdigit():  # one without a name has a number
        modelfile.check_names(f"{where}.output", described, "output", [settings["output"]])


def _layers(where: str, given: str | list[str]) -> list[str]:
    """The layers that a setting names: one or several, each once."""
    layers = [given] if isinstance(given, str) else given
    if not layers or not all(layers):
        raise ConfigError(f"{where}: must be a layer's name or several, got {shown(given)}.")
    if twice := [layer for place, layer in enumerate(layers) if layer in layers[:place]]:
        raise ConfigError(f"{where}: '{twice[0]}' is given twice.")
    return layers


def _evidence(cam: CamEntry, usual: dict[str, Any]) -> dict[str, Any]:
    """What a cam asks of the network: its method's evidence, with the settings of its own, else of the backbone."""
    where = f"cams.{cam.decision.name}.evidence"
    own = conform(where, dict, cam.given.get("evidence", {}))
    return CAMS[cam.method].asked(where, cam.method, own, usual)


def _elsewhere(name: str, given: dict, used: Sequence[str], datasets: Mapping[str, Any]) -> Decision:
    """Maps that were made elsewhere, as a backbone without a network."""
    where = f"backbones.{name}"
    if network := [key for key in given if key in ("architecture", "model", "keras_hub", "torch", "weights")]:
        raise ConfigError(f"{where}: imported maps come without a network; leave out '{network[0]}'.")
    settings = checked(where, imported.settings, given)
    for key in ("imported", "logits"):
        for dataset in settings[key] if isinstance(settings[key], dict) else ():
            known(f"{where}.{key}", dataset, datasets)
    try:
        settings = imported.settings(**settings)
        for key in ("imported", "logits"):
            for dataset in used if key in settings else ():
                imported.place(settings[key], dataset, key)
    except ConfigError as error:
        raise type(error)(f"{where}.{error}") from error
    return Decision(name, settings, ())


def _network(where: str, given: dict) -> dict:
    """A backbone's own settings."""
    given = checked(where, backbones.backbone, given)
    try:
        settings = backbones.backbone(**given)
    except ConfigError as error:
        raise ConfigError(f"{where}: {str(error).removeprefix('backbone: ')}") from error
    idle.backbone(where, settings)
    if settings["model"] is not None:
        _model(where, settings)
    if settings["torch"] is not None:
        _torch(where, settings)
    elif settings["weights"] is not None:
        words = ("random",) if settings["keras_hub"] else () if settings["model"] else ("imagenet", "random")
        _weights(f"{where}.weights", settings["weights"], words)
    arguments = settings.pop("arguments")
    return settings | arguments | plugins.used(("BUILDERS", settings["architecture"]))


def _model(where: str, settings: Mapping[str, Any]) -> None:
    """A ConfigError where a model's file or folder can hold none, or one that is not to be trusted."""
    model, code = settings["model"], settings["code"]
    try:
        if code is not None:
            owncode.check_file(code, model, settings["safe"])
            places.file("code", code)
            if not places.is_there(code):
                raise Missing(f"code: no file {places.named(code)}.")
        opening.check_source(model, settings["safe"])
        described = modelfile.description(model) if Path(model).is_file() else {}
        owncode.check(model, described, code, settings["safe"])
        if shapes := modelfile.inputs(described):
            inputs.check(shapes, settings["inputs"])
    except ConfigError as error:
        raise type(error)(f"{where}.{error}") from error
    except DataError as error:
        kind = ConfigError if places.is_there(model) else Missing
        raise kind(f"{where}: {error}") from error


def _torch(where: str, settings: Mapping[str, Any]) -> None:
    """A ConfigError where a PyTorch network's code or weights can be none, or may not be trusted."""
    try:
        torchcode.check(settings)
    except ConfigError as error:
        raise type(error)(f"{where}.{error}") from error
    if settings["weights"] != "random":
        places.file(f"{where}.weights", settings["weights"])
        if not places.is_there(settings["weights"]):
            raise Missing(f"{where}.weights: must be random or a file; no file {places.named(settings['weights'])}.")


def _weights(where: str, weights: str | dict, words: tuple[str, ...]) -> None:
    """A ConfigError where weights are none of those that there are: a file, a training, or one of these words."""
    known = ", ".join([*words, "a file"])
    if isinstance(weights, dict):
        if list(weights) != ["train"] or not isinstance(weights["train"], dict):
            raise ConfigError(f"{where}: must be {known} or {{train: …}}, got {shown(weights)}.")
        return
    if weights in words:
        return
    places.file(where, weights)
    if not places.is_there(weights):
        known = ", ".join([*words, "{train: …}"])
        raise Missing(f"{where}: must be {known} or a file; no file {places.named(weights)}.")
    modelfile.check_weights(where, weights)


def _trainings(name: str, settings: dict, datasets: dict[str, Decision], report: Decision) -> list[Decision]:
    """What trained weights depend on, for each seed: nothing of what is explained later, nor of other seeds."""
    where = f"backbones.{name}.weights"
    given = settings["weights"]["train"]
    fit = _recipe(f"{where}.train", given)
    methods.check(f"backbones.{name}", fit["method"], settings.get("head", "own"))
    if "seed" in given and "seeds" in given:
        raise ConfigError(f"{where}.train: 'seed' is of one training, 'seeds' are of several; leave one out.")
    seeds = _seeds(f"{where}.train.seeds", fit.pop("seeds"), fit["seed"])
    fit["initial"] = starting.initial(f"{where}.train.initial", fit["initial"], settings)
    network = {key: value for key, value in settings.items() if key not in (*OF_NETWORK, "batch", "weights")}
    network |= plugins.used(("BUILDERS", settings["architecture"]), ("METHODS", fit["method"]["method"]))
    # In one order, whatever was written: Snakemake compares a job's parameters as text.
    fit = dict(sorted((fit | labelled(f"{where}.train", fit, datasets, report)).items()))
    return [Decision(name, network | {"train": fit | {"seed": seed}}, ()) for seed in seeds]


def _recipe(where: str, given: dict) -> dict[str, Any]:
    """A training's settings, defaults filled in."""
    given = checked(where, recipe.settings, given)
    try:
        return recipe.settings(**given)
    except ConfigError as error:
        raise type(error)(f"{where}.{error}") from error


def _seeds(where: str, given: int | list[int] | None, usual: int) -> list[int]:
    """A seed for each training: those that are listed, so many from 0 on, or the one that is usual."""
    if given is None:
        return [usual]
    seeds = list(range(given)) if isinstance(given, int) else given
    if not seeds:
        raise ConfigError(f"{where}: is empty; name a seed for each training, or say how many.")
    if twice := [seed for place, seed in enumerate(seeds) if seed in seeds[:place]]:
        raise ConfigError(f"{where}: {twice[0]} is given twice; a training again is no other training.")
    return seeds
