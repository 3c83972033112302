"""BACKBONES: classifiers, how their input is prepared, and what of them is explained.

`backbone` names the settings; `build` makes a `Backbone` of them. Keras is imported inside functions only.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from wsol import receptive, splitting
from wsol.errors import ConfigError, DataError, unknown
from wsol.images import Interpolation, Resize
from wsol.perturb import EVIDENCES, PERTURBATIONS
from wsol.settings import Range, Side, checked


class Architecture(NamedTuple):
    """Input size of the published weights, and how `keras.applications` prepares RGB 0..255 for it."""

    size: int
    mode: Literal["tf", "caffe", "torch", "none"]  # none: the network rescales by itself
    arguments: tuple[str, ...] = ()


# Sizes and modes as in each module's preprocess_input; `arguments` are the architecture's own.
BACKBONES: dict[str, Architecture] = {
    "ConvNeXtTiny": Architecture(224, "none"),
    "ConvNeXtSmall": Architecture(224, "none"),
    "ConvNeXtBase": Architecture(224, "none"),
    "ConvNeXtLarge": Architecture(224, "none"),
    "ConvNeXtXLarge": Architecture(224, "none"),
    "DenseNet121": Architecture(224, "torch"),
    "DenseNet169": Architecture(224, "torch"),
    "DenseNet201": Architecture(224, "torch"),
    "EfficientNetB0": Architecture(224, "none"),
    "EfficientNetB1": Architecture(240, "none"),
    "EfficientNetB2": Architecture(260, "none"),
    "EfficientNetB3": Architecture(300, "none"),
    "EfficientNetB4": Architecture(380, "none"),
    "EfficientNetB5": Architecture(456, "none"),
    "EfficientNetB6": Architecture(528, "none"),
    "EfficientNetB7": Architecture(600, "none"),
    "EfficientNetV2B0": Architecture(224, "none"),
    "EfficientNetV2B1": Architecture(240, "none"),
    "EfficientNetV2B2": Architecture(260, "none"),
    "EfficientNetV2B3": Architecture(300, "none"),
    "EfficientNetV2S": Architecture(384, "none"),
    "EfficientNetV2M": Architecture(480, "none"),
    "EfficientNetV2L": Architecture(480, "none"),
    "InceptionResNetV2": Architecture(299, "tf"),
    "InceptionV3": Architecture(299, "tf"),
    "MobileNet": Architecture(224, "tf", ("alpha", "depth_multiplier", "dropout")),
    "MobileNetV2": Architecture(224, "tf", ("alpha",)),
    "MobileNetV3Large": Architecture(224, "none", ("alpha", "minimalistic", "dropout_rate")),
    "MobileNetV3Small": Architecture(224, "none", ("alpha", "minimalistic", "dropout_rate")),
    "NASNetLarge": Architecture(331, "tf"),
    "NASNetMobile": Architecture(224, "tf"),
    "ResNet50": Architecture(224, "caffe"),
    "ResNet101": Architecture(224, "caffe"),
    "ResNet152": Architecture(224, "caffe"),
    "ResNet50V2": Architecture(224, "tf"),
    "ResNet101V2": Architecture(224, "tf"),
    "ResNet152V2": Architecture(224, "tf"),
    "VGG16": Architecture(224, "caffe"),
    "VGG19": Architecture(224, "caffe"),
    "Xception": Architecture(299, "tf"),
}
IMAGENET = 1000

Order = Literal["rgb", "bgr", "gray"]


def preprocessing(
    *, order: Order = "rgb", scale: float = 1.0, mean: float | list[float] = 0.0, std: float | list[float] = 1.0
) -> dict:
    """How RGB 0..255 becomes the network's input: colours put in order, then (x * scale - mean) / std."""
    return {"order": order, "scale": scale, "mean": mean, "std": std}


