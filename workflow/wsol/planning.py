"""What can be known of a network before any image is shown to it: that it builds, and what its outputs mean."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from wsol import backbones
from wsol.datasets import classmap
from wsol.errors import ConfigError, InputError
from wsol.outputs import names_of, right
from wsol.train import labels

UNSEEN = ("evidence", "batch", "threads")  # settings that do not matter to what is found out here
_known: dict[str, dict[str, Any]] = {}


def look(network: Mapping[str, Any], targets: Mapping[str, pd.DataFrame], say: Callable[..., None]) -> dict[str, Any]:
    """What a network explains and how many outputs it has; a ConfigError where images need not be shown to it.

    `network`: id, settings, the datasets that it sees, and the one it is trained on in this run, if any.
    """
    name = network["id"].split("@")[0]
    trained_on = targets.get(network["trained_on"])
    names = [] if trained_on is None else names_of(labels(trained_on))
    for dataset in network["datasets"]:
        _check_outputs(dataset.split("@")[0], targets[dataset], names)
    found = _built(name, network["settings"], len(names))
    for dataset in network["datasets"]:
        _check_range(name, dataset.split("@")[0], right(targets[dataset], names), found["outputs"])
    say(f"{name}: explains {', '.join(found['layer'])}, {found['outputs']} outputs")
    return found


def _check_outputs(dataset: str, targets: pd.DataFrame, names: list[str]) -> None:
    """Some target must have an output that is right for it, or nothing can be explained."""
    if any(right(targets, names)):
        return
    classes = list(dict.fromkeys(targets["class_name"].tolist()))
    if names:
        known = ", ".join(names[:3])
        raise ConfigError(f"datasets.{dataset}: none of its classes ({', '.join(classes[:3])}) was trained ({known}).")
    raise ConfigError(classmap.unsaid(dataset, classes, len(classes)))


def _built(name: str, settings: Mapping[str, Any], classes: int) -> dict[str, Any]:
    """What is found by building the network, with random weights where they are still to be trained."""
    wanted = {key: value for key, value in settings.items() if key not in UNSEEN}
    if classes:
        wanted["weights"] = "random"
    key = repr((sorted(wanted.items(), key=str), classes))
    if key not in _known:
        try:
            backbone = backbones.build(wanted, classes=classes or None)
        except InputError as error:
            raise ConfigError(f"backbones.{name}: {error}") from error
        _known[key] = {"layer": backbone.layer, "outputs": backbone.classes, "input": list(backbone.size)}
    return _known[key]


def _check_range(name: str, dataset: str, right_outputs: list[list[int]], outputs: int) -> None:
    highest = max((max(found) for found in right_outputs if found), default=0)
    if highest >= outputs:
        raise ConfigError(
            f"datasets.{dataset}: a class is output {highest} of the model, and {name} has outputs 0 to {outputs - 1}."
        )
