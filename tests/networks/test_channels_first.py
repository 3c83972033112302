"""Models with channels first, inside or at the input, against plain Keras running them as they are."""

import numpy as np
import pytest

import fits
from models import SIDE, keras, layers, plain, seeded
from savedmodels import agree, build, explained
from wsol.networks.models import channels

FIRST = {"data_format": "channels_first"}


def block(x):
    """A convolution of every kind, poolings, a sum, a concatenation and a gate, all with channels first."""
    x = early = layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, name="early", **FIRST)(x)
    x = layers.Activation("relu", name="active")(layers.BatchNormalization(axis=1, name="norm")(x))
    x = layers.Concatenate(axis=1, name="both")([x, early])
    x = layers.SeparableConv2D(6, 3, padding="same", name="separable", **FIRST)(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True, **FIRST)(x)
    gate = layers.Conv2D(6, 1, activation="sigmoid", **FIRST)(gate)
    x = layers.Add(name="sum")([layers.Multiply()([x, gate]), early])
    x = layers.ZeroPadding2D(((1, 0), (0, 1)), name="padded", **FIRST)(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise", **FIRST)(x)
    x = layers.MaxPooling2D(2, padding="same", name="pooled", **FIRST)(x)
    return layers.ReLU(name="late")(layers.Conv2D(8, 3, padding="same", name="last", **FIRST)(x))


def inside():
    """Channels last at the input and at the end, first in between."""
    start = layers.Input((SIDE, SIDE, 3))
    x = block(layers.Permute((3, 1, 2), name="turned")(layers.Conv2D(4, 3, padding="same", name="plain")(start)))
    x = layers.Conv2D(5, 3, activation="relu", padding="same", name="final")(layers.Permute((2, 3, 1), name="back")(x))
    return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def at_input(side=SIDE):
    start = layers.Input((3, side, side))
    x = layers.GlobalAveragePooling2D(**FIRST)(block(start))
    return keras.Model(start, layers.Dense(3)(x))


def flattened():
    """What flattens the map of channels first counts places otherwise than one of channels last would."""
    start = layers.Input((3, SIDE, SIDE))
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="late", **FIRST)(start)
    return keras.Model(start, layers.Dense(3)(layers.Flatten()(x)))


def flattened_last():
    start = layers.Input((3, SIDE, SIDE))
    x = layers.Conv2D(4, 3, strides=2, activation="relu", name="late", **FIRST)(start)
    return keras.Model(start, layers.Dense(3)(layers.Flatten(**FIRST)(x)))


def functions():
    """Keras' functions, an array of the model's own among them, and a softmax over channels."""
    start = layers.Input((3, SIDE, SIDE))
    x = keras.ops.subtract(start, np.array([0.1, 0.2, 0.3], np.float32).reshape(1, 3, 1, 1))
    x = layers.Conv2D(4, 3, strides=2, name="early", **FIRST)(x)
    x = layers.Multiply(name="weighed")([layers.Softmax(axis=1, name="shares")(x), x]) * 3.0
    x = x + keras.ops.mean(x, axis=1, keepdims=True)
    return keras.Model(start, layers.Dense(3)(keras.ops.mean(keras.ops.relu(x), axis=(2, 3))))


def unknown_kind():
    """A layer that has weights of every place, so that it has to see the layout it was made for."""
    start = layers.Input((3, SIDE, SIDE))
    x = layers.Conv2D(4, 3, strides=2, name="early", **FIRST)(start)
    x = layers.PReLU(alpha_initializer="random_normal", name="late")(x)
    return keras.Model(start, layers.Dense(3)(layers.GlobalMaxPooling2D(**FIRST)(x)))


MADE = {
    "inside": (inside, ["plain", "early", "active", "both", "separable", "sum", "padded", "pooled", "back", "final"]),
    "at_input": (at_input, ["early", "norm", "both", "sum", "depthwise", "late"]),
    "flattened": (flattened, ["late"]),
    "flattened_last": (flattened_last, ["late"]),
    "functions": (functions, ["early", "shares", "weighed"]),
    "unknown_kind": (unknown_kind, ["early", "late"]),
}


