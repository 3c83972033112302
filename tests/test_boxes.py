"""The pixel convention: half-open boxes, IoU between 0 and 1, other conventions converted at the border."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from wsol import boxes
from wsol.affine import Affine

sides = st.tuples(*[st.integers(0, 40)] * 2, *[st.integers(1, 40)] * 2)
some_boxes = st.lists(sides.map(lambda s: [s[0], s[1], s[0] + s[2], s[1] + s[3]]), min_size=1, max_size=5)


@pytest.mark.parametrize(
    "a, b, iou",
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 1),
        ([0, 0, 10, 10], [100, 100, 200, 200], 0),
        ([0, 0, 10, 10], [10, 0, 20, 10], 0),  # touching shares nothing
        ([0, 0, 2, 2], [1, 1, 3, 3], 1 / 7),
        ([0, 0, 1, 1], [0, 0, 2, 1], 1 / 2),
        ([5, 5, 5, 5], [5, 5, 5, 5], 0),  # nothing shares nothing
        ([4, 4, 2, 2], [0, 0, 9, 9], 0),  # an inverted box has no area
    ],
)
def test_iou_by_hand(a, b, iou):
    assert boxes.iou([a], [b]) == pytest.approx(np.array([[iou]]))


@given(some_boxes, some_boxes)
def test_iou_agrees_with_pycocotools(a, b):
    theirs = coco.iou(boxes.to_xywh(a), boxes.to_xywh(b), [0] * len(b))
    assert boxes.iou(a, b) == pytest.approx(theirs)


@given(some_boxes, some_boxes)
def test_iou_is_symmetric_and_within_bounds(a, b):
    found = boxes.iou(a, b)
    assert (found >= 0).all() and (found <= 1).all()
    assert found == pytest.approx(boxes.iou(b, a).T)


def test_conventions_by_hand():
    assert boxes.from_inclusive([0, 0, 9, 4]).tolist() == [[0, 0, 10, 5]]
    assert boxes.from_inclusive([1, 1, 10, 5], origin=1).tolist() == [[0, 0, 10, 5]]
    assert boxes.from_xywh([2, 3, 10, 5]).tolist() == [[2, 3, 12, 8]]
    assert boxes.to_xywh([2, 3, 12, 8]).tolist() == [[2, 3, 10, 5]]
    assert boxes.clip([[-3, 2, 50, 8]], width=20, height=5).tolist() == [[0, 2, 20, 5]]
    assert Affine(2, 10, 0, 0).boxes([[1, 2, 3, 4]]).tolist() == [[2, 20, 6, 40]]


def test_no_box_is_an_empty_array():
    assert boxes.asboxes([]).shape == (0, 4)
    assert boxes.iou([], [[0, 0, 1, 1]]).shape == (0, 1)
