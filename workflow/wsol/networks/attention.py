"""What a transformer attends to, as maps of its patches: the last attention, rollout, LeGrad.

Attention layers are opened at their softmax; of its [heads t t] nothing leaves the network.
"""

import copy
from typing import Any, NamedTuple

import numpy as np

from wsol.errors import ConfigError
from wsol.networks import mixing
from wsol.networks.built import Backbone
from wsol.networks.graphs import Graph, Step
from wsol.networks.models.inside import inside
from wsol.networks.tokens import Grid

NEEDS = "evidence attention: is of a network that attends from a class token to all patches"


class Looking(NamedTuple):
    """An opened network's attention, block by block."""

    graph: Graph
    grid: Grid
    probabilities: list[int]  # keys of [n heads t t], rows are what looks and sum to 1
    streams: list[int]  # keys of what each block gives on, [n t k]


def looking(backbone: Backbone) -> Looking:
    """The attention of a network, opened; a ConfigError in one line where it is none that these maps are of."""
    import keras

    graph, steps = backbone.network, backbone.network.upstream([backbone.output])
    attending = [step for step in steps if mixing.attends(step)]
    own = [step for step in attending if isinstance(step.operation, keras.layers.MultiHeadAttention)]
    if not own:
        raise ConfigError(f"{NEEDS}; this one has no MultiHeadAttention of Keras.")
    for step in own:
        grid = backbone.grids.get(step.inputs[0])
        if grid is None or len(set(step.inputs)) != 1 or len(own) != len(attending):
            raise ConfigError(f"{NEEDS}; '{step.name}' is none of patches to patches.")
        if not grid.skip:
            raise ConfigError(f"{NEEDS}; '{step.name}' has no class token, so that there is no row of it to roll out.")
    streams = _streams(graph, backbone.output, own)
    opened, probabilities = _opened(graph, own)
    return Looking(opened, backbone.grids[own[0].inputs[0]], probabilities, streams)


def _streams(graph: Graph, output: int, attending: list[Step]) -> list[int]:
    """What each block gives on: what goes into the norm of the next one; of the last block, what is in that place."""
    steps = graph.upstream([output])
    norms = [graph.producer(step.inputs[0]) for step in attending]
    found = [norm.inputs[0] for norm in norms[1:] if norm and len(norm.inputs) == 1]
    makers = [graph.producer(key) for key in found]
    ways = [
        [step.kind for step in steps[steps.index(first) : steps.index(maker) + 1]]
        for first, maker in zip(attending, makers, strict=False)
        if maker
    ]
    start = steps.index(attending[-1])
    last = [step.kind for step in steps[start : start + len(ways[0])]] if ways else []
    if len(ways) != len(attending) - 1 or not ways or any(way != last for way in ways):
        raise ConfigError(f"{NEEDS}, block after block alike; those of this one are not.")
    return [*found, steps[start + len(last) - 1].outputs[0]]


def _opened(graph: Graph, attending: list[Step]) -> tuple[Graph, list[int]]:
    """The graph with the inner steps of some attention layers in their place, and their probabilities."""
    import tensorflow as tf

    opened: Any = copy.copy(graph)
    opened.steps, opened.opened, probabilities = [], True, []
    for step in graph.steps:
        if step not in attending:
            opened.steps.append(step)
            continue
        before = graph.producer(step.inputs[0])
        assert before is not None and step.bind is not None, "an attention layer of Keras is given what a step made"
        feeds = {step.inputs[0]: tf.TensorSpec(before.shape, step.operation.compute_dtype)}
        try:
            found = inside(step.operation, step.bind, feeds, step.name, opened._fresh, return_attention_scores=True)
        except ValueError as error:  # of flash attention, which has none to give
            raise ConfigError(f"{NEEDS}; '{step.name}' does not show its own: {str(error).splitlines()[0]}") from error
        made, scores = found.outputs
        # What comes after knows the output by the key that the closed layer gave it.
        opened.steps += [s._replace(outputs=(step.outputs[0],)) if made in s.outputs else s for s in found.steps]
        probabilities.append(scores)
    return opened, probabilities


