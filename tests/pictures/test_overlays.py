"""Styles: each system's picture pixel by pixel, by the system's own few lines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import systems
from wsol.pictures import overlays
from wsol.pictures.presets import SYSTEMS


def drawn(name, image, heatmap, p):
    style = overlays.STYLES[name]
    found = style.mix(image, style.heat(heatmap, image.shape[:2], p), style.alpha)
    assert found.shape == image.shape and found.dtype == np.uint8
    return found


@pytest.mark.parametrize("name", SYSTEMS)
@given(
    seed=st.integers(0, 10**6),
    size=st.tuples(st.integers(9, 90), st.integers(9, 90)),
    cells=st.tuples(st.integers(2, 10), st.integers(2, 10)),
    p=st.floats(0, 1),
)
@settings(max_examples=25, deadline=None)
def test_the_picture_is_the_systems_own_to_a_level(name, seed, size, cells, p):
    random = np.random.default_rng(seed)
    image = random.integers(0, 256, (*size, 3), np.uint8)
    heatmap = random.normal(0.3, 1, cells).astype(np.float32)
    if name != "aucmedi":  # the only one that keeps what speaks against the class
        heatmap = np.maximum(heatmap, 0)
    found, expected = drawn(name, image, heatmap, p).astype(float), systems.drawn(name, image, heatmap, p)
    assert np.abs(found - expected).max() <= 1


def test_a_system_has_a_style_and_another_has_another():
    assert overlays.STYLES.keys() == SYSTEMS.keys() | {"plain"}
    random = np.random.default_rng(0)
    image, heatmap = random.integers(0, 256, (40, 50, 3), np.uint8), random.random((5, 6), np.float32)
    pictures = {name: drawn(name, image, heatmap, 0.7).astype(int) for name in SYSTEMS}
    for one in pictures:
        assert all(np.abs(pictures[one] - pictures[other]).max() > 5 for other in pictures if other != one)
    np.testing.assert_array_equal(drawn("plain", image, heatmap, 0.7), pictures["opencv_article"])


def test_a_map_is_normalised_before_it_is_enlarged_or_after():
    """An overshoot of the cubic has no maximum to be cut off at where the map is divided last."""
    heatmap = np.float32([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    red = {name: (overlays.STYLES[name].heat(heatmap, (31, 31), 1.0)[15, 15]).tolist() for name in ("paper", "plain")}
    assert red == {"paper": [128, 0, 0], "plain": [128, 0, 0]}
    small = np.float32([[0, 1], [0, 0]])  # whose cubic exceeds 1, and whose linear reaches 1 at the corner only
    hot = {name: (overlays.STYLES[name].heat(small, (40, 40), 1.0) == [128, 0, 0]).all(axis=2).sum() for name in red}
    assert hot["paper"] < hot["plain"]


def test_an_improbable_class_shows_a_colder_map():
    heatmap = np.random.default_rng(0).random((3, 4), np.float32)
    sure, unsure = (overlays.certain_heat(heatmap, (6, 8), p).astype(int) for p in (1.0, 0.05))
    assert (sure[..., 0] - sure[..., 2]).max() > (unsure[..., 0] - unsure[..., 2]).max()


@pytest.mark.parametrize("name", overlays.STYLES)
def test_no_heat_leaves_the_image_as_far_as_the_style_does(name):
    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    image[0, 0], image[0, 1] = 0, 255
    style = overlays.STYLES[name]
    found = style.mix(image, style.heat(np.eye(3, dtype=np.float32), (20, 30), 1.0), 0.0)
    np.testing.assert_allclose(found, image, atol=1)


@pytest.mark.parametrize("value", [0.0, -1.0, 2.0, np.nan])
@pytest.mark.parametrize("name", overlays.STYLES)
def test_a_flat_map_on_a_black_image_is_still_a_picture(name, value):
    drawn(name, np.zeros((6, 8, 3), np.uint8), np.full((3, 4), value, np.float32), 1.0)


def test_jet_runs_from_blue_to_red():
    cold, hot = overlays.jet(np.array([[0.0, 1.0]]))[0].astype(int)
    assert cold[2] > cold[0] and hot[0] > hot[2]


def test_pillow_enlarges_as_the_library_itself():
    small = np.random.default_rng(2).random((4, 5), np.float32)
    expected = Image.fromarray(overlays.stretched(overlays.matplotlib_jet(small / small.max()))).resize((50, 40))
    np.testing.assert_array_equal(overlays.pillow_heat(small, (40, 50), 1.0), np.asarray(expected))
