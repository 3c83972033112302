"""ACoL's two classifiers in a network (Zhang 2018, arXiv:1804.06962): where they are, and what is hidden of the second.

Both make class maps of the same features, [n h w c], whose means over space are logits. The second sees the features
without the places that the first goes by for a class: those where its map, min-max normalised, reaches a threshold.
`head: acol` builds an architecture with them, under the names in LAYERS, and its threshold is that of all three: the
layer that hides places from the second, which knows no label; the training, which goes by it; and the explanation.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from wsol.errors import ConfigError
from wsol.networks.graphs import Graph
from wsol.networks.models import heading

LAYERS = {"features": "acol_features", "erased": "acol_erased", "map_a": "acol_a_map", "map_b": "acol_b_map"}
_, SECOND = heading.BRANCHES  # makes the second classifier's logits of its map


class Complementary(NamedTuple):
    """The keys of a graph's tensors: the features, what the second is shown of them, and both's class maps."""

    features: int
    erased: int
    map_a: int
    map_b: int
    threshold: float  # of the layer that hides the second's


def find(graph: Graph) -> Complementary | None:
    """Where a graph has the two classifiers; None where it has not."""
    made = {step.name.rsplit("/", 1)[-1]: step for step in graph.steps}
    if not set(LAYERS.values()) <= set(made):
        return None
    keys = {name: made[layer].outputs[0] for name, layer in LAYERS.items()}
    return Complementary(**keys, threshold=made[LAYERS["erased"]].operation.threshold)


def complementary(backbone: Any) -> Complementary:
    """Where a `built.Backbone` has the two classifiers; a ConfigError where it has not."""
    found = find(backbone.graph) if backbone.model is not None else None
    if found is None:
        raise ConfigError(
            "evidence acol: is of a network with the two classifiers of ACoL, an architecture with `head: acol`; this "
            "one has none."
        )
    return found


def kept(graph: Graph, cut: Iterable[int], watched: Iterable[int]) -> list[int]:
    """`cut`, and what the second classifier is run from, unless that depends on the `watched` layers."""
    found = find(graph)
    if found is None:
        return sorted(cut)
    dependent = graph.dependent(watched, graph.steps)
    return sorted({*cut} | ({found.features, found.map_a} - dependent))


def weights_of(outputs: np.ndarray, classes: int, binary: bool) -> np.ndarray:
    """float32 [r c]: what each class map counts in that of an output [r]; of one map class 0 has the negative, [r 1].

    >>> weights_of(np.array([2, 0]), 3, False).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    >>> weights_of(np.array([1, 0]), 2, True).tolist()
    [[1.0], [-1.0]]
    """
    if binary:
        return (2 * outputs[:, None] - 1).astype(np.float32)
    return (np.arange(classes) == outputs[:, None]).astype(np.float32)


def weighted(maps: Any, weights: Any) -> Any:
    """float32 [n h w] of maps [n h w c] and weights [n c]: their sum, a class's own map where one weight is 1."""
    import tensorflow as tf

    # No matrix product, which may round what it multiplies.
    return tf.reduce_sum(tf.cast(maps, tf.float32) * weights[:, None, None], axis=3)


def normalised(maps: Any) -> Any:
    """Each of the maps [n h w] from 0 to 1; 0 where it is constant."""
    import tensorflow as tf

    low, high = (limit(maps, axis=(1, 2), keepdims=True) for limit in (tf.reduce_min, tf.reduce_max))
    return tf.math.divide_no_nan(maps - low, high - low)


def without(features: Any, maps: Any, threshold: float) -> Any:
    """The features [n h w k], zero where the maps [n h w] are high, as `heading.erased` says."""
    import tensorflow as tf

    return tf.where(heading.erased(maps, threshold)[..., None], tf.zeros((), features.dtype), features)
