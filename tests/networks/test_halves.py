"""Files of half precision against the same network in float32: the same numbers, none of them flushed to 0."""

import numpy as np
import pytest

import fits
from models import SIDE, base, keras, layers, picture, seeded
from savedmodels import NAMES, OUTPUTS, build, explained, told

KINDS = ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"]
# What half precision leaves of a number: 11 and 8 bits.
ROUNDING = {"float16": 2**-11, "bfloat16": 2**-8}


def made(kind: str, small: float = 1.0):
    """Convolutions and a head that weighs every place, all of one precision; `small` scales the head's weights."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(kind)
    try:
        inner = base()
        x = layers.Dense(3, name="head")(layers.Flatten()(inner.output))
        model = keras.Model(inner.input, layers.Activation("linear", dtype="float32")(x))
    finally:
        keras.config.set_dtype_policy(policy)
    head = model.get_layer("head")
    head.kernel.assign(head.kernel * small)
    return model


@pytest.fixture(params=KINDS)
def pair(request, tmp_path):
    """A file of half precision and one of the same weights in float32, which holds all of them."""
    half = seeded(lambda: made(request.param))
    whole = made("float32")
    whole.set_weights([np.asarray(weight, np.float32) for weight in half.get_weights()])
    half.save(tmp_path / "half.keras")
    whole.save(tmp_path / "whole.keras")
    return tmp_path, half, whole


def test_numbers_are_those_of_the_same_network_in_float32(pair):
    folder, _, _ = pair
    ours, theirs = (explained(folder / f"{name}.keras", layer="middle") for name in ("half", "whole"))
    assert ours[0]["logits"].dtype == np.float32
    np.testing.assert_array_equal(ours[0]["logits"], theirs[0]["logits"])
    for name in ("activations", "gradients"):
        assert ours[1][name].dtype == np.float32
        np.testing.assert_array_equal(ours[1][name], theirs[1][name])


def test_plain_keras_in_half_precision_says_the_same_but_for_its_rounding(pair):
    folder, half, _ = pair
    kind = half.get_layer("middle").compute_dtype
    predictions, found, network = explained(folder / "half.keras", layer="middle")
    activations, gradients, outputs = told(half, "middle")
    for ours, theirs in (
        (found["activations"], activations[:3]),
        (found["gradients"], gradients),
        (predictions["logits"], outputs[:3]),
    ):
        np.testing.assert_allclose(ours, theirs, atol=32 * ROUNDING[kind] * np.abs(theirs).max())
        assert np.abs(ours - theirs).max() > 0, "it does compute in half precision"
    assert network.graph.notes == [f"computed in float32: what the file computes in {kind}"]


def test_a_gradient_too_small_for_float16_is_there(tmp_path):
    """Keras' own tape has nothing but zeros of it."""
    half = seeded(lambda: made("mixed_float16", small=1e-9))
    half.save(tmp_path / "half.keras")
    activations, gradients, _ = told(half, "middle")
    assert np.abs(activations).max() > 0 and np.abs(gradients).max() == 0
    whole = made("float32")
    whole.set_weights(half.get_weights())
    wanted = told(whole, "middle")[1]
    found = explained(tmp_path / "half.keras", layer="middle")[1]["gradients"]
    assert 0 < np.abs(wanted).max() < 6e-8
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_the_bytes_are_the_same_twice_and_the_file_s_weights_stay(pair):
    folder, half, _ = pair
    one, other = (explained(folder / "half.keras", layer="middle") for _ in range(2))
    assert one[0]["logits"].tobytes() == other[0]["logits"].tobytes()
    assert one[1]["gradients"].tobytes() == other[1]["gradients"].tobytes()
    for weight, own in zip(one[2].model.get_weights(), half.get_weights(), strict=True):
        assert weight.dtype == own.dtype
        np.testing.assert_array_equal(np.asarray(weight, np.float32), np.asarray(own, np.float32))


def test_functions_that_cast_and_a_softmax_in_half_precision(tmp_path):
    """As a mixed model ends that forgot to say float32 of its last layer."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="late", dtype="mixed_float16")(start)
    x = layers.GlobalAveragePooling2D(dtype="mixed_float16")(keras.ops.cast(x, "float16"))
    model = keras.Model(start, layers.Dense(3, activation="softmax", name="head", dtype="mixed_float16")(x))
    model.save(tmp_path / "half.keras")
    predictions, found, network = explained(tmp_path / "half.keras")
    assert network.activation == "softmax" and network.layer == ["late"]
    p = np.exp(predictions["logits"])
    images = np.stack([picture(name) for name in NAMES[:3]]).astype(np.float32) / 255
    np.testing.assert_allclose(p / p.sum(axis=1, keepdims=True), model(images), atol=2e-3)
    kernel = model.get_layer("head").kernel.numpy()
    areas = np.prod(found["activations"].shape[1:3])
    for row, (index,) in enumerate(OUTPUTS):
        np.testing.assert_allclose(found["gradients"][row, 0, 0], kernel[:, index] / areas, rtol=1e-6)


def test_channels_first_in_half_precision(tmp_path):
    """Which TensorFlow's convolution for processors refuses; the truth is the same in float32."""

    def make(dtype):
        start = layers.Input((3, SIDE, SIDE))
        x = layers.Conv2D(4, 3, activation="relu", name="late", data_format="channels_first", dtype=dtype)(start)
        x = layers.GlobalMaxPooling2D(data_format="channels_first", dtype=dtype)(x)
        return keras.Model(start, layers.Dense(3, dtype=dtype)(x))

    half, whole = seeded(lambda: make("float16")), make("float32")
    half.save(tmp_path / "half.keras")
    whole.set_weights(half.get_weights())
    predictions, found, _ = explained(tmp_path / "half.keras")
    activations, gradients, outputs = told(whole, "late", image_last=False)
    np.testing.assert_allclose(found["activations"], activations.transpose(0, 2, 3, 1)[:3], atol=1e-5)
    np.testing.assert_allclose(found["gradients"], gradients.transpose(0, 2, 3, 1), atol=1e-5)
    np.testing.assert_allclose(predictions["logits"], outputs[:3], atol=1e-5)


def test_a_savedmodel_of_half_precision_gives_float32(tmp_path):
    half = seeded(lambda: made("mixed_float16"))
    half.export(tmp_path / "half", verbose=False)
    predictions, found, _ = explained(tmp_path / "half", safe=False, input=SIDE, layer="middle_1")
    activations, gradients, outputs = told(half, "middle")
    for ours, theirs in ((found["activations"], activations[:3]), (found["gradients"], gradients)):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, atol=0.02 * np.abs(theirs).max())
    np.testing.assert_allclose(predictions["logits"], outputs[:3], atol=0.01)


def test_it_is_trained_and_keeps_the_precision_of_its_file(pair):
    folder, half, _ = pair
    network = build(folder / "half.keras", activation="softmax")
    assert len(fits.fitted_to(network, np.stack([picture(name) for name in NAMES]), epochs=1)) == 1
    assert network.model.get_layer("middle").compute_dtype == half.get_layer("middle").compute_dtype
