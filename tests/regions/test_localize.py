"""Canvases, shared maps, masks and the status of what cannot be cut."""

import numpy as np
import pytest
from pycocotools import mask as coco

from regionsfiles import rows_of
from wsol.errors import ConfigError, DataError
from wsol.files.localize import REGIONS
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize
from wsol.regions.packed import unpack_masks

FIXED = {"method": "fixed", "level": 0.5}
HOW = {"protocol": "exact", "upsampling": "linear", "normalization": "minmax"}


def square(side=8, at=slice(2, 6)):
    drawn = np.zeros((side, side), np.float32)
    drawn[at, at] = 1
    return drawn


def run(maps, input_to_image, sizes, threshold=FIXED, status=None, input_size=(8, 8), **how):
    status = ["ok"] * len(maps) if status is None else status
    place = (np.array(input_to_image, float), input_size, sizes)
    return rows_of(localize(maps, status, *place, threshold=threshold, **{**HOW, **how}))


def in_image(found, target, size):
    rows = slice(*found["offsets"][found["index"][target] + np.array([0, 1])])
    return EXACT.row_boxes(found["boxes"][rows], found["canvas_to_image"][target], size)[
        found["largest"][rows]
    ].tolist()


def test_a_file_can_hold_it(tmp_path):
    found = run([square()], [[1, 1, 0, 0]], [[8, 8]], masks=True)
    REGIONS.write(tmp_path / "regions.npz", **{name: found[name] for name in REGIONS.fields})
    back = REGIONS.read(tmp_path / "regions.npz")
    assert unpack_masks(back) == unpack_masks(found) != [b""]
    assert {name: values.dtype for name, values in back.items()} == {n: found[n].dtype for n in REGIONS.fields}


@pytest.mark.parametrize("canvas", ["input", "image"])
def test_stretch_crop_and_padding_put_the_box_in_the_image(canvas):
    input_to_image = {"stretch": [2, 1, 0, 0], "crop": [1, 1, 4, 0], "pad": [2, 2, 0, -4]}
    sizes = np.array([[8, 16]] * 3)
    found = run([square()] * 3, list(input_to_image.values()), sizes, canvas=canvas)
    # In 8 x 8 input pixels the square is 2 .. 6 both ways; padding hides nothing of it.
    assert in_image(found, 0, (8, 16)) == [[4, 2, 12, 6]]
    assert in_image(found, 1, (8, 16)) == [[6, 2, 10, 6]]
    assert in_image(found, 2, (8, 16)) == [[4, 0, 12, 8]]


def test_padding_is_removed_before_normalising():
    drawn = square()
    drawn[0] = 9  # evidence on the padding: rows 0, 1 and 6, 7 of the input
    found = run([drawn], [[2, 2, 0, -4]], [[8, 16]])
    assert in_image(found, 0, (8, 16)) == [[4, 0, 12, 8]]


def test_outside_a_crop_nothing_is_found():
    found = run([np.linspace(1, 2, 64, dtype=np.float32).reshape(8, 8)], [[1, 1, 4, 0]], [[8, 16]], canvas="image")
    (box,) = in_image(found, 0, (8, 16))
    assert box[0] >= 4 and box[2] <= 12


def test_targets_that_share_a_map_share_its_rows():
    one, two = square(), square()
    found = run([one, two, one, one], [[1, 1, 0, 0]] * 3 + [[2, 2, 0, -4]], [[8, 8]] * 3 + [[8, 16]])
    np.testing.assert_array_equal(found["index"], [0, 1, 0, 2])
    assert len(found["offsets"]) == 4 and len(found["canvas"]) == 3


def test_degenerate_maps_are_named_and_other_statuses_kept():
    maps = [np.ones((8, 8), np.float32), np.full((8, 8), np.nan, np.float32), np.ones((8, 8), np.float32), square()]
    status = ["ok", "ok", "unreadable", "no_ground_truth"]
    for threshold in (FIXED, {"method": "otsu"}, {"method": "sweep"}, {"method": "percentile", "q": 90.0}):
        found = run(maps, [[1, 1, 0, 0]] * 2 + [[np.nan] * 4] + [[1, 1, 0, 0]], [[8, 8]] * 4, threshold, status)
        assert found["status"].tolist() == ["degenerate", "degenerate", "unreadable", "no_ground_truth"]
        assert (np.diff(found["offsets"])[:3] == 0).all() and np.diff(found["offsets"])[3] > 0


def test_published_canvas_predicts_the_corner_where_the_map_is_degenerate():
    found = run([np.ones((8, 8), np.float32)], [[1, 1, 0, 0]], [[8, 8]], {"method": "sweep"}, protocol="wsol2020")
    np.testing.assert_array_equal(found["boxes"], np.zeros((2, 4)))
    assert (found["level_low"] == -np.inf).all() and (
        found["level_high"] == np.inf
    ).all()  # at every level of the sweep
    np.testing.assert_array_equal(found["canvas"], [[224, 224]])


def test_a_chosen_level_holds_for_all():
    found = run([square()], [[1, 1, 0, 0]], [[8, 8]])
    assert (found["level_low"] == -np.inf).all() and (found["level_high"] == np.inf).all()


@pytest.mark.parametrize("canvas", ["input", "image"])
def test_masks_lie_in_the_images_pixels(canvas):
    found = run([square()], [[2, 2, 0, -4]], [[8, 16]], masks=True, canvas=canvas)
    mask = coco.decode({"size": [8, 16], "counts": unpack_masks(found)[0]})
    expected = np.zeros((8, 16))
    expected[0:8, 4:12] = 1
    np.testing.assert_array_equal(mask, expected)


def test_masks_hold_every_region():
    drawn = square(at=slice(0, 2)) + square(at=slice(5, 8))
    found = run([drawn], [[1, 1, 0, 0]], [[8, 8]], masks=True)
    np.testing.assert_array_equal(coco.decode({"size": [8, 8], "counts": unpack_masks(found)[0]}), drawn)


def test_a_shard_of_nothing():
    found = run([], np.empty((0, 4)), np.empty((0, 2), int))
    assert found["boxes"].shape == (0, 4) and found["offsets"].tolist() == [0] and found["canvas"].shape == (0, 2)


def test_masks_of_a_sweep_are_refused():
    with pytest.raises(ConfigError, match="one level"):
        run([square()], [[1, 1, 0, 0]], [[8, 8]], {"method": "sweep"}, masks=True)


def test_the_published_canvas_refuses_a_crop():
    with pytest.raises(DataError, match="stretch"):
        run([square()], [[1, 1, 4, 0]], [[8, 16]], protocol="wsol2020")
