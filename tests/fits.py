"""Small trainings: coloured noise, networks that tell it apart, and a fit of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from models import backbone, keras, layers
from wsol.training import fitting, recipe
from wsol.training.labels import Labelled
from wsol.training.network import logits_model
from wsol.training.reading import Source

SIZE = (16, 16)
HOW = {"resize": "stretch", "interpolation": "linear"}


def pixels(name: str) -> np.ndarray:
    """uint8 [16 16 3] of a number: noise, red where it is even, blue where it is odd."""
    place = int(name)
    image = np.random.default_rng(place).integers(0, 120, (*SIZE, 3), np.uint8)
    image[..., 2 * (place % 2)] += 100
    return image


def images(names: list[str]) -> np.ndarray:
    return np.stack([pixels(name) for name in names])


def labelled(count: int = 12, classes: int = 2, first: int = 0) -> Labelled:
    """The images `first` … of as many, each of the class of its colour."""
    names = [str(first + place) for place in range(count)]
    return Labelled(names, np.eye(classes, dtype=np.float32)[[int(name) % 2 for name in names]])


def network(classes: int = 2, seed: int = 0, end: str | None = None, **settings: Any) -> Any:
    """A backbone whose convolution and normalisation stand in a model of their own; with dropout before its head."""
    keras.utils.set_random_seed(seed)
    start = layers.Input((*SIZE, 3))
    x = layers.Conv2D(4, 3, strides=4, use_bias=False, name="conv")(start)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    base = keras.Model(start, x, name="base")
    x = layers.Dropout(0.3, name="drop")(layers.GlobalAveragePooling2D(name="pool")(base(start)))
    model = keras.Model(start, layers.Dense(classes, end, name="last")(x))
    settings = settings if end else {"activation": "softmax", **settings}
    return backbone(model, SIZE, preprocessing={"scale": 1 / 127.5, "mean": 1.0}, **settings)


def settings(**given: Any) -> dict[str, Any]:
    """A recipe, by which nothing is cut or mirrored."""
    usual = {"dataset": "x", "epochs": 2, "batch": 4, "crop_from": SIZE[0], "flip": False}
    return recipe.settings(**(usual | given))


def source(chosen: dict[str, Any]) -> Source:
    return Source.of(pixels, SIZE, HOW, chosen, 1)


def made(own: Any, found: Labelled | None = None, **given: Any) -> fitting.Fit:
    """A Fit at the beginning of its first epoch."""
    fitted = fitting.Fit(own, logits_model(own), settings(**given), (found or labelled()).wanted)
    fitted.begin(0)
    return fitted


def fitted(
    own: Any,
    found: Labelled | None = None,
    held: Labelled | None = None,
    say: Callable[..., None] = lambda *words: None,
    **given: Any,
) -> Any:
    """The history of a training of `own`."""
    chosen = settings(**given, **({"validation": "y"} if held else {}))
    shown = fitting.Validation(held, source(chosen)) if held else None
    model = logits_model(own)
    return fitting.fit(own, model, found or labelled(), source(chosen), chosen, say, shown)


def fitted_to(own: Any, shown: np.ndarray, **given: Any) -> Any:
    """The history of a training of a network with three outputs, of images uint8 [n h w 3] of its input's size."""
    chosen = settings(crop_from=max(own.size), **given)
    told = Labelled([str(place) for place in range(len(shown))], np.eye(3, dtype=np.float32)[np.arange(len(shown)) % 3])
    of = Source.of(lambda name: shown[int(name)], own.size, HOW, chosen, 1)
    return fitting.fit(own, logits_model(own), told, of, chosen, lambda *words: None)


def weights(own: Any) -> dict[str, np.ndarray]:
    """By layer and weight, as they are now."""
    return {weight.path: weight.numpy() for weight in own.model.weights}
