"""Grids: the pixels that a map and its image are both brought to, so that the image can say something of the map.

A grid is the network's input (of a control or an imported map: the whole image) in the image's proportions, so that its
pixels are square in the image however that was stretched. Transforms as in `affine`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.datasets.decoding import cv2


class ImageGrid(NamedTuple):
    """Pixels (height, width) over all of the input, and where they lie: there, and in the annotated image."""

    shape: tuple[int, int]
    to_input: Affine
    to_image: Affine

    @classmethod
    def of(cls, input_to_image: Affine, input_size: NDArray[np.int64], side: int) -> "ImageGrid":
        """`side` pixels on the longer side of what the input shows of the image.

        >>> ImageGrid.of(Affine(2, 1, 0, 0), np.array([224, 224]), side=112).shape
        (56, 112)
        """
        height, width = input_size[0] * input_to_image.scale_y, input_size[1] * input_to_image.scale_x
        high, wide = (max(1, round(float(side * n / max(height, width)))) for n in (height, width))
        to_input = Affine.stretch((high, wide), input_size)
        return cls((high, wide), to_input, input_to_image @ to_input)


class GridImage(NamedTuple):
    """What an image shows of a grid: pixels [h w 3], which are these rows and columns of it."""

    pixels: NDArray[np.uint8]
    rows: slice
    columns: slice


def shown(image: NDArray[np.uint8], grid: ImageGrid, annotated: tuple[int, int]) -> GridImage:
    """The pixels of a grid whose centres lie in the image; `annotated` is the (height, width) that boxes count in."""
    height, width = image.shape[:2]
    to_stored = Affine.stretch(annotated, (height, width)) @ grid.to_image
    rows = _inside(to_stored.y, grid.shape[0], height)
    columns = _inside(to_stored.x, grid.shape[1], width)
    seen = image[_stored(to_stored.y, rows, height)][:, _stored(to_stored.x, columns, width)]
    return GridImage(_resized(seen, (rows.stop - rows.start, columns.stop - columns.start)), rows, columns)


def _inside(place: Callable, cells: int, limit: int) -> slice:
    """Of so many cells in a row those whose centres lie in [0, limit)."""
    centres = place(np.arange(cells) + 0.5)
    found = np.flatnonzero((centres >= 0) & (centres < limit))
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def _stored(place: Callable, cells: slice, limit: int) -> NDArray[np.int64]:
    """The pixels of a stored image below a grid's cells, to the nearest one; its border's where cells jut out."""
    first, last = np.rint(place(np.array([cells.start, cells.stop]))).astype(int).tolist()
    return np.arange(first, max(last, first + 1)).clip(0, limit - 1)


def _resized(values: NDArray, shape: tuple[int, int]) -> NDArray:
    """[h w …] on another grid: the mean of what falls into a pixel where that is coarser, else linear between."""
    if 0 in shape or values.shape[:2] == shape:
        return values[: shape[0], : shape[1]]
    shrinks = values.shape[0] >= shape[0] and values.shape[1] >= shape[1]
    return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def placed(heatmap: NDArray[np.floating], grid: ImageGrid, cell_to_input: Affine) -> NDArray[np.float64]:
    """A map [h w] at the pixels of a grid: linear between its cells' centres, the border's value beyond them."""
    from scipy.ndimage import map_coordinates

    # What is finer than the grid is brought to it first, so that nothing falls between its pixels.
    coarse = (min(heatmap.shape[0], grid.shape[0]), min(heatmap.shape[1], grid.shape[1]))
    small = _resized(np.asarray(heatmap, np.float64), coarse)
    small_to_input = cell_to_input @ Affine.stretch(coarse, heatmap.shape)
    ys = small_to_input.back_y(grid.to_input.y(np.arange(grid.shape[0]) + 0.5)) - 0.5
    xs = small_to_input.back_x(grid.to_input.x(np.arange(grid.shape[1]) + 0.5)) - 0.5
    found: NDArray[np.float64] = map_coordinates(small, np.meshgrid(ys, xs, indexing="ij"), order=1, mode="nearest")
    return found
