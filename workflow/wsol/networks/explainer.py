"""A backbone's traced functions: images to activations and logits, scores to gradients, changed inputs to logits.

Each is traced once, at one batch shape. Gradients run through the head alone, from what `forward` kept of the layers.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from wsol.index.outputs import class_probability
from wsol.networks.built import Backbone
from wsol.networks.graphs import Graph, Step
from wsol.networks.layers import pooled

HEAD_BATCH = 256  # rows of a head that is only a pooling's
FOLDED = ("BatchNormalization", "Conv2D", "DepthwiseConv2D", "SeparableConv2D")
LARGEST_FOLD = 2**27  # bytes of weights; tracing needs ten times that for a moment


class Explainer:
    """`forward` on images, `gradients` on targets, `masked` and `ablated` on variants of one image, `batch` at a time.

    `traces` counts, function by function, how often it was traced. Behind a pooling the gradient is constant over
    space: it is taken with respect to the pooled mean and kept as [n 1 1 k].
    """

    def __init__(self, backbone: Backbone, batch: int):
        import tensorflow as tf

        self.backbone = backbone
        self.batch = batch
        self.traces = Counter[str]()
        graph = backbone.graph
        output = backbone.output
        self.keys = [step.outputs[0] for step in backbone.layers]
        means = [pooled(graph, output, key) for key in self.keys]
        self.watched = [key if mean is None else mean for key, mean in zip(self.keys, means, strict=True)]
        self.constant = [mean is not None for mean in means]
        self.cut = boundary(graph, output, self.watched)
        # Of the cut what has no row per image, such as a shape that the network works out.
        self.common = {key for key in self.cut if (step := graph.producer(key)) and step.shape[:1] != (None,)}
        self.head_batch = HEAD_BATCH if self.constant[0] and not self.common else batch
        fold = folding(graph)
        # Folding pays where convolutions run; gradients and ablations run the head alone.
        self.forward = tf.function(fold(self._forward), autograph=False)
        self.gradients = tf.function(self._gradients, autograph=False)
        self.masked = tf.function(fold(self._masked), autograph=False)
        self.ablated = tf.function(self._ablated, autograph=False)

    def _forward(self, pixels: Any) -> tuple[Any, list, dict]:
        import tensorflow as tf

        self.traces["forward"] += 1
        graph = self.backbone.graph
        wanted = [self.backbone.output, *self.keys, *self.cut]
        values = graph.run({graph.inputs[0]: self.backbone.preprocess(pixels)}, wanted)
        layers = [tf.cast(values[key], tf.float32) for key in self.keys]
        return self.backbone.logits(values), layers, {key: values[key] for key in self.cut}

    def _gradients(self, cut: dict, coefficients: list) -> list[list]:
        """Of sum_c coefficient_c * logit_c for each coefficients [n c], and of that for each explained layer."""
        import tensorflow as tf

        self.traces["gradients"] += 1
        values = self.backbone.graph.run(cut, [self.backbone.output, *self.watched])
        watched = [values[key] for key in self.watched]
        totals = [tf.reduce_sum(self.backbone.logits(values) * c) for c in coefficients]
        # A layer that no output depends on has gradients of zero, not None.
        zero = tf.UnconnectedGradients.ZERO
        return [self._spread(tf.gradients(total, watched, unconnected_gradients=zero)) for total in totals]

    def _masked(self, pixels: Any, masks: Any, colour: Any) -> Any:
        """Logits of one image [h w 3] behind masks [b h w]: 1 shows the image, 0 a colour [3], RGB 0..255."""
        self.traces["masked"] += 1
        graph = self.backbone.graph
        image = self.backbone.preprocess(pixels[None])
        hidden = self.backbone.preprocess(colour[None, None, None])
        # Preparing is affine: the mixture of what is prepared is the mixture, prepared.
        shown = image * masks[..., None] + hidden * (1 - masks[..., None])
        return self.backbone.logits(graph.run({graph.inputs[0]: shown}, [self.backbone.output]))

    def _ablated(self, cut: dict, channels: Any) -> Any:
        """Logits of one image, of which `cut` has one row, with each of `channels` zero; -1 for none."""
        import tensorflow as tf

        self.traces["ablated"] += 1
        rows = channels.shape[0]
        values = {k: value if k in self.common else tf.repeat(value, rows, axis=0) for k, value in cut.items()}
        layer = values[self.watched[0]]
        kept = 1 - tf.one_hot(channels, layer.shape[-1])
        values[self.watched[0]] = layer * tf.reshape(kept, (rows, *[1] * (len(layer.shape) - 2), -1))
        return self.backbone.logits(self.backbone.graph.run(values, [self.backbone.output]))

    def rows(self, cut: dict, which: np.ndarray) -> dict:
        """The cut of these images of the batch."""
        import tensorflow as tf

        return {key: value if key in self.common else tf.gather(value, which) for key, value in cut.items()}

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """What the model makes of logits [n c]."""
        return class_probability(logits, self.backbone.activation)

    def score(self, logits: np.ndarray) -> np.ndarray:
        """What is explained: the logits or what the model makes of them."""
        return logits if self.backbone.settings["score"] == "logit" else self.probability(logits)

    def _spread(self, found: list) -> list:
        """Layer by layer; a mean's gradient is the same at all places."""
        import tensorflow as tf

        found = [tf.cast(gradient, tf.float32) for gradient in found]
        places = [float(step.shape[1] * step.shape[2]) for step in self.backbone.layers]
        return [
            tf.reshape(gradient, (-1, 1, 1, gradient.shape[-1])) / area if constant else gradient
            for gradient, area, constant in zip(found, places, self.constant, strict=True)
        ]


def folding(graph: Graph) -> Callable[[Callable], Callable]:
    """What makes a function run with the weights of the graph's convolutions as constants of its trace.

    TensorFlow then folds batch normalisations into them: a MobileNet runs a third faster. Where there are none, or the
    constants would cost too much memory, functions stay as they are.
    """
    import keras

    convolving = [step for step in graph.steps if step.kind in FOLDED]
    if all(step.kind != "BatchNormalization" for step in convolving):
        return lambda function: function
    weights = [(variable, variable.numpy()) for variable in _variables(convolving)]
    if sum(constant.nbytes for _, constant in weights) > LARGEST_FOLD:
        return lambda function: function

    def fold(function: Callable) -> Callable:
        def call(*arguments: Any) -> Any:
            constants = [(variable, keras.ops.convert_to_tensor(constant)) for variable, constant in weights]
            with keras.StatelessScope(constants):
                return function(*arguments)

        return call

    return fold


def _variables(steps: Iterable[Step]) -> list[Any]:
    """The steps' variables, each once: a layer may be called twice."""
    found: dict[int, Any] = {}
    for step in steps:
        found |= {id(variable): variable for variable in step.operation.variables}
    return list(found.values())


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


def coefficients(logits: np.ndarray, weights: np.ndarray, score: str, activation: str) -> np.ndarray:
    """d(sum_c weight_c score_c) / d logits [n c]: the head's gradient with these is the gradient of any such score.

    For logits the weights themselves; for probabilities, times the derivative of the softmax or sigmoid.
    """
    if score == "logit":
        return weights.astype(np.float32)
    p = class_probability(logits, activation)
    if activation == "sigmoid":
        return (weights * p * (1 - p)).astype(np.float32)
    return (p * (weights - (weights * p).sum(axis=1, keepdims=True))).astype(np.float32)
