"""Canvases: the pixel grid a heatmap is cut on, and how that grid lies in the image.

`input`: the network's input; padding is removed before anything is normalised. `image`: the image's own pixels; what a
crop left out of the input holds no evidence. `wsol2020`: the published 224 by 224, the whole image stretched onto it.
Contract of each: a plan for all targets at once, then one heatmap drawn by its row of that plan. A place says which
fractions of a map's sides the input's are, map = input * (sx, sy) + (tx, ty): how far the map's alignment moves it.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.regions.protocols import CANVAS_2020, finish, prepare, resample, upsample

Numbers = NDArray[np.float64]
Place = tuple[float, float, float, float]
STRETCH: Place = (1.0, 1.0, 0.0, 0.0)  # the map covers the input
Alignment = Literal["stretch", "receptive_field"]
Drawn = tuple[NDArray, int, int]  # the prepared map and the canvas pixel x, y its corner lies at


class Plan(NamedTuple):
    """The canvases of t targets; targets with equal `size` and `how` see a map alike."""

    size: NDArray[np.int64]  # [t 2]: height, width
    to_image: Numbers  # [t 4]: image = canvas * (sx sy) + (tx ty)
    how: Numbers  # [t 4]: the canvas's own


class Canvas(NamedTuple):
    """`plan(input_to_image [t 4], input_size [2], sizes [t 2])`, `draw(heatmap, size, how, place, **preparation)`."""

    plan: Callable[[Numbers, NDArray, NDArray], Plan]
    draw: Callable[..., Drawn]


def placed(alignment: str, cell_to_input: NDArray | None, cells: tuple[int, ...], input_size: NDArray) -> Place:
    """Where a map of `cells` (h, w) lies: over the whole input, or as its `cell_to_input` (`files.HEATMAPS`) says.

    A grid that is the stretch but for rounding is the stretch; so is one that is not said (NaN: maps from elsewhere).
    """
    if alignment == "stretch" or cell_to_input is None or np.isnan(cell_to_input).any():
        return STRETCH
    sides, own = np.asarray(input_size, float)[::-1], np.asarray(cells, float)[::-1]
    place = np.concatenate([sides / (cell_to_input[:2] * own), -cell_to_input[2:] / (cell_to_input[:2] * own)])
    sx, sy, tx, ty = place.tolist()
    return STRETCH if np.allclose(place, STRETCH, rtol=0, atol=1e-9) else (sx, sy, tx, ty)


def plan_input(input_to_image: Numbers, input_size: NDArray, sizes: NDArray) -> Plan:
    """`how`: the rows y0 y1 and columns x0 x1 of the input whose pixels' centres lie in the image."""
    height, width = (int(side) for side in input_size)
    columns = _inside(width, input_to_image[:, 0], input_to_image[:, 2], sizes[:, 1])
    rows = _inside(height, input_to_image[:, 1], input_to_image[:, 3], sizes[:, 0])
    return Plan(np.tile([height, width], (len(sizes), 1)), input_to_image, np.concatenate([rows, columns], axis=1))


def _inside(side: int, scale: Numbers, shift: Numbers, limit: NDArray) -> Numbers:
    """First and one behind the last of `side` pixels that lie in the image, [t 2]; 0 0 if none does."""
    centres = (np.arange(side) + 0.5) * scale[:, None] + shift[:, None]
    inside = (centres >= 0) & (centres < limit[:, None])
    stop = np.where(inside.any(axis=1), side - inside[:, ::-1].argmax(axis=1), 0)
    return np.stack([inside.argmax(axis=1), stop], axis=1).astype(np.float64)


def draw_input(heatmap: NDArray, size: NDArray, how: Numbers, place: Place, **preparation: str) -> Drawn:
    y0, y1, x0, x1 = how.astype(int)
    protocol, kind = preparation["protocol"], preparation["upsampling"]
    if place == STRETCH:
        resized = upsample(heatmap, int(size[0]), int(size[1]), kind, protocol)[y0:y1, x0:x1]
    else:
        xs, ys = (np.arange(x0, x1) + 0.5) / size[1], (np.arange(y0, y1) + 0.5) / size[0]
        resized = resample(heatmap, *_moved(ys, xs, place), kind)
    return finish(resized, preparation["normalization"], protocol), x0, y0


def _moved(ys: Numbers, xs: Numbers, place: Place) -> tuple[Numbers, Numbers]:
    """Fractions of the input's sides as fractions of the map's."""
    scale_x, scale_y, shift_x, shift_y = place
    return ys * scale_y + shift_y, xs * scale_x + shift_x


def plan_image(input_to_image: Numbers, input_size: NDArray, sizes: NDArray) -> Plan:
    """`how`: where the image's axes meet the input, as fractions of its sides: scales and shifts."""
    height, width = input_size
    sides = np.array([width, height])
    return Plan(
        sizes,
        np.tile([1.0, 1.0, 0.0, 0.0], (len(sizes), 1)),
        np.concatenate(
            [1 / (input_to_image[:, :2] * sides), -input_to_image[:, 2:] / (input_to_image[:, :2] * sides)], axis=1
        ),
    )


def draw_image(heatmap: NDArray, size: NDArray, how: Numbers, place: Place, **preparation: str) -> Drawn:
    (height, width), (scale_x, scale_y, shift_x, shift_y) = size, how
    xs, ys = (np.arange(width) + 0.5) * scale_x + shift_x, (np.arange(height) + 0.5) * scale_y + shift_y
    seen_x, seen_y = (xs >= 0) & (xs < 1), (ys >= 0) & (ys < 1)
    seen = resample(heatmap, *_moved(ys[seen_y], xs[seen_x], place), preparation["upsampling"])
    prepared = finish(seen, preparation["normalization"], preparation["protocol"])
    drawn = np.full((height, width), min(prepared.min(initial=0), 0), prepared.dtype)
    drawn[np.ix_(seen_y, seen_x)] = prepared
    return drawn, 0, 0


def plan_2020(input_to_image: Numbers, input_size: NDArray, sizes: NDArray) -> Plan:
    """A DataError for the first image that was not stretched onto the input: 224 px have no place for a crop."""
    stretch = np.concatenate([sizes[:, ::-1] / np.asarray(input_size)[::-1], np.zeros((len(sizes), 2))], axis=1)
    odd = np.flatnonzero((np.abs(input_to_image - stretch) > 1e-6 * np.maximum(stretch, 1)).any(axis=1))
    if len(odd):
        raise DataError(
            f"protocol wsol2020: needs images stretched to the input (resize: stretch), target {odd[0]} has scale and "
            f"shift {input_to_image[odd[0]].tolist()} instead of {stretch[odd[0]].tolist()}."
        )
    scale = np.concatenate([sizes[:, ::-1] / CANVAS_2020, np.zeros((len(sizes), 2))], axis=1)
    return Plan(np.full((len(sizes), 2), CANVAS_2020), scale, np.zeros((len(sizes), 4)))


def draw_2020(heatmap: NDArray, size: NDArray, how: Numbers, place: Place, **preparation: str) -> Drawn:
    """Stretched, whatever the place."""
    return prepare(heatmap, int(size[0]), int(size[1]), **preparation), 0, 0


CANVASES: Mapping[str, Canvas] = {
    "input": Canvas(plan_input, draw_input),
    "image": Canvas(plan_image, draw_image),
    "wsol2020": Canvas(plan_2020, draw_2020),
}