@pytest.mark.parametrize(("name", "layer"), [(name, layer) for name, (_, known) in MADE.items() for layer in known])
def test_every_layer_is_what_plain_keras_says(name, layer, tmp_path):
    seeded(MADE[name][0]).save(tmp_path / "first.keras")
    network = agree(tmp_path / "first.keras", layer, image_last=name == "inside")
    assert network.size == (SIDE, SIDE) and network.layers[0].shape[0] is None
    convolutions = [step for step in network.graph.steps if "Conv2D" in step.kind or "Pooling" in step.kind]
    assert all(step.operation.data_format == "channels_last" for step in convolutions)


def test_auto_takes_the_last_map_and_the_model_keeps_its_layers(tmp_path):
    for name, (make, known) in MADE.items():
        model = seeded(make)
        model.save(tmp_path / f"{name}.keras")
        network = build(tmp_path / f"{name}.keras")
        if name != "functions":
            assert network.layer == known[-1:], name
        assert network.model.get_layer(known[0]).built
        for weight, own in zip(network.model.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, own)


@pytest.mark.parametrize("layer", ["early", "sum", "padded", "pooled", "late"])
def test_receptive_fields_are_those_of_the_same_with_channels_last(layer, monkeypatch, tmp_path):
    seeded(at_input).save(tmp_path / "first.keras")
    first = build(tmp_path / "first.keras", layer=layer).cell_to_input
    monkeypatch.setitem(FIRST, "data_format", "channels_last")
    start = layers.Input((SIDE, SIDE, 3))
    monkeypatch.setattr(layers, "BatchNormalization", lambda axis, name: keras.layers.Activation("linear", name=name))
    monkeypatch.setattr(layers, "Concatenate", lambda axis, name: keras.layers.Add(name=name))
    last = keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling2D()(block(start))))
    last.save(tmp_path / "last.keras")
    assert first == build(tmp_path / "last.keras", layer=layer).cell_to_input
    assert first[0].why == ""


def test_an_open_size_and_one_picture_at_a_time(tmp_path):
    seeded(lambda: at_input(None)).save(tmp_path / "open.keras")
    network = agree(tmp_path / "open.keras", "late", size=(24, 20), image_last=False, input=[24, 20])
    assert network.layers[0].shape == (None, 7, 6, 8)
    together, singles = (explained(tmp_path / "open.keras", input=[24, 20], batch=n)[1] for n in (4, 1))
    np.testing.assert_allclose(together["gradients"], singles["gradients"], atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "first"),
    [
        ((None, 3, 224, 224), True),
        ((None, 3, None, None), True),
        ((None, 1, 28, 28), True),
        ((None, 224, 224, 3), False),
        ((None, None, None, 3), False),
        ((None, 3, 3, 3), False),
        ((None, 3), False),
    ],
)
def test_an_image_with_its_channels_first_is_known_by_its_shape(shape, first):
    assert channels.is_first(shape) is first


def test_a_model_with_channels_last_is_left_alone(tmp_path):
    seeded(plain).save(tmp_path / "plain.keras")
    network = build(tmp_path / "plain.keras")
    own = {id(layer) for layer in network.model.layers}
    assert all(id(step.operation) in own for step in network.graph.steps if step.name != "head")


def test_it_trains_with_the_layers_of_its_own(tmp_path):
    seeded(at_input).save(tmp_path / "first.keras")
    network = build(tmp_path / "first.keras", activation="softmax")
    before = network.model.get_layer("norm").moving_mean.numpy()
    pixels = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3), np.uint8)
    history = fits.fitted_to(network, pixels, bn_momentum=0.5)
    assert len(history) == 2 and network.model.get_layer("norm").momentum == 0.5
    assert np.abs(network.model.get_layer("norm").moving_mean.numpy() - before).max() > 0.01
