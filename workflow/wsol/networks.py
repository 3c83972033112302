"""A backbone's entry in the config -> what is decided by it: the network as a cam explains it, and its training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wsol import backbones, files, imported, train
from wsol.cams import EVIDENCE_OF
from wsol.errors import ConfigError, DataError
from wsol.experiment import IMPORTED, Decision, has_images
from wsol.settings import checked, conform, known

# Backbone settings that a cam may set for itself: what of the network it explains.
EXPLAINED = ("layer", "score", "explain", "evidence")


class Cam(NamedTuple):
    """A cam's entry: its method, what was written, and the decision it makes."""

    method: str
    given: Mapping[str, Any]
    decision: Decision


def decide(name, cam: Cam, config, datasets, seen) -> tuple[Decision | None, Decision | None]:
    """The backbone as this cam explains it, and its training if the config asks for one; `seen` are its datasets."""
    if name is None:
        return None, None
    if cam.method == IMPORTED:
        return _elsewhere(name, config["backbones"][name], [dataset.name for dataset in seen if dataset]), None
    if blind := [dataset.name for dataset in seen if dataset and not has_images(dataset)]:
        raise ConfigError(f"datasets.{blind[0]}: 'images' is needed where backbones run.")
    given = config["backbones"][name]
    overrides = {key: cam.given[key] for key in EXPLAINED if key in cam.given}
    overrides["evidence"] = _evidence(cam, given.get("evidence", "gradient"))
    settings = _network(f"backbones.{name}", given | overrides) | {"threads": config["threads"]}
    formats = (files.PREDICTIONS, files.EVIDENCE)
    if not isinstance(settings["weights"], dict):
        return Decision(name, settings, formats), None
    training = _training(name, settings, datasets)
    return Decision(name, settings | {"weights": {"train": training.id}}, formats), training


def _evidence(cam: Cam, usual: Any) -> Any:
    """What a cam asks of the network: its method's evidence, else its own, else the backbone's, whose settings stay."""
    where = f"cams.{cam.decision.name}.evidence"
    own = conform(where, dict, cam.given.get("evidence", {}))
    usual = usual if isinstance(usual, dict) else {"method": usual}
    method = own.get("method", usual.get("method"))
    needed = EVIDENCE_OF.get(cam.method, method)
    if "method" in own and method != needed:
        raise ConfigError(f"{where}: {cam.method} needs '{needed}', got '{method}'.")
    return (usual if usual.get("method") == needed else {"method": needed}) | own


def _elsewhere(name: str, given: dict, used: Sequence[str]) -> Decision:
    """Maps that were made elsewhere, as a backbone without a network."""
    where = f"backbones.{name}"
    if network := [key for key in given if key in ("architecture", "model", "weights")]:
        raise ConfigError(f"{where}: imported maps come without a network; leave out '{network[0]}'.")
    settings = checked(where, imported.settings, given)
    try:
        settings = imported.settings(**settings)
        for dataset in used:
            imported.place(settings["imported"], dataset)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from error
    return Decision(name, settings, ())


def _network(where: str, given: dict) -> dict:
    """A backbone's own settings."""
    given = checked(where, backbones.backbone, given)
    try:
        settings = backbones.backbone(**given)
    except ConfigError as error:
        raise ConfigError(f"{where}: {str(error).removeprefix('backbone: ')}") from error
    if isinstance(settings["model"], str):
        try:
            backbones.check_source(settings["model"], settings["safe"])
        except DataError as error:
            raise ConfigError(f"{where}: {error}") from error
    weights = settings["weights"]
    if isinstance(weights, str) and weights not in ("imagenet", "random") and not Path(weights).is_file():
        raise ConfigError(f"{where}.weights: must be imagenet, random, {{train: …}} or a file; no file '{weights}'.")
    arguments = settings.pop("arguments")
    return settings | arguments


def _training(name: str, settings: dict, datasets: dict[str, Decision]) -> Decision:
    """What trained weights depend on: nothing of what is explained later."""
    where = f"backbones.{name}.weights"
    if list(settings["weights"]) != ["train"] or not isinstance(settings["weights"]["train"], dict):
        raise ConfigError(f"{where}: must be imagenet, random, a file or {{train: …}}, got {settings['weights']!r}.")
    fit = checked(f"{where}.train", train.settings, settings["weights"]["train"])
    dataset = known(f"{where}.train.dataset", fit["dataset"], datasets)
    network = {key: value for key, value in settings.items() if key not in (*EXPLAINED, "batch", "weights")}
    return Decision(name, network | {"train": fit | {"images": dataset.id}}, ())
