"""A file's weights in a model that has another classifier, or another head: what a training starts from.

A `.weights.h5` is read by Keras itself. An older `.h5`, as those that were published, has its layers in their order.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from wsol.errors import ConfigError
from wsol.networks.models.architectures import brief
from wsol.networks.models.carrying import check_fits, settled, spelt, weighted

# Keras' words: the layer, the shape that it has and the one in the file; or how many weights of it there are.
SHAPES = re.compile(r"object <\w+ name=([^,]+),.*?variable\.shape=(\([^)]*\)).*?value\.shape=(\([^)]*\))", re.S)
MISSING = re.compile(r"Layer '([^']+)' expected (\d+) variables, but received (\d+)")


def load(model: Any, path: str, apart: Sequence[Any]) -> None:
    """Gives a model's layers, but for those `apart`, what the file has; it may have more layers behind them.

    A ConfigError names the first layer that the file has none for, or of another shape.
    """
    if path.endswith(".weights.h5"):
        _load(model, path, apart)
    else:
        _load_older(model, path, apart)


def _load(model: Any, path: str, apart: Sequence[Any]) -> None:
    try:
        model.load_weights(path, objects_to_skip=list(apart))
    except ValueError as error:
        raise ConfigError(_said(str(error))) from error


def _said(error: str) -> str:
    """What Keras says of a layer that does not fit, in one line."""
    if found := SHAPES.search(error):
        name, here, there = found.groups()
        here, there = (spelt([tuple(re.findall(r"\d+", shape))]) for shape in (here, there))
        return f"layer '{name}' has weights {here} here, and there {there}."
    if found := MISSING.search(error):
        return "layer '{}' has {} weights here, and there {}.".format(*found.groups())
    return brief(ValueError(error))


def _load_older(model: Any, path: str, apart: Sequence[Any]) -> None:
    """In their order: Keras numbered layers otherwise when the files were made."""
    wanted = [layer for layer in weighted(model) if layer not in apart]
    saved = _older(path)
    for place, layer in enumerate(wanted):
        values = saved[place] if place < len(saved) else []
        weights = [*layer.trainable_weights, *layer.non_trainable_weights]
        check_fits(layer, [value.shape for value in values])
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        settled(layer)


def _older(path: str) -> list[list[np.ndarray]]:
    """The weights of each layer of an `.h5` file that has some, in order."""
    import h5py

    with h5py.File(path) as file:
        group = file if "layer_names" in file.attrs else file.get("model_weights", file)
        if "layer_names" not in group.attrs:
            raise ConfigError("it names no layers.")
        layers = [group[_text(name)] for name in group.attrs["layer_names"]]
        found = [[np.asarray(layer[_text(name)]) for name in layer.attrs["weight_names"]] for layer in layers]
    return [values for values in found if values]


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
