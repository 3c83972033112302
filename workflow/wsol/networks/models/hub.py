"""Classifiers of keras-hub: a preset by its name, which is downloaded, or a class with its settings.

keras-hub is an extra (`pip install .[hub]`), imported inside functions only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsol.errors import UNREACHABLE, ConfigError, Missing, unknown
from wsol.networks.models.architectures import anew, brief, preprocessing


def check_source(given: str | Mapping[str, Any], weights: Any, classes: int | None) -> None:
    """A ConfigError for what can be no classifier of keras-hub, as far as that shows without it."""
    if isinstance(given, str):
        if weights == "imagenet":
            raise ConfigError(f"weights: the preset '{given}' brings its own; leave out 'weights'.")
        return
    if not isinstance(given.get("class"), str) or not isinstance(given.get("backbone"), Mapping):
        raise ConfigError("keras_hub: must be a preset's name, or {class: NAME, backbone: {…}, …}.")
    if weights in (None, "imagenet"):
        raise ConfigError(f"weights: {given['class']} has none of its own; say `random` or a file.")
    if classes is None and not isinstance(weights, dict):
        raise ConfigError(f"classes: is needed, how many outputs {given['class']} has.")


def classifier(
    given: str | Mapping[str, Any], weights: str | None, classes: int | None, seed: int
) -> tuple[Any, dict[str, Any] | None]:
    """The model, and the preprocessing that a preset brings, None where there is none.

    `weights` are `random`, a file, or None for a preset's own; `classes` a number of outputs, None for a preset's own.
    """
    hub = _package()
    anew(seed)
    model = _preset(hub, given, weights, classes) if isinstance(given, str) else _made(hub, given, classes)
    if weights not in (None, "random"):
        try:
            model.load_weights(weights)
        except Exception as error:  # a foreign file may fail anywhere in Keras' loading
            raise ConfigError(f"weights '{weights}' are not those of '{model.name}': {brief(error)}") from error
    return model, _preprocessing(model)


def _package() -> Any:
    try:
        import keras_hub
    except ImportError as error:
        raise ConfigError(f"keras_hub: needs keras-hub ({brief(error)}); pip install .[hub]") from error
    return keras_hub


def _preset(hub: Any, name: str, weights: str | None, classes: int | None) -> Any:
    """A published classifier, with a head of its own where another number of classes is asked for."""
    kind = hub.models.ImageClassifier
    if name not in kind.presets and "://" not in name and not Path(name).is_dir():
        raise ConfigError(unknown("keras_hub", name, kind.presets))
    own = {} if classes is None else {"num_classes": classes}
    try:
        return kind.from_preset(name, load_weights=weights != "random", **own)
    except Exception as error:  # whatever a download may raise
        raise Missing(f"keras_hub: preset '{name}' {UNREACHABLE}: {brief(error)}") from error


def _made(hub: Any, given: Mapping[str, Any], classes: int | None) -> Any:
    """A classifier of a class, around a backbone of its settings."""
    settings = {name: value for name, value in given.items() if name not in ("class", "backbone")}
    name = given["class"]
    kind: Any = getattr(hub.models, name, None)
    if not getattr(kind, "backbone_cls", None) or not issubclass(kind, hub.models.ImageClassifier):
        known = [each for each in dir(hub.models) if each.endswith("ImageClassifier")]
        raise ConfigError(unknown("keras_hub.class", name, known))
    try:
        return kind(kind.backbone_cls(**given["backbone"]), num_classes=classes, **settings)
    except Exception as error:  # settings of others, checked by them
        raise ConfigError(f"keras_hub: {name} is not made of these settings: {brief(error)}") from error


def _preprocessing(model: Any) -> dict[str, Any] | None:
    """What a preset's converter does to RGB 0..255: x * scale + offset."""
    converter = getattr(getattr(model, "preprocessor", None), "image_converter", None)
    if converter is None:
        return None
    scale, offset = (_list(value) for value in (converter.scale, converter.offset))
    scale, offset = scale or [1.0], offset or [0.0]
    # As (x - mean) / std, which has a number for each colour.
    std = [1 / each for each in scale]
    wide = max(len(std), len(offset))
    std, offset = std * (wide // len(std)), offset * (wide // len(offset))
    return preprocessing(mean=[-b * s for b, s in zip(offset, std, strict=True)], std=std)


def _list(value: Any) -> list[float]:
    """A number or several as several; [] for None."""
    if value is None:
        return []
    return [float(each) for each in value] if isinstance(value, list | tuple) else [float(value)]
