"""A Keras network's answers: traced functions, of images to logits and of scores to gradients, and changed inputs.

Each is traced once, at one batch shape. Gradients run through the head alone, from what `forward` kept of the layers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.networks.explainer import Floats, Masks, Rows, Seen
from wsol.networks.graphs import Graph, Step
from wsol.networks.layers import pooled

HEAD_BATCH = 256  # rows of a head that is only a pooling's
FOLDED = ("BatchNormalization", "Conv2D", "DepthwiseConv2D", "SeparableConv2D")
LARGEST_FOLD = 2**27  # bytes of weights; tracing needs ten times that for a moment


class KerasExplainer:
    """An `explainer.Explainer`. `traces` counts, function by function, how often it was traced.

    Behind a pooling the gradient is constant over space: it is taken with respect to the pooled mean and given as
    [n 1 1 k].
    """

    def __init__(self, backbone: Any, batch: int):  # a `built.Backbone`, which makes it
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
        self.head_batch = HEAD_BATCH if all(self.constant) and not self.common else batch
        fold = folding(graph)
        # Folding pays where convolutions run; gradients and ablations run the head alone.
        self._forward = tf.function(fold(self._trace_forward), autograph=False)
        self._gradients = tf.function(self._trace_gradients, autograph=False)
        self._masked = tf.function(fold(self._trace_masked), autograph=False)
        self._ablated = tf.function(self._trace_ablated, autograph=False)

    def forward(self, pixels: NDArray[np.uint8]) -> Seen:
        """Of at most `batch` images [b H W 3], RGB."""
        logits, layers, kept = self._forward(_padded(pixels, self.batch))
        n = len(pixels)
        return Seen(logits.numpy()[:n], [layer.numpy()[:n] for layer in layers], kept)

    def gradients(
        self, kept: dict, rows: Rows, weights: Sequence[Floats], layers: Sequence[Sequence[int]]
    ) -> list[list[Floats]]:
        """For each of `weights` [r c], layer by layer, as `Explainer.gradients` says."""
        places = tuple(map(tuple, layers))
        parts = []
        for part in _parts(len(rows), self.batch):
            asked = [_padded(each[part], self.batch) for each in weights]
            found = self._gradients(self._rows(kept, rows[part]), asked, places)
            parts.append([[layer.numpy()[: len(rows[part])] for layer in own] for own in found])
        return [[np.concatenate(same) for same in zip(*own, strict=True)] for own in zip(*parts, strict=True)]

    def masked(self, pixels: NDArray[np.uint8], of: Rows, masks: Masks, colour: Floats) -> Floats:
        """The logits [m c] of images `of` [m] behind masks."""
        found = []
        for part in _parts(len(of), self.batch):
            shown = _padded(masks.part(part).drawn().astype(np.float32), self.batch)
            found.append(self._masked(pixels[_padded(of[part], self.batch)], shown, colour).numpy()[: len(of[part])])
        return np.concatenate(found)

    def ablated(self, kept: dict, row: int, place: int, channels: Rows) -> Floats:
        """The logits [m c] of an image with each of `channels` of a layer zero in turn; -1 for none."""
        one = self._gathered(kept, np.array([row]))
        found = []
        for part in _parts(len(channels), self.head_batch):
            padded = np.full(self.head_batch, -1, np.int32)
            padded[: len(channels[part])] = channels[part]
            found.append(self._ablated(one, padded, place).numpy()[: len(channels[part])])
        return np.concatenate(found)

    def _trace_forward(self, pixels: Any) -> tuple[Any, list, dict]:
        import tensorflow as tf

        self.traces["forward"] += 1
        graph = self.backbone.graph
        wanted = [self.backbone.output, *self.keys, *self.cut]
        values = graph.run({graph.inputs[0]: self.backbone.preprocess(pixels)}, wanted)
        layers = [tf.cast(values[key], tf.float32) for key in self.keys]
        return self.backbone.logits(values), layers, {key: values[key] for key in self.cut}

    def _trace_gradients(self, cut: dict, coefficients: list, places: tuple[tuple[int, ...], ...]) -> list[list]:
        """Of sum_c coefficient_c * logit_c for each coefficients [n c], and of that for each of its layers."""
        import tensorflow as tf

        self.traces["gradients"] += 1
        values = self.backbone.graph.run(cut, [self.backbone.output, *self.watched])
        totals = [tf.reduce_sum(self.backbone.logits(values) * c) for c in coefficients]
        return [self._derived(total, values, own) for total, own in zip(totals, places, strict=True)]

    def _derived(self, total: Any, values: dict, places: tuple[int, ...]) -> list:
        """A number's gradients with respect to some layers; a mean's is the same at all places."""
        import tensorflow as tf

        # A layer that no output depends on has gradients of zero, not None.
        zero = tf.UnconnectedGradients.ZERO
        found = tf.gradients(total, [values[self.watched[place]] for place in places], unconnected_gradients=zero)
        return [self._spread(tf.cast(each, tf.float32), place) for each, place in zip(found, places, strict=True)]

    def _spread(self, gradient: Any, place: int) -> Any:
        import tensorflow as tf

        if not self.constant[place]:
            return gradient
        _, high, wide, channels = self.backbone.layers[place].shape
        return tf.reshape(gradient, (-1, 1, 1, channels)) / float(high * wide)

    def _trace_masked(self, pixels: Any, masks: Any, colour: Any) -> Any:
        """Logits of images [b h w 3] behind masks [b h w]: 1 shows the image, 0 a colour [3], RGB 0..255."""
        self.traces["masked"] += 1
        graph = self.backbone.graph
        image = self.backbone.preprocess(pixels)
        hidden = self.backbone.preprocess(colour[None, None, None])
        # Preparing is affine: the mixture of what is prepared is the mixture, prepared.
        shown = image * masks[..., None] + hidden * (1 - masks[..., None])
        return self.backbone.logits(graph.run({graph.inputs[0]: shown}, [self.backbone.output]))

    def _trace_ablated(self, cut: dict, channels: Any, place: int) -> Any:
        """Logits of one image, of which `cut` has one row, with each of `channels` zero; -1 for none."""
        import tensorflow as tf

        self.traces["ablated"] += 1
        rows = channels.shape[0]
        values = {k: value if k in self.common else tf.repeat(value, rows, axis=0) for k, value in cut.items()}
        key = self.watched[place]
        layer = self.backbone.graph.run(values, [key])[key]
        kept = 1 - tf.one_hot(channels, layer.shape[-1])
        values[key] = layer * tf.reshape(kept, (rows, *[1] * (len(layer.shape) - 2), -1))
        return self.backbone.logits(self.backbone.graph.run(values, [self.backbone.output]))

    def _rows(self, kept: dict, rows: Rows) -> dict:
        """What was kept, with one row for each of `rows`, padded."""
        if np.array_equal(rows, np.arange(len(rows))):
            return kept  # one target per image, in order: nothing to gather
        return self._gathered(kept, _padded(rows, self.batch))

    def _gathered(self, kept: dict, which: np.ndarray) -> dict:
        import tensorflow as tf

        return {key: value if key in self.common else tf.gather(value, which) for key, value in kept.items()}


def _parts(total: int, size: int) -> Iterator[slice]:
    """0 … total in parts of at most `size`; one empty part of nothing."""
    return (slice(start, min(start + size, total)) for start in range(0, max(total, 1), size))


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    """With zeros up to the one shape that functions are traced for."""
    if len(rows) == size:
        return rows
    padded = np.zeros((size, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded


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
