"""Keras' own layers by name: which there are, what is wrong in one, and that what they draw is the training's."""

import random

import numpy as np
import pytest

from models import keras
from wsol.errors import ConfigError
from wsol.training import augment, reading, recipe
from wsol.training.augment import Augmenter
from wsol.training.reading import Source

SIZE = (16, 20)
# Arguments that change a picture of any colours, where those that are usual do not.
ARGUMENTS = {
    "RandomBrightness": {"factor": 0.5},
    "RandomColorDegeneration": {"factor": [0.2, 0.9]},
    "RandomColorJitter": {"brightness_factor": 0.5, "hue_factor": 0.3},
    "RandomContrast": {"factor": 0.5},
    "RandomHue": {"factor": [0.2, 0.9]},
    "RandomPosterization": {"factor": 3},
    "RandomRotation": {"factor": 0.3},
    "RandomSaturation": {"factor": [0.6, 0.9]},
    "RandomSharpness": {"factor": [0.6, 0.9]},
    "RandomShear": {"x_factor": 0.5},
    "RandomTranslation": {"height_factor": 0.4, "width_factor": 0.4},
    "RandomZoom": {"height_factor": 0.5},
}
FEW = ("RandomFlip", "RandomGrayscale", "RandomInvert", "RandomPosterization")  # these have two outcomes, or four


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8)


def draw(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def several(name: str, **arguments) -> Augmenter:
    return Augmenter([{name: arguments}], SIZE)


NAMES = sorted(augment.kinds())


def test_known_are_keras_layers_of_one_image():
    assert {"AugMix", "RandAugment", "RandomErasing", "RandomRotation"} <= set(NAMES)
    assert not {"MixUp", "CutMix", "RandomCrop", "Rescaling", "Resizing", "CenterCrop", "Dense"} & set(NAMES)
    assert all(getattr(keras.layers, name) for name in NAMES) and set(ARGUMENTS) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_draws_from_what_it_is_given_and_from_nothing_else(name):
    """The same draws give the same picture, whatever was drawn before, by the layer, by Keras or by Python."""
    layer, other = (several(name, **ARGUMENTS.get(name, {})) for _ in range(2))
    first = [layer(picture(), draw(1, place)) for place in range(8)]
    keras.utils.set_random_seed(99)
    random.seed(99)
    state = random.getstate()
    again = [other(picture(), draw(1, place)) for place in reversed(range(8))][::-1]
    assert random.getstate() == state
    assert all(map(np.array_equal, first, again))
    assert all(each.shape == (*SIZE, 3) and each.dtype == np.uint8 for each in first)
    kinds = len({each.tobytes() for each in first})
    assert kinds >= (2 if name in FEW else 3)


def test_layers_are_gone_through_in_their_order_as_keras_has_them():
    """By hand: a layer of Keras' own whose states are set to the numbers that are drawn for it."""
    ours = Augmenter([{"RandomContrast": {"factor": 0.6}}, {"RandomErasing": {"factor": [1, 1]}}], SIZE)
    contrast = keras.layers.RandomContrast(factor=0.6, seed=3)
    erasing = keras.layers.RandomErasing(factor=[1, 1], seed=4)
    seeds = draw(5).integers(0, 2**31 - 2, (2, 2))
    for layer, seed in zip((contrast, erasing), seeds, strict=True):
        layer.generator.state.assign(seed)
    wanted = erasing(contrast(picture()[None].astype("float32"), training=True), training=True).numpy()[0]
    assert np.array_equal(ours(picture(), draw(5)), np.clip(np.rint(wanted), 0, 255).astype(np.uint8))


def test_a_resumed_run_shows_what_an_unbroken_one_would_have():
    """Epoch 3 alone, and after epochs 0 to 2; through tf.data, as batches are made."""
    how = {"resize": "stretch", "interpolation": "linear"}
    asked = recipe.settings(dataset="x", augment=["AugMix", {"RandomErasing": {"factor": 0.9}}])

    def shown(*epochs: int) -> list[np.ndarray]:
        source = Source.of(lambda name: picture(int(name)), SIZE, how, asked, 2)
        for epoch in epochs:
            shown = source.shown(["1", "2", "3", "4"], draw(0, epoch, 1))
            ((found, _),) = reading.batches(shown, np.eye(4, dtype=np.float32), 4)
        return list(found)

    unbroken, resumed = shown(0, 1, 2, 3), shown(3)
    assert all(map(np.array_equal, unbroken, resumed)) and not all(map(np.array_equal, resumed, shown(2)))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["RandAugmnt"], "augment: unknown 'RandAugmnt'. Did you mean 'RandAugment'? Known: AugMix, RandAugment, "),
        (["Rescaling"], "augment: unknown 'Rescaling'."),
        ([{"RandomErasing": {"facto": 1}}], "augment.RandomErasing: unknown 'facto'. Did you mean 'factor'?"),
        ([{"RandomErasing": {"seed": 1}}], "augment.RandomErasing: unknown 'seed'. Known: factor, fill_value, scale."),
        ([{"RandomErasing": {"factor": 7}}], "augment.RandomErasing: The `factor` argument should be a number"),
        (["RandomRotation"], "augment.RandomRotation: 'factor' is required."),
        ([{"RandomRotation": {"factor": 0.1, "fill_mode": "x"}}], "augment.RandomRotation: "),
        (["MixUp"], "augment: 'MixUp' is no layer for here; say method: mixup."),
        (["CutMix"], "augment: 'CutMix' is no layer for here; say method: cutmix."),
        ([{"RandomCrop": {"height": 8, "width": 8}}], "augment: 'RandomCrop' is no layer for here; say crop_from."),
        ([{}], "augment: must be names or {NAME: {argument: value}}, got {}."),
        ([{"AugMix": 3}], "augment: must be names or {NAME: {argument: value}}, got {'AugMix': 3}."),
    ],
)
def test_what_is_wrong_is_one_line(given, line):
    with pytest.raises(ConfigError) as error:
        Augmenter(augment.named(given), SIZE)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


def test_a_name_and_a_name_without_arguments_are_one_setting():
    named, spelt = (recipe.settings(dataset="x", augment=[each])["augment"] for each in ("AugMix", {"AugMix": {}}))
    assert named == spelt == [{"AugMix": {}}]
    assert recipe.settings(dataset="x", augment=[])["augment"] is None
