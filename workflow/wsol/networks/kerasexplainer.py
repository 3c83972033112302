"""A Keras network's answers: traced functions, of images to logits and of scores to gradients, and changed inputs.

Each is traced once, at one batch shape. Gradients run through the head alone, from what `forward` kept of the layers.

A processor runs a network fastest in chunks whose layers fit into a core's cache, each in a thread of its own: a
MobileNetV2 runs 4 images at a time, in two threads, 1.4 times as fast as 32 at once with two cores for each operation.
A chunk has one shape and one thread, so that bytes depend neither on the number of threads nor on the batch.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.networks import complementary
from wsol.networks.explainer import Floats, Masks, Rows, Seen
from wsol.networks.folding import folded, folding
from wsol.networks.heads import boundary
from wsol.networks.layers import pooled

CHUNK = 4  # images that a core runs at once
HEAD_CHUNK = 32  # rows of a head that is only a pooling's: it reads its weights once for all of them


class Kept:
    """What `forward` kept of a batch, chunk by chunk, by the keys of the graph."""

    def __init__(self, chunks: list[dict[int, Any]], common: set[int], size: int):
        self.chunks = chunks
        self.common = common  # what has no row per image, such as a shape that the network works out
        self.size = size  # rows of a chunk

    def rows(self, which: Rows, count: int) -> dict[int, Any]:
        """What was kept of these images, and as many more as make up a `count`."""
        import tensorflow as tf

        first = int(which[0]) if len(which) else 0
        if count == self.size and first % count == 0 and np.array_equal(which, first + np.arange(len(which))):
            return self.chunks[first // count]  # a target an image, in order: nothing to gather
        padded = _padded(which.astype(np.int32), count)
        return {k: v if k in self.common else tf.gather(v, padded) for k, v in self._joined.items()}

    @cached_property
    def _joined(self) -> dict[int, Any]:
        import tensorflow as tf

        first = self.chunks[0]
        return {k: v if k in self.common else tf.concat([c[k] for c in self.chunks], 0) for k, v in first.items()}


class KerasExplainer:
    """An `explainer.Explainer`. `traces` counts, function by function, how often it was traced.

    Behind a pooling the gradient is constant over space: it is taken with respect to the pooled mean and given as
    [n 1 1 k]. `threads` run chunks beside each other; a GPU is given whole batches instead.
    """

    concurrent = True

    def __init__(self, backbone: Any, batch: int, threads: int = 2):  # a `built.Backbone`, which makes it
        import tensorflow as tf

        self.backbone = backbone
        self.batch = batch
        self.traces = Counter[str]()
        self.chunk = batch if tf.config.list_logical_devices("GPU") else CHUNK
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="network")
        graph = backbone.graph
        output = backbone.output
        self.keys = [step.outputs[0] for step in backbone.layers]
        means = [pooled(graph, output, key) for key in self.keys]
        self.watched = [key if mean is None else mean for key, mean in zip(self.keys, means, strict=True)]
        self.constant = [mean is not None for mean in means]
        self.cut = complementary.kept(graph, boundary(graph, output, self.watched), self.watched)
        self.common = {key for key in self.cut if (step := graph.producer(key)) and step.shape[:1] != (None,)}
        self.head_chunk = max(HEAD_CHUNK, self.chunk) if all(self.constant) and not self.common else self.chunk
        # Folding pays where convolutions run; gradients and ablations run the head alone.
        self.folded = folded(graph, {output, *self.keys, *self.cut})
        self._network = tf.function(folding(self.folded)(self._trace_network), autograph=False)
        self._restored = tf.function(self._trace_restored, autograph=False)
        self._gradients = tf.function(self._trace_gradients, autograph=False)
        self._behind = tf.function(self._trace_behind, autograph=False)
        self._ablated = tf.function(self._trace_ablated, autograph=False)

    def forward(self, pixels: NDArray[np.uint8]) -> Seen:
        """Of at most `batch` images [b H W 3], RGB."""
        parts = list(_parts(len(pixels), self.chunk))
        chunks = self._each(lambda p: self._network(self.backbone.preprocess(_padded(pixels[p], self.chunk))), parts)
        kept = Kept([cut for _, _, cut in chunks], self.common, self.chunk)
        logits = _joined([found for found, _, _ in chunks], len(pixels))
        layers = zip(*(found for _, found, _ in chunks), strict=True)
        return Seen(logits, [_joined(layer, len(pixels)) for layer in layers], kept)

    def restored(self, logits: Floats, activations: Mapping[int, Floats]) -> Seen | None:
        """What `forward` gave, where the layers' activations are all that their heads depend on."""
        graph, given = self.backbone.graph, {self.keys[place]: layer for place, layer in activations.items()}
        beyond = [step for step in graph.upstream(self.cut, given) if set(graph.inputs).intersection(step.inputs)]
        if beyond or set(self.keys) - set(given):
            return None

        def part(which: slice) -> dict[int, Any]:
            return self._restored({key: _padded(layer[which], self.chunk) for key, layer in given.items()})

        chunks = self._each(part, _parts(len(logits), self.chunk))
        layers = [np.asarray(activations[place]) for place in range(len(self.keys))]
        return Seen(logits, layers, Kept(chunks, self.common, self.chunk))

    def gradients(
        self, kept: Kept, rows: Rows, weights: Sequence[Floats], layers: Sequence[Sequence[int]]
    ) -> list[list[Floats]]:
        """For each of `weights` [r c], layer by layer, as `Explainer.gradients` says."""
        places = tuple(map(tuple, layers))

        def part(which: slice) -> list[list]:
            asked = [_padded(each[which], self.head_chunk) for each in weights]
            return self._gradients(kept.rows(rows[which], self.head_chunk), asked, places)

        parts = self._each(part, _parts(len(rows), self.head_chunk))
        scores = zip(*parts, strict=True)
        return [[_joined(layer, len(rows)) for layer in zip(*own, strict=True)] for own in scores]

    def of_rows(self, function: Callable, kept: Kept, rows: Rows, *given: Floats) -> list[Floats]:
        """What `function` makes of what was kept of the images `rows` [r] and of `given` [r …], arrays [r …]."""

        def part(which: slice) -> Any:
            asked = (_padded(each[which], self.chunk) for each in given)
            return function(kept.rows(rows[which], self.chunk), *asked)

        parts = self._each(part, _parts(len(rows), self.chunk))
        return [_joined(each, len(rows)) for each in zip(*parts, strict=True)]

    def masked(self, pixels: NDArray[np.uint8], of: Rows, masks: Masks, colour: Floats) -> Floats:
        """The logits [m c] of images `of` [m] behind masks."""
        hidden = self.backbone.preprocess(colour[None, None, None])
        # Preparing is affine: the mixture of what is prepared is the mixture, prepared.
        difference = self.backbone.preprocess(pixels) - hidden

        def part(which: slice) -> Any:
            own = masks.part(which)
            drawn = own._replace(
                rows=_padded(own.rows, self.chunk) if own.rows.ndim == 3 else own.rows,
                grids=_padded(own.grids, self.chunk),
                columns=_padded(own.columns, self.chunk) if own.columns.ndim == 3 else own.columns,
            )
            images = _padded(of[which].astype(np.int32), self.chunk)
            return self._network(self._behind(difference, hidden, images, *drawn))[0]

        return _joined(self._each(part, _parts(len(of), self.chunk)), len(of))

    def ablated(self, kept: Kept, row: int, place: int, channels: Rows) -> Floats:
        """The logits [m c] of an image with each of `channels` of a layer zero in turn; -1 for none."""
        one = kept.rows(np.array([row]), 1)

        def part(which: slice) -> Any:
            padded = np.full(self.head_chunk, -1, np.int32)
            padded[: len(channels[which])] = channels[which]
            return self._ablated(one, padded, place)

        return _joined(self._each(part, _parts(len(channels), self.head_chunk)), len(channels))

    def _each(self, function: Callable[[slice], Any], parts: Iterator[slice] | list[slice]) -> list[Any]:
        """What a function gives for each part, in order; the threads take parts as they come."""
        return list(self._threads.map(function, parts))

    def _trace_network(self, shown: Any) -> tuple[Any, list, dict]:
        """Logits [b c], the explained layers, and what their heads need, of prepared images [b H W c]."""
        import tensorflow as tf

        self.traces["network"] += 1
        graph = self.folded
        values = graph.run({graph.inputs[0]: shown}, [self.backbone.output, *self.keys, *self.cut])
        layers = [tf.cast(values[key], tf.float32) for key in self.keys]
        return self.backbone.logits(values), layers, {key: values[key] for key in self.cut}

    def _trace_restored(self, layers: dict[int, Any]) -> dict[int, Any]:
        self.traces["restored"] += 1
        values = self.folded.run(layers, self.cut)
        return {key: values[key] for key in self.cut}

    def _trace_behind(
        self, difference: Any, hidden: Any, images: Any, rows: Any, grids: Any, columns: Any, scaled: bool
    ) -> Any:
        """Prepared images [b H W c]: hidden + mask * (image - hidden)."""
        import tensorflow as tf

        _, high, wide, channels = difference.shape
        # A mask of all the numbers of a row, colour by colour: multiplying along the last axis is four times as fast.
        mask = tf.matmul(tf.matmul(rows, grids), tf.repeat(columns, channels, axis=-2), transpose_b=True)
        if scaled:
            low, top = (limit(mask, axis=(1, 2), keepdims=True) for limit in (tf.reduce_min, tf.reduce_max))
            mask = (mask - low) / tf.maximum(top - low, np.finfo(np.float32).tiny)
        away = tf.gather(tf.reshape(difference, (-1, high, wide * channels)), images)
        return tf.reshape(tf.tile(tf.reshape(hidden, (-1,)), (wide,)) + mask * away, (-1, high, wide, channels))

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


def _joined(parts: Sequence[Any], count: int) -> NDArray:
    """Tensors one behind the other as an array, without what padded the last."""
    arrays = [np.asarray(part) for part in parts]
    return np.concatenate([*arrays[:-1], arrays[-1][: count - sum(map(len, arrays[:-1]))]])
