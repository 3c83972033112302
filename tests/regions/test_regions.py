"""Boxes for every level at once equal boxes found one level at a time, under both protocols."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from prepared import prepare
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.regions import Regions
from wsol.regions.regions import cut as cut_by
from wsol.regions.thresholds import sweep

TAUS = np.arange(0, 1, 0.01)
SIDES = st.integers(1, 14)


def noise(rng, height, width):
    return rng.integers(0, 256, (height, width))


def flat(rng, height, width):
    return rng.integers(0, 4, (height, width)) * 85


def binary(rng, height, width):
    """Rings, islands in holes, diagonal touches and single pixels, all of one height."""
    return (rng.random((height, width)) < rng.random()) * 255


def smooth(rng, height, width):
    small = rng.random((3, 3)).astype(np.float32)
    return prepare(small, height, width, upsampling="cubic", normalization="minmax", protocol="wsol2020")


def border(rng, height, width):
    drawn = np.zeros((height, width))
    drawn[:, [0, -1]], drawn[[0, -1]] = rng.integers(0, 256, (height, 1)), rng.integers(0, 256, (1, width))
    return drawn


def one_pixel(rng, height, width):
    drawn = np.zeros((height, width))
    drawn[rng.integers(height), rng.integers(width)] = rng.integers(1, 256)
    return drawn


def cut(prepared, levels, protocol) -> Regions:
    return cut_by(prepared, levels, PROTOCOLS[protocol])


def at(regions, level, largest):
    """The boxes that hold at a level, as a sorted list."""
    rows = (regions.level_low < level) & (level <= regions.level_high) & (regions.largest == largest)
    return sorted(map(tuple, regions.boxes[rows].astype(int).tolist()))


@pytest.mark.parametrize("draw", [noise, flat, binary, smooth, border, one_pixel])
@given(seed=st.integers(0, 2**32), height=SIDES, width=SIDES)
@settings(max_examples=40, deadline=None)
def test_published_boxes_at_every_level(draw, seed, height, width):
    prepared = draw(np.random.default_rng(seed), height, width).astype(np.uint8)
    regions = cut(prepared, TAUS, "wsol2020")
    for every in (True, False):
        expected = naive.published_boxes(prepared, TAUS, every)
        for level, boxes in zip(TAUS, expected, strict=True):
            assert at(regions, level, not every) == sorted(map(tuple, boxes.tolist()))


@given(arrays(np.uint8, st.tuples(SIDES, SIDES)))
@settings(max_examples=100, deadline=None)
def test_published_boxes_of_any_map(prepared):
    levels = np.array([0, 0.3, 0.31, 0.5, 0.999])
    regions = cut(prepared, levels, "wsol2020")
    for every in (True, False):
        expected = naive.published_boxes(prepared, levels, every)
        assert [at(regions, v, not every) for v in levels] == [sorted(map(tuple, b.tolist())) for b in expected]


@pytest.mark.parametrize("draw", [noise, flat, binary, smooth, border, one_pixel])
@given(seed=st.integers(0, 2**32), height=SIDES, width=SIDES)
@settings(max_examples=40, deadline=None)
def test_exact_boxes_at_every_level(draw, seed, height, width):
    prepared = (draw(np.random.default_rng(seed), height, width) / 255).astype(np.float32)
    levels = sweep(prepared)
    regions = cut(prepared, levels, "exact")
    for every in (True, False):
        expected = naive.exact_boxes(prepared, levels, every) if prepared.any() else [np.empty((0, 4))]
        assert [at(regions, v, not every) for v in levels] == [sorted(map(tuple, b.tolist())) for b in expected]


def test_a_ring_an_island_and_a_diagonal():
    ring = np.zeros((9, 9), np.uint8)
    ring[1:8, 1:8], ring[2:7, 2:7], ring[4, 4], ring[8, 8] = 255, 0, 255, 255
    every = at(cut(ring, TAUS, "wsol2020"), 0.5, False)
    # The ring reaches the corner pixel by a diagonal; its hole counts with the pixels around it, as does the island.
    assert every == [(1, 1, 8, 8), (1, 1, 8, 8), (4, 4, 5, 5)]
    exact = cut(ring.astype(np.float32) / 255, np.array([0.5]), "exact")
    assert at(exact, 0.5, False) == [(1, 1, 9, 9), (4, 4, 5, 5)]
    assert at(exact, 0.5, True) == [(1, 1, 9, 9)]


def test_largest_polygon_is_not_the_most_pixels():
    drawn = np.zeros((8, 12), np.uint8)
    drawn[0, :] = 255  # twelve pixels, no area
    drawn[3:6, 2:5] = 255  # nine pixels, area four
    assert at(cut(drawn, TAUS, "wsol2020"), 0.5, True) == [(2, 3, 5, 6)]
    assert at(cut(drawn / np.float32(255), np.array([0.5]), "exact"), 0.5, True) == [(0, 0, 12, 1)]


@pytest.mark.parametrize("protocol, first", [("exact", (1, 0, 2, 1)), ("wsol2020", (4, 6, 5, 7))])
def test_ties_go_to_the_first_pixel_or_as_opencv_lists_contours_to_the_last(protocol, first):
    drawn = np.zeros((9, 9), np.uint8)
    drawn[0, 1] = drawn[3, 0] = drawn[3, 8] = drawn[6, 4] = 255
    prepared = drawn if protocol == "wsol2020" else drawn / np.float32(255)
    assert at(cut(prepared, np.array([0.5]), protocol), 0.5, True) == [first]


def test_a_level_without_contour_predicts_the_published_corner_box():
    drawn = np.zeros((5, 5), np.uint8)
    assert at(cut(drawn, TAUS, "wsol2020"), 0.0, True) == [(0, 0, 0, 0)]
    assert at(cut(drawn, TAUS, "wsol2020"), 0.99, False) == [(0, 0, 0, 0)]
    drawn[2, 2] = 200
    regions = cut(drawn, np.array([0.2, 1.0]), "wsol2020")
    assert at(regions, 0.2, True) == [(2, 2, 3, 3)]
    assert at(regions, 1.0, True) == at(regions, 1.0, False) == [(0, 0, 0, 0)]


def test_a_degenerate_map_has_no_region_under_exact():
    assert len(cut(np.zeros((5, 5), np.float32), np.array([0.0, 0.5]), "exact")) == 0


@given(arrays(np.float32, st.tuples(SIDES, SIDES), elements=st.sampled_from(np.float32([0, 0.25, 0.5, 1]))))
@settings(deadline=None)
def test_rows_ascend_and_the_largest_part_the_levels(prepared):
    regions = cut(prepared, sweep(prepared), "exact")
    for largest in (True, False):
        assert (np.diff(regions.level_low[regions.largest == largest]) >= 0).all()
    if prepared.any():
        lo, hi = regions.level_low[regions.largest], regions.level_high[regions.largest]
        assert lo[0] == -np.inf and hi[-1] == prepared.max()
        np.testing.assert_array_equal(lo[1:], hi[:-1])


def test_a_canvas_of_224_pixels():
    rng = np.random.default_rng(0)
    small = cv2.GaussianBlur(rng.normal(size=(14, 14)).astype(np.float32), (0, 0), 1)
    prepared = prepare(small, 224, 224, upsampling="cubic", normalization="minmax", protocol="wsol2020")
    taus = np.arange(0, 1, 0.001)
    regions = cut(prepared, taus, "wsol2020")
    for every in (True, False):
        expected = naive.published_boxes(prepared, taus[::7], every)
        assert [at(regions, v, not every) for v in taus[::7]] == [sorted(map(tuple, b.tolist())) for b in expected]
