"""ADL against loops over places of the same coins; where it stands; that it is nothing but in training."""

import numpy as np
import pytest

from models import MODELS, SIDE, keras, layers, plain, seeded
from wsol.errors import ConfigError
from wsol.training.methods.adl import Adl, published
from wsol.training.methods.method import Shown

tf = pytest.importorskip("tensorflow")
NAMES = ["conv4_block1_out", "conv5_block1_out", "conv5_block3_out"]


def small() -> "keras.Model":
    """Three convolutions under the names that ADL is published behind; nothing that differs in training."""
    keras.utils.set_random_seed(1)
    x = start = layers.Input((SIDE, SIDE, 3))
    for name, strides in zip(NAMES, (2, 1, 2), strict=True):
        x = layers.Conv2D(5, 3, strides=strides, padding="same", activation="relu", name=name)(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(start, layers.Dense(3, name="head")(x), name="small")


def images(count: int = 3) -> np.ndarray:
    return np.random.default_rng(count).normal(0, 1, (count, SIDE, SIDE, 3)).astype(np.float32)


def names(model: "keras.Model") -> tuple[str, ...]:
    return tuple(layer.name for layer in model._flatten_layers())


def trained(method: Adl, network: "keras.Model", seed: tuple[int, int], given: np.ndarray) -> np.ndarray:
    method.shown(Shown(tf.constant(given), tf.zeros((len(given), 3))), tf.constant(seed))
    return network(given, training=True).numpy()


def coin(seed: tuple[int, int], place: int) -> float:
    """What the layer of that place draws, by the same calls; the published code drops where 1 comes of it."""
    drawn = tf.random.stateless_uniform([], tf.random.fold_in(tf.constant(seed), place))
    return float(drawn)


def by_hand(values: np.ndarray, drops: bool, threshold: float) -> np.ndarray:
    """Place by place: nothing where the channels' mean reaches the share of its highest; or weighted by its sigmoid."""
    found = values.copy()
    for image in range(len(values)):
        attention = [[place.mean() for place in row] for row in values[image]]
        highest = max(max(row) for row in attention)
        for y, row in enumerate(attention):
            for x, each in enumerate(row):
                weight = float(each < threshold * highest) if drops else 1 / (1 + np.exp(-each))
                found[image, y, x] *= weight
    return found


@pytest.mark.parametrize(("drop_rate", "threshold"), [(0.75, 0.9), (0.5, 0.4), (0.5, 1.0)])
def test_a_step_is_that_of_a_loop_over_places(drop_rate, threshold):
    model, given, fallen = small(), images(), set()
    method = Adl(drop_rate=drop_rate, threshold=threshold)
    network = method.network(model, names(model))
    for seed in [(number, 4) for number in range(12)]:
        values = given
        for place, name in enumerate(NAMES):
            drops = coin(seed, place) < drop_rate
            values = by_hand(model.get_layer(name)(values).numpy(), drops, threshold)
            fallen.add((place, drops))
        expected = model.get_layer("head")(values.mean(axis=(1, 2))).numpy()
        np.testing.assert_allclose(trained(method, network, seed, given), expected, rtol=1e-4, atol=1e-6)
    assert len(fallen) == 6  # each of the three layers has dropped and weighted


def test_of_several_images_each_is_as_alone():
    """The coin is the batch's, the highest attention each image's own."""
    model, given = small(), images()
    method = Adl()
    network = method.network(model, names(model))
    whole = trained(method, network, (1, 1), given)
    alone = np.concatenate([trained(method, network, (1, 1), given[place : place + 1]) for place in range(3)])
    np.testing.assert_allclose(whole, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("drop_rate", [0.3, 0.75])
def test_coins_fall_as_often_as_said_and_not_together(drop_rate):
    method, count = Adl(drop_rate=drop_rate), 600
    values = tf.constant(np.random.default_rng(0).uniform(1, 2, (1, 2, 2, 3)), tf.float32)

    def dropped(seed):
        method.shown(Shown(values, values), seed)
        return [tf.reduce_min(method.selected(values, place)) == 0 for place in range(2)]

    step = tf.function(dropped, autograph=False)
    fell = np.array([step(tf.constant([seed, 9])) for seed in range(count)], float)
    sigma = np.sqrt(drop_rate * (1 - drop_rate) / count)
    assert np.all(np.abs(fell.mean(axis=0) - drop_rate) < 4 * sigma)
    both = drop_rate**2
    assert abs(fell.prod(axis=1).mean() - both) < 4 * np.sqrt(both * (1 - both) / count)


def test_gradients_go_through_the_attention():
    """d/dv of v sigmoid(v), of one channel: s + v s (1 - s)."""
    method, seed = Adl(drop_rate=0.01), (2, 2)
    assert coin(seed, 0) > 0.01
    values = tf.constant(np.random.default_rng(0).normal(0, 1, (2, 3, 3, 1)), tf.float32)
    method.shown(Shown(values, values), tf.constant(seed))
    with tf.GradientTape() as tape:
        tape.watch(values)
        out = values * method.selected(values, 0)
    v = values.numpy()
    s = 1 / (1 + np.exp(-v))
    np.testing.assert_allclose(tape.gradient(out, values), s + v * s * (1 - s), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_it_is_nothing_where_nothing_is_trained(kind):
    """The same bytes, the very weights, and the model itself as it was; behind layers of models in models too."""
    model, given = seeded(MODELS[kind]), images()
    before = model(given, training=False).numpy()
    method = Adl(layers=["early", "late"])
    network = method.network(model, names(model))
    method.shown(Shown(tf.constant(given), tf.zeros((3, 3))), tf.constant([1, 2]))
    np.testing.assert_array_equal(network(given, training=False), before)
    np.testing.assert_array_equal(model(given, training=False), before)
    assert {id(weight) for weight in network.weights} == {id(weight) for weight in model.weights}
    assert len(network.trainable_weights) == len(model.trainable_weights)
    assert not np.array_equal(trained(method, network, (1, 2), given), model(given, training=True))


def test_in_a_model_of_a_model_it_does_what_it_does_in_one():
    """The same weights, nested twice and called with `training=False`, and flat."""
    flat, nested, given = seeded(plain), seeded(MODELS["nested_twice"]), images()
    nested.set_weights(flat.get_weights())
    found = []
    for model in (flat, nested):
        method = Adl(layers=["early", "sum", "late"])
        found.append(trained(method, method.network(model, names(model)), (5, 6), given))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-6)


def edges(model: "keras.Model") -> set[tuple[str, str]]:
    """Which layer feeds which."""
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    return {
        ("input" if parent.is_input else parent.operation.name, node.operation.name)
        for node in nodes
        for parent in node.parent_nodes
    }


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("ResNet50", ["conv4_block1_out", "conv5_block1_out", "conv5_block3_out"]),
        ("VGG16", ["block3_pool", "block4_conv3", "block5_conv3"]),
    ],
)
def test_it_stands_where_it_is_published(name, places):
    """All that a layer fed is fed by the layer behind it, and nothing else is otherwise."""
    build = getattr(keras.applications, name)
    model = build(weights=None, input_shape=(32, 32, 3), classes=2, include_top=name != "VGG16", pooling="avg")
    network = Adl().network(model, names(model))
    expected = {(f"{parent}_adl" if parent in places else parent, child) for parent, child in edges(model)}
    assert edges(network) == expected | {(place, f"{place}_adl") for place in places}
    assert [layer.name for layer in network.layers if layer.name.endswith("_adl")] == [f"{p}_adl" for p in places]


