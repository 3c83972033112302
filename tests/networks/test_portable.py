"""The root of batch normalisation is rounded exactly, and the networks that are trained take it and no estimate."""

import numpy as np
import pytest

from models import keras
from wsol.networks import portable

tf = pytest.importorskip("tensorflow")


@pytest.fixture
def replaced(monkeypatch):
    """TensorFlow with what is replaced, until the test ends."""
    monkeypatch.setattr(tf.math, "rsqrt", tf.math.rsqrt)
    monkeypatch.setattr(tf.nn, "batch_normalization", tf.nn.batch_normalization)
    portable.portable()


def test_the_root_is_the_nearest_float():
    x = np.random.default_rng(0).lognormal(0, 8, 20_000).astype(np.float32)
    assert np.array_equal(portable.rsqrt(x).numpy(), (1 / np.sqrt(x.astype(np.longdouble))).astype(np.float32))


@pytest.mark.parametrize("offset, scale", [(True, True), (False, True), (True, False), (False, False)])
def test_normalisation_is_its_formula(offset, scale):
    random = np.random.default_rng(0)
    x, (mean, beta, gamma), variance = random.normal(size=(2, 3, 3, 5)), random.normal(size=(3, 5)), random.random(5)
    expected = (x - mean) / np.sqrt(variance + 0.001) * (gamma if scale else 1) + (beta if offset else 0)
    given = [np.float32(value) for value in (x, mean, variance)]
    optional = [np.float32(value) if there else None for value, there in ((beta, offset), (gamma, scale))]
    found = portable.batch_normalization(*given, *optional, 0.001)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def operations(model) -> set[tuple[str, str]]:
    """(kind, type) of every operation of a step of training, gradients included."""

    @tf.function
    def step(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images, training=True))
        return tape.gradient(loss, model.trainable_variables)

    graph = step.get_concrete_function(tf.TensorSpec((2, 32, 32, 3))).graph
    return {(op.type, op.outputs[0].dtype.name) for op in graph.get_operations() if op.outputs}


def small():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.LayerNormalization()]
    return keras.Sequential([keras.Input((32, 32, 3)), *layers])


def test_no_network_is_trained_on_an_estimate(replaced):
    estimates = {"Rsqrt", "RsqrtGrad", "Reciprocal", "FusedBatchNormV3"}
    assert not {kind for kind, _ in operations(small())} & estimates


def test_without_it_there_would_be_one():
    assert ("Rsqrt", "float32") in operations(small())
