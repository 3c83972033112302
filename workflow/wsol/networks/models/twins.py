"""A layer's twin: the same weights in a layer of other settings, so that the model itself keeps its layer."""

from collections.abc import Callable
from typing import Any

Shape = tuple[int | None, ...]


def twin(layer: Any, reshape: Callable[[Shape], Shape] = tuple, **settings: Any) -> Any:
    """A copy of a Keras layer with its weights and these settings instead of its own.

    `reshape` makes the twin's input shapes of the layer's. A layer that cannot be made of what it says of itself raises
    what Keras raises.
    """
    made = type(layer).from_config({**layer.get_config(), **settings})
    # Weights are copied after the twin is built: a layer has none before it knows its input.
    if layer.weights:
        made.build_from_config(_reshaped(layer.get_build_config(), reshape))
        made.set_weights(layer.get_weights())
    return made


def _reshaped(value: Any, reshape: Callable[[Shape], Shape]) -> Any:
    """A layer's build settings, each shape in it reshaped: one, a list of them, or by argument."""
    if isinstance(value, dict):
        return {key: _reshaped(each, reshape) for key, each in value.items()}
    if isinstance(value, list | tuple) and all(isinstance(side, int | None) for side in value):
        return reshape(tuple(value))
    return [_reshaped(each, reshape) for each in value] if isinstance(value, list | tuple) else value
