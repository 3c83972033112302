"""Layers put behind layers of a Keras model, which keeps its own."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from wsol.errors import ConfigError


def inserted(where: str, model: Any, behind: Mapping[str, Any]) -> Any:
    """`model` with a layer behind each that `behind` names, in models of the model too.

    All other layers are those of `model` itself, with their weights. A ConfigError, of the setting `where`, for a name
    that the model has not, that is of no map, or behind which its graph has no place.
    """
    check_names(where, behind, [layer.name for layer in model._flatten_layers(include_self=False)])
    made = _rebuilt(where, model, behind)
    there = {layer.name for layer in made._flatten_layers()}
    if hidden := [name for name, layer in behind.items() if layer.name not in there]:
        raise ConfigError(
            f"{where}: nothing can follow '{hidden[0]}': it is an input, or inside a layer that is no graph of layers."
        )
    return made


def _rebuilt(where: str, model: Any, behind: Mapping[str, Any]) -> Any:
    """The model's graph run once more on new inputs."""
    import keras

    def same(layer: Any) -> Any:
        return _rebuilt(where, layer, behind) if _holds(layer, behind) else layer

    def called(layer: Any, *args: Any, **kwargs: Any) -> Any:
        out = layer(*args, **kwargs)
        if layer.name not in behind:
            return out
        if len(getattr(out, "shape", ())) != 4:
            raise ConfigError(f"{where}: '{layer.name}' gives no map [n h w k].")
        return behind[layer.name](out)

    # Keras clones no list of layers with layers between them, so it is taken as the graph that it is.
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.models.clone_model(model, clone_function=same, call_function=called)


def _holds(layer: Any, names: Iterable[str]) -> bool:
    """Whether a layer is a model whose graph has a layer of one of these names, however deep."""
    import keras

    if not isinstance(layer, keras.Sequential | keras.Function):
        return False
    return bool({inner.name for inner in layer._flatten_layers(include_self=False)}.intersection(names))


def check_names(where: str, names: Iterable[str], known: list[str]) -> None:
    """A ConfigError for the first name that is not known, with the nearest one that is."""
    for name in names:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Its last layers are {', '.join(known[-6:])}."
        raise ConfigError(f"{where}: no layer '{name}'. {hint}")
