"""HEADS: what follows an architecture's last map, by the name that `head` gives.

Layers are named: `head_conv_1`, …, `head_pool`, `head_dense`; of acol `acol_features`, `acol_a_1`, `acol_a_2`,
`acol_a_map`, `acol_erased`, `acol_b_1`, `acol_b_2`, `acol_b_map`, and its outputs `acol_a` and `acol_b`. Of several
outputs the first is explained.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any

from wsol.errors import ConfigError
from wsol.settings import Doc, Length, Range, checked, known

BRANCHES = ("acol_a", "acol_b")
Filters = Annotated[int, Range(1, 8192)]


def own(body: Any, classes: int) -> list[Any]:
    """As the architecture has it."""
    return body.outputs


def conv(
    body: Any,
    classes: int,
    *,
    filters: Annotated[list[Filters], Doc("Of each 3x3 convolution, how many channels it makes.")] = [1024],
) -> list[Any]:
    """Convolutions of 3x3 with ReLU, the mean over all places and one dense layer, so that CAM is defined.

    Zhou 2016 (arXiv:1512.04150) for VGG, drawn as in Choe 2020: He's normal numbers by what a convolution makes, and
    normal ones of deviation .01 in the dense layer.
    """
    import keras

    x = body.output
    for place, width in enumerate(filters, 1):
        drawn = keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="untruncated_normal")
        x = _convolution(width, f"head_conv_{place}", drawn)(x)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    drawn = keras.initializers.RandomNormal(stddev=0.01)
    return [keras.layers.Dense(classes, kernel_initializer=drawn, name="head_dense")(x)]


def acol(
    body: Any,
    classes: int,
    *,
    filters: Annotated[
        list[Filters], Length(2), Doc("Of the two 3x3 convolutions of each branch, how many channels each makes.")
    ] = [1024, 1024],
    threshold: Annotated[
        float, Range(0, 1), Doc("Branch B does not see where A's map, from 0 to 1, is as high or higher.")
    ] = 0.7,
) -> list[Any]:
    """Two branches to class maps, whose means are the logits; B is shown what A does not look at (ACoL).

    Zhang 2018 (arXiv:1804.06962, fig. 2). What is explained is A's.
    """
    import keras

    features = keras.layers.Identity(name="acol_features")(body.output)
    map_a = _branch(features, "acol_a", filters, classes)
    left = erasing()(threshold, name="acol_erased")([features, map_a])
    map_b = _branch(left, "acol_b", filters, classes)
    means = [keras.layers.GlobalAveragePooling2D(name=name) for name in BRANCHES]
    return [mean(maps) for mean, maps in zip(means, (map_a, map_b), strict=True)]


def _branch(x: Any, name: str, filters: list[int], classes: int) -> Any:
    """The class maps [n h w c] of a branch."""
    import keras

    for place, width in enumerate(filters, 1):
        x = _convolution(width, f"{name}_{place}", "glorot_uniform")(x)
    return keras.layers.Conv2D(classes, 1, name=f"{name}_map")(x)


def _convolution(width: int, name: str, drawn: Any) -> Any:
    import keras

    return keras.layers.Conv2D(width, 3, padding="same", activation="relu", kernel_initializer=drawn, name=name)


@cache
def erasing() -> Any:
    """The class of the layer `acol_erased`, which Keras knows by its name once it was asked for."""
    import keras
    from keras import ops

    @keras.saving.register_keras_serializable("wsol")
    class Erased(keras.layers.Layer):
        """Features [n h w k] and class maps [n h w c] -> the features, 0 where the map of the highest logit is high.

        The map is brought from its lowest value, 0, to its highest, 1; one that is the same everywhere erases nothing.
        """

        def __init__(self, threshold: float = 0.7, **settings: Any):
            super().__init__(**settings)
            self.threshold = threshold

        def call(self, inputs: Any) -> Any:
            features, maps = inputs
            highest = ops.argmax(ops.mean(maps, axis=(1, 2)), axis=1)
            seen = ops.sum(maps * ops.one_hot(highest, maps.shape[-1], dtype=maps.dtype)[:, None, None], axis=3)
            return features * ops.cast(ops.logical_not(erased(seen, self.threshold)), features.dtype)[..., None]

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "threshold": self.threshold}

    return Erased


def erased(maps: Any, threshold: float) -> Any:
    """Where maps [n h w], each brought from its lowest value, 0, to its highest, 1, reach the threshold; bool."""
    from keras import ops

    maps = ops.stop_gradient(maps)
    low, high = ops.min(maps, axis=(1, 2), keepdims=True), ops.max(maps, axis=(1, 2), keepdims=True)
    level = ops.where(high > low, (maps - low) / ops.where(high > low, high - low, 1), 0)
    return ops.logical_and(level >= threshold, high > low)


HEADS: dict[str, Callable[..., list[Any]]] = {"own": own, "conv": conv, "acol": acol}


def head(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """`conv` or `{method: conv, filters: [512]}` -> the head with all its settings."""
    asked = {"method": given} if isinstance(given, str) else dict(given)
    name = asked.pop("method", None)
    settings = checked(f"head {name}", known("head", name, HEADS), asked)
    if settings.get("filters") == []:
        raise ConfigError(f"head {name}.filters: is empty; one number for each convolution.")
    return {"method": name, **settings}


def headed(body: Any, classes: int, settings: Mapping[str, Any]) -> Any:
    """`body` with a head: a model whose first output is logits [n c]. An architecture's own is in its body."""
    import keras

    own_settings = {key: value for key, value in settings.items() if key != "method"}
    outputs = HEADS[settings["method"]](body, classes, **own_settings)
    return body if outputs is body.outputs else keras.Model(body.input, outputs, name=body.name)


def bare(model: Any) -> Any:
    """A model that ends in a map, without a max pooling at its end: VGG's pool5 is gone where its head is another."""
    import keras

    last = model.output._keras_history.operation
    return keras.Model(model.input, last.input, name=model.name) if type(last).__name__ == "MaxPooling2D" else model
