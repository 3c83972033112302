"""Batch normalisation by the batch, or kept as in inference: held to its formula, and told of where it looks folded."""

import numpy as np
import pytest

import fits
from models import backbone, keras, layers
from wsol.errors import ConfigError
from wsol.training import normalisation, stepping


def of(own):
    return own.model.get_layer("base").get_layer("norm")


def bare():
    model = keras.Sequential([keras.Input((*fits.SIZE, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    return backbone(model, fits.SIZE, activation="softmax")


def test_momentum_reaches_a_normalisation_in_a_model_of_a_model():
    own = fits.network()
    fits.made(own, bn_momentum=0.5)
    assert of(own).momentum == 0.5


@pytest.mark.parametrize("given", [{"bn_momentum": 0.5}, {"batch_norm": "frozen"}])
def test_a_setting_of_what_a_network_has_not_is_one_line(given):
    fits.made(bare())
    with pytest.raises(ConfigError, match=rf"^{next(iter(given))}: the network has no batch normalisation; leave"):
        fits.made(bare(), **given)


@pytest.mark.parametrize("given", [{"bn_momentum": 0.5}, {"batch_norm": "frozen"}])
def test_a_setting_of_what_is_frozen_for_good_is_one_line(given):
    fits.made(fits.network(), frozen={"until": "conv", "epochs": 1}, **given)
    said = rf"^{next(iter(given))}: all batch normalisation is frozen already; leave it out\.$"
    for still in ({"until": "base"}, {"until": "drop"}, {"epochs": 2}):
        with pytest.raises(ConfigError, match=said):
            fits.made(fits.network(), frozen=still, **given)
    own = fits.network()
    own.model.get_layer("base").trainable = False
    with pytest.raises(ConfigError, match=said):
        fits.made(own, **given)


def test_nothing_left_to_train_is_one_line():
    own = fits.network()
    for layer in own.model._flatten_layers():
        layer.trainable = layer.trainable and type(layer).__name__ in ("Functional", "BatchNormalization")
    fits.made(own)
    with pytest.raises(ConfigError, match=r"^batch_norm: frozen leaves no weights to be trained\.$"):
        fits.made(own, batch_norm="frozen")


def test_momentum_of_a_frozen_one_is_one_line():
    with pytest.raises(ConfigError, match=r"^bn_momentum: has no effect where batch_norm is frozen\.$"):
        fits.settings(batch_norm="frozen", bn_momentum=0.5)


@pytest.mark.parametrize("more", [{}, {"frozen": {"epochs": 1}}], ids=["at once", "thawed"])
def test_a_frozen_one_keeps_its_weights_and_all_else_is_trained(more):
    own = fits.network()
    of(own).set_weights([np.float32([2, 1, 0.5, 1]), np.float32([0, 1, 0, -1]), np.ones(4), np.full(4, 3.0)])
    begun, kernel = of(own).get_weights(), own.model.get_layer("base").get_layer("conv").get_weights()[0]
    fits.fitted(own, batch_norm="frozen", **more)
    assert all(np.array_equal(one, other) for one, other in zip(begun, of(own).get_weights(), strict=True))
    assert not np.array_equal(kernel, own.model.get_layer("base").get_layer("conv").get_weights()[0])


def test_a_frozen_one_is_as_in_inference_while_trained():
    """The first batch's loss is that of the network as `predict` has it; by the batch's statistics it is another."""
    losses = {}
    for how in ("frozen", "trained"):
        own = fits.network()
        of(own).set_weights([np.ones(4), np.zeros(4), np.full(4, 5.0), np.full(4, 9.0)])
        own.model.get_layer("drop").rate = 0.0
        shown = fits.labelled()
        logits = fits.logits_model(own)(own.fed(np.float32(fits.images(shown.images))), training=False)
        expected = keras.losses.CategoricalCrossentropy(from_logits=True)(shown.wanted, logits)
        history = fits.fitted(own, shown, epochs=1, batch=12, batch_norm=how)
        losses[how] = history["loss"].iloc[0] - float(expected)
    assert abs(losses["frozen"]) < 1e-5 < 1e-2 < abs(losses["trained"])


def test_a_folded_file_is_told_of():
    model = fits.network().model
    norm = model.get_layer("base").get_layer("norm")
    started = {"initial": "some.weights.h5", "batch_norm": "trained"}
    assert normalisation.doubt(model, started) is None  # never trained
    norm.beta.assign(np.float32([0, 1, 0, -1]))
    assert "`batch_norm: frozen`" in normalisation.doubt(model, started)
    assert normalisation.doubt(model, started | {"batch_norm": "frozen"}) is None
    assert normalisation.doubt(model, started, [norm]) is None
    own = fits.network()
    of(own).beta.assign(np.float32([0, 1, 0, -1]))
    for still, told in ((None, True), ({"until": "conv"}, True), ({"until": "base"}, False), ({"epochs": 1}, True)):
        recipe = fits.settings(initial="some.weights.h5", frozen=still)
        assert (stepping.doubt(own, fits.logits_model(own), recipe) is not None) == told
    assert normalisation.doubt(model, started | {"initial": "random"}) is None
    norm.moving_mean.assign(np.float32([0, 0, 0.1, 0]))
    assert normalisation.doubt(model, started) is None
