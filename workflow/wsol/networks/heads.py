"""What follows an explained layer: whether it is the pooling and the one dense layer that CAM is defined behind."""

from collections.abc import Iterable

from wsol.errors import few
from wsol.networks.graphs import RESHAPING, TRANSPARENT, Graph, Step
from wsol.networks.layers import pooled

DENSE = ("Dense", "Conv2D", "MatMul")  # on a pooled map a convolution is a dense layer
# A SavedModel has a layer's bias, and what shapes are worked out with, as operations of their own.
PLAIN = (*TRANSPARENT, *RESHAPING, "BiasAdd", "Cast", "ExpandDims", "Pack", "Shape", "StridedSlice")


def between(graph: Graph, output: int, layers: Iterable[Step]) -> list[str]:
    """The steps that keep the layers' heads from being a pooling and one dense layer; [] where they are that."""
    return [name for layer in layers for name in _beyond_dense(graph, output, layer.outputs[0])]


def _beyond_dense(graph: Graph, output: int, key: int) -> list[str]:
    """Of one layer's head the steps, with their kinds, that neither keep all numbers nor are the one dense layer."""
    mean = pooled(graph, output, key)
    head = graph.upstream([output], [key if mean is None else mean])
    weighing = [step for step in head if not _is_plain(step)]
    is_dense = mean is not None and bool(weighing) and weighing[-1].kind in DENSE
    return [f"{step.name} ({step.kind})" for step in (weighing[:-1] if is_dense else weighing)]


def _is_plain(step: Step) -> bool:
    """Does it give every number on as it is, but for a bias?"""
    linear = step.kind == "Activation" and step.activation == "linear"
    return linear or step.kind in PLAIN or (step.kind == "Add" and len(step.inputs) == 1)


def refusal(network: str, found: list[str]) -> str:
    """Why there is no CAM of a network, in one line; `found` is between's."""
    return f"CAM is of a network that goes on with a pooling and one dense layer; {network} has {few(found)} as well."
