"""One pass over the images: what the network predicts, and what any CAM needs to explain it.

The network runs once an image; gradients run through the head once a target. One traced function for each, at one
batch shape: the last batch is padded.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol

import numpy as np
import pandas as pd

from wsol import images, splitting
from wsol.backbones import Backbone
from wsol.errors import ConfigError

Arrays = dict[str, np.ndarray]


class Sink(Protocol):
    """Where evidence goes: activations in order, a target's arrays at its rows, of `total`."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None: ...

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None: ...


class Collected(dict[str, np.ndarray]):
    """A sink that keeps everything in memory."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None:
        self[name] = np.concatenate([self[name], rows]) if name in self else rows.copy()

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None:
        if name not in self:
            self[name] = np.zeros((total, *rows.shape[1:]), rows.dtype)
        self[name][where] = rows


def suffix(place: int) -> str:
    """Evidence of the first explained layer is `activations`, of the second `activations_1` and so on."""
    return f"_{place}" if place else ""


class Explainer:
    """A backbone's two traced functions, `forward` on images and `gradients` on targets, at one batch size.

    `traces` counts how often they were traced. Behind a pooling the gradient is constant over space: it is taken with
    respect to the pooled mean and kept as [n 1 1 k].
    """

    def __init__(self, backbone: Backbone, batch: int):
        import tensorflow as tf

        self.backbone, self.batch, self.traces = backbone, batch, 0
        graph, output = backbone.graph, backbone.output
        self.keys = [step.outputs[0] for step in backbone.layers]
        means = [splitting.pooled(graph, output, key) for key in self.keys]
        self.watched = [key if mean is None else mean for key, mean in zip(self.keys, means, strict=True)]
        self.constant = [mean is not None for mean in means]
        self.cut = _boundary(graph, output, self.watched)
        channels = (backbone.size[0], backbone.size[1], 3)
        self.forward = tf.function(
            self._forward, input_signature=[tf.TensorSpec((batch, *channels), tf.uint8)], autograph=False
        )
        self.gradients = tf.function(self._gradients, autograph=False)

    def _forward(self, pixels: Any) -> tuple[Any, list, dict]:
        self.traces += 1
        graph = self.backbone.graph
        values = graph.run({graph.inputs[0]: self.backbone.preprocess(pixels)}, [self.backbone.output, *self.keys])
        return self.backbone.logits(values), [values[key] for key in self.keys], {k: values[k] for k in self.cut}

    def _gradients(self, cut: dict, coefficients: Any) -> list:
        """Of sum_c coefficient_c * logit_c, for each explained layer."""
        import tensorflow as tf

        self.traces += 1
        seen: dict[int, Any] = {}
        with tf.GradientTape(watch_accessed_variables=False) as tape:

            def watch(key: int, value: Any) -> None:
                if key in self.watched:
                    tape.watch(value)
                    seen[key] = value

            values = self.backbone.graph.run(cut, [self.backbone.output], watch)
            total = tf.reduce_sum(self.backbone.logits(values) * coefficients)
        zero = tf.UnconnectedGradients.ZERO
        found = tape.gradient(total, [seen[key] for key in self.watched], unconnected_gradients=zero)
        return [self._spread(*pair) for pair in zip(found, self.constant, self.backbone.layers, strict=True)]

    @staticmethod
    def _spread(gradient: Any, constant: bool, layer: splitting.Step) -> Any:
        """The mean's gradient is shared equally by all places."""
        import tensorflow as tf

        if not constant:
            return gradient
        return tf.reshape(gradient, (-1, 1, 1, gradient.shape[-1])) / float(layer.shape[1] * layer.shape[2])


def _boundary(graph: splitting.Graph, output: int, watched: list[int]) -> list[int]:
    """What has to be known to run everything that depends on the watched layers, and no more."""
    steps = graph.upstream([output, *watched])
    dependent = graph.dependent(watched, steps)
    head = [step for step in steps if dependent.intersection(step.outputs) and not set(step.outputs) <= set(watched)]
    inputs = {key for step in head for key in step.inputs if key not in dependent}
    made = {key for step in head for key in step.outputs}
    return sorted(inputs | {key for key in watched if not _after(graph, key, watched, made)})


def _after(graph: splitting.Graph, key: int, watched: list[int], made: set[int]) -> bool:
    """Does this watched layer follow another one?"""
    others = set(watched) - {key}
    return any(others.intersection(step.outputs) for step in graph.upstream([key]))


def coefficients(logits: np.ndarray, explained: np.ndarray, score: str, activation: str) -> np.ndarray:
    """d score / d logits [n c]: the gradient of anything made of logits is the head's, weighted by these.

    logit: 1 at the explained output; probability: the derivative of its softmax or sigmoid. Zero where explained < 0.
    """
    chosen = np.arange(logits.shape[1]) == explained[:, None]
    if score == "logit":
        return chosen.astype(np.float32)
    z = logits.astype(np.float64)
    if activation == "sigmoid":
        p = np.exp(-np.logaddexp(0, -z))
        return (chosen * p * np.exp(-np.logaddexp(0, z))).astype(np.float32)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    own = (p * chosen).sum(axis=1, keepdims=True)
    rest = (p * ~chosen).sum(axis=1, keepdims=True)  # 1 - own, without its cancellation
    return (own * np.where(chosen, rest, -p)).astype(np.float32)


