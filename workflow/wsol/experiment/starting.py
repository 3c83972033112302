"""What a training starts from: weights that were published, a file's, a model's own, or random ones."""

from collections.abc import Mapping
from typing import Any

from wsol import places
from wsol.errors import ConfigError, Missing
from wsol.networks.models import modelfile
from wsol.networks.models.architectures import ARCHITECTURES, published


def initial(where: str, given: str | None, settings: Mapping[str, Any]) -> str | None:
    """`initial` of a backbone with these settings, said in full: `imagenet`, `random` or a file; None for its own.

    A ConfigError, whose line begins with `where`, for what such a network cannot start from.
    """
    name = settings["architecture"]
    words: tuple[str, ...]
    if name is not None:
        words = ("random",) if ARCHITECTURES[name].build else ("imagenet", "random")
    else:
        words = () if settings["model"] is not None else ("random",)
    found = given or (words[0] if words and not _has_own(settings) else None)
    if found == "imagenet" and found in words:
        _published(where, name, settings)
    elif found is not None and found not in words:
        _file(where, found, words)
    return found


def _has_own(settings: Mapping[str, Any]) -> bool:
    """Whether a network brings weights: a model file does, and a preset of keras-hub."""
    return settings["model"] is not None or isinstance(settings["keras_hub"], str)


def _published(where: str, name: str, settings: Mapping[str, Any]) -> None:
    """A ConfigError where no weights were published for such an architecture."""
    own = {key: settings[key] for key in ARCHITECTURES[name].arguments if key in settings}
    given = settings["input"]
    sides = [given] if isinstance(given, int) else list(given or [])
    try:
        published(name, own, sides, settings["head"]["method"] == "own")
    except ConfigError as error:
        raise ConfigError(f"{where}: imagenet: {error} Say `initial: random`, or give a file.") from error


def _file(where: str, path: str, words: tuple[str, ...]) -> None:
    """A ConfigError where weights are neither a word that is known here nor a file of some."""
    known = " or ".join([*words, "a file"])
    if path in ("imagenet", "random"):
        raise ConfigError(f"{where}: must be {known} here, got {path}; left out, the network's own.")
    places.file(where, path)
    if not places.is_there(path):
        raise Missing(f"{where}: must be {known}; no file {places.named(path)}.")
    modelfile.check_weights(where, path)
