"""The tree's parts against loops over pixels and levels, and its rows against every level cut by itself."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from wsol.regions import segments
from wsol.regions.arrivals import arrivals
from wsol.regions.branches import branched
from wsol.regions.holes import hollow
from wsol.regions.leaders import gains
from wsol.regions.preparation import NORMALIZATIONS, normalized
from wsol.regions.published import quantised
from wsol.regions.tree import Levels, grow, numbered, swept

SEEDS = st.integers(0, 2**32)
TYPES = (np.uint8, np.float32)


def drawn(seed, side=12):
    """Noise, plateaus, saturated bytes, a smooth map, points, a constant or one pixel, of any shape."""
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, side, 2)
    kinds = (
        rng.integers(0, 256, (height, width)),
        rng.integers(0, 4, (height, width)),
        rng.choice([0, 254, 255], (height, width)),
        cv2.resize(rng.random((3, 4)), (int(width), int(height)), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255,
        (rng.random((height, width)) < 0.2) * rng.integers(1, 256, (height, width)),
        np.full((height, width), rng.integers(0, 256)),
        np.full((1, 1), 7),
    )
    return kinds[rng.integers(len(kinds))].astype(np.uint8)


def touch(a, b, eight):
    (ya, xa), (yb, xb) = a, b
    return max(abs(ya - yb), abs(xa - xb)) == 1 and (eight or abs(ya - yb) + abs(xa - xb) == 1)


@pytest.mark.parametrize("eight", [True, False])
@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_segments_touch_where_two_of_their_pixels_do(eight, seed):
    values = drawn(seed, side=8)
    starts, peaks, lines = segments.parted(values)
    of = np.repeat(np.arange(len(peaks)), np.diff(starts)).reshape(values.shape)
    expected = {}
    for a, b in np.ndindex(values.size, values.size):
        one, other = np.unravel_index(a, values.shape), np.unravel_index(b, values.shape)
        if of[one] < of[other] and touch(one, other, eight):
            pair = (of[one], of[other])
            expected[pair] = max(expected.get(pair, 0), min(values[one], values[other]))
    joins, levels = segments.touching(values, starts, peaks, lines, eight, False)
    assert dict(zip(map(tuple, joins.tolist()), levels.tolist(), strict=True)) == expected
    for start, stop, peak in zip(starts, starts[1:], peaks, strict=False):
        rising, falling = np.diff(values.ravel()[start : peak + 1].astype(int)), values.ravel()[peak:stop].astype(int)
        assert (rising >= 0).all() and (np.diff(falling) <= 0).all()


@pytest.mark.parametrize("dtype", TYPES)
@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_every_pixel_above_the_bottom_has_one_branch_and_regions_are_those_of_their_branches(dtype, seed):
    values = drawn(seed).astype(dtype)
    branches = branched(values, 50, eight=True)
    branch = np.full(values.size, -1)
    for k in range(len(branches.parent)):
        for start, stop in branches.runs[branches.offsets[k] : branches.offsets[k + 1]]:
            assert (branch[start:stop] == -1).all() and (values.ravel()[start:stop] > branches.end[k]).all()
            branch[start:stop] = k
    np.testing.assert_array_equal(branch.reshape(values.shape) >= 0, values > 50)
    for level in (51, 120, 255):
        at = [int(k) for k in branch]
        for pixel, k in enumerate(at):
            while k >= 0 and branches.end[k] >= level:
                k = int(branches.parent[k])
            at[pixel] = k
        mask = values >= level
        labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1][mask]
        pairs = set(zip(labels.tolist(), np.array(at).reshape(values.shape)[mask].tolist(), strict=True))
        assert len(pairs) == len({label for label, _ in pairs}) == len({k for _, k in pairs})


@pytest.mark.parametrize("dtype, scale", [(np.uint8, 1), (np.float32, 1 / 255), (np.float32, -1)])
@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_rows_at_every_value_are_those_of_each_level_by_itself(dtype, scale, seed):
    """Negative values too: what is lowest is the highest turned round."""
    values = (drawn(seed).astype(float) * scale).astype(dtype)
    levels = np.unique(values).astype(np.float64)
    bottom = np.nextafter(levels[0], -np.inf)
    for table, every in zip(grow(values, bottom, polygon=False), (True, False), strict=True):
        rows = numbered(table, lambda found: np.searchsorted(levels, found, side="right"), parting=not every)
        for number, boxes in enumerate(naive.exact_boxes(values, levels, every), 1):
            holds = (rows[:, 4] < number) & (number <= rows[:, 5])
            assert sorted(rows[holds, :4].tolist()) == sorted(boxes.tolist())


@given(SEEDS, st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_few_levels_and_many_give_the_same_rows(seed, step):
    values = drawn(seed).astype(np.float32)
    levels = np.arange(1.0, 256.0, step)
    few = swept(values, 0, levels_at(levels), polygon=False)
    # Levels above all values make them many.
    many = swept(values, 0, levels_at(np.append(levels, np.arange(300.0, 600.0))), polygon=False)
    for one, other in zip(few, many, strict=True):
        assert sorted(one.tolist()) == sorted(other.tolist())


def levels_at(levels):
    return Levels(len(levels), lambda found: np.searchsorted(levels, found, side="right"))


@pytest.mark.parametrize("dtype", [*TYPES, np.float64])
@pytest.mark.parametrize("floor", [-3, 0, 100, 255])
@pytest.mark.parametrize("side", [9, 60])
def test_arrivals_come_from_the_highest_down_with_their_areas(dtype, floor, side):
    """Few branches are counted in a table, many are sorted."""
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.random((2, 3)), (side, side)) * 255
    for values in (rng.integers(0, 256, (side, side)).astype(dtype), smooth.astype(dtype)):
        branches = branched(values, -1 if dtype != np.uint8 else 0, eight=True)
        gain = rng.integers(0, 5, values.size).astype(np.uint8)
        levels, branch, area = arrivals(values, floor, gain, branches)
        assert (np.diff(levels.astype(float)) <= 0).all()
        for level in (1, 101, 200, 255):
            above = (values.ravel() >= level) & (values.ravel() > floor)
            assert area[levels >= level].sum() == gain[above].sum()
            assert len(np.unique(branch[levels >= level])) <= max(len(branches.parent), 1)


def test_negative_floats_and_both_zeros_are_sorted():
    values = np.float32([[-0.0, 3.5, -1e30, 0.0, -2.5, 1e-40]])
    levels, _, _ = arrivals(values, -1e38, np.empty(0, np.uint8), branched(values, -1e38, eight=True))
    np.testing.assert_array_equal(levels, np.float32([3.5, 1e-40, 0, 0, -2.5, -1e30]))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_gains_add_up_to_the_polygon_of_a_region_without_holes(seed):
    values, _ = hollow(drawn(seed))
    for level in (1, 85, 255):
        mask = (values >= level).astype(np.uint8)
        contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
        assert gains(values)[mask.ravel() > 0].sum() == 2 * sum(map(cv2.contourArea, contours))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_hole_boxes_are_those_of_the_background_that_does_not_reach_the_border(seed):
    values = drawn(seed)
    solid, holes = hollow(values)
    assert (solid is values) == (len(holes.boxes) == 0)
    for level in (1, 2, 85, 255):
        background = np.pad(values < level, 1, constant_values=True).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(background, connectivity=4)
        expected = [[x - 1, y - 1, x + w - 1, y + h - 1] for x, y, w, h, _ in np.delete(stats, [0, labels[0, 0]], 0)]
        holds = (holes.spans[:, 0] < level) & (level <= holes.spans[:, 1])
        assert sorted(holes.boxes[holds, :4].tolist()) == sorted(expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normalised_in_place_has_the_bits_of_the_formula(dtype):
    values = np.random.default_rng(1).normal(size=(50, 60)).astype(dtype)
    shifted = values - values.min()
    np.testing.assert_array_equal(normalized(values.copy(), "minmax"), shifted / shifted.max())
    np.testing.assert_array_equal(normalized(values.copy(), "max"), values / values.max())
    widest = np.array([[-1, 1, 0]], dtype) * np.finfo(dtype).max
    for name in NORMALIZATIONS:
        for bad in (np.nan, np.inf, -np.inf):
            assert not normalized(np.array([[0, 1, bad]], dtype), name).any()
    assert not normalized(widest, "minmax").any()


@given(st.lists(st.floats(-2, 3), min_size=1))
@settings(deadline=None)
def test_bytes_are_those_of_numpy(values):
    values = np.array([[*values, 0, 1, np.nextafter(1, 0), -0.0]])
    np.testing.assert_array_equal(quantised(values), (values.clip(0, 1) * 255).astype(np.uint8))
