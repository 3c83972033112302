"""Filling and Euler's number against OpenCV, level by level."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsol.regions.holes import filled, regions_less_holes

SIDES = st.integers(1, 10)
DEPTHS = arrays(np.int32, st.tuples(SIDES, SIDES), elements=st.integers(0, 3))


def outside(mask):
    """Background that reaches the frame by edges."""
    framed = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    return (labels == labels[0, 0])[1:-1, 1:-1]


@given(DEPTHS)
@settings(max_examples=200, deadline=None)
def test_filled_at_every_level(depth):
    solid = filled(depth)
    for level in (1, 2, 3):
        np.testing.assert_array_equal(solid >= level, ~outside(depth >= level))


@given(DEPTHS)
@settings(max_examples=200, deadline=None)
def test_regions_less_holes_over_all_levels(depth):
    count = 0
    for level in (1, 2, 3):
        mask = depth >= level
        regions = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
        background = (
            cv2.connectedComponents(np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4)[0] - 1
        )
        count += regions - (background - 1)
    assert regions_less_holes(depth) == count


def test_a_spiral_is_filled_however_long_the_way_out():
    spiral = np.ones((11, 11), np.int32)
    y, x, dy, dx = 1, 0, 0, 1
    for steps in (9, 8, 8, 6, 6, 4, 4, 2, 2):
        for _ in range(steps):
            y, x = y + dy, x + dx
            spiral[y, x] = 0
        dy, dx = dx, -dy
    np.testing.assert_array_equal(filled(spiral), 1)
    spiral[1, 0] = 0
    np.testing.assert_array_equal(filled(spiral), spiral)
