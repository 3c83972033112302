"""Masks as runs: what is asked of the runs is what their pixels would say, and no pixel is painted."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco

from sources import write
from wsol.errors import DataError
from wsol.exports.coco import coco_ground_truth
from wsol.files import rle
from wsol.index.indexing import index

SIDE = 16384


@st.composite
def masks(draw, count: int = 2) -> list[np.ndarray]:
    """Small masks of one size, with empty and full ones among them."""
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    bits = st.lists(st.booleans(), min_size=height * width, max_size=height * width)
    kinds = st.one_of(bits, st.just([False] * (height * width)), st.just([True] * (height * width)))
    return [np.reshape(draw(kinds), (height, width)) for _ in range(count)]


@given(masks())
def test_a_union_is_that_of_the_pixels(pair):
    one, other = pair
    assert rle.union([rle.encode(m) for m in pair], *one.shape) == rle.encode(one | other)
    assert rle.union([rle.encode(one)], *one.shape) == rle.encode(one)


@given(masks())
def test_a_difference_is_that_of_the_pixels(pair):
    one, other = pair
    found = rle.without(rle.encode(one), rle.encode(other), *one.shape)
    np.testing.assert_array_equal(rle.decode(found, *one.shape), one & ~other)


@given(masks(1))
def test_area_and_bounds_are_those_of_the_pixels(only):
    (mask,) = only
    assert rle.area(rle.encode(mask), *mask.shape) == mask.sum()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    expected = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] if mask.any() else [0, 0, 0, 0]
    assert rle.bounds(rle.encode(mask), *mask.shape) == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_runs_are_compressed_as_the_mask_they_paint(runs):
    height = sum(runs)
    if height:
        assert rle.compress(runs, height, 1) == rle.encode(rle.paint(runs, height, 1))


@given(st.lists(st.lists(st.floats(-3, 12), min_size=6, max_size=12).filter(lambda p: len(p) % 2 == 0), min_size=1))
def test_polygons_are_those_that_coco_paints(points):
    painted = coco.decode(coco.merge(coco.frPyObjects(points, 9, 8))).astype(bool)
    np.testing.assert_array_equal(rle.decode(rle.polygons(points, 9, 8), 9, 8), painted)


@pytest.mark.parametrize("runs", [[5], [5, 5], [-1, 10], [9.0], [True] * 9, ["9"]])
def test_runs_that_do_not_fill_a_mask_are_an_error(runs):
    with pytest.raises(DataError, match="the RLE does not fill a mask of 3x3"):
        rle.compress(runs, 3, 3)


def huge(tmp_path) -> dict:
    """759 bytes that say two images of 16384 x 16384 with two masks each."""
    runs = [[first, 5, SIDE * SIDE - first - 5] for first in (1, 2, 3, 4)]
    annotations = [
        {"id": i, "image_id": i // 2, "category_id": 1, "segmentation": {"size": [SIDE, SIDE], "counts": run}}
        for i, run in enumerate(runs)
    ]
    images = [{"id": i, "file_name": f"{i}.png", "width": SIDE, "height": SIDE} for i in (0, 1)]
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    return {"adapter": "coco", "annotations": str(write(tmp_path / "huge.json", json.dumps(content)))}


@pytest.fixture
def no_painting(monkeypatch):
    """More than a million pixels at once are a failure."""

    def bounded(function):
        def call(*given, **more):
            found = function(*given, **more)
            assert np.size(found) < 2**20, f"{np.size(found)} pixels were painted"
            return found

        return call

    for name in ("repeat", "zeros", "asfortranarray"):
        monkeypatch.setattr(np, name, bounded(getattr(np, name)))
    monkeypatch.setattr(rle.coco, "decode", lambda *_: pytest.fail("pixels were painted"))


def test_a_small_file_of_huge_masks_is_read_without_painting_them(tmp_path, no_painting):
    found = index(huge(tmp_path)).targets
    assert found["mask"].map(rle.counts).tolist() == [[1, 6, SIDE**2 - 7], [3, 6, SIDE**2 - 9]]
    assert found["boxes"].tolist() == [[0, 1, 1, 6, 0, 2, 1, 7], [0, 3, 1, 8, 0, 4, 1, 9]]
    (one, two) = coco_ground_truth(found, masks=True)["annotations"]
    assert (one["area"], one["bbox"], two["bbox"]) == (6, [0, 1, 1, 6], [0, 3, 1, 6])
