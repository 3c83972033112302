"""Peaks and energy, against hand-worked maps and naive masks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pixels import NOTHING, blobs, rle, whole

from wsol.affine import IDENTITY, Affine
from wsol.regions.drawing import PreparedMap
from wsol.scores.pointing import measure, peak, to_boxes, to_mask


def table(height, width, boxes=(), mask="", ignore=""):
    row = {"boxes": np.ravel(boxes), "mask": mask, "ignore": ignore, "height": height, "width": width}
    return pd.DataFrame([row])


def spot(height, width, y, x):
    values = np.zeros((height, width))
    values[y, x] = 1
    return values


def test_the_peak_is_the_first_of_equals_and_lies_in_the_image_s_pixels():
    values = np.float32([[0, 1, 1], [1, 0, 0]])
    assert peak(whole(values, 20, 30)) == (15, 5)
    assert peak(PreparedMap(values, Affine(2, 2, -1, 4))) == (2, 5)


@given(st.tuples(*[st.integers(0, 19)] * 2), st.lists(st.tuples(*[st.floats(-2, 22)] * 4), min_size=1, max_size=3))
def test_distance_to_boxes_is_the_distance_to_their_pixels(point, corners):
    boxes = np.array([[min(a, c), min(b, d), max(a, c), max(b, d)] for a, b, c, d in corners])
    centre = np.arange(-5, 26) + 0.5
    mask = np.any([np.outer((b[1] <= centre) & (centre < b[3]), (b[0] <= centre) & (centre < b[2])) for b in boxes], 0)
    x, y = point
    assert to_boxes(x, y, boxes) == pytest.approx(to_mask(x + 5, y + 5, mask))


def test_distance():
    mask = np.zeros((60, 90), bool)
    mask[10, 20] = True
    assert to_mask(20, 10, mask) == 0 and to_mask(23, 14, mask) == 5 and to_mask(80, 10, mask) == np.inf
    assert to_mask(80, 10, np.zeros((60, 90), bool)) == np.inf


def test_energy_in_boxes_and_in_the_mask_of_the_boxes_agree():
    values, _, _ = blobs(np.random.default_rng(0), 30, 40)
    boxes = np.array([[3, 4, 20, 15], [10, 8, 33, 28]])
    mask = np.zeros((30, 40), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    by_box = measure(table(30, 40, boxes), [whole(values, 30, 40)])
    by_mask = measure(table(30, 40, mask=rle(mask)), [whole(values, 30, 40)])
    assert by_box.energy[0] == pytest.approx(values[mask].sum() / values.sum(), rel=1e-6)
    assert by_mask.energy[0] == pytest.approx(by_box.energy[0], rel=1e-6)


def test_energy_by_hand():
    # Positive: 3 of the object and 1 beside it. Shifted to a least value of 0 it would be 5 of 8.
    values = np.float32([[-2, 3, 1, -2]])
    mask = values == 3
    for truth in ({"boxes": [[1, 0, 2, 1]]}, {"mask": rle(mask)}):
        assert measure(table(1, 4, **truth), [whole(values, 1, 4)]).energy[0] == 0.75
        assert measure(table(1, 4, **truth), [whole(-values, 1, 4)]).energy[0] == 0
        assert measure(table(1, 4, **truth), [whole(2.0**125 * values, 1, 4)]).energy[0] == 0.75
        assert measure(table(1, 4, **truth), [whole(values - 9, 1, 4)]).energy[0] == 0


def test_ignored_pixels_hold_no_energy():
    values, mask, ignore = blobs(np.random.default_rng(2), 30, 40)
    found = measure(table(30, 40, mask=rle(mask), ignore=rle(ignore)), [whole(values, 30, 40)])
    assert found.energy[0] == pytest.approx(values[mask].sum() / values[mask | ~ignore].sum(), rel=1e-6)


def test_what_lies_outside_the_image_is_no_energy_and_no_peak():
    # A canvas of 4 columns whose first and last lie beside an image of 2.
    beside = PreparedMap(np.float32([[5, 1, 3, 0]]), Affine(1, 1, -1, 0))
    found = measure(table(1, 2, [[0, 0, 1, 1]]), [beside])
    assert found.energy[0] == 0.25 and found.distance[0] == np.inf


def test_a_map_that_is_not_ok_misses_and_no_truth_is_no_target():
    rows = pd.concat([table(9, 9, [[0, 0, 9, 9]]), table(9, 9)])
    found = measure(rows, [PreparedMap(NOTHING, IDENTITY), whole(spot(3, 3, 1, 1), 9, 9)])
    np.testing.assert_array_equal(found.distance, [np.inf, np.nan])
    np.testing.assert_array_equal(found.energy, [0, np.nan])
