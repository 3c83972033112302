"""Backbones: classifiers, how their input is prepared, and what of them is explained.

`backbone` names the settings; `build` makes a `Backbone` of them. Keras is imported inside functions only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from wsol.datasets.images import Interpolation, Resize
from wsol.errors import ConfigError, unknown
from wsol.networks import opening, receptive
from wsol.networks.architectures import ARCHITECTURES, IMAGENET, MODES, application, fitting, preprocessing
from wsol.networks.graphs import Graph, Step
from wsol.networks.kerasmodel import KerasGraph
from wsol.networks.layers import automatic, find
from wsol.networks.perturb import EVIDENCES, PERTURBATIONS
from wsol.networks.probabilities import no_probability
from wsol.settings import Place, Range, Seed, Side, checked, known

ACTIVATIONS = ("softmax", "sigmoid", "none")
PREPROCESSING = preprocessing  # `backbone` has a parameter of that name


def backbone(
    *,
    architecture: str | None = None,
    model: Place | None = None,
    preprocessing: dict | None = None,
    weights: Place | dict | None = None,
    classes: Annotated[int, Range(2, 10**6)] | None = None,
    input: Side | list[Side] | None = None,
    layer: str | list[str] = "auto",
    score: Literal["logit", "probability"] = "logit",
    explain: Literal["labelled", "predicted"] = "labelled",
    activation: Literal["softmax", "sigmoid", "none"] | None = None,
    evidence: str | dict = "gradient",
    resize: Resize = "stretch",
    interpolation: Interpolation = "linear",
    output: str | None = None,
    safe: bool = True,
    seed: Seed = 0,
    batch: Annotated[int, Range(1, 4096)] = 32,
    **arguments: Any,
) -> dict:
    """The settings of a backbone, checked as far as that goes without Keras; ConfigError names what is wrong.

    Either `architecture`, a name in ARCHITECTURES, whose own arguments (alpha) pass through, or `model`, a Keras file
    or a SavedModel folder, with its `preprocessing`. A model brings its weights, unless others are to be loaded into it
    or trained; an architecture's are `imagenet` unless said. `activation` is what makes probabilities of the outputs of
    a model that ends in plain numbers; without it, or with `none`, it has no probabilities.
    """
    settings = {name: value for name, value in locals().items() if name != "arguments"}
    if (architecture is None) == (model is None):
        raise ConfigError("backbone: needs either `architecture` or `model`.")
    if model is not None and preprocessing is None:
        raise ConfigError(f"backbone: model '{model}' needs its `preprocessing`: order, scale, mean, std.")
    if isinstance(input, list) and len(input) != 2:
        raise ConfigError(f"input: must be a side, or height and width, got {input!r}.")
    if architecture is not None and architecture not in ARCHITECTURES:
        raise ConfigError(unknown("architecture", architecture, ARCHITECTURES))
    if preprocessing is not None:
        settings["preprocessing"] = PREPROCESSING(**checked("preprocessing", PREPROCESSING, preprocessing))
    own = ARCHITECTURES[architecture].arguments if architecture else {}
    for name in arguments:
        if name not in own:
            raise ConfigError(unknown(f"backbone {architecture or model}", name, [*own, *settings]))
    if architecture is not None:
        settings["weights"] = "imagenet" if weights is None else weights
        sides = [input] if isinstance(input, int) else list(input or [])
        arguments = fitting(architecture, arguments, settings["weights"], sides, classes)
    return settings | {"arguments": arguments, "evidence": _evidence(evidence)}


def _evidence(given: str | dict) -> dict:
    """`scorecam` or `{method: scorecam, channels: 64}` -> the method with all its settings."""
    asked = {"method": given} if isinstance(given, str) else dict(given)
    name = asked.pop("method", None)
    return {"method": name, **checked(f"evidence {name}", known("evidence", name, EVIDENCES), asked)}


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


def deterministic(threads: int | None = None) -> None:
    """The same bytes from the same input: before any model is built. `threads` fixes how sums are split."""
    import keras
    import tensorflow as tf

    keras.mixed_precision.set_global_policy("float32")
    tf.config.experimental.enable_op_determinism()
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)


class Backbone:
    """A built classifier: `graph` ends in logits, `layers` are the explained ones, `size` is its input's (h, w)."""

    def __init__(
        self,
        graph: Graph,
        settings: Mapping[str, Any],
        size: tuple[int, int],
        prepare: Mapping[str, Any],
        activation: str = "",  # what follows logits, where it is known of a graph that ends in them
    ):
        self.graph, self.settings, self.size, self.prepare = graph, dict(settings), size, prepare
        self.model = graph.model
        if len(self.graph.inputs) != 1:
            raise ConfigError(f"model: takes {len(self.graph.inputs)} inputs, one image is meant.")
        key = self._output_key(settings["output"])
        self.graph.trace_shapes(size, 1 if prepare["order"] == "gray" else 3, key)
        self.ending = self.graph.ending(key)  # as the model itself has it
        self.output, self.activation = self._logits(key, activation)
        check_probability(settings, self.activation)
        self.layers = self._layers(settings["layer"])
        if len(self.layers) > 1 and settings["evidence"]["method"] in PERTURBATIONS:
            raise ConfigError(
                f"evidence {settings['evidence']['method']}: explains one layer, {len(self.layers)} given."
            )
        self.cell_to_input = [receptive.cell_to_input(self.graph, step, size) for step in self.layers]
        last = self.graph.producer(self.output)
        assert last is not None, "a model's output is made by a step"
        raw = last.shape[-1] if len(last.shape) > 1 else 1  # one number an image, with or without an axis of its own
        if raw is None:
            raise ConfigError(f"output: the number of classes is open, its shape is {last.shape}.")
        self.binary = raw == 1
        self.classes = 2 if self.binary else raw
        if self.binary and self.activation == "softmax":
            raise ConfigError("activation: the softmax of one output is 1 whatever the image; sigmoid is meant.")

    def _output_key(self, name: str | None) -> int:
        outputs = self.graph.outputs
        if name is None and len(outputs) > 1:
            raise ConfigError(f"output: the model has several, name one of {', '.join(outputs)}.")
        if name is not None and name not in outputs:
            raise ConfigError(unknown("output", name, outputs))
        return outputs[name] if name else next(iter(outputs.values()))

    def _logits(self, key: int, known: str) -> tuple[int, str]:
        """The logits' key, and what makes probabilities of them: softmax, sigmoid or "" where nobody says."""
        said = self.settings["activation"]
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
        names = [layer] if isinstance(layer, str) else layer
        return [
            automatic(self.graph, self.output) if name == "auto" else find(self.graph, self.output, name)
            for name in names
        ]

    @property
    def layer(self) -> list[str]:
        """The explained layers' names."""
        return [step.name for step in self.layers]

    def preprocess(self, batch: Any) -> Any:
        """RGB 0..255 [n h w 3] -> the network's input."""
        return prepared(batch, self.prepare)

    def logits(self, values: Mapping[int, Any]) -> Any:
        """The logits [n c] among values run through the graph; a single sigmoid's class 0 is minus its class 1."""
        import tensorflow as tf

        out = tf.cast(values[self.output], tf.float32)
        out = tf.reshape(out, (tf.shape(out)[0], 1 if self.binary else self.classes))
        return tf.concat([-out, out], axis=1) if self.binary else out


