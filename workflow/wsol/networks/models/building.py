"""An architecture as its settings have it: with a stride and a head, and weights of one of four kinds.

Weights are `random`, `imagenet`, a file, or `{"initial": …}`: `imagenet` or a file, but for the classifier, which is
drawn. That is what a training starts from.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from wsol.errors import UNREACHABLE, ConfigError, Missing
from wsol.networks.models import heading, startingpoint, striding
from wsol.networks.models.architectures import ARCHITECTURES, FETCHING, IMAGENET, anew, brief
from wsol.networks.models.carrying import carry, weighted
from wsol.places import named

Sides = tuple[int, int]


def application(settings: Mapping[str, Any], size: Sides, weights: str | Mapping[str, str], classes: int) -> Any:
    """A `keras.applications` model, or a plugin's, that ends in logits, `classes` of them."""
    name = settings["architecture"]
    # Keras 3.15 says this of every complete weights file; what is really missing raises.
    warnings.filterwarnings("ignore", "Skipping nested container")
    try:
        return _built(settings, size, weights, classes)
    except ConfigError:
        raise
    except Exception as error:  # Keras raises a plain Exception where a download fails
        said = f"initial {weights['initial']!r}" if isinstance(weights, Mapping) else f"weights '{weights}'"
        if FETCHING in str(error):
            raise Missing(f"backbone {name}: {said} {UNREACHABLE}: {brief(error)}") from error
        raise ConfigError(f"backbone {name}, input {size[0]}x{size[1]}, {said}: {brief(error)}") from error


def _built(settings: Mapping[str, Any], size: Sides, weights: str | Mapping[str, str], classes: int) -> Any:
    kind = ARCHITECTURES[settings["architecture"]]
    if weights == "imagenet":
        # Keras loads published weights at their own size only; behind a pooling they fit any.
        published = _made(settings, (kind.size, kind.size), IMAGENET, weights="imagenet")
        if settings["stride"] is None and size == (kind.size, kind.size):
            return published
        _, model = _structure(settings, size, classes)
        carry(published, model)
        return model
    body, model = _structure(settings, size, classes)
    if isinstance(weights, Mapping):
        _begin(settings, body, weights["initial"])
    elif weights != "random":
        model.load_weights(weights)
    return model


def _structure(settings: Mapping[str, Any], size: Sides, classes: int) -> tuple[Any, Any]:
    """What of the model an architecture's weights are of, and the whole, all drawn by the seed."""
    body = _made(settings, size, classes, top=_has_own_head(settings))
    body = body if _has_own_head(settings) else heading.bare(body)
    body = striding.strided(settings["architecture"], body, settings["stride"], size)
    return body, heading.headed(body, classes, settings["head"])


def _begin(settings: Mapping[str, Any], body: Any, initial: str) -> None:
    """Gives a model all weights but its classifier's, which is the last layer that has some."""
    top = _has_own_head(settings)
    apart = weighted(body)[-1:] if top else []
    name = settings["architecture"]
    if initial == "imagenet":
        side = ARCHITECTURES[name].size
        published = _made(settings, (side, side), IMAGENET, top=top, weights="imagenet")
        carry(published, body, {layer.name for layer in apart})
        return
    try:
        startingpoint.load(body, initial, apart)
    except ConfigError as error:
        raise ConfigError(f"initial: {named(initial)} is not of {name}: {error}") from error


def _has_own_head(settings: Mapping[str, Any]) -> bool:
    return settings["head"]["method"] == "own"


def _made(
    settings: Mapping[str, Any], size: Sides, classes: int, *, top: bool = True, weights: str | None = None
) -> Any:
    """As Keras makes it, or a plugin, as if nothing had been built before."""
    import keras

    name = settings["architecture"]
    build = ARCHITECTURES[name].build
    anew(settings["seed"])
    if build:
        return _of_plugin(name, build, settings, size, classes)
    common = {"classifier_activation": None, "classes": classes} if top else {"include_top": False}
    make = getattr(keras.applications, name)
    return make(weights=weights, input_shape=(*size, 3), **common, **settings["arguments"])


def _of_plugin(name: str, build: Callable, settings: Mapping[str, Any], size: Sides, classes: int) -> Any:
    """The model of a plugin's builder; a ConfigError where it is none."""
    import keras

    model = build(size, classes, **settings["arguments"])
    if not isinstance(model, keras.Model):
        raise ConfigError(f"backbone {name}: its builder must return a keras.Model, got {type(model).__name__}.")
    if model.output_shape[-1] != classes:
        raise ConfigError(f"backbone {name}: {classes} classes are asked for, its builder gives {model.output_shape}.")
    return model
