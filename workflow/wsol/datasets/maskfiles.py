"""Masks stored as image files."""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsol.datasets.annotations import Rows
from wsol.errors import DataError
from wsol.files import headers, paths

PIXEL_LIMIT = 2**28


class WrongSize(DataError):
    """A mask that does not lie on its image's pixels."""


def load(path: str | Path) -> NDArray:
    """The values as stored, [height width].

    A palette image's values are its indices, not its colours. A colour image must be grey in every channel; a channel
    of transparency is left out. A DataError where the file is no such image, or has too many pixels.
    """
    size = headers.header(path)
    if size.width * size.height > PIXEL_LIMIT:
        raise DataError(f"{path}: a mask of {size.width}x{size.height} is over the limit of {PIXEL_LIMIT} pixels.")
    try:
        with Image.open(path, formats=headers.FORMATS) as image:
            values = np.array(image)
    except headers.BROKEN as error:
        raise DataError(f"{path} does not decode.") from error
    if values.ndim == 2:
        return values
    colours = values[..., :1] if values.shape[2] == 2 else values[..., :3]
    if (colours != colours[..., :1]).any():
        raise DataError(f"{path} is a colour image; a mask has one value a pixel.")
    return colours[..., 0]


def foreground(values: NDArray, of: Collection[int] | None) -> NDArray[np.bool_]:
    """Where the value is one of `of`; None is every value but 0."""
    return values != 0 if of is None else np.isin(values, list(of))


def fit(mask: NDArray, height: int, width: int) -> NDArray:
    """A mask [h w] at another size, [height width]: nearest neighbour, pixel centres on pixel centres."""
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
    return mask[rows[:, None], columns]


def layer(
    root: Path,
    image: str,
    name: str,
    width: int,
    height: int,
    rescale: bool,
    rows: Rows,
    of: Collection[int] | None = None,
) -> NDArray[np.bool_] | None:
    """The mask file `name` of `image`, bool [height width]; a size of 0 is any. None, and a problem, without one."""
    path = paths.inside(root, name, "masks")
    if not paths.there(path):
        rows.problem("missing_mask", image, name)
        return None
    rows.masks.add(str(path))
    try:
        mask = foreground(load(path), of)
        return fit(mask, height, width) if rescale and width else sized(mask, width, height, name)
    except WrongSize as error:
        rows.problem("mask_size", image, error)
    except DataError as error:
        rows.problem("bad_mask", image, error)
    return None


def sized(mask: NDArray, width: int, height: int, name: str) -> NDArray:
    """The mask, or a WrongSize where it is not of its image's size (0 is: any)."""
    if width and mask.shape != (height, width):
        raise WrongSize(f"{name} is {mask.shape[1]}x{mask.shape[0]}, its image {width}x{height}; dropped")
    return mask


def union(masks: Sequence[NDArray | None]) -> NDArray[np.bool_] | None:
    """Where any of the masks is; None where there is none."""
    there = [mask for mask in masks if mask is not None]
    return np.any(there, axis=0) if there else None