def prepared(batch: Any, prepare: Mapping[str, Any]) -> Any:
    """RGB 0..255 [n h w 3] -> the network's input, as `preprocessing` says."""
    import tensorflow as tf

    batch = tf.cast(batch, tf.float32)
    if prepare["order"] == "gray":
        batch = tf.image.rgb_to_grayscale(batch)
    if prepare["order"] == "bgr":
        batch = batch[..., ::-1]
    scale, mean, std = (np.float32(prepare[name]) for name in ("scale", "mean", "std"))
    return (batch * scale - mean) / std


def build(settings: Mapping[str, Any], weights: str | Path | None = None, classes: int | None = None) -> Backbone:
    """A Backbone of `settings` as a config gives them; `weights` are a trained file, `classes` its number."""
    settings = backbone(**settings)
    chosen = str(weights) if weights else settings["weights"]
    if isinstance(chosen, dict):
        raise ConfigError("weights: a backbone that is trained needs the file that training made.")
    if settings["model"] is None:
        return _of_architecture(settings, chosen, classes or settings["classes"] or IMAGENET)
    graph = opening.opened(settings["model"], settings["safe"], chosen)
    found = Backbone(graph, settings, _size(settings["input"], *graph.input_shapes[:1]), settings["preprocessing"])
    if classes and found.classes != classes:
        raise ConfigError(f"weights.train: its dataset has {classes} classes, the model {found.classes} outputs.")
    return found


def _of_architecture(settings: Mapping[str, Any], weights: str, classes: int) -> Backbone:
    """`keras.applications` say of all of theirs that they end in a softmax; here they are built without it."""
    kind = ARCHITECTURES[settings["architecture"]]
    size = _size(settings["input"] or kind.size)
    model = application(settings, size, weights, classes)
    return Backbone(KerasGraph(model), settings, size, MODES[kind.mode], activation="softmax")


def untrained(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the network that a training starts from: a model as its file has it, else random weights."""
    return {**settings, "weights": "random" if settings.get("model") is None else None}


def _size(given: int | list[int] | None, shape: tuple = ()) -> tuple[int, int]:
    if given is None and len(shape) == 4 and None not in shape[1:3]:
        return shape[1], shape[2]
    if given is None:
        raise ConfigError("input: the model's size is open; give `input: 224` or `[height, width]`.")
    high, wide = (given, given) if isinstance(given, int) else given
    return high, wide
