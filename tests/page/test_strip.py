"""The strip of the README: the same map, level and boxes as the run's, of a target that is neither best nor worst."""

from types import SimpleNamespace

import numpy as np
import pytest

from wsol.files import rle
from wsol.page import strip as strips
from wsol.page.pictured import SeenTargets
from wsol.pictures.panels import LEAST
from wsol.pictures.sheets import TRUE

SETTINGS = {
    "threshold": {"method": "sweep"},
    "protocol": "exact",
    "upsampling": "linear",
    "normalization": "minmax",
    "canvas": "input",
    "alignment": "stretch",
}
SIZE = (60, 120)  # of the image
LIES = {"cell_to_input": None, "input_to_image": [3.0, 1.5, 0.0, 0.0], "input_size": [40, 40]}
HEATMAP = np.float32([[0, 1], [0, 1]])  # half of its range in the middle of the image
BOX = [60.0, 0.0, 120.0, 60.0]
WORDS = ["circle", "net gradcam", "region", "IoU 0.5"]


def seen(scores, boxes=None) -> SeenTargets:
    found = [np.array(BOX)] * len(scores) if boxes is None else boxes
    return SeenTargets(
        np.array(["ok"] * len(scores)), np.array(scores, float), found, {}, 0.5, "selected", np.full(len(scores), 0.5)
    )


@pytest.mark.parametrize(
    ("scores", "row"), [([0.9, 0.1, 0.5], 2), ([0.2, 0.4, 0.3, 0.1], 0), ([np.nan, 0.7, np.nan], 1), ([0.5, 0.5], 0)]
)
def test_the_target_is_the_one_of_median_score(scores, row):
    assert strips.middle(seen(scores)) == row


def test_a_target_without_a_box_is_not_shown():
    assert strips.middle(seen([0.0, 0.5, 0.9], [np.empty(0), np.array(BOX), np.array(BOX)])) == 1


def target(**changes):
    plain = {"width": 120, "height": 60, "boxes": [30, 10, 90, 50], "mask": "", "ignore": "", "class_name": "circle"}
    return SimpleNamespace(**plain | {"status": "ok"} | changes)


def panels(image, **changes):
    """The four, without the words below them and the white between."""
    found = strips.strip(image, target(**changes), HEATMAP, LIES, SETTINGS, 0.5, BOX, WORDS)
    high, wide = found.shape[0] - LEAST, 240
    assert (high, found.shape[1]) == (120, 4 * wide + 3 * 2)
    return [found[:high, i * (wide + 2) :][:, :wide].astype(int) for i in range(4)]


def test_image_map_region_and_truth_stand_side_by_side():
    image = np.full((*SIZE, 3), 200, np.uint8)
    plain, heat, region, truth = panels(image)
    assert (plain == 200).all()
    assert heat[60, 5].tolist() == [0, 34, 78] and heat[60, -5].tolist() == [254, 232, 56]  # cividis, its two ends
    # The region is where the map reaches the level, as large as the box; the rest of the image is dark.
    assert (region[10:110, 130:230] == 200).all() and (region[:, :115] == 50).all()
    assert (truth == strips.FOUND).all(axis=2)[60, 119:122].any() and not (truth == TRUE).all(axis=2)[60, 122:175].any()
    rows, columns = np.nonzero((truth == TRUE).all(axis=2))
    np.testing.assert_allclose([columns.min(), rows.min(), columns.max(), rows.max()], [60, 20, 179, 99], atol=1)


def test_an_image_that_is_stored_at_another_size_lies_below_its_boxes():
    image = np.full((30, 60, 3), 200, np.uint8)
    image[:, 30:] = 100
    plain, _, region, _ = panels(image)
    assert (plain[:, :118] == 200).all() and (plain[:, 122:] == 100).all()
    assert (region[10:110, 130:230] == 100).all()


def test_a_true_mask_is_outlined():
    painted = np.zeros(SIZE, bool)
    painted[10:50, 30:90] = True
    *_, truth = panels(np.full((*SIZE, 3), 200, np.uint8), boxes=[], mask=rle.encode(painted))
    rows, columns = np.nonzero((truth == (0, 255, 255)).all(axis=2))
    np.testing.assert_allclose([columns.min(), rows.min(), columns.max(), rows.max()], [60, 20, 179, 99], atol=1)


def test_pixels_pass_the_level_as_the_protocol_says():
    values, region = strips.on_pixels(HEATMAP, LIES, SETTINGS, SIZE, 0.5)
    assert values.shape == region.shape == SIZE
    np.testing.assert_array_equal(region, values >= 0.5)
    assert not region[:, :57].any() and region[:, 63:].all()