class AttentionMaps:
    """A network's attention on batches of images, as maps [n h w] of its patches; functions are traced once."""

    def __init__(self, backbone: Backbone, batch: int):
        import tensorflow as tf

        self.backbone = backbone
        self.batch = batch
        self.looking = looking(backbone)
        self._of_images = tf.function(self._trace_images, autograph=False)
        self._of_outputs = tf.function(self._trace_outputs, autograph=False)

    def of_images(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Of images [b H W 3]: `last_attention`, `rolled_out` and `summed_attention`, each [b h w]."""
        padded = np.zeros((self.batch, *pixels.shape[1:]), np.uint8)
        padded[: len(pixels)] = pixels
        return {name: maps.numpy()[: len(pixels)] for name, maps in self._of_images(padded).items()}

    def of_outputs(self, pixels: np.ndarray, rows: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Of outputs [r] of the images `rows` [r] among pixels [b H W 3]: `attention_gradients` [r h w]."""
        found = [np.empty((0, *self.looking.grid.shape), np.float32)]
        for start in range(0, len(rows), self.batch):
            part = slice(start, start + self.batch)
            padded = np.zeros((self.batch, *pixels.shape[1:]), np.uint8)
            padded[: len(rows[part])] = pixels[rows[part]]
            asked = np.zeros((self.batch, self.backbone.classes), np.float32)
            asked[np.arange(len(rows[part])), outputs[part]] = 1
            found.append(self._of_outputs(padded, asked).numpy()[: len(rows[part])])
        return np.concatenate(found)

    def _seen(self, pixels: Any, *wanted: int) -> dict:
        graph = self.looking.graph
        return graph.run({graph.inputs[0]: self.backbone.preprocess(pixels)}, wanted)

    def _trace_images(self, pixels: Any) -> dict[str, Any]:
        """Heads are averaged; rollout is of (A + I) with rows made 1, block times block (Abnar 2020, 2005.00928)."""
        import tensorflow as tf

        values = self._seen(pixels, *self.looking.probabilities)
        heads = [tf.reduce_mean(tf.cast(values[key], tf.float32), axis=1) for key in self.looking.probabilities]
        rolled = None
        for attention in heads:
            both = attention + tf.eye(attention.shape[-1])
            both /= tf.reduce_sum(both, axis=-1, keepdims=True)
            rolled = both if rolled is None else both @ rolled
        found = {"last_attention": heads[-1], "rolled_out": rolled, "summed_attention": tf.add_n(heads)}
        return {name: self._patches(matrix[:, 0]) for name, matrix in found.items()}

    def _trace_outputs(self, pixels: Any, asked: Any) -> Any:
        """Each block's own score, by the network's head on what it gives on, and what its attention adds to that.

        The gradient's positive part, averaged over heads and over what looks, then over blocks (Bousselham 2024,
        2404.03214).
        """
        import tensorflow as tf

        *_, last = self.looking.streams
        values = self._seen(pixels, *self.looking.streams, *self.looking.probabilities)
        found = []
        for key, stream in zip(self.looking.probabilities, self.looking.streams, strict=True):
            head = self.looking.graph.run({last: values[stream]}, [self.backbone.output])
            score = tf.reduce_sum(self.backbone.logits(head) * asked)
            gradient = tf.cast(tf.gradients(score, values[key])[0], tf.float32)
            found.append(tf.reduce_mean(tf.nn.relu(gradient), axis=(1, 2)))
        return self._patches(tf.add_n(found) / float(len(found)))

    def _patches(self, row: Any) -> Any:
        """[n t] -> [n h w]"""
        import tensorflow as tf

        return tf.reshape(row[:, self.looking.grid.patches], (-1, *self.looking.grid.shape))
