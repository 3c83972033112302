"""ARCHITECTURES: the classifiers of `keras.applications`, and how their input is prepared."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from wsol.errors import ConfigError
from wsol.settings import Doc, Range, conform


class Architecture(NamedTuple):
    """Input size of the published weights, and how `keras.applications` prepares RGB 0..255 for it."""

    size: int
    mode: Literal["tf", "caffe", "torch", "none"]  # none: the network rescales by itself
    arguments: Mapping[str, Any] = {}  # its own: name -> type and range
    least: int = 32  # the smallest input that it can be built for, in pixels
    widths: tuple[float, ...] = ()  # the alphas that weights were published for
    fixed: bool = False  # dense layers on every place: published weights fit one input only
    build: Callable[..., Any] | None = None  # a plugin's: (size, classes, **arguments) -> a model that ends in logits


FETCHING = "URL fetch failure"  # Keras' words where a download fails
ALPHA = Annotated[float, Range(0.05, 10)]
RATE = Annotated[float, Range(0, 0.99)]
OF_HEAD = ("dropout", "dropout_rate")  # arguments of an architecture's own head
MOBILE = {"alpha": ALPHA, "depth_multiplier": Annotated[int, Range(1, 32)], "dropout": RATE}
MOBILE_V3 = {"alpha": ALPHA, "minimalistic": bool, "dropout_rate": RATE}

# Sizes and modes as in each module's preprocess_input, the rest as the functions themselves insist.
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
    "InceptionResNetV2": Architecture(299, "tf", least=75),
    "InceptionV3": Architecture(299, "tf", least=75),
    "MobileNet": Architecture(224, "tf", MOBILE, widths=(0.25, 0.5, 0.75, 1.0)),
    "MobileNetV2": Architecture(224, "tf", {"alpha": ALPHA}, widths=(0.35, 0.5, 0.75, 1.0, 1.3, 1.4)),
    "MobileNetV3Large": Architecture(224, "none", MOBILE_V3, widths=(0.75, 1.0)),
    "MobileNetV3Small": Architecture(224, "none", MOBILE_V3, widths=(0.75, 1.0)),
    "NASNetLarge": Architecture(331, "tf"),
    "NASNetMobile": Architecture(224, "tf"),
    "ResNet50": Architecture(224, "caffe"),
    "ResNet101": Architecture(224, "caffe"),
    "ResNet152": Architecture(224, "caffe"),
    "ResNet50V2": Architecture(224, "tf"),
    "ResNet101V2": Architecture(224, "tf"),
    "ResNet152V2": Architecture(224, "tf"),
    "VGG16": Architecture(224, "caffe", fixed=True),
    "VGG19": Architecture(224, "caffe", fixed=True),
    "Xception": Architecture(299, "tf", least=71),
}
IMAGENET = 1000

Order = Literal["rgb", "bgr", "gray"]
Number = Annotated[float, Range(-1e9, 1e9)]
Positive = Annotated[float, Range(1e-9, 1e9)]


def preprocessing(
    *,
    order: Annotated[Order, Doc("The order of the colours in the network's input, or one grey channel.")] = "rgb",
    scale: Annotated[Number, Doc("What values from 0 to 255 are multiplied by.")] = 1.0,
    mean: Annotated[Number | list[Number], Doc("What is then subtracted: a number, or one for each colour.")] = 0.0,
    std: Annotated[
        Positive | list[Positive], Doc("What is divided by at last: a number, or one for each colour.")
    ] = 1.0,
) -> dict:
    """How RGB 0..255 becomes the network's input: colours put in order, then (x * scale - mean) / std.

    `mean` and `std` are one number, or one for each colour.
    """
    if scale == 0:
        raise ConfigError("preprocessing.scale: 0 makes every image the same.")
    colours = 1 if order == "gray" else 3
    for name, given in (("mean", mean), ("std", std)):
        if isinstance(given, list) and len(given) not in (1, colours):
            wanted = "one number" if colours == 1 else f"one number or {colours}"
            raise ConfigError(f"preprocessing.{name}: {order} has {wanted}, got {len(given)}.")
    return {"order": order, "scale": scale, "mean": mean, "std": std}


MODES: dict[str, dict] = {
    "tf": preprocessing(scale=1 / 127.5, mean=1.0),
    "caffe": preprocessing(order="bgr", mean=[103.939, 116.779, 123.68]),
    "torch": preprocessing(scale=1 / 255, mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    "none": preprocessing(),
}


def fitting(
    name: str, given: Mapping[str, Any], weights: Any, sides: list[int], classes: int | None, own_head: bool = True
) -> dict[str, Any]:
    """An architecture's own arguments, checked against the rest; a ConfigError for what Keras would not build or load.

    `sides`: the input's, in pixels, empty where it is the architecture's own; `own_head`: whether its head is.
    """
    kind = ARCHITECTURES[name]
    arguments = {key: conform(key, kind.arguments[key], value) for key, value in given.items()}
    if sides and min(sides) < kind.least:
        raise ConfigError(f"input: {name} needs {kind.least} pixels a side or more, got {min(sides)}.")
    if not own_head and kind.build:
        raise ConfigError(f"head: {name} is a plugin's and makes its own; leave out 'head'.")
    if not own_head and (idle := [key for key in OF_HEAD if key in arguments]):
        raise ConfigError(f"{idle[0]}: is of {name}'s own head, which is gone here; leave it out.")
    if weights == "imagenet" and kind.build:
        raise ConfigError(f"weights: {name} has no published weights; say random, a file or {{train: …}}.")
    if weights == "imagenet":
        published(name, arguments, sides)
        if classes not in (None, IMAGENET):
            raise ConfigError(f"classes: published weights are of {IMAGENET} classes, got {classes}.")
    return arguments


def published(name: str, arguments: Mapping[str, Any], sides: list[int], own_head: bool = True) -> None:
    """Published weights are of certain widths, and those of some heads of one input; a ConfigError for others."""
    kind = ARCHITECTURES[name]
    alpha = arguments.get("alpha", 1.0)
    widths = (1.0,) if arguments.get("minimalistic") else kind.widths
    if widths and alpha not in widths:
        known = ", ".join(map(str, widths))
        raise ConfigError(f"alpha: {name} has published weights for {known}, got {alpha}.")
    if arguments.get("depth_multiplier", 1) != 1:
        raise ConfigError(f"depth_multiplier: {name} has published weights for 1, got {arguments['depth_multiplier']}.")
    if own_head and kind.fixed and any(side != kind.size for side in sides):
        raise ConfigError(f"input: {name} has published weights for {kind.size} pixels a side only.")


def anew(seed: int) -> None:
    """As if nothing had been built before: Keras numbers layers (`activation_17`) on and on through a process."""
    import keras

    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)


def brief(error: BaseException) -> str:
    """Keras prints whole weight matrices."""
    return " ".join(str(error).split())[:300] or type(error).__name__
