"""Fusing layers, against OpenCV's resizing and by hand."""

import cv2
import numpy as np
import pytest

from wsol.maps import fusion
from wsol.networks import asking

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("source", "target"), [((3, 4), (12, 20)), ((5, 7), (5, 7)), ((1, 2), (3, 9)), ((4, 4), (7, 5))]
)
def test_enlarging_is_linear_resizing(source, target):
    maps = rng.random((2, *source), np.float32)
    expected = [cv2.resize(m, target[::-1], interpolation=cv2.INTER_LINEAR) for m in maps]
    np.testing.assert_allclose(fusion.enlarged(maps, *target), expected, atol=1e-5)


def test_one_layer_stays_as_it_was():
    maps = rng.normal(size=(2, 3, 4)).astype(np.float32)
    assert fusion.fuse([maps]) is maps


def test_two_layers_by_hand():
    coarse = np.array([[[2.0]], [[0.0]]], np.float32)
    fine = np.array([[[1.0, 4.0]], [[3.0, 0.0]]], np.float32)
    np.testing.assert_allclose(fusion.fuse([coarse, fine]), [[[0.625, 1.0]], [[0.5, 0.0]]])
    np.testing.assert_allclose(fusion.fuse([fine, coarse], how="max"), [[[1, 1]], [[1, 0]]])
    lifted = fusion.fuse([coarse, fine], how="max", shallow="tanh")[1]
    np.testing.assert_allclose(lifted, [[np.tanh(2), 0]], rtol=1e-6)


def test_suffixes_are_those_evidence_gives():
    found = {f"activations{asking.suffix(place)}": np.zeros(1) for place in range(3)}
    assert list(fusion.suffixes(found)) == ["", "_1", "_2"]
