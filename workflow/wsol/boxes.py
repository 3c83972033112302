"""Boxes: THE pixel convention of this project.

A box is `[x0 y0 x1 y1)`: float64, half-open, in pixels of the original image, so pixel column `j` spans
`[j, j + 1)` and a box's width is `x1 - x0`. Arrays of boxes are `[n 4]`; no box is `np.empty((0, 4))`.
Every other convention (inclusive corners, xywh, 1-based) is converted where it enters and where it leaves.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]


def asboxes(boxes: ArrayLike) -> Boxes:
    """Anything box-like, flat or nested -> float64 [n 4]; nothing -> [0 4]."""
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def area(boxes: ArrayLike) -> NDArray[np.float64]:
    """[n 4] -> [n] square pixels; an inverted box has none."""
    boxes = asboxes(boxes)
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def intersection(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """[n 4], [m 4] -> [n m] square pixels shared."""
    a, b = asboxes(a)[:, None], asboxes(b)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    return np.prod(np.clip(sides, 0, None), axis=-1)


def iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union, [n 4], [m 4] -> [n m] in [0, 1]; two empty boxes share nothing."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def scale(boxes: ArrayLike, factor_x: float, factor_y: float) -> Boxes:
    """[n 4] times (factor_x, factor_y)."""
    return asboxes(boxes) * [factor_x, factor_y, factor_x, factor_y]


def clip(boxes: ArrayLike, width: float, height: float) -> Boxes:
    """[n 4], cut at the image's edges."""
    return np.clip(asboxes(boxes), 0, [width, height, width, height])


def from_inclusive(boxes: ArrayLike, origin: int = 0) -> Boxes:
    """Corners that both belong to the box, the first pixel called `origin` (Pascal VOC: 1) -> half-open."""
    return asboxes(boxes) + [-origin, -origin, 1 - origin, 1 - origin]


def from_xywh(boxes: ArrayLike) -> Boxes:
    """COCO's and CUB's corner and size -> half-open."""
    boxes = asboxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def to_xywh(boxes: ArrayLike) -> Boxes:
    """Half-open -> COCO's corner and size."""
    boxes = asboxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
