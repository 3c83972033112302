"""Transforms: closed forms of what applies, leads back and follows one another."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsol import affine, boxes
from wsol.affine import IDENTITY, UNSAID, Affine

scales = st.floats(1 / 64, 64)
shifts = st.floats(-500, 500)
transforms = st.builds(Affine, scales, scales, shifts, shifts)
some_boxes = st.lists(st.tuples(shifts, shifts, shifts, shifts), min_size=1, max_size=4)


def test_by_hand():
    double = Affine(2.0, 3.0, 10.0, -6.0)  # a crop that starts at (10, -6), two and three times as large
    assert double.x(4) == 18 and double.y(4) == 6
    assert double.back_x(18) == 4 and double.back_y(6) == 4
    assert double.boxes([[0, 0, 4, 4]]).tolist() == [[10, -6, 18, 6]]
    assert double.invert() == (1 / 2, 1 / 3, -5, 2)
    assert Affine(1, 1, 5, 7) @ double == (2, 3, 15, 1)  # first double, then move
    assert double @ Affine(1, 1, 5, 7) == (2, 3, 20, 15)  # first move, then double


def test_a_stretch_brings_the_far_corner_to_the_far_corner():
    stretch = Affine.stretch((7, 14), (224, 448))
    assert stretch.boxes([0, 0, 14, 7]).tolist() == [[0, 0, 448, 224]]
    rows = Affine.stretch((10, 20), np.array([[10, 20], [30, 10]]))
    assert rows.array().tolist() == [[1, 1, 0, 0], [0.5, 3, 0, 0]]


@given(transforms)
def test_an_array_holds_a_transform(transform):
    assert Affine.of(transform.array()) == transform
    rows = Affine.of([transform, IDENTITY])
    assert rows.array().shape == (2, 4) and Affine.of(rows.array()[0]) == transform


@given(transforms, shifts)
def test_the_inverse_leads_back(transform, value):
    there = transform.x(value), transform.y(value)
    assert transform.invert().x(there[0]) == pytest.approx(value, abs=1e-6, rel=1e-9)
    assert transform.invert().y(there[1]) == pytest.approx(value, abs=1e-6, rel=1e-9)
    assert (transform.back_x(there[0]), transform.back_y(there[1])) == pytest.approx((value, value), abs=1e-6, rel=1e-9)
    assert transform.invert() @ transform == pytest.approx(IDENTITY, abs=1e-9)


@given(transforms, transforms, shifts)
def test_a_composition_is_one_after_the_other(outer, inner, value):
    both = outer @ inner
    assert both.x(value) == pytest.approx(outer.x(inner.x(value)), rel=1e-9, abs=1e-6)
    assert both.y(value) == pytest.approx(outer.y(inner.y(value)), rel=1e-9, abs=1e-6)
    assert outer @ IDENTITY == outer and IDENTITY @ inner == inner


@given(transforms, transforms)
def test_within_is_the_inverse_of_the_other_after_this_one(a, b):
    assert a.within(b) == pytest.approx(b.invert() @ a, rel=1e-9, abs=1e-6)
    assert IDENTITY.within(b) == pytest.approx(b.invert())


@given(transforms, some_boxes)
def test_boxes_are_their_corners_and_come_back(transform, corners):
    moved = transform.boxes(corners)
    np.testing.assert_array_equal(moved[:, 0], transform.x(np.array(corners)[:, 0]))
    np.testing.assert_array_equal(moved[:, 3], transform.y(np.array(corners)[:, 3]))
    np.testing.assert_allclose(transform.back_boxes(moved), corners, rtol=1e-9, atol=1e-6)


def test_no_box_and_nothing_said():
    assert IDENTITY.boxes([]).shape == (0, 4)
    assert np.isnan(UNSAID.array()).all() and UNSAID.array().shape == (4,)


@pytest.mark.parametrize("module", [affine, boxes])
def test_the_examples_run(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
