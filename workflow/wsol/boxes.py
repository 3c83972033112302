"""Boxes: THE pixel convention of this project.

A box is `[x0 y0 x1 y1)`: float64, half-open, in pixels of the original image, so pixel column `j` spans
`[j, j + 1)` and a box's width is `x1 - x0`. Arrays of boxes are `[n 4]`; no box is `np.empty((0, 4))`.
Every other convention (inclusive corners, xywh, 1-based) is converted where it enters and where it leaves.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]


def asboxes(boxes: ArrayLike) -> Boxes:
    """Anything box-like, flat or nested, as float64 [n 4]; nothing is [0 4].

    >>> asboxes([1, 2, 3, 4, 5, 6, 7, 8]).tolist()
    [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]
    """
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def area(boxes: ArrayLike) -> NDArray[np.float64]:
    """The area of boxes [n 4] in square pixels [n]; an inverted box has none.

    >>> area([[0, 0, 2, 3], [4, 4, 2, 2]]).tolist()
    [6.0, 0.0]
    """
    boxes = asboxes(boxes)
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def intersection(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """The square pixels that each of [n 4] shares with each of [m 4], as [n m].

    >>> intersection([0, 0, 2, 2], [[1, 1, 3, 3], [2, 0, 4, 2]]).tolist()
    [[1.0, 0.0]]
    """
    one = asboxes(a)[:, None]
    other = asboxes(b)[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    return np.prod(np.clip(sides, 0, None), axis=-1)


def iou(a: ArrayLike, b: ArrayLike, *, inclusive: bool = False) -> NDArray[np.float64]:
    """Intersection over union of each of [n 4] with each of [m 4], as [n m] in [0, 1]; empty boxes share nothing.

    `inclusive`: both corners of the boxes are pixels that belong to them, as the published protocol counts.

    >>> iou([0, 0, 2, 2], [[1, 0, 3, 2], [5, 5, 6, 6]]).round(3).tolist()
    [[0.333, 0.0]]
    >>> iou([0, 0, 1, 1], [1, 0, 2, 1], inclusive=True).round(3).tolist()
    [[0.333]]
    """
    one = from_inclusive(a) if inclusive else asboxes(a)
    other = from_inclusive(b) if inclusive else asboxes(b)
    common = intersection(one, other)
    union = area(one)[:, None] + area(other)[None] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def clip(boxes: ArrayLike, width: float, height: float) -> Boxes:
    """Boxes [n 4] cut at the edges of an image.

    >>> clip([-3, 2, 50, 8], width=20, height=5).tolist()
    [[0.0, 2.0, 20.0, 5.0]]
    """
    return np.clip(asboxes(boxes), 0, [width, height, width, height])


def from_inclusive(boxes: ArrayLike, origin: int = 0) -> Boxes:
    """Boxes whose two corners both belong to them, the first pixel called `origin` (Pascal VOC: 1), as half-open ones.

    >>> from_inclusive([1, 1, 10, 5], origin=1).tolist()
    [[0.0, 0.0, 10.0, 5.0]]
    """
    return asboxes(boxes) + [-origin, -origin, 1 - origin, 1 - origin]


def from_xywh(boxes: ArrayLike) -> Boxes:
    """Boxes as COCO and CUB write them, a corner and a size, as half-open ones.

    >>> from_xywh([2, 3, 10, 5]).tolist()
    [[2.0, 3.0, 12.0, 8.0]]
    """
    boxes = asboxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def to_xywh(boxes: ArrayLike) -> Boxes:
    """Half-open boxes as COCO writes them, a corner and a size.

    >>> to_xywh([2, 3, 12, 8]).tolist()
    [[2.0, 3.0, 10.0, 5.0]]
    """
    boxes = asboxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
