"""A built classifier: where its logits come out, which layers are explained, and what makes probabilities of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wsol.errors import ConfigError, unknown
from wsol.index.outputs import no_probability
from wsol.networks import heads, layers, receptive, tokens
from wsol.networks.explainer import Explainer
from wsol.networks.graphs import Graph, Step
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.perturb import PERTURBATIONS


class Backbone:
    """A built classifier: `graph` ends in logits, `layers` are the explained ones, `size` is its input's (h, w).

    `activation` makes probabilities of the logits, "" where nobody says what does. A ConfigError names what of the
    settings does not fit the graph.
    """

    def __init__(
        self,
        graph: Graph,
        settings: Mapping[str, Any],
        size: tuple[int, int],
        prepare: Mapping[str, Any],
        activation: str = "",  # what follows logits, where it is known of a graph that ends in them
    ):
        self.graph = graph
        self.model = graph.model
        self.notes = list(graph.notes)
        self.settings = dict(settings)
        self.size = size
        self.prepare = prepare
        if len(graph.inputs) != 1:
            raise ConfigError(f"model: takes {len(graph.inputs)} inputs, one image is meant.")
        key = self._output_key(settings["output"])
        graph.trace_shapes(size, 1 if prepare["order"] == "gray" else 3, key)
        self.ending = graph.ending(key)  # as the model itself has it
        self.output, self.activation = self._logits(key, activation)
        check_probability(settings, self.activation)
        said = tokens.tokens(**settings["tokens"]) if settings["tokens"] else None
        self.grids = tokens.find(graph, self.output, said)
        self.places: dict[str, int] = {}  # of a layer among those that are explained, as the settings call it
        self.network = graph  # with sequences as they are; in `graph` those that are explained are maps
        self.layers = self._layers(settings["layer"])
        self._lay_out(said)
        self.cell_to_input = [receptive.cell_to_input(graph, step, size) for step in self.layers]
        # One output is two classes: what its sigmoid gives, and the rest.
        outputs = self._outputs()
        self.binary = outputs == 1
        self.classes = 2 if self.binary else outputs
        if self.binary and self.activation == "softmax":
            raise ConfigError("activation: the softmax of one output is 1 whatever the image; sigmoid is meant.")

    def _output_key(self, name: str | None) -> int:
        """The output of that name, or the only one."""
        outputs = self.graph.outputs
        if name is None and len(outputs) > 1:
            raise ConfigError(f"output: the model has several, name one of {', '.join(outputs)}.")
        if name is not None and name not in outputs:
            raise ConfigError(unknown("output", name, outputs))
        return outputs[name] if name else next(iter(outputs.values()))

    def _logits(self, key: int, known: str) -> tuple[int, str]:
        """The logits' key, and what makes probabilities of them: softmax, sigmoid or "" where nobody says."""
        said = self.settings["activation"]
        # Taken off a step of the graph: the model itself keeps its activation.
        output, own = self.graph.without_activation(key)
        if own and said:
            raise ConfigError(f"activation: the model itself ends in {self.ending}; leave out 'activation'.")
        if not (own or known or said) and (between := self.graph.softmaxed(output)):
            softmax, last = (step.name for step in between)
            raise ConfigError(
                f"activation: the model goes on behind its softmax '{softmax}', to '{last}', so that its outputs are "
                "no logits; say what they are: none (plain scores), or softmax or sigmoid, if that is still to follow."
            )
        return output, own or known or ("" if said in (None, "none") else said)

    def _layers(self, layer: str | list[str]) -> list[Step]:
        """The layers that a setting names, `auto` among them."""
        found: list[Step] = []
        for name in [layer] if isinstance(layer, str) else layer:
            step = self._layer(name)
            if step not in found:
                found.append(step)
            self.places[name] = found.index(step)
        evidence = self.settings["evidence"]["method"]
        if len(found) > 1 and evidence in PERTURBATIONS:
            raise ConfigError(f"evidence {evidence}: explains one layer, {len(found)} given.")
        return found

    def _layer(self, name: str) -> Step:
        """The layer of that name, or the one that `auto` finds."""
        if name != "auto":
            return layers.find(self.graph, self.output, name, self.grids)
        choice = layers.automatic(self.graph, self.output, self.grids)
        self.notes += [f"{choice.step.name}: {choice.why}"] if choice.why else []
        return choice.step

    def _lay_out(self, said: tokens.Grid | None) -> None:
        """Puts the maps of the sequences that are explained into the graph."""
        chosen = {step.outputs[0] for step in self.layers}.intersection(self.grids)
        if said and self.layers and not chosen:
            raise ConfigError(f"tokens: '{self.layers[0].name}' is a map as it is; leave out 'tokens'.")
        if not chosen:
            return
        laid = tokens.LaidOut(self.graph, {key: self.grids[key] for key in chosen})
        self.layers = [laid.map_of(s.outputs[0]) if s.outputs[0] in chosen else s for s in self.layers]
        self.graph = laid

    def _outputs(self) -> int:
        """How many numbers the network makes of an image."""
        last = self.graph.producer(self.output)
        assert last is not None, "a model's output is made by a step"
        # A single number may come without an axis of its own.
        outputs = last.shape[-1] if len(last.shape) > 1 else 1
        if outputs is None:
            raise ConfigError(f"output: the number of classes is open, its shape is {last.shape}.")
        return outputs

    @property
    def layer(self) -> list[str]:
        """The explained layers' names."""
        return [step.name for step in self.layers]

    def explainer(self, batch: int, threads: int = 2) -> Explainer:
        """What answers for it, `batch` images at a time, in so many threads."""
        return KerasExplainer(self, batch, threads)

    def between(self) -> list[str]:
        """What keeps the explained layers' heads from being a pooling and one dense layer; [] where they are that."""
        return heads.between(self.graph, self.output, self.layers)

    def preprocess(self, batch: Any) -> Any:
        """RGB 0..255 [n h w 3] -> the network's input."""
        return prepared(batch, self.prepare)

    def fed(self, batch: Any) -> Any:
        """RGB 0..255 [n h w 3] -> what the model itself takes: the image as it wants it, and its other inputs."""
        values = self.graph.as_made({self.graph.inputs[0]: self.preprocess(batch)})
        return values[0] if len(values) == 1 else tuple(values)

    def logits(self, values: Mapping[int, Any]) -> Any:
        """The logits [n c] among values run through the graph; a single sigmoid's class 0 is minus its class 1."""
        import tensorflow as tf

        out = tf.cast(values[self.output], tf.float32)
        out = tf.reshape(out, (tf.shape(out)[0], 1 if self.binary else self.classes))
        return tf.concat([-out, out], axis=1) if self.binary else out


