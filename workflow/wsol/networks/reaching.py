"""Whether the class is read from a map: the share of its places that the gradients of the logits reach."""

from collections.abc import Sequence

import numpy as np

from wsol.networks.graphs import Graph
from wsol.networks.tokens import Grid


def shares(graph: Graph, output: int, asked: Sequence[tuple[int, Grid | None]]) -> list[float]:
    """Of each map's places the share with a gradient that is not zero, on one image of noise.

    `asked` are the maps' keys; of a sequence the places are the patches of its grid. The gradient is that of a random
    mixture of all outputs.
    """
    found = graph.slopes(output, [key for key, _ in asked], np.random.default_rng(0))
    return [_share(own, grid) for own, (_, grid) in zip(found, asked, strict=True)]


def _share(gradient: np.ndarray, grid: Grid | None) -> float:
    places = gradient[grid.patches] if grid else gradient.reshape(-1, gradient.shape[-1])
    return float((places != 0).any(axis=-1).mean())
