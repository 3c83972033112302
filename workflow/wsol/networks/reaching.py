"""Whether the class is read from a map: the share of its places that the gradients of the logits reach."""

from typing import Any

import numpy as np

from wsol.networks.graphs import Graph
from wsol.networks.tokens import Grid


def share(graph: Graph, output: int, key: int, grid: Grid | None = None) -> float:
    """Of a map's places the share with a gradient that is not zero, on one image of noise.

    The gradient is that of a random mixture of all outputs. Of a sequence, the places are the patches of its `grid`.
    """
    import tensorflow as tf

    random = np.random.default_rng(0)
    image = random.normal(size=(1, *graph.size)).astype(np.float32)

    def gradient() -> Any:
        values = graph.run({graph.inputs[0]: tf.constant(image)}, [key])
        found = graph.run({**values, key: values[key]}, [output])[output]
        mixture = tf.cast(random.normal(size=found.shape), found.dtype)
        zero = tf.UnconnectedGradients.ZERO
        return tf.gradients(tf.reduce_sum(found * mixture), values[key], unconnected_gradients=zero)[0]

    found = np.asarray(tf.function(gradient, autograph=False)())
    places = found[0, grid.patches] if grid else found[0].reshape(-1, found.shape[-1])
    return float((places != 0).any(axis=-1).mean())
