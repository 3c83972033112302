"""Half precision reaches a training's steps alone, as Keras' own fit has it."""

import numpy as np
import pytest

import fits
from models import keras
from wsol.errors import ConfigError
from wsol.networks import device

HALVES = ("mixed_float16", "mixed_bfloat16")


def test_each_precision_learns_and_gives_other_numbers():
    made = {}
    for precision in ("float32", *HALVES):
        own = fits.network()
        history = fits.fitted(own, fits.labelled(16), epochs=5, learning_rate=0.02, precision=precision)
        assert history["loss"].iloc[-1] < history["loss"].iloc[0], precision
        made[precision] = fits.weights(own)
    for one, other in (("float32", HALVES[0]), ("float32", HALVES[1]), HALVES):
        for name, value in made[one].items():
            assert value.dtype == np.float32 and value.shape == made[other][name].shape
            assert not np.array_equal(value, made[other][name]), name


@pytest.mark.parametrize("precision", HALVES)
def test_layers_are_as_they_were_afterwards(precision):
    own = fits.network()
    before = [layer.dtype_policy.name for layer in own.model._flatten_layers()]
    fits.fitted(own, precision=precision)
    assert [layer.dtype_policy.name for layer in own.model._flatten_layers()] == before
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("precision", HALVES)
def test_steps_are_those_of_keras_own_fit_under_that_policy(precision):
    """The same network built under the policy, compiled by Keras, which scales the loss of float16 itself."""
    found = fits.labelled(8)
    own = fits.network()
    own.model.get_layer("drop").rate = 0.0
    given = {"precision": precision, "weight_decay": 0.0, "head_rate_factor": 1.0}
    begun = own.model.get_weights()
    fit = fits.made(own, found, **given)
    keras.config.set_dtype_policy(precision)
    try:
        theirs = keras.Model.from_config(undecided(own.model.get_config()))
    finally:
        keras.config.set_dtype_policy("float32")
    assert theirs.layers[-1].compute_dtype == precision.removeprefix("mixed_")
    theirs.set_weights(begun)
    theirs.get_layer("base").get_layer("norm").momentum = 0.9
    theirs.compile(keras.optimizers.SGD(0.01, 0.9, True), keras.losses.CategoricalCrossentropy(from_logits=True))
    assert isinstance(theirs.optimizer, keras.optimizers.LossScaleOptimizer) == (precision == "mixed_float16")
    for _ in range(3):
        fit.step(fits.images(found.images), found.wanted, [0, 0], 0.01)
        theirs.train_on_batch(fits.images(found.images) / np.float32(127.5) - 1, found.wanted)
    for ours, wanted in zip(own.model.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)


def undecided(config):
    """A model's configuration whose layers take the policy that is set."""
    if isinstance(config, dict):
        return {key: undecided(value) for key, value in config.items() if key != "dtype"}
    return [undecided(value) for value in config] if isinstance(config, list) else config


def test_a_step_whose_scaled_gradients_are_infinite_is_left_out():
    """Nothing moves but the scale, which is halved, and the statistics of the forward pass."""
    own, found = fits.network(), fits.labelled(4)
    fit = fits.made(own, precision="mixed_float16")
    fit.optimizer.dynamic_scale.assign(1e30)
    before = {key: variable.numpy() for key, variable in fit.state().items() if variable is not None}
    fit.step(fits.images(found.images), found.wanted, [0, 0], 0.01)
    assert fit.optimizer.dynamic_scale.numpy() == pytest.approx(5e29)
    trained = {id(weight) for weight in own.model.trainable_weights}
    for key, variable in fit.state().items():
        if id(variable) in trained or "momentum" in variable.name:
            assert np.array_equal(variable.numpy(), before[key]), variable.name


def test_a_processor_without_bfloat16_is_one_line():
    """As oneDNN says it where `instructions: portable` leaves it AVX2 alone."""
    error = RuntimeError(
        "Graph execution error:\n\nOperation received an exception:Status: 3, message: could not create a primitive "
        "descriptor for the convolution forward propagation primitive.\n\t [[{{node conv1}}]]"
    )
    said = r"^precision: the processor's instructions have no code .*`instructions: n"
    with pytest.raises(ConfigError, match=said), device.told():
        raise error
