"""A network as all that follows takes it, whatever made it."""

from collections.abc import Mapping
from typing import Any

from wsol.networks.graphs import Graph
from wsol.networks.models import channels, halves, inputs, savedchannels
from wsol.networks.models.kerasmodel import KerasGraph
from wsol.networks.models.savedmodel import SavedGraph


def settle(graph: Graph, given: Mapping[str, Any] | None) -> None:
    """One input, the image, with channels last everywhere, and numbers of 32 bits; `given` are its other inputs."""
    inputs.settle(graph, given)
    if isinstance(graph, SavedGraph):
        savedchannels.settle(graph)
    if isinstance(graph, KerasGraph):
        channels.settle(graph)
        halves.settle(graph)
