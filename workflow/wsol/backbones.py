"""Backbones: classifiers, how their input is prepared, and what of them is explained.

`backbone` names the settings; `build` makes a `Backbone` of them. Keras is imported inside functions only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from wsol import explained, receptive
from wsol.architectures import ARCHITECTURES, IMAGENET, MODES, application, brief, fitting, preprocessing
from wsol.errors import ConfigError, DataError, unknown
from wsol.graphs import Graph, Step
from wsol.images import Interpolation, Resize
from wsol.kerasmodel import KerasGraph
from wsol.perturb import EVIDENCES, PERTURBATIONS
from wsol.places import is_there
from wsol.savedmodel import SavedGraph
from wsol.settings import Place, Range, Seed, Side, checked, known

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
    or a SavedModel folder, with its `preprocessing`. A model brings its weights; an architecture's are `imagenet`
    unless said.
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
        activation: str = "",  # what follows logits, where the model itself ends in them
    ):
        self.graph, self.settings, self.size, self.prepare = graph, dict(settings), size, prepare
        self.model = graph.model
        if len(self.graph.inputs) != 1:
            raise ConfigError(f"model: takes {len(self.graph.inputs)} inputs, one image is meant.")
        key = self._output_key(settings["output"])
        self.graph.trace_shapes(size, 1 if prepare["order"] == "gray" else 3, key)
        self.output, removed = self.graph.without_activation(key)
        self.activation = removed or activation
        if settings["score"] == "probability" and not self.activation:
            raise ConfigError("score: probability needs a model that ends in softmax or sigmoid.")
        self.layers = self._explained(settings["layer"])
        if len(self.layers) > 1 and settings["evidence"]["method"] in PERTURBATIONS:
            raise ConfigError(
                f"evidence {settings['evidence']['method']}: explains one layer, {len(self.layers)} given."
            )
        self.grids = [receptive.grid(self.graph, step, size) for step in self.layers]
        last = self.graph.producer(self.output)
        assert last is not None, "a model's output is made by a step"
        raw = last.shape[-1] if len(last.shape) > 1 else 1  # one number an image, with or without an axis of its own
        if raw is None:
            raise ConfigError(f"output: the number of classes is open, its shape is {last.shape}.")
        self.binary = raw == 1
        self.classes = 2 if self.binary else raw

    def _output_key(self, name: str | None) -> int:
        outputs = self.graph.outputs
        if name is None and len(outputs) > 1:
            raise ConfigError(f"output: the model has several, name one of {', '.join(outputs)}.")
        if name is not None and name not in outputs:
            raise ConfigError(unknown("output", name, outputs))
        return outputs[name] if name else next(iter(outputs.values()))

    def _explained(self, layer: str | list[str]) -> list[Step]:
        names = [layer] if isinstance(layer, str) else layer
        return [
            explained.automatic(self.graph, self.output)
            if name == "auto"
            else explained.find(self.graph, self.output, name)
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
    if settings["model"] is not None:
        graph = opened(settings["model"], settings["safe"])
        return Backbone(graph, settings, _size(settings["input"], *graph.input_shapes[:1]), settings["preprocessing"])
    kind = ARCHITECTURES[settings["architecture"]]
    size = _size(settings["input"] or kind.size)
    chosen = str(weights) if weights else settings["weights"]
    if not isinstance(chosen, str):
        raise ConfigError("weights: a backbone that is trained needs the file that training made.")
    model = application(settings, size, chosen, classes or settings["classes"] or IMAGENET)
    return Backbone(KerasGraph(model), settings, size, MODES[kind.mode], activation="softmax")


def _size(given: int | list[int] | None, shape: tuple = ()) -> tuple[int, int]:
    if given is None and len(shape) == 4 and None not in shape[1:3]:
        return shape[1], shape[2]
    if given is None:
        raise ConfigError("input: the model's size is open; give `input: 224` or `[height, width]`.")
    high, wide = (given, given) if isinstance(given, int) else given
    return high, wide


def check_source(path: str, safe: bool) -> None:
    """A DataError where a model's path can hold none, or one that is not to be trusted. Needs no Keras."""
    if not is_there(path):
        raise DataError(f"model '{path}' does not exist.")
    if not Path(path).is_dir():
        return
    if not (Path(path) / "saved_model.pb").is_file():
        raise DataError(f"model '{path}' is a folder without a saved_model.pb: no SavedModel.")
    if safe:
        raise DataError(
            f"model '{path}' is a SavedModel, a program that can read and write files; "
            "say `safe: false` if you trust who made it."
        )


def opened(path: str, safe: bool) -> Graph:
    """The graph of a Keras file, or of a SavedModel folder where that need not be `safe`."""
    import keras

    check_source(path, safe)
    if Path(path).is_dir():
        return SavedGraph(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=safe)
    except Exception as error:  # a foreign file may fail anywhere in Keras' loading
        raise DataError(f"model '{path}' cannot be loaded: {brief(error)}") from error
    return KerasGraph(model)