PREPROCESSING = preprocessing  # `backbone` has a parameter of that name
MODES: dict[str, dict] = {
    "tf": preprocessing(scale=1 / 127.5, mean=1.0),
    "caffe": preprocessing(order="bgr", mean=[103.939, 116.779, 123.68]),
    "torch": preprocessing(scale=1 / 255, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    "none": preprocessing(),
}


def backbone(
    *,
    architecture: str | None = None,
    model: str | None = None,
    preprocessing: dict | None = None,
    weights: str | dict = "imagenet",
    classes: int | None = None,
    input: Side | list[Side] | None = None,
    layer: str | list[str] = "auto",
    score: Literal["logit", "probability"] = "logit",
    explain: Literal["labelled", "predicted"] = "labelled",
    evidence: str | dict = "gradient",
    resize: Resize = "stretch",
    interpolation: Interpolation = "linear",
    output: str | None = None,
    safe: bool = True,
    seed: int = 0,
    batch: Annotated[int, Range(1, 4096)] = 32,
    **arguments: Any,
) -> dict:
    """The settings of a backbone, checked as far as that goes without Keras; ConfigError names what is wrong.

    Either `architecture`, a name in BACKBONES, whose own arguments (alpha) pass through, or `model`, a Keras file, with
    its `preprocessing`.
    """
    settings = {name: value for name, value in locals().items() if name != "arguments"}
    if (architecture is None) == (model is None):
        raise ConfigError("backbone: needs either `architecture` or `model`.")
    if model is not None and preprocessing is None:
        raise ConfigError(f"backbone: model '{model}' needs its `preprocessing`: order, scale, mean, std.")
    if isinstance(input, list) and len(input) != 2:
        raise ConfigError(f"input: must be a side, or height and width, got {input!r}.")
    if architecture is not None and architecture not in BACKBONES:
        raise ConfigError(unknown("architecture", architecture, BACKBONES))
    if preprocessing is not None:
        settings["preprocessing"] = checked("preprocessing", PREPROCESSING, preprocessing)
    own = BACKBONES[architecture].arguments if architecture else ()
    for name in arguments:
        if name not in own:
            raise ConfigError(unknown(f"backbone {architecture or model}", name, [*own, *settings]))
    return settings | {"arguments": arguments, "evidence": _evidence(evidence)}


def _evidence(given: str | dict) -> dict:
    """`scorecam` or `{method: scorecam, channels: 64}` -> the method with all its settings."""
    asked = {"method": given} if isinstance(given, str) else dict(given)
    name = asked.pop("method", None)
    if name not in EVIDENCES:
        raise ConfigError(unknown("evidence", name, EVIDENCES))
    return {"method": name, **checked(f"evidence {name}", EVIDENCES[name], asked)}


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
        model: Any,
        settings: Mapping[str, Any],
        size: tuple[int, int],
        prepare: Mapping[str, Any],
        activation: str = "",  # what follows logits, where the model itself ends in them
    ):
        self.model, self.settings, self.size, self.prepare = model, dict(settings), size, prepare
        self.graph = splitting.Graph(model)
        if len(self.graph.inputs) != 1:
            raise ConfigError(f"model: takes {len(self.graph.inputs)} inputs, one image is meant.")
        self.graph.trace_shapes(size, 1 if prepare["order"] == "gray" else 3)
        key = self._output_key(settings["output"])
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
        raw = last.shape[-1]
        self.binary = raw == 1
        self.classes = 2 if self.binary else raw

    def _output_key(self, name: str | None) -> int:
        outputs = self.graph.outputs
        if name is None and len(outputs) > 1:
            raise ConfigError(f"output: the model has several, name one of {', '.join(outputs)}.")
        if name is not None and name not in outputs:
            raise ConfigError(unknown("output", name, outputs))
        return outputs[name] if name else next(iter(outputs.values()))

    def _explained(self, layer: str | list[str]) -> list[splitting.Step]:
        names = [layer] if isinstance(layer, str) else layer
        return [
            splitting.automatic(self.graph, self.output)
            if name == "auto"
            else splitting.find(self.graph, self.output, name)
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

        out = values[self.output]
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
        model = _opened(settings["model"], settings["safe"])
        size = _size(settings["input"], model.input_shape if not isinstance(model.input_shape, list) else None)
        return Backbone(model, settings, size, settings["preprocessing"])
    kind = BACKBONES[settings["architecture"]]
    size = _size(settings["input"] or kind.size)
    chosen = str(weights) if weights else settings["weights"]
    if not isinstance(chosen, str):
        raise ConfigError("weights: a backbone that is trained needs the file that training made.")
    model = application(settings, size, chosen, classes or settings["classes"] or IMAGENET)
    return Backbone(model, settings, size, MODES[kind.mode], activation="softmax")


def _size(given: int | list[int] | None, shape: tuple | None = None) -> tuple[int, int]:
    if given is None and shape is not None and None not in shape[1:3]:
        return shape[1], shape[2]
    if given is None:
        raise ConfigError("input: the model's size is open; give `input: 224` or `[height, width]`.")
    high, wide = (given, given) if isinstance(given, int) else given
    return high, wide


def application(settings: Mapping[str, Any], size: tuple[int, int], weights: str, classes: int) -> Any:
    """A `keras.applications` model that ends in logits."""
    import keras

    name, kind = settings["architecture"], BACKBONES[settings["architecture"]]
    make = getattr(keras.applications, name)
    common = {"classifier_activation": None, "classes": classes, **settings["arguments"]}
    keras.utils.set_random_seed(settings["seed"])
    # Keras 3.15 says this of every complete weights file; what is really missing raises.
    warnings.filterwarnings("ignore", "Skipping nested container")
    try:
        if weights == "imagenet" and size != (kind.size, kind.size):
            # Keras loads published weights at their own size only; behind a pooling they fit any.
            published = make(weights="imagenet", **common)
            model = make(weights=None, input_shape=(*size, 3), **common)
            model.set_weights(published.get_weights())
            return model
        source = None if weights == "random" else weights
        return make(weights=source, input_shape=(*size, 3), **common)
    except Exception as error:  # Keras raises a plain Exception where a download fails
        raise ConfigError(
            f"backbone {name}, input {size[0]}x{size[1]}, weights '{weights}': {_brief(error)}"
        ) from error


def _brief(error: Exception) -> str:
    """Keras prints whole weight matrices."""
    return " ".join(str(error).split())[:300] or type(error).__name__


def _opened(path: str, safe: bool) -> Any:
    import keras

    if Path(path).is_dir() or not Path(path).exists():
        what = "is a folder; save the model as .keras" if Path(path).is_dir() else "does not exist"
        raise DataError(f"model '{path}' {what}.")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=safe)
    except Exception as error:  # a foreign file may fail anywhere in Keras' loading
        raise DataError(f"model '{path}' cannot be loaded: {_brief(error)}") from error
