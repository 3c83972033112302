"""HaS against loops over cells, and by how much it hides."""

import numpy as np
import pytest

from wsol.errors import ConfigError
from wsol.networks.built import prepared
from wsol.networks.models.architectures import MODES
from wsol.training.methods.has import Has
from wsol.training.methods.method import Shown

tf = pytest.importorskip("tensorflow")
MEAN = 255 * np.array([0.485, 0.456, 0.406])  # ImageNet's, as everyone prepares images by it


def batch(count: int, high: int, wide: int) -> Shown:
    random = np.random.default_rng(count)
    return Shown(
        tf.constant(random.uniform(0, 255, (count, high, wide, 3)), tf.float32),
        tf.one_hot(random.integers(0, 3, count), 3),
    )


def by_hand(images: np.ndarray, drawn: np.ndarray, grid: int, rate: float) -> np.ndarray:
    """Cell by cell from the upper left, each cut off at the edge."""
    hidden = images.copy()
    for image in range(len(images)):
        for row, top in enumerate(range(0, images.shape[1], grid)):
            for column, left in enumerate(range(0, images.shape[2], grid)):
                if drawn[image, row, column] < rate:
                    for y in range(top, min(top + grid, images.shape[1])):
                        for x in range(left, min(left + grid, images.shape[2])):
                            hidden[image, y, x] = MEAN
    return hidden


@pytest.mark.parametrize(
    ("count", "high", "wide", "grid"), [(3, 32, 32, 4), (2, 33, 30, 7), (1, 9, 20, 19), (4, 5, 6, 1)]
)
@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_cells_are_hidden_as_a_loop_hides_them(count, high, wide, grid, rate):
    """Smaller ones at the lower and the right edge too, and a batch of one image."""
    given, seed = batch(count, high, wide), tf.constant([7, count])
    cells = (count, int(np.ceil(high / grid)), int(np.ceil(wide / grid)))
    drawn = tf.random.stateless_uniform(cells, seed).numpy()
    shown = Has(grid_size=grid, drop_rate=rate).shown(given, seed)
    np.testing.assert_allclose(shown.images, by_hand(given.images.numpy(), drawn, grid, rate), rtol=1e-6)
    assert shown.wanted is given.wanted


def hidden(shown: Shown) -> np.ndarray:
    """bool [n 8 8]: which of 8 x 8 cells of 4 pixels show the mean colour alone."""
    off = np.isclose(shown.images.numpy(), MEAN, atol=1e-3).all(axis=3)
    return off.reshape(-1, 8, 4, 8, 4).all(axis=(2, 4))


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.9])
def test_so_many_cells_are_hidden_in_each_image_by_itself(rate):
    method, given, count = Has(drop_rate=rate), batch(4, 32, 32), 4 * 64 * 50
    found = np.stack([hidden(method.shown(given, tf.constant([seed, 3]))) for seed in range(50)])
    sigma = np.sqrt(rate * (1 - rate))
    assert abs(found.mean() - rate) < 4 * sigma / np.sqrt(count)
    # Two images of a batch share no more cells than two draws do.
    both = (found[:, 0] & found[:, 1]).mean()
    assert abs(both - rate**2) < 4 * rate * np.sqrt(1 - rate**2) / np.sqrt(64 * 50)


def test_hidden_is_nothing_after_the_preparation_of_what_is_published():
    """0 by PyTorch's means; within a level by Caffe's, which are rounded otherwise."""
    colour = np.broadcast_to(np.float32(MEAN), (1, 2, 2, 3))
    assert np.abs(prepared(colour, MODES["torch"])).max() < 1e-6
    assert np.abs(prepared(colour, MODES["caffe"])).max() < 1
    assert np.abs(prepared(colour, MODES["tf"])).max() > 0.01  # 0 is grey there


def test_a_cell_is_less_than_an_image():
    with pytest.raises(
        ConfigError,
        match=r"^weights\.train\.method has\.grid_size: must be below the input's side, 32, got 32: an image",
    ):
        Has(grid_size=32).shown(batch(2, 32, 20), tf.constant([0, 0]))