@pytest.mark.parametrize("kin", ["conv4_block7_out", "post_bn", "block5_conv4"])
def test_of_a_relative_with_the_same_names_nothing_is_published(kin):
    """ResNet101, ResNet50V2 and VGG19."""
    both = (*NAMES, "block3_pool", "block4_conv3", "block5_conv3")
    own = both[3:] if kin.startswith("block") else both[:3]
    assert published(own) == own
    with pytest.raises(
        ConfigError, match=r"^weights\.train\.method adl\.layers: is required of this network; published are those of"
    ):
        published((*own, kin))


class Opaque(keras.layers.Layer):
    """A layer whose call nobody has drawn as a graph."""

    def __init__(self):
        super().__init__()
        self.deep = layers.Conv2D(3, 1, name="deep")

    def call(self, inputs):
        return self.deep(inputs)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["lat"], r"no layer 'lat'\. Did you mean 'late'\?"),
        (["xyz"], r"no layer 'xyz'\. Its last layers are .*late, pool, head\."),
        (["late", "head"], r"'head' gives no map \[n h w k\]\."),
        (["deep"], r"nothing can follow 'deep': it is an input, or inside a layer that is no graph of layers\."),
        (["image"], r"nothing can follow 'image'"),
    ],
)
def test_what_it_cannot_stand_behind_is_said(given, complaint):
    start = layers.Input((SIDE, SIDE, 3), name="image")
    x = layers.ReLU(name="late")(Opaque()(start))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(start, layers.Dense(2, name="head")(x))
    with pytest.raises(ConfigError, match=rf"^weights\.train\.method adl\.layers: {complaint}"):
        Adl(layers=given).network(model, names(model))


def test_layers_are_some_and_each_once():
    with pytest.raises(ConfigError, match=r"^adl\.layers: is empty; name a layer, or leave it out\."):
        Adl(layers=[])
    with pytest.raises(ConfigError, match=r"^adl\.layers: 'a' is given twice\."):
        Adl(layers=["a", "b", "a"])
