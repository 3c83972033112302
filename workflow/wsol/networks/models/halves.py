"""Layers that compute in half precision, as those of a file of the policy `mixed_float16` do: in float32 instead.

A float16 has no number between 0 and 6e-8, and the gradients of a head that weighs a thousand places are smaller: they
would be 0. The weights stay those of the file, each of which float32 holds exactly; what comes out is the same network
without the rounding between its layers.
"""

import copy
from typing import Any

from wsol.errors import DataError
from wsol.networks.graphs import Graph, Step
from wsol.networks.models.architectures import brief
from wsol.networks.models.twins import twin

HALVES = ("float16", "bfloat16")


def settle(graph: Graph) -> None:
    """Put a twin of 32 bits in the place of every layer of half precision, and of every step that casts to it."""
    kinds = sorted({kind for step in graph.steps if (kind := _half(step))})
    graph.steps = [_whole(step) if _half(step) else step for step in graph.steps]
    if kinds:
        graph.notes = [*graph.notes, f"computed in float32: what the file computes in {' and '.join(kinds)}"]


def _half(step: Step) -> str:
    """The half precision that a step computes in, "" for another."""
    said = (getattr(step.operation, "compute_dtype", None), getattr(step.operation, "dtype", None))
    return next((kind for kind in said if kind in HALVES), "")


def _whole(step: Step) -> Step:
    try:
        return step._replace(operation=_as_float32(step.operation))
    except Exception as error:  # a user's own layer may fail anywhere
        raise DataError(
            f"model: '{step.name}' computes in half precision and cannot be made with `dtype: float32` "
            f"({brief(error)}); save the model in float32."
        ) from error


def _as_float32(operation: Any) -> Any:
    import keras

    if isinstance(operation, keras.layers.Layer):
        return twin(operation, dtype="float32")
    cast = copy.copy(operation)
    cast.dtype = "float32"
    return cast
