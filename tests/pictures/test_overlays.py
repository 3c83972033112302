"""Overlays: where a heatmap lands on its image, and the mixing of each picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colormaps

from wsol.affine import Affine
from wsol.datasets import images
from wsol.pictures import overlays

rng = np.random.default_rng(0)


@given(height=st.integers(8, 60), width=st.integers(8, 60), h=st.integers(1, 9), w=st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_a_stretched_input_is_placed_as_resizing_does(height, width, h, w):
    heatmap = np.random.default_rng(h * w).random((h, w), np.float32)
    place = overlays.placer((height, width), Affine(width / 32, height / 32, 0, 0), (32, 32))
    expected = cv2.resize(heatmap, (width, height), interpolation=cv2.INTER_LINEAR)
    # remap's fractions are 1/32 of a cell.
    np.testing.assert_allclose(place(heatmap), expected, atol=0.04)


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
def test_what_is_bright_in_the_input_is_bright_on_the_image(resize):
    image = np.zeros((37, 53, 3), np.uint8)
    image[10:20, 20:32] = 255
    fitted, input_to_image = images.fit(image, (64, 64), resize)
    placed = overlays.placer((37, 53), input_to_image, (64, 64))(fitted[..., 0] / np.float32(255))
    inside = np.zeros((37, 53), bool)
    inside[10:20, 20:32] = True
    assert (
        placed[11:19, 21:31].min() > 0.9
        and placed[~cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)].max() < 0.1
    )


def test_where_no_input_was_there_is_no_heat():
    _, input_to_image = images.fit(np.zeros((20, 40, 3), np.uint8), (10, 10), "crop")
    placed = overlays.placer((20, 40), input_to_image, (10, 10))(np.ones((3, 3), np.float32))
    assert (placed[:, :10] == 0).all() and (placed[:, 30:] == 0).all() and (placed[:, 11:29] == 1).all()


def test_normalisation_by_hand():
    heatmap = np.array([[-1.0, 0.0], [1.0, 3.0]])
    np.testing.assert_allclose(overlays.normalized(heatmap, "max"), [[0, 0], [1 / 3, 1]])
    np.testing.assert_allclose(overlays.normalized(heatmap, "minmax"), [[0, 0.25], [0.5, 1]])
    for how in ("max", "minmax"):
        assert not overlays.normalized(np.full((2, 2), -1.0), how).any()


def test_jet_runs_from_blue_to_red():
    cold, hot = overlays.jet(np.array([[0.0, 1.0]]))[0]
    assert cold[2] > cold[0] and hot[0] > hot[2]


def setting():
    image = rng.integers(0, 256, (6, 8, 3), np.uint8)
    heatmap = rng.random((3, 4), np.float32)
    return image, heatmap, lambda array: cv2.resize(np.float32(array), (8, 6))


def heat(heatmap) -> np.ndarray:
    return cv2.applyColorMap(np.uint8(255 * heatmap), cv2.COLORMAP_JET)[..., ::-1].astype(float)


def test_each_picture_is_mixed_as_its_system_says():
    image, heatmap, place = setting()
    large = heat(place(heatmap))
    np.testing.assert_allclose(overlays.blend(image, heatmap, place), 0.4 * image + 0.6 * large, atol=0.51)
    mixed = 0.5 * image + 0.3 * heat(place(heatmap) * 0.25)
    np.testing.assert_allclose(overlays.confidence(image, heatmap, place, 0.25), mixed * 255 / mixed.max(), atol=0.51)
    faint = 0.6 * image + 0.4 * 255 * colormaps["jet"](np.uint8(255 * place(heatmap)))[..., :3]
    np.testing.assert_allclose(overlays.faint(image, heatmap, place), np.floor(faint), atol=1.01)


def test_the_sum_is_keras_examples_own_lines():
    """Word for word, with Matplotlib's colours and Pillow enlarging; rounding in between is worth two levels."""
    from keras.utils import array_to_img, img_to_array

    for seed in range(5):
        random = np.random.default_rng(seed)
        image, heatmap = random.integers(0, 256, (75, 90, 3), np.uint8), random.random((10, 10), np.float32)
        heatmap /= heatmap.max()
        coloured = array_to_img(colormaps["jet"](np.arange(256))[:, :3][np.uint8(255 * heatmap)])
        enlarged = img_to_array(coloured.resize((image.shape[1], image.shape[0])))
        expected = np.asarray(array_to_img(enlarged * 0.4 + image)).astype(int)
        place = overlays.placer((75, 90), Affine(90 / 64, 75 / 64, 0, 0), (64, 64), "pillow")
        assert np.abs(overlays.add(image, heatmap, place) - expected).max() <= 2


def test_an_improbable_class_shows_a_colder_map():
    image = np.full((6, 8, 3), 128, np.uint8)
    _, heatmap, place = setting()
    sure, unsure = (overlays.confidence(image, heatmap, place, p).astype(float) for p in (1.0, 0.05))
    assert (sure[..., 0] - sure[..., 2]).max() > (unsure[..., 0] - unsure[..., 2]).max()


@pytest.mark.parametrize("name", overlays.PICTURES)
def test_a_flat_map_on_a_black_image_is_still_a_picture(name):
    black = np.zeros((6, 8, 3), np.uint8)
    found = overlays.PICTURES[name](black, np.zeros((3, 4), np.float32), setting()[2])
    assert found.shape == black.shape and found.dtype == np.uint8
