"""ARCHITECTURES: the classifiers of `keras.applications`, and how their input is prepared."""

import warnings
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from wsol.errors import ConfigError


class Architecture(NamedTuple):
    """Input size of the published weights, and how `keras.applications` prepares RGB 0..255 for it."""

    size: int
    mode: Literal["tf", "caffe", "torch", "none"]  # none: the network rescales by itself
    arguments: tuple[str, ...] = ()


# Sizes and modes as in each module's preprocess_input; `arguments` are the architecture's own.
ARCHITECTURES: dict[str, Architecture] = {
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


MODES: dict[str, dict] = {
    "tf": preprocessing(scale=1 / 127.5, mean=1.0),
    "caffe": preprocessing(order="bgr", mean=[103.939, 116.779, 123.68]),
    "torch": preprocessing(scale=1 / 255, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    "none": preprocessing(),
}


def application(settings: Mapping[str, Any], size: tuple[int, int], weights: str, classes: int) -> Any:
    """A `keras.applications` model that ends in logits."""
    import keras

    name, kind = settings["architecture"], ARCHITECTURES[settings["architecture"]]
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
        raise ConfigError(f"backbone {name}, input {size[0]}x{size[1]}, weights '{weights}': {brief(error)}") from error


def brief(error: Exception) -> str:
    """Keras prints whole weight matrices."""
    return " ".join(str(error).split())[:300] or type(error).__name__
