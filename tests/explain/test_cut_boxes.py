"""The box of a map in image pixels, and the words that ask for it."""

import cv2
import numpy as np
import pytest

from wsol.errors import ConfigError
from wsol.explain import cutting
from wsol.pictures.presets import PLAIN, SYSTEMS

INPUT = (48, 64)


@pytest.mark.parametrize(
    ("word", "entry"),
    [
        ("fixed:0.15", {"method": "fixed", "level": 0.15}),
        ("percentile:90", {"method": "percentile", "q": 90.0}),
        ("otsu", {"method": "otsu"}),
    ],
)
def test_a_word_is_a_threshold(word, entry):
    assert cutting.threshold(word) == entry


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("sweep", "--box: unknown 'sweep'. Known: fixed, otsu, percentile."),
        ("fixd:0.2", "--box: unknown 'fixd'. Did you mean 'fixed'? Known: fixed, otsu, percentile."),
        ("fixed", "--box fixed: 'level' is required (a number in [0, 1])."),
        ("fixed:much", "--box fixed.level: must be a number, got 'much'."),
        ("fixed:1.5", "--box fixed.level: must lie in [0, 1], got 1.5."),
        ("otsu:0.5", "--box: 'otsu' takes no number, got '0.5'."),
    ],
)
def test_another_word_is_named_with_what_is_known(word, line):
    with pytest.raises(ConfigError) as error:
        cutting.threshold(word)
    assert str(error.value) == line


def naive(heatmap, size, level, system):
    """OpenCV alone: enlarge, normalise, count the pixels of each component, scale the box of the largest."""
    how = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}[system.upsampling]
    large = cv2.resize(heatmap, INPUT[::-1], interpolation=how).clip(heatmap.min(), heatmap.max())
    least = large.min() if system.normalization == "minmax" else 0
    shares = (large - least) / (large.max() - least)
    _, _, stats, _ = cv2.connectedComponentsWithStats((shares >= np.float32(level)).astype(np.uint8), connectivity=8)
    x, y, w, h, _ = max(stats[1:], key=lambda row: row[4])
    scale = np.array([size[1] / INPUT[1], size[0] / INPUT[0]] * 2)
    return (np.array([x, y, x + w, y + h]) * scale).tolist()


@pytest.mark.parametrize("system", [PLAIN, *SYSTEMS.values()], ids=["plain", *SYSTEMS])
def test_the_box_is_that_of_the_largest_region_in_image_pixels(system):
    random = np.random.default_rng(4)
    maps = list(random.random((20, 6, 8), np.float32))
    for size in ((30, 40), (131, 77)):
        found = cutting.boxes(maps, size, INPUT, cutting.threshold("fixed:0.6"), system)
        expected = [naive(one, size, 0.6, system) for one in maps]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_by_hand():
    """One hot cell of two, at half the height between them: the box begins where the map reaches one half."""
    heatmap = np.float32([[0.0, 1.0]])
    (box,) = cutting.boxes([heatmap], (10, 40), (10, 20), cutting.threshold("fixed:0.5"), PLAIN)
    assert box == [20.0, 0.0, 40.0, 10.0]


def test_a_flat_map_has_no_box_and_neither_has_one_that_says_nothing_for_the_class():
    maps = [np.ones((2, 2), np.float32), np.float32([[-1, -2]]), np.full((2, 2), np.nan, np.float32)]
    assert cutting.boxes(maps, (9, 9), INPUT, cutting.threshold("otsu"), PLAIN) == [None, None, None]
