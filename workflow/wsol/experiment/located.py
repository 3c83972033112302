"""Where the files of an experiment lie: every relative path in it counts from one folder, the config's `data`.

Which settings are paths their types say (`settings.Place`, `settings.File`). Plugins and results are no data: their
paths count from the folder that a run starts in.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from wsol import places
from wsol.adapters import ADAPTERS
from wsol.experiment.decisions import IMPORTED
from wsol.index import indexing
from wsol.maps import imported
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.networks import backbones
from wsol.networks.models.architectures import ARCHITECTURES
from wsol.regions.thresholds import THRESHOLDS
from wsol.settings import Expands, marked, parameters, words
from wsol.training import recipe

Kinds = Mapping[str, Any]  # a setting's name -> its annotation


def located(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with each path where it lies; a ConfigError for one that cannot be expanded.

    What is wrong with an entry otherwise is left for the checks to say.
    """
    root = places.expanded("data", config["data"])
    places.folder("data", root)
    found = {}
    for section, kinds in KINDS.items():
        entries = config[section].items()
        found[section] = {name: entry(f"{section}.{name}", kinds(name, given), given, root) for name, given in entries}
    return {**config, "data": root, **found}


def entry(where: str, kinds: Kinds, given: Mapping[str, Any], root: str) -> dict[str, Any]:
    """The settings of one entry with each path where it lies."""
    found = {key: _placed(f"{where}.{key}", kinds.get(key), value, root) for key, value in given.items()}
    weights = given.get("weights")
    if isinstance(weights, dict) and isinstance(weights.get("train"), dict):
        own = entry(f"{where}.weights.train", _annotations([recipe.settings]), weights["train"], root)
        found["weights"] = {**weights, "train": own}
    return found


def _placed(where: str, kind: Any, value: Any, root: str) -> Any:
    """A setting's value; text that its annotation takes for a path is where that lies."""
    if isinstance(value, str) and marked(kind, Expands) and value not in words(kind):
        return places.below(root, where, value)
    if isinstance(value, list) and get_origin(kind) is list:
        return [_placed(where, get_args(kind)[0], each, root) for each in value]
    if isinstance(value, dict) and (of := _values(kind)) is not None:
        return {key: _placed(f"{where}.{key}", of, each, root) for key, each in value.items()}
    return value


def _values(kind: Any) -> Any:
    """What the values are of the mapping that an annotation takes, None where it takes none or does not say."""
    args = get_args(kind)
    if get_origin(kind) is dict:
        return args[1]
    options = args[:1] if get_origin(kind) is Annotated else args
    return next((of for option in options if (of := _values(option)) is not None), None)


def dataset(name: str, given: Mapping[str, Any]) -> Kinds:
    """What the settings of a data set are."""
    adapter = given.get("adapter")
    own = [ADAPTERS[adapter]] if isinstance(adapter, str) and adapter in ADAPTERS else []
    return _annotations([*own, indexing.Common])


def _backbone(name: str, given: Mapping[str, Any]) -> Kinds:
    if IMPORTED in given:
        return _annotations([imported.settings])
    kind = ARCHITECTURES.get(str(given.get("architecture")))
    return {**(kind.arguments if kind else {}), **_annotations([backbones.backbone])}


def _of(*registries: Mapping[str, Any]) -> Callable[[str, Mapping[str, Any]], Kinds]:
    """What the settings of an entry are that names its method, or is named like it."""

    def kinds(name: str, given: Mapping[str, Any]) -> Kinds:
        method = given.get("method", name)
        found = [registry for registry in registries if isinstance(method, str) and method in registry]
        return _annotations(registry[method] for registry in found)

    return kinds


def _annotations(functions: Iterable[Any]) -> Kinds:
    return {name: p.annotation for function in functions for name, p in parameters(function).items()}


KINDS: dict[str, Callable[[str, Mapping[str, Any]], Kinds]] = {
    "datasets": dataset,
    "backbones": _backbone,
    "cams": _of(CAMS, CONTROLS),
    "thresholds": _of(THRESHOLDS),
}
