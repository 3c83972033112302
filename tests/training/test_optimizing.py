"""Steps by the formulas of their papers, worked by hand for a linear network; rates by Keras' own schedules."""

import numpy as np
import pytest

import fits
from models import backbone, keras, layers
from wsol.training.optimizing import SCHEDULES, cosine, polynomial, step

RATE, FACTOR, DECAY, MU = 0.05, 10.0, 0.02, 0.9
BETAS, EPSILON = (0.9, 0.999), 1e-7


def linear():
    """Colours mixed at each place, the mean over places, and a dense layer: linear in each weight."""
    keras.utils.set_random_seed(1)
    start = layers.Input((*fits.SIZE, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, use_bias=False, name="mix")(start))
    model = keras.Model(start, layers.Dense(2, name="last", bias_initializer="random_normal")(x))
    return backbone(model, fits.SIZE, preprocessing={"scale": 1 / 255}, activation="softmax")


def gradients(means, wanted, mix, dense, bias):
    """Of the mean cross-entropy of softmax(means @ mix @ dense + bias), for each weight."""
    z = means @ mix @ dense + bias
    p = np.exp(z - z.max(axis=1, keepdims=True))
    error = (p / p.sum(axis=1, keepdims=True) - wanted) / len(means)
    return [means.T @ error @ dense.T, (means @ mix).T @ error, error.sum(axis=0)]


def by_sgd(weight, gradient, kept, rate, count):
    """PyTorch's: buf = mu buf + g, w -= rate (g + mu buf), g with the decay in it."""
    g = gradient + DECAY * weight
    kept["m"] = MU * kept.get("m", 0) + g
    return weight - rate * (g + MU * kept["m"])


def by_adam(weight, g, kept, rate, count, decay=DECAY):
    """Kingma 2015, algorithm 1 with the order of computation of its section 2."""
    g = g + decay * weight
    kept["m"] = BETAS[0] * kept.get("m", 0) + (1 - BETAS[0]) * g
    kept["v"] = BETAS[1] * kept.get("v", 0) + (1 - BETAS[1]) * g**2
    rate = rate * np.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)
    return weight - rate * kept["m"] / (np.sqrt(kept["v"]) + EPSILON)


def by_adamw(weight, g, kept, rate, count):
    """Loshchilov 2019, algorithm 2: the decay beside the step, by the rate of the group."""
    return by_adam(weight, g, kept, rate, count, decay=0) - rate * DECAY * weight


@pytest.mark.parametrize(("name", "rule"), [("sgd", by_sgd), ("adam", by_adam), ("adamw", by_adamw)])
def test_three_steps_are_those_of_the_formula(name, rule):
    """Weight decay of every weight, the bias too, and ten times the rate of what follows the last map."""
    own = linear()
    fit = fits.made(own, optimizer=name, weight_decay=DECAY, head_rate_factor=FACTOR)
    values = [weight.astype(np.float64) for weight in own.model.get_weights()]
    values[0] = values[0][0, 0]
    kept = [{}, {}, {}]
    for count in (1, 2, 3):
        found = fits.labelled(4 if count < 3 else 3, first=4 * count)
        means = fits.images(found.images).mean(axis=(1, 2)) / 255
        moved = zip(values, gradients(means, found.wanted, *values), kept, (1, FACTOR, FACTOR), strict=True)
        fit.step(fits.images(found.images), found.wanted, [0, 0], RATE)
        values = [rule(w, g, state, RATE * factor, count) for w, g, state, factor in moved]
    for trained, wanted in zip(own.model.get_weights(), values, strict=True):
        np.testing.assert_allclose(trained.reshape(wanted.shape), wanted, rtol=2e-5, atol=2e-6)


def test_a_smaller_last_batch_is_no_new_trace():
    own = linear()
    fit = fits.made(own)
    for count in (4, 3, 1):
        found = fits.labelled(count)
        fit.step(fits.images(found.images), found.wanted, [0, 0], RATE)
    assert fit.step.experimental_get_tracing_count() == 1


def test_a_weight_that_is_freed_later_takes_adams_first_step():
    """At its own first step Adam moves by the rate, whatever the gradient; the steps of others are not its own."""
    own, found = linear(), fits.labelled(4)
    given = {"optimizer": "adam", "weight_decay": 0.0, "frozen": {"epochs": 1}, "head_rate_factor": 0.0}
    fit = fits.made(own, **given)
    mix = own.model.get_layer("mix").get_weights()[0]
    for _ in range(5):
        fit.step(fits.images(found.images), found.wanted, [0, 0], RATE)
    assert np.array_equal(own.model.get_layer("mix").get_weights()[0], mix)
    fit.begin(1)
    fit.step(fits.images(found.images), found.wanted, [0, 0], RATE)
    np.testing.assert_allclose(abs(own.model.get_layer("mix").get_weights()[0] - mix), RATE, rtol=1e-3)


def schedules():
    """Ours, and Keras' of 40 steps in 10 epochs."""
    keras_own = keras.optimizers.schedules
    return {
        "cosine": (cosine(), keras_own.CosineDecay(1.0, 40)),
        "cosine to an end": (cosine(end=0.2), keras_own.CosineDecay(1.0, 40, alpha=0.2)),
        "warm": (cosine(warmup=2.5), keras_own.CosineDecay(0.0, 30, warmup_target=1.0, warmup_steps=10)),
        "polynomial": (polynomial(), keras_own.PolynomialDecay(1.0, 40, 0.0, 0.9)),
        "to an end": (polynomial(power=2, end=0.1), keras_own.PolynomialDecay(1.0, 40, 0.1, 2)),
        "step": (step(every=3), keras_own.ExponentialDecay(1.0, 12, 0.1, staircase=True)),
    }


@pytest.mark.parametrize("name", schedules())
def test_a_schedule_is_that_of_keras(name):
    ours, theirs = schedules()[name]
    found = [[ours(count / 4, 10), float(theirs(count))] for count in range(40)]
    np.testing.assert_allclose(*np.transpose(found), atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_warms_up_in_a_line_and_then_begins(name):
    warm, own = SCHEDULES[name](warmup=2), SCHEDULES[name]()
    assert [warm(gone, 12) for gone in (0, 0.5, 1, 1.5)] == [0, 0.25, 0.5, 0.75]
    assert [warm(gone + 2, 12) for gone in range(10)] == [own(gone, 10) for gone in range(10)]
