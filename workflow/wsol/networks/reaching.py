"""Whether the class is read from a map: the share of its places that the gradients of the logits reach."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wsol.networks.graphs import Graph
from wsol.networks.tokens import Grid


def shares(graph: Graph, output: int, asked: Sequence[tuple[int, Grid | None]]) -> list[float]:
    """Of each map's places the share with a gradient that is not zero, on one image of noise.

    `asked` are the maps' keys; of a sequence the places are the patches of its grid. The gradient is that of a random
    mixture of all outputs.
    """
    import tensorflow as tf

    random = np.random.default_rng(0)
    image = random.normal(size=(1, *graph.size)).astype(np.float32)

    def gradients() -> list[Any]:
        values = graph.run({graph.inputs[0]: tf.constant(image)}, [output, *(key for key, _ in asked)])
        found = values[output]
        mixture = tf.reduce_sum(found * tf.cast(random.normal(size=found.shape), found.dtype))
        zero = tf.UnconnectedGradients.ZERO
        return tf.gradients(mixture, [values[key] for key, _ in asked], unconnected_gradients=zero)

    found = tf.function(gradients, autograph=False)()
    return [_share(np.asarray(own)[0], grid) for own, (_, grid) in zip(found, asked, strict=True)]


def _share(gradient: np.ndarray, grid: Grid | None) -> float:
    places = gradient[grid.patches] if grid else gradient.reshape(-1, gradient.shape[-1])
    return float((places != 0).any(axis=-1).mean())
