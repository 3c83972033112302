"""Where a layer's map lies on the network's input, from its cells' receptive fields.

`input = map * (sx, sy) + (tx, ty)`, both continuous, pixel or cell i spanning [i, i + 1): a cell's middle is where its
receptive field has its own. Stretching the map over the input gives (W / w, H / h, 0, 0), which differs wherever
padding is uneven (`same` with stride 2 pads right and below only) or missing (`valid`).
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from wsol.affine import Affine
from wsol.networks.graphs import Graph, Step
from wsol.networks.tokens import Patches

Pair = tuple[float, float]


class Field(NamedTuple):
    """A map's cells on the input, rows then columns: input = map * scale + shift; `size` of the receptive field."""

    scale: Pair
    shift: Pair
    size: Pair


class Unknown(NamedTuple):
    """A map whose cells' places on the input are not known."""

    why: str


Fields = dict[int, Field | Unknown]


class CellToInput(NamedTuple):
    """sx, sy, tx, ty of a layer; `why` it is the stretch where no other is known, else ""."""

    values: Affine
    why: str


def cell_to_input(graph: Graph, layer: Step, size: tuple[int, int]) -> CellToInput:
    """Where the cells of a layer's map lie on an input of `size` (h, w)."""
    # Patches lie where the map does that they were made of, whatever attention did to them since.
    origin = layer.operation.grid.origin if isinstance(layer.operation, Patches) else None
    made_of = graph.producer(origin) if origin is not None else None
    found = fields(graph, made_of or layer, size)
    if isinstance(found, Unknown):
        return CellToInput(Affine.stretch(layer.shape[1:3], size), found.why)
    return CellToInput(Affine(*found.scale[::-1], *found.shift[::-1]), "")


def fields(graph: Graph, layer: Step, size: tuple[int, int]) -> Field | Unknown:
    """The field of `layer`, step by step from the input.

    Where branches meet, the one with the largest receptive field tells the place (of equal ones the first); the others
    lie inside it or differ by a fraction of a cell. What has no places, such as a gate made of the map's mean, says
    nothing.
    """
    nothing = Unknown(f"'{layer.name}' has no places")
    return every_field(graph, layer.outputs[:1], size).get(layer.outputs[0], nothing)


def every_field(graph: Graph, keys: Iterable[int], size: tuple[int, int]) -> Fields:
    """The fields of all that has places among what is needed for some layers, by key."""
    known: Fields = {graph.inputs[0]: Field((1, 1), (0, 0), (1, 1))}
    shapes: dict[int, tuple[int, ...]] = {graph.inputs[0]: tuple(size)}
    for step in graph.upstream(keys):
        if len(step.shape) != 4 or None in step.shape[1:3] or tuple(step.shape[1:3]) == (1, 1):
            continue
        feeds = [(known[key], shapes[key]) for key in step.inputs if key in known]
        known |= dict.fromkeys(step.outputs, _passed(step, feeds))
        shapes |= dict.fromkeys(step.outputs, tuple(step.shape[1:3]))
    return known


def _passed(step: Step, feeds: list[tuple[Field | Unknown, tuple[int, ...]]]) -> Field | Unknown:
    """A step's field from its inputs' fields and sizes."""
    kinds = {kind.__name__ for kind in type(step.operation).__mro__}
    nothing = Unknown(f"{step.kind} '{step.name}' has no known places")
    if move := next((MOVES[kind] for kind in MOVES if kind in kinds), None):
        if getattr(step.operation, "data_format", "channels_last") != "channels_last" or not feeds:
            return nothing
        field, size = feeds[0]
        return field if isinstance(field, Unknown) else move(step.operation, field, size)
    # An input of another size, such as a gate of one place, says nothing of where cells lie.
    alike = [field for field, size in feeds if size == tuple(step.shape[1:3])]
    if kinds & MIXING or not alike:
        return nothing
    unknown = next((field for field in alike if isinstance(field, Unknown)), None)
    return unknown or max((f for f in alike if isinstance(f, Field)), key=lambda field: field.size[0] * field.size[1])


def window(layer: Any, field: Field, size: tuple[int, ...]) -> Field:
    """A convolution's or a pooling's: output cell i sees input cells i * stride - pad and on."""
    kernels = getattr(layer, "kernel_size", None) or layer.pool_size
    dilations = getattr(layer, "dilation_rate", (1, 1))
    paddings = layer.padding if isinstance(layer.padding, tuple) else (layer.padding,) * 2
    axes = []
    for axis in (0, 1):
        before = (field.scale[axis], field.shift[axis], field.size[axis])
        kernel = (kernels[axis] - 1) * dilations[axis] + 1  # with the holes of a dilated one
        axes.append(_slid(before, size[axis], kernel, layer.strides[axis], paddings[axis]))
    (sy, ty, ry), (sx, tx, rx) = axes
    return Field((sy, sx), (ty, tx), (ry, rx))


def _slid(
    field: tuple[float, float, float], side: int, kernel: int, stride: int, padding: str | int
) -> tuple[float, float, float]:
    """One axis: scale, shift, size. TensorFlow's `same` pads what the last window lacks, the odd pixel behind.

    A number is of cells put before the first, as PyTorch has it.
    """
    scale, shift, seen = field
    lacking = (-(-side // stride) - 1) * stride + kernel - side
    before = padding if isinstance(padding, int) else max(lacking, 0) // 2 if padding == "same" else 0
    return scale * stride, shift + scale * ((kernel - stride) / 2 - before), seen + (kernel - 1) * scale


def padded(layer: Any, field: Field, size: tuple[int, ...]) -> Field:
    """Cells put before the first move all others on."""
    return _moved(field, [-before for before, _ in layer.padding])


def cropped(layer: Any, field: Field, size: tuple[int, ...]) -> Field:
    """Cells taken off before the first move all others back."""
    return _moved(field, [before for before, _ in layer.cropping])


def _moved(field: Field, cells: list[float]) -> Field:
    y, x = (shift + scale * n for shift, scale, n in zip(field.shift, field.scale, cells, strict=True))
    return field._replace(shift=(y, x))


def enlarged(layer: Any, field: Field, size: tuple[int, ...]) -> Field:
    """Each cell becomes several that share its place."""
    y, x = (scale / factor for scale, factor in zip(field.scale, layer.size, strict=True))
    return field._replace(scale=(y, x))


# By class, also of a user's own subclass: (layer, field, size of its input) -> field.
MOVES: dict[str, Callable[[Any, Field, tuple[int, ...]], Field]] = {
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"), window),
    "ZeroPadding2D": padded,
    "Cropping2D": cropped,
    "UpSampling2D": enlarged,
}
# These may keep a map's size and yet not its cells' places; anything else that keeps the size keeps the places.
MIXING = {
    *("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupedQueryAttention", "Conv2DTranspose"),
    *("Permute", "Reshape", "Transpose", "Moveaxis", "Swapaxes", "Flip", "Roll", "Rot90"),
    *("Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose", "MaxPool", "AveragePool"),
}


def describe(layer: Step, found: CellToInput) -> str:
    """For a log: where the cells lie, or why they are taken for a stretch."""
    sx, sy, tx, ty = np.round(found.values, 3).tolist()
    said = f"{layer.name}: input = map * ({sx:g} {sy:g}) + ({tx:g} {ty:g})"
    return f"{said}, the stretch: {found.why}" if found.why else said
