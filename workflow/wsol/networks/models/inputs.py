"""Which of a model's inputs is the image, and the constants that the others are given."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wsol.errors import ConfigError, unknown
from wsol.networks.graphs import Graph
from wsol.settings import shown

IMAGE = "image"  # in place of a constant, of the input that is the image
Shapes = Mapping[str, tuple]  # an input's name -> its shape, None where it is open


def image(shapes: Shapes, given: Mapping[str, Any]) -> str:
    """The name of the input that the image is given to: the one that is called IMAGE, or the only one of four axes.

    A ConfigError where there is none or are several, where another has no constant, and for a name that is no input's.
    """
    shapes = dict(sorted(shapes.items()))  # Keras and the file have them in orders of their own
    for name in given:
        if name not in shapes:
            raise ConfigError(unknown("inputs", name, shapes))
    named = [name for name, value in given.items() if value == IMAGE]
    found = named or [name for name, shape in shapes.items() if len(shape) == 4 and name not in given]
    if len(found) != 1:
        raise ConfigError(f"inputs: {_wanted(found)}; the model's are {_listed(shapes)}.")
    if lacking := [name for name in shapes if name not in given and name != found[0]]:
        raise ConfigError(
            f"inputs: '{lacking[0]}' needs a constant, as in `inputs: {{{lacking[0]}: 0}}`; the model's inputs are "
            f"{_listed(shapes)}."
        )
    if given and len(shapes) == 1:
        raise ConfigError(f"inputs: the model takes an image and nothing else, '{found[0]}'; leave out 'inputs'.")
    return found[0]


def _wanted(found: list[str]) -> str:
    if found:
        return f"{' and '.join(found)} may each be the image, say which: `{found[0]}: {IMAGE}`"
    return f"none is left for the image; it has four axes, or is named by `NAME: {IMAGE}`"


def _listed(shapes: Shapes) -> str:
    return ", ".join(f"{name} {list(shape[1:])}" for name, shape in shapes.items())


def constants(shapes: Shapes, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """By name, what each input but the image is given: [1 …], repeated for every image.

    A number fills the input; a list has its shape, without the axis of images. Where a side is open it is the list's,
    or 1.
    """
    return {name: _constant(name, shapes[name], value) for name, value in given.items() if value != IMAGE}


def _constant(name: str, shape: tuple, value: Any) -> np.ndarray:
    try:
        array = np.array(value, np.float64)
    except (ValueError, TypeError):
        raise ConfigError(f"inputs.{name}: must be a number or a list of numbers, got {shown(value)}.") from None
    sides = shape[1:]
    if array.ndim == 0:
        return np.full((1, *(side or 1 for side in sides)), array)
    if array.ndim != len(sides) or any(side not in (None, own) for side, own in zip(sides, array.shape, strict=True)):
        raise ConfigError(f"inputs.{name}: takes {list(sides)}, got a list of {list(array.shape)}.")
    return array[None]


def check(shapes: Shapes, given: Mapping[str, Any] | None) -> None:
    """A ConfigError where `given` does not fit a model that has inputs of these shapes."""
    if len(shapes) > 1 or given:
        image(shapes, given or {})
        constants(shapes, given or {})


def settle(graph: Graph, given: Mapping[str, Any] | None) -> None:
    """Leave a graph with one input, the image, and with the constants of the others."""
    given = given or {}
    if len(graph.inputs) == 1 and not given:
        return
    shapes = dict(zip(graph.input_names, graph.input_shapes, strict=True))
    place = graph.input_names.index(image(shapes, given))
    keys = dict(zip(graph.input_names, graph.inputs, strict=True))
    kinds = dict(zip(graph.input_names, graph.input_kinds, strict=True))
    found = constants(shapes, given)
    graph.constants = {keys[name]: value.astype(kinds[name]) for name, value in found.items()}
    graph.inputs, graph.input_shapes = [graph.inputs[place]], [graph.input_shapes[place]]
