"""Larger maps: an architecture whose last map has one cell for so many pixels of the input, with its own weights.

A layer whose own stride would go beyond the wanted one takes its steps one by one, without dilation, as the published
benchmark has it (Choe 2020, arXiv:2001.07437: ResNet50's layer3 and layer4 at stride 1, VGG16 without pool4 and pool5).
"""

from typing import Any

from wsol.errors import ConfigError
from wsol.networks.models.carrying import carry
from wsol.networks.models.kerasmodel import calls

WINDOWS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D")
GONE: dict[str, Any] = {}  # of a pooling without overlap: at stride 1 it would only blur

Sides = tuple[int, int]
Changes = dict[str, dict[str, Any]]


def strided(name: str, model: Any, stride: int | None, size: Sides) -> Any:
    """`model`, of architecture `name` for an input of `size`, with a last map of `size / stride`; itself where it has.

    Layers keep their names and weights. A ConfigError names an architecture that cannot have that map.
    """
    if stride is None:
        return model
    found, changes = model, changed(model, stride)
    if changes:
        if _reads_places(model):
            sides = _sides(last_map(model))
            raise ConfigError(f"stride: {name}'s dense layers are made for a map of {sides}; say head: conv.")
        found = _cloned(name, model, stride, changes)
    wanted = [{side // stride, -(-side // stride)} for side in size]
    sides = last_map(found).shape[1:3]
    if any(side not in sizes for side, sizes in zip(sides, wanted, strict=True)):
        said = f"its last map is {_sides(last_map(found))} of an input of {size[0]}x{size[1]}"
        raise ConfigError(f"stride: {name} cannot have a stride of {stride}: {said}.")
    return found


def changed(model: Any, stride: int) -> Changes:
    """By name, the layers that are other ones at this stride, with the settings that differ; GONE for none left."""
    gone = {id(tensor): 1 for tensor in model.inputs}  # pixels of the input for a cell, by tensor
    found: Changes = {}
    for node in calls(model):
        if node.is_input:
            continue
        before, layer = max(gone[id(tensor)] for tensor in node.input_tensors), node.operation
        step = max(layer.strides) if type(layer).__name__ in WINDOWS else 1
        if step > 1 and before * step > stride:
            found |= _one_by_one(layer, node.input_tensors[0]._keras_history.operation)
            step = 1
        gone |= {id(tensor): before * step for tensor in node.outputs}
    return found


def _one_by_one(layer: Any, before: Any) -> Changes:
    """What makes a strided layer, and the padding before it, keep the size of a map."""
    window = getattr(layer, "kernel_size", None) or layer.pool_size
    if hasattr(layer, "pool_size") and tuple(window) == tuple(layer.strides):
        return {layer.name: GONE}
    found: Changes = {layer.name: {"strides": (1, 1)}}
    if type(before).__name__ == "ZeroPadding2D" and layer.padding == "valid":
        # What a stride of two leaves out below and on the right is padded above and on the left too.
        found[before.name] = {"padding": [[(side - 1) // 2, side // 2] for side in window]}
    return found


def _cloned(name: str, model: Any, stride: int, changes: Changes) -> Any:
    import keras

    def made(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer):
            return layer  # a function, which holds nothing
        change = changes.get(layer.name)
        if change is GONE:
            return keras.layers.Identity(name=layer.name)
        return type(layer).from_config({**layer.get_config(), **(change or {})})

    try:
        found = keras.models.clone_model(model, model.input, clone_function=made)
        carry(model, found)
    except (ValueError, TypeError, ConfigError) as error:
        said = " ".join(str(error).split())[:200]
        raise ConfigError(f"stride: {name} cannot have a stride of {stride}: {said}") from error
    return found


def last_map(model: Any) -> Any:
    """The map that a model gives, or that its head reads: what goes into the last mean, or is flattened."""
    if len(model.output.shape) == 4:
        return model.output
    found = _taken(model, "Flatten") + _taken(model, "GlobalAveragePooling2D")
    if not found:
        raise ConfigError(f"stride: '{model.name}' has no map before its head.")
    return found[-1]


def _reads_places(model: Any) -> bool:
    """Whether dense layers read every place of the last map."""
    return len(model.output.shape) == 2 and not _taken(model, "GlobalAveragePooling2D")


def _taken(model: Any, kind: str) -> list[Any]:
    """The maps that go into a model's layers of a kind, in order."""
    inputs = [layer.input for layer in model.layers if type(layer).__name__ == kind]
    return [tensor for tensor in inputs if len(tensor.shape) == 4]


def _sides(tensor: Any) -> str:
    return f"{tensor.shape[1]}x{tensor.shape[2]}"
