"""Whether the class is read from a map: the share of its places that the gradients of the logits reach."""

import numpy as np

from wsol.networks.graphs import Graph
from wsol.networks.tokens import Grid


def share(graph: Graph, output: int, key: int, grid: Grid | None = None) -> float:
    """Of a map's places the share with a gradient that is not zero, on one image of noise.

    The gradient is that of a random mixture of all outputs. Of a sequence, the places are the patches of its `grid`.
    """
    found = graph.slopes(output, key, np.random.default_rng(0))
    places = found[grid.patches] if grid else found.reshape(-1, found.shape[-1])
    return float((places != 0).any(axis=-1).mean())
