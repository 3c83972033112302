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


def dense(graph: Graph, output: int, layer: Step) -> Step:
    """The one dense layer of a head of which `between` finds nothing."""
    mean = pooled(graph, output, layer.outputs[0])
    assert mean is not None, "such a head begins with a mean"
    return next(step for step in graph.upstream([output], [mean]) if not _is_plain(step))


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


def boundary(graph: Graph, output: int, watched: list[int]) -> list[int]:
    """What has to be known to run all that depends on the watched layers, and no more."""
    steps = graph.upstream([output, *watched])
    # Of layers behind each other the first is enough: from it the others can be run.
    first = {key for key in watched if not _has_before(graph, key, watched)}
    dependent = graph.dependent(first, steps)
    head = [step for step in steps if dependent.intersection(step.outputs) and not first.intersection(step.outputs)]
    return sorted(first | {key for step in head for key in step.inputs if key not in dependent})


def _has_before(graph: Graph, key: int, others: list[int]) -> bool:
    """Whether a layer is made of one of the others."""
    return any(set(step.inputs).intersection(others) for step in graph.upstream([key]))