def explained_outputs(logits: np.ndarray, accepted: list[list[int]], explain: str) -> np.ndarray:
    """[t]: of the outputs that are right for the target the one with the highest logit, or the network's own choice.

    -1 where no output is right for it.
    """
    if explain == "predicted":
        return np.where([len(a) > 0 for a in accepted], logits.argmax(axis=1), -1)
    return np.array([a[int(np.argmax(row[a]))] if len(a) else -1 for row, a in zip(logits, accepted, strict=True)], int)


def predict(
    backbone: Backbone,
    open_image: Callable[[str], np.ndarray],
    targets: pd.DataFrame,
    sink: Sink,
    *,
    threads: int = 2,
    progress: Callable[[int], Any] = lambda n: None,
) -> Arrays:
    """PREDICTIONS' arrays, one row an image in order of appearance; EVIDENCE's go to `sink`.

    An image that does not open has NaN logits, zero activations and zero gradients. `progress` hears how many images
    each batch finished.
    """
    firsts = targets.drop_duplicates("image")
    image_of = pd.Index(firsts["image"]).get_indexer(targets["image"])
    accepted = [np.asarray(outputs, int).tolist() for outputs in targets["outputs"]]
    _check_outputs(accepted, targets["image"], backbone.classes)
    explainer = Explainer(backbone, backbone.settings["batch"])
    work = _Work(explainer, accepted, image_of, len(firsts), sink)
    settings = backbone.settings
    sizes = zip(firsts["height"].tolist(), firsts["width"].tolist(), strict=True)
    source = images.loader(
        open_image,
        firsts["image"],
        sizes,
        backbone.size,
        settings["resize"],
        settings["interpolation"],
        threads,
        ahead=3 * explainer.batch,
    )
    logits, about = [np.empty((0, backbone.classes), np.float32)], []
    while batch := list(islice(source, explainer.batch)):
        logits.append(work.batch(batch, len(about)))
        about += [(item.status == "ok", item.geometry) for item in batch]
        progress(len(batch))
    work.finish()
    return {
        "image": firsts["image"].to_numpy(dtype=str),
        "logits": np.concatenate(logits),
        "readable": np.array([readable for readable, _ in about], bool),
        "geometry": np.array([geometry for _, geometry in about], np.float64).reshape(-1, 4),
        "input_size": np.array(backbone.size, np.int64),
    }


class _Work:
    """What one batch of images needs to know of the targets, and where its evidence goes."""

    def __init__(self, explainer: Explainer, accepted: list[list[int]], image_of: np.ndarray, n: int, sink: Sink):
        self.explainer, self.accepted, self.image_of, self.n, self.sink = explainer, accepted, image_of, n, sink
        self.explained = np.full(len(accepted), -1, np.int64)
        self.order = np.argsort(image_of, kind="stable")
        self.starts = np.searchsorted(image_of[self.order], np.arange(n + 1))

    def batch(self, batch: list[images.Loaded], first: int) -> np.ndarray:
        """The logits of images first, first + 1, …; their evidence is in the sink."""
        size = self.explainer.batch
        pixels = np.zeros((size, *batch[0].pixels.shape), np.uint8)
        pixels[: len(batch)] = [item.pixels for item in batch]
        readable = np.array([item.status == "ok" for item in batch])
        out, activations, cut = self.explainer.forward(pixels)
        logits = out.numpy()[: len(batch)]
        for place, layer in enumerate(activations):
            rows = layer.numpy()[: len(batch)]
            rows = rows if readable.all() else np.where(readable[:, None, None, None], rows, np.float32(0))
            self.sink.append("activations" + suffix(place), rows, self.n)
        targets = self.order[self.starts[first] : self.starts[first + len(batch)]]
        rows = self.image_of[targets] - first
        accepted = [self.accepted[t] if readable[row] else [] for t, row in zip(targets, rows, strict=True)]
        self.explained[targets] = explained_outputs(logits[rows], accepted, self.explainer.backbone.settings["explain"])
        for start in range(0, len(targets), size):
            self._gradients(targets[start : start + size], rows[start : start + size], logits, cut)
        return np.where(readable[:, None], logits, np.float32(np.nan))

    def _gradients(self, targets: np.ndarray, rows: np.ndarray, logits: np.ndarray, cut: dict) -> None:
        import tensorflow as tf

        backbone, size = self.explainer.backbone, self.explainer.batch
        weights = np.zeros((size, backbone.classes), np.float32)
        score = backbone.settings["score"]
        weights[: len(rows)] = coefficients(logits[rows], self.explained[targets], score, backbone.activation)
        if not np.array_equal(rows, np.arange(len(rows))):
            padded = np.zeros(size, np.int32)
            padded[: len(rows)] = rows
            cut = {key: tf.gather(value, padded) for key, value in cut.items()}
        for place, gradient in enumerate(self.explainer.gradients(cut, weights)):
            self.sink.put("gradients" + suffix(place), targets, gradient.numpy()[: len(rows)], len(self.accepted))

    def finish(self) -> None:
        self.sink.put("image_of", np.arange(len(self.accepted)), self.image_of.astype(np.int64), len(self.accepted))
        self.sink.put("explained", np.arange(len(self.accepted)), self.explained, len(self.accepted))


def _check_outputs(accepted: list[list[int]], names: pd.Series, classes: int) -> None:
    for outputs, name in zip(accepted, names, strict=True):
        for index in outputs:
            if not 0 <= index < classes:
                raise ConfigError(f"targets: {name} names class index {index}, the model has 0..{classes - 1}.")
