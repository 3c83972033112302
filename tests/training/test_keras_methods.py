"""MixUp, Random Erasing and RandAugment: Keras' layers by the training's own seeds, and what their settings do."""

import numpy as np
import pytest

from models import keras
from wsol.errors import ConfigError
from wsol.training.methods.method import Shown
from wsol.training.methods.mixup import MixUp
from wsol.training.methods.randaugment import RandAugment
from wsol.training.methods.randomerasing import RandomErasing

tf = pytest.importorskip("tensorflow")


def batch(count: int = 8, side: int = 32) -> Shown:
    random = np.random.default_rng(count)
    pixels = random.uniform(60, 200, (count, side, side, 3)).round()
    return Shown(tf.constant(pixels, tf.float32), tf.constant(np.eye(4, dtype=np.float32)[np.arange(count) % 4]))


def shown(method, seed: int, given: Shown | None = None) -> Shown:
    return method.shown(given or batch(), tf.constant([seed, 1]))


def test_labels_are_mixed_as_their_images_are():
    """Of images of one colour the weights can be read: colour and label are of the same mean of two."""
    colours = np.arange(8, dtype=np.float32)
    pixels = np.broadcast_to(colours[:, None, None, None], (8, 16, 16, 3))
    given = Shown(tf.constant(pixels), tf.constant(np.eye(8, dtype=np.float32)))
    weights = []
    for seed in range(6):
        made = shown(MixUp(), seed, given)
        wanted = made.wanted.numpy()
        np.testing.assert_allclose(wanted.sum(axis=1), 1, rtol=1e-6)
        assert ((wanted > 0).sum(axis=1) <= 2).all()
        expected = np.broadcast_to((wanted @ colours)[:, None, None, None], pixels.shape)
        np.testing.assert_allclose(made.images, expected, rtol=1e-5, atol=1e-5)
        weights += list(wanted.max(axis=1))
    assert len(set(weights)) > 30  # each image has its own


def test_a_small_alpha_mixes_less():
    kept = [np.mean([shown(MixUp(alpha=alpha), s).wanted.numpy().max(axis=1) for s in range(20)]) for alpha in (0.1, 1)]
    assert kept[0] > kept[1] + 0.05


def boxes(made: Shown, given: Shown) -> list[np.ndarray]:
    """The pixels of each image that are otherwise, as rows and columns: [[y x] …]."""
    return [np.argwhere(each) for each in (made.images.numpy() != given.images.numpy()).any(axis=3)]


def test_what_is_erased_is_a_box_of_the_size_and_the_colour_that_were_said():
    given, sides = batch(), []
    for seed in range(10):
        made = shown(RandomErasing(probability=1, smallest=0.1, largest=0.3, fill=[1, 2, 3]), seed)
        for image, places in enumerate(boxes(made, given)):
            (top, left), (bottom, right) = places.min(axis=0), places.max(axis=0) + 1
            assert len(places) == (bottom - top) * (right - left)
            assert (made.images.numpy()[image, top:bottom, left:right] == [1, 2, 3]).all()
            sides += [bottom - top, right - left]
        assert made.wanted is not None and np.array_equal(made.wanted, given.wanted)
    # A side is the root of such a share of the image's 32 pixels, and up to a pixel more or less.
    assert 32 * np.sqrt(0.1) - 1 <= min(sides) and max(sides) <= 32 * np.sqrt(0.3) + 1
    assert np.ptp(sides) > 5


@pytest.mark.parametrize("probability", [0.2, 0.5, 1.0])
def test_so_many_images_lose_a_box(probability):
    given, method = batch(16), RandomErasing(probability=probability, fill="mean")
    step = tf.function(lambda seed: method.shown(given, seed).images, autograph=False)
    lost = [(step(tf.constant([s, 2])) != given.images).numpy().any(axis=(1, 2, 3)) for s in range(50)]
    assert abs(np.mean(lost) - probability) <= 4 * np.sqrt(probability * (1 - probability) / 800)


def test_keras_own_default_erases_as_often_as_ours():
    """Keras draws each image's probability from 0 to `factor`, 1 unless said: a half of them."""
    layer = keras.layers.RandomErasing(seed=1)
    given = batch(400).images
    lost = (layer(given, training=True) != given).numpy().any(axis=(1, 2, 3)).mean()
    assert abs(lost - RandomErasing().probability) < 4 * np.sqrt(0.25 / 400)
    assert layer.scale == (RandomErasing().smallest, RandomErasing().largest)


def test_defaults_are_those_of_keras():
    assert MixUp().alpha == keras.layers.MixUp().alpha
    usual, made = keras.layers.RandAugment(), RandAugment()._layer
    assert (usual.num_ops, usual.factor, usual.interpolation) == (made.num_ops, made.factor, made.interpolation)


def test_a_box_has_a_smallest_size_below_its_largest():
    with pytest.raises(ConfigError, match=r"smallest: must not be above largest, 0\.33, got 0\.5\."):
        RandomErasing(smallest=0.5)


def test_images_stay_images_and_each_changes_by_its_own_amount():
    same = Shown(tf.repeat(batch(1).images, 6, axis=0), tf.zeros((6, 4)))
    different = []
    for seed in range(6):
        pixels = shown(RandAugment(), seed, same).images.numpy()
        assert np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 255
        different.append(len(np.unique(pixels.reshape(6, -1), axis=0)))
    assert max(different) == 6


@pytest.mark.parametrize(
    "settings",
    [{"num_ops": 4}, {"factor": 0.1}, {"interpolation": "nearest"}],
    ids=lambda settings: next(iter(settings)),
)
def test_each_setting_has_an_effect(settings):
    changed = [
        not np.array_equal(shown(RandAugment(), seed).images, shown(RandAugment(**settings), seed).images)
        for seed in range(6)
    ]
    assert any(changed)
