"""Masks as products of small factors, against the masks themselves drawn by OpenCV."""

import numpy as np
import pytest

from naive import random_mask
from wsol.networks.masks import channel_masks, patches, random_masks


@pytest.mark.parametrize(("cells", "size"), [(7, (224, 224)), (3, (40, 33)), (2, (16, 96))])
def test_random_masks_are_the_stream_of_masks_drawn_one_by_one(cells, size):
    random = np.random.default_rng(3)
    expected = np.stack([random_mask(random, cells, 0.5, size) for _ in range(600)])
    found = np.concatenate([part.drawn() for part in random_masks(600, cells, 0.5, 3, size).parts()])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_weighted_masks_are_the_sum_over_whole_masks():
    drawn = random_masks(60, 4, 0.3, 1, (30, 44))
    weights = np.random.default_rng(0).random((60, 2))
    whole = np.concatenate([part.drawn() for part in drawn.parts()])
    np.testing.assert_allclose(drawn.weighted(weights), np.einsum("bm,byx->myx", weights, whole), atol=1e-5)


def test_masks_are_drawn_once_for_a_size_and_a_seed():
    assert random_masks(10, 4, 0.5, 0, (32, 32)) is random_masks(10, 4, 0.5, 0, (32, 32))
    others = [random_masks(10, 4, 0.5, 1, (32, 32)), random_masks(10, 4, 0.5, 0, (32, 48))]
    assert len({each.grids.tobytes() + bytes(each.columns.shape) for each in others}) == 2


def test_patches_cover_each_cell_equally_often_and_whole_pixels():
    drawn = patches(5, 2, (16, 23)).drawn()
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_array_equal((1 - drawn).sum(axis=0), 4)
    corner = drawn[0]  # reaches over the edge: one cell of it is left
    assert not corner[:4, :5].any() and corner[4:].all() and corner[:, 5:].all()


def test_channels_are_enlarged_as_opencv_does_and_scaled_by_their_own_range():
    import cv2

    activations = np.random.default_rng(0).normal(size=(7, 5, 3)).astype(np.float32)
    activations[..., 2] = 4
    for channel, drawn in zip(
        activations.transpose(2, 0, 1), channel_masks(activations, (60, 31)).drawn(), strict=True
    ):
        large = cv2.resize(channel, (31, 60), interpolation=cv2.INTER_LINEAR)
        expected = (large - large.min()) / (large.max() - large.min()) if large.max() > large.min() else 0 * large
        np.testing.assert_allclose(drawn, expected, atol=1e-5)