def prepared(batch: Any, prepare: Mapping[str, Any]) -> Any:
    """RGB 0..255 [n h w 3] -> the network's input, as `preprocessing` says."""
    import tensorflow as tf

    if prepare["order"] == "bgr":
        batch = batch[..., ::-1]  # of bytes, which takes a tenth of the time
    batch = tf.cast(batch, tf.float32)
    if prepare["order"] == "gray":
        batch = tf.image.rgb_to_grayscale(batch)
    high, wide, channels = batch.shape[1:]
    scale, mean, std = (np.float32(prepare[name]) for name in ("scale", "mean", "std"))
    # A number for each colour, told for a whole row: along an axis of three nothing is fast.
    mean, std = (np.tile(each, wide) if each.ndim else each for each in (mean, std))
    rows = tf.reshape(batch, (-1, high, wide * channels))
    return tf.reshape((rows * scale - mean) / std, (-1, high, wide, channels))


def check_probability(settings: Mapping[str, Any], activation: str) -> None:
    """A ConfigError where what a backbone is asked for needs probabilities and the model has none."""
    needed = needing_probability(settings)
    if needed and not activation:
        raise ConfigError(no_probability(needed))


def needing_probability(settings: Mapping[str, Any]) -> str:
    """Which of a backbone's settings needs probabilities, "" where none does."""
    if settings["score"] == "probability":
        return "score: probability"
    method = settings["evidence"]["method"]
    made_of_them = method in PERTURBATIONS and PERTURBATIONS[method].of_probabilities
    return f"evidence {method}:" if made_of_them else ""
