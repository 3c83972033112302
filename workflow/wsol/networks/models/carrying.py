"""Weights from one Keras model to another that is built alike, layer by layer."""

from collections.abc import Container
from typing import Any

from wsol.errors import ConfigError


def carry(source: Any, target: Any, apart: Container[str] = ()) -> None:
    """Gives the layers of `target` the weights that those of `source` of the same names have, but for those `apart`.

    A ConfigError names the first layer that differs, with both shapes.
    """
    given = {layer.name: layer for layer in source.layers}
    for layer in weighted(target):
        if layer.name in apart:
            continue
        values = given[layer.name].get_weights() if layer.name in given else []
        check_fits(layer, [value.shape for value in values])
        layer.set_weights(values)
        settled(layer)


def weighted(model: Any) -> list[Any]:
    """The layers of a model that have weights, in the order in which they run."""
    return [layer for layer in model.layers if layer.weights]


def check_fits(layer: Any, shapes: list[tuple[int, ...]]) -> None:
    """A ConfigError where a layer has weights of other shapes than these."""
    own = [tuple(weight.shape) for weight in layer.weights]
    if own != [tuple(shape) for shape in shapes]:
        raise ConfigError(f"layer '{layer.name}' has weights {spelt(own)} here, and there {spelt(shapes)}.")


def spelt(shapes: list[tuple[int, ...]]) -> str:
    """Shapes as they are printed.

    >>> spelt([(3, 3, 16), (16,)]), spelt([])
    ('3x3x16 and 16', 'none')
    """
    return " and ".join("x".join(map(str, shape)) or "one number" for shape in shapes) or "none"


def settled(layer: Any) -> None:
    """A normalisation by given statistics computes with what it made of them, not with its weights."""
    if hasattr(layer, "finalize_state"):
        layer.finalize_state()
