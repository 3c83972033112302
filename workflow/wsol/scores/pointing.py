"""Pointing: where a map peaks and where its energy lies, against the truth's mask, or its boxes where it has none.

Maps come upsampled and not normalised: their energy is their own positive part, and so is what their pixels are ranked
by. Pixels are the image's where the truth is a mask, the canvas' where it is boxes.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import Boxes, asboxes
from wsol.regions.canvases import on_image
from wsol.regions.drawing import PreparedMap
from wsol.scores.masks import Mask, truth

REACH = 32  # pixels around the peak that are searched for the truth


class Pointing(NamedTuple):
    """For each target, float [n]; NaN without truth."""

    distance: NDArray[np.float64]  # from the peak to the nearest true pixel: 0 on it, inf beyond REACH or for no map
    energy: NDArray[np.float64]  # share of the map's positive values that lies on true pixels
    rank: NDArray[np.float64]  # share of as many highest pixels as are true that is true


def measure(targets: pd.DataFrame, maps: Iterable[PreparedMap]) -> Pointing:
    """All of every target, given every target's map in the same order; a map that is not ok misses."""
    found = [point(row, drawn) for row, drawn in zip(targets.itertuples(), maps, strict=True)]
    return Pointing(*np.reshape(found, (len(targets), 3)).T)


def point(row: Any, drawn: PreparedMap) -> tuple[float, float, float]:
    """The distance, energy and rank of one target, a `row` of files.TARGETS."""
    if not (row.mask or len(row.boxes)):
        return np.nan, np.nan, np.nan
    if not drawn.ok:
        return np.inf, 0.0, 0.0
    x, y = peak(drawn)
    if row.mask:
        true, ignored = truth(row.mask, row.ignore, row.height, row.width)
        distance = to_mask(x, y, true)
        energy, rank = in_mask(drawn, true, ignored)
    else:
        boxes = asboxes(row.boxes)
        distance = to_boxes(x, y, boxes)
        energy, rank = in_boxes(drawn, boxes, row.height, row.width)
    inside = 0 <= x < row.width and 0 <= y < row.height  # of the image: padding may be what is brightest
    return distance if inside else np.inf, energy, rank


def peak(drawn: PreparedMap) -> tuple[int, int]:
    """The image pixel (x, y) under the centre of the canvas pixel of highest value, the first in row-major order."""
    row, column = divmod(int(np.argmax(drawn.values)), drawn.values.shape[1])
    x = drawn.canvas_to_image.x(column + 0.5)
    y = drawn.canvas_to_image.y(row + 0.5)
    return int(np.floor(x)), int(np.floor(y))


def to_mask(x: int, y: int, true: Mask) -> float:
    """Distance between pixels, in pixels."""
    left = max(x - REACH, 0)
    top = max(y - REACH, 0)
    rows, columns = np.nonzero(true[top : max(y + REACH + 1, 0), left : max(x + REACH + 1, 0)])
    return float(np.hypot(columns + left - x, rows + top - y).min(initial=np.inf))


def to_boxes(x: int, y: int, boxes: Boxes) -> float:
    """Distance to the nearest pixel whose centre a box holds."""
    first = np.ceil(boxes[:, :2] - 0.5)
    last = np.ceil(boxes[:, 2:] - 0.5) - 1
    beside = np.maximum(np.maximum(first - [x, y], [x, y] - last), 0)
    distance = np.where((first <= last).all(axis=1), np.hypot(*beside.T), np.inf).min()
    return float(distance) if distance <= REACH else np.inf


def positive(drawn: PreparedMap) -> NDArray[np.float64]:
    """The positive part of a map, in fractions of its highest value: no sum is too large."""
    values = np.clip(drawn.values.astype(np.float64), 0, None)
    return values / (values.max() or 1)


def in_mask(drawn: PreparedMap, true: Mask, ignored: Mask) -> tuple[float, float]:
    """Energy and rank over image pixels, each with the value of the canvas pixel its centre falls in."""
    on_pixels = on_image(positive(drawn), drawn.canvas_to_image, *true.shape)
    values = np.where(ignored, 0, on_pixels)
    of_true = values[true]
    return _share(of_true.sum(), values.sum()), rank(of_true, on_pixels[~ignored])


def in_boxes(drawn: PreparedMap, boxes: Boxes, height: int, width: int) -> tuple[float, float]:
    """Energy and rank over canvas pixels whose centre lies in the image; in a box, if their centre does."""
    values = positive(drawn)
    x = drawn.canvas_to_image.x(np.arange(values.shape[1]) + 0.5)
    y = drawn.canvas_to_image.y(np.arange(values.shape[0]) + 0.5)
    inside = np.zeros(values.shape, bool)
    for x0, y0, x1, y1 in boxes:
        inside[slice(*np.searchsorted(y, [y0, y1])), slice(*np.searchsorted(x, [x0, x1]))] = True
    of_image = values[slice(*np.searchsorted(y, [0, height])), slice(*np.searchsorted(x, [0, width]))]
    of_true = values[inside]
    return _share(of_true.sum(), of_image.sum()), rank(of_true, of_image.ravel())


def rank(of_true: NDArray[np.float64], of_all: NDArray[np.float64]) -> float:
    """Share of the K highest of all values that are of the K true pixels; without a true pixel or a value above 0, 0.

    Of pixels that tie for the last of the K places each counts as the same part of one: the mean over all orders that
    they could stand in.

    >>> rank(np.array([5.0, 3.0]), np.array([5.0, 3.0, 4.0, 0.0]))  # the two highest are 5 and 4
    0.5
    >>> rank(np.array([5.0, 3.0]), np.array([5.0, 3.0, 3.0, 0.0]))  # 5, and one of the 3s
    0.75
    """
    count = len(of_true)
    if not count or not of_all.max(initial=0) > 0:
        return 0.0
    last = np.partition(of_all, -count)[-count]  # the value of the last of the K places
    places = count - (of_all > last).sum()  # left for those that tie for it
    hit = (of_true > last).sum() + places * (of_true == last).sum() / (of_all == last).sum()
    return float(hit / count)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0
