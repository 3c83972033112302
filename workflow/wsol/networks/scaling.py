"""A network at other sizes of its input, with the weights that it has: what multi-scale maps are made with."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from wsol.affine import Affine
from wsol.errors import ConfigError, InputError
from wsol.files.augmentations import Augmentation
from wsol.networks import backbones
from wsol.networks.built import Backbone
from wsol.settings import Doc, Range

Scale = Annotated[float, Range(0.1, 8)]


def augmentation(
    *,
    scales: Annotated[
        list[Scale],
        Doc(
            "The sizes of the input that maps are made at, as shares of the network's own. Each image is brought to "
            "each of them from the file itself; what is predicted, and which class is explained, is of scale 1."
        ),
    ] = [1.0],
    flip: Annotated[bool, Doc("Whether each image is also shown with left and right exchanged.")] = False,
) -> dict[str, Any]:
    """The settings of a cam whose map is the mean of an image's maps at several scales, each mirrored too or not.

    {} where they ask for nothing but the image as it is; else both, the scales in ascending order.

    >>> augmentation(scales=[1.0]), augmentation(scales=[2.0, 1.0])
    ({}, {'scales': [1.0, 2.0], 'flip': False})
    """
    if not scales:
        raise ConfigError("scales: is empty; name some, or leave it out.")
    if twice := [scale for place, scale in enumerate(scales) if scale in scales[:place]]:
        raise ConfigError(f"scales: {twice[0]:g} is given twice.")
    return {"scales": sorted(scales), "flip": flip} if flip or scales != [1.0] else {}


def sized(
    settings: Mapping[str, Any],
    own: Backbone,
    explanations: Iterable[Mapping[str, Any]],
    weights: str | Path | None = None,
    classes: int | None = None,
) -> dict[float, Backbone]:
    """By scale, the network `own` at each size that some explanations ask for; at 1 itself.

    It was built of `settings`, `weights` and `classes`. A ConfigError where it is of one size, or where two scales are.
    """
    scales = sorted({scale for each in explanations for scale in each.get("scales", ())} - {1.0})
    sides = {1.0: own.size}
    for scale in scales:
        high, wide = sides[scale] = size_at(own.size, scale)
        if same := [f"{other:g}" for other, size in sides.items() if size == sides[scale] and other != scale]:
            raise ConfigError(f"scales: {same[0]} and {scale:g} are both {high}x{wide} pixels; leave one out.")
    return {1.0: own} | {scale: _at(settings, own, scale, weights, classes) for scale in scales}


def size_at(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """An input's height and width at a scale, to the nearest pixel, half of one up.

    >>> size_at((224, 299), 1.5)
    (336, 449)
    """
    high, wide = (max(1, int(side * scale + 0.5)) for side in size)
    return high, wide


def _at(
    settings: Mapping[str, Any], own: Backbone, scale: float, weights: str | Path | None, classes: int | None
) -> Backbone:
    """The network at one scale: its explained layers are those of its own size, whatever `auto` would find there."""
    high, wide = size_at(own.size, scale)
    try:
        found = backbones.build({**settings, "input": [high, wide], "layer": own.layer}, weights, classes)
        _check_same(settings, own, found)
    except InputError as error:
        small = str(error).startswith("layer: unknown")  # its layers are known: what is missing is a map
        why = f"of {', '.join(own.layer)} no map larger than 1x1 is left." if small else error
        raise ConfigError(f"scales: {scale:g} is an input of {high}x{wide} pixels: {why}") from error
    return found


def _check_same(settings: Mapping[str, Any], own: Backbone, found: Backbone) -> None:
    """It makes as many outputs and channels; one that is built for its size has the same weights at any."""
    channels = [[step.shape[-1] for step in each.layers] for each in (own, found)]
    if own.classes != found.classes or channels[0] != channels[1]:
        raise ConfigError("the network is another one there.")
    if settings.get("architecture") is None:
        return  # a file's or a module's weights know of no size
    mine, others = ([np.asarray(weight) for weight in each.model.weights] for each in (own, found))
    if len(mine) != len(others) or not all(map(np.array_equal, mine, others)):
        raise ConfigError(f"{settings['architecture']} has other weights there: what it learnt is of one size.")


def cells_on_input(cells: Affine, augmentation: Augmentation, own: tuple[int, int], size: tuple[int, int]) -> Affine:
    """Where cells on an augmented input, of size `own`, lie on the network's input, of `size`, as the image is.

    A mirrored input's cells run from right to left: their scale_x is negative.

    >>> cells = cells_on_input(Affine(4, 4, 1, 1), Augmentation(0.5, flip=True), (8, 8), (16, 16))
    >>> [float(number) for number in cells]
    [-8.0, 8.0, 14.0, 2.0]
    """
    if augmentation.flip:
        cells = cells._replace(scale_x=-cells.scale_x, shift_x=own[1] - cells.shift_x)
    return cells if own == size else Affine.stretch(own, size) @ cells
