"""Canvases: the pixel grid a heatmap is cut on, and how that grid lies in the image.

`input` is the network's input; padding is removed before anything is normalised. `image` is the image's own pixels;
what a crop left out of the input holds no evidence. A protocol may have a canvas of its own.
Contract of each: a plan for all targets at once, then one heatmap drawn by its frame of that plan.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.affine import IDENTITY, Affine
from wsol.boxes import Boxes, clip
from wsol.regions.preparation import Preparation, normalized, resample, upsample


class Frame(NamedTuple):
    """The canvas of one target; targets with equal frames see a map alike."""

    height: int  # of the whole canvas
    width: int
    top: int  # the rows and columns of the canvas whose pixels' centres lie in the image
    bottom: int
    left: int
    right: int
    canvas_to_input: Affine  # canvas pixels -> fractions of the input's sides


class Plan(NamedTuple):
    """The canvases of t targets."""

    frames: list[Frame]
    canvas_to_image: NDArray[np.float64]  # [t 4]


class Drawn(NamedTuple):
    """A prepared map, floats, and the canvas pixel that its first pixel is."""

    values: NDArray[np.floating]
    left: int
    top: int


class Canvas(NamedTuple):
    """`plan(input_to_image [t 4], input_size [2], sizes [t 2])`; `draw(heatmap, frame, input_to_map, preparation)`.

    Sizes are (height, width). `input_to_map` says where the map lies: fractions of the input's sides as fractions of
    the map's, IDENTITY where the map covers the input.
    """

    plan: Callable[[NDArray[np.float64], NDArray, NDArray], Plan]
    draw: Callable[[NDArray, Frame, Affine, Preparation], Drawn]


def plan_input(input_to_image: NDArray[np.float64], input_size: NDArray, sizes: NDArray) -> Plan:
    """The canvas is the network's input: of each target the part that is no padding counts."""
    height, width = (int(side) for side in input_size)
    transform = Affine.of(input_to_image)
    columns = _inside(width, transform.scale_x, transform.shift_x, sizes[:, 1])
    rows = _inside(height, transform.scale_y, transform.shift_y, sizes[:, 0])
    fractions = Affine(1 / width, 1 / height, 0.0, 0.0)
    windows = np.concatenate([rows, columns], axis=1).tolist()
    frames = [Frame(height, width, top, bottom, left, right, fractions) for top, bottom, left, right in windows]
    return Plan(frames, input_to_image)


def _inside(side: int, scale: NDArray, shift: NDArray, limit: NDArray) -> NDArray[np.int64]:
    """First and one behind the last of `side` pixels whose centres lie in the image, [t 2]; 0 0 if none does."""
    centres = (np.arange(side) + 0.5) * scale[:, None] + shift[:, None]
    inside = (centres >= 0) & (centres < limit[:, None])
    stop = np.where(inside.any(axis=1), side - inside[:, ::-1].argmax(axis=1), 0)
    return np.stack([inside.argmax(axis=1), stop], axis=1)


def draw_input(heatmap: NDArray, frame: Frame, input_to_map: Affine, preparation: Preparation) -> Drawn:
    """The part of the input that lies in the image."""
    if input_to_map == IDENTITY:  # OpenCV resizes; for most runs this is the only path
        whole = upsample(heatmap, frame.height, frame.width, preparation)
        seen = whole[frame.top : frame.bottom, frame.left : frame.right]
    else:
        # Divided by the side, not multiplied by its inverse: that would round differently.
        xs = (np.arange(frame.left, frame.right) + 0.5) / frame.width
        ys = (np.arange(frame.top, frame.bottom) + 0.5) / frame.height
        seen = resample(heatmap, input_to_map.y(ys), input_to_map.x(xs), preparation.upsampling)
    return Drawn(normalized(seen, preparation.normalization), frame.left, frame.top)


def plan_image(input_to_image: NDArray[np.float64], input_size: NDArray, sizes: NDArray) -> Plan:
    """The canvas is the image itself."""
    height, width = input_size
    fractions = (Affine.of(input_to_image) @ Affine(width, height, 0.0, 0.0)).invert().array()
    frames = [
        Frame(rows, columns, 0, rows, 0, columns, Affine(*own))
        for (rows, columns), own in zip(sizes.tolist(), fractions.tolist(), strict=True)
    ]
    return Plan(frames, np.tile(IDENTITY.array(), (len(sizes), 1)))


def draw_image(heatmap: NDArray, frame: Frame, input_to_map: Affine, preparation: Preparation) -> Drawn:
    """All of the image; pixels that the input does not show get the least value, or 0 if that is positive."""
    xs = frame.canvas_to_input.x(np.arange(frame.width) + 0.5)
    ys = frame.canvas_to_input.y(np.arange(frame.height) + 0.5)
    seen_x = (xs >= 0) & (xs < 1)
    seen_y = (ys >= 0) & (ys < 1)
    seen = resample(heatmap, input_to_map.y(ys[seen_y]), input_to_map.x(xs[seen_x]), preparation.upsampling)
    prepared = normalized(seen, preparation.normalization)
    drawn = np.full((frame.height, frame.width), min(prepared.min(initial=0), 0), prepared.dtype)
    drawn[np.ix_(seen_y, seen_x)] = prepared
    return Drawn(drawn, 0, 0)


INPUT = Canvas(plan_input, draw_input)
IMAGE = Canvas(plan_image, draw_image)


def on_image(values: NDArray, canvas_to_image: Affine, height: int, width: int) -> NDArray:
    """Each pixel of an image takes the value [h w] of the canvas pixel its centre falls in, zero where there is none.

    >>> on_image(np.array([[1, 2]]), Affine(2, 2, 1, 0), height=1, width=6).tolist()
    [[0, 1, 1, 2, 2, 0]]
    """
    # One more row and column of zeros stand for whatever lies outside the canvas.
    framed = np.zeros(np.add(values.shape, 1), values.dtype)
    framed[:-1, :-1] = values
    rows, columns = places(canvas_to_image, height, width, values.shape)
    return framed[rows[:, None], columns]


def places(canvas_to_image: Affine, height: int, width: int, canvas: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    """The canvas row of each row of an image and the column of each column, by pixel centres.

    Outside a canvas of (height, width) they are its height and its width.
    """
    y = np.floor(canvas_to_image.back_y(np.arange(height) + 0.5)).astype(np.int64)
    x = np.floor(canvas_to_image.back_x(np.arange(width) + 0.5)).astype(np.int64)
    rows, columns = canvas
    return np.where((y >= 0) & (y < rows), y, rows), np.where((x >= 0) & (x < columns), x, columns)


def boxes_on_image(boxes: NDArray, canvas_to_image: Affine, size: NDArray) -> Boxes:
    """Canvas boxes [m 4] in pixels of an image of `size` (height, width), cut at its edges.

    >>> boxes_on_image([0, 0, 10, 10], Affine(2, 2, -4, -4), (12, 20)).tolist()
    [[0.0, 0.0, 16.0, 12.0]]
    """
    return clip(canvas_to_image.boxes(boxes), size[1], size[0])
