"""Where a grid's pixels lie: images whose colours are coordinates, whatever was stretched, cropped or padded."""

import cv2
import numpy as np
import pytest

from wsol.affine import Affine
from wsol.datasets.images import fit, rescaled
from wsol.maps.grids import ImageGrid, placed, shown

STORED = (150, 60)  # height, width


def coordinates(height: int, width: int) -> np.ndarray:
    """Red is how far right, green how far down, each 0 to 240 over the image."""
    ys, xs = np.mgrid[:height, :width] + 0.5
    return np.rint(np.stack([240 * xs / width, 240 * ys / height, 0 * xs], axis=2)).astype(np.uint8)


@pytest.mark.parametrize("annotated", [STORED, (300, 180)], ids=["as stored", "rescaled"])
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("side", [48, 112, 300])
def test_a_grid_shows_what_lies_below_it(resize, side, annotated):
    image = coordinates(*STORED)
    small, input_to_stored = fit(image, (64, 96), resize)
    input_to_image = rescaled(input_to_stored, STORED, annotated)
    grid = ImageGrid.of(input_to_image, np.array(small.shape[:2]), side)
    found = shown(image, grid, annotated)
    assert max(grid.shape) == side
    xs = grid.to_image.x(np.arange(grid.shape[1]) + 0.5) / annotated[1]
    ys = grid.to_image.y(np.arange(grid.shape[0]) + 0.5) / annotated[0]
    assert np.array_equal(np.flatnonzero((xs >= 0) & (xs < 1)), np.arange(grid.shape[1])[found.columns])
    assert np.array_equal(np.flatnonzero((ys >= 0) & (ys < 1)), np.arange(grid.shape[0])[found.rows])
    red, green = found.pixels[..., 0].astype(float), found.pixels[..., 1].astype(float)
    assert near(red, 240 * xs[found.columns], STORED[1]) and near(green.T, 240 * ys[found.rows], STORED[0])


def near(colours: np.ndarray, expected: np.ndarray, stored: int) -> bool:
    """Within half a stored pixel and the rounding of colours; a quarter of the grid's own where one juts out."""
    away = np.abs(colours - expected).max(axis=0)
    return away[1:-1].max() < 1 + 120 / stored and away.max() < 1 + max(120 / stored, 60 / len(expected))


def test_pixels_of_a_grid_are_square_in_the_image():
    stretched = Affine.stretch((224, 224), (300, 500))
    assert ImageGrid.of(stretched, np.array([224, 224]), 100).shape == (60, 100)
    thin = Affine.stretch((224, 224), (2, 5000))
    assert ImageGrid.of(thin, np.array([224, 224]), 112).shape == (1, 112)


def test_an_input_of_padding_alone_shows_nothing():
    grid = ImageGrid.of(Affine(1, 1, 500, 500), np.array([64, 64]), 16)
    assert shown(coordinates(50, 50), grid, (50, 50)).pixels.size == 0


@pytest.mark.parametrize("cells", [(7, 7), (5, 9), (40, 60), (80, 120), (160, 240)])
def test_a_stretched_map_is_resized(cells):
    heatmap = np.random.default_rng(0).random(cells).astype(np.float32)
    grid = ImageGrid.of(Affine.stretch((64, 64), (80, 120)), np.array([64, 64]), 60)
    how = cv2.INTER_AREA if cells[0] > 40 else cv2.INTER_LINEAR
    expected = cv2.resize(heatmap, (60, 40), interpolation=how)
    found = placed(heatmap, grid, Affine.stretch(cells, (64, 64)))
    assert found.shape == (40, 60)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_cells_amid_their_receptive_fields_are_read_there():
    """Values are where each cell's centre lies on the input, so that what is read is where it is read."""
    cell_to_input = Affine(16, 16, 5, -3)
    xs, ys = cell_to_input.x(np.arange(6) + 0.5), cell_to_input.y(np.arange(4) + 0.5)
    grid = ImageGrid.of(Affine(1, 1, 0, 0), np.array([64, 96]), 48)
    columns = placed(np.tile(xs, (4, 1)), grid, cell_to_input)
    rows = placed(np.tile(ys[:, None], (1, 6)), grid, cell_to_input)
    np.testing.assert_allclose(columns[0], np.clip((np.arange(48) + 0.5) * 2, xs[0], xs[-1]))
    np.testing.assert_allclose(rows[:, 0], np.clip((np.arange(32) + 0.5) * 2, ys[0], ys[-1]))
