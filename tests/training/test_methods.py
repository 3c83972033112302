"""The laws that every training method obeys, read off METHODS: a new one gets them without a line here."""

from typing import get_args

import numpy as np
import pytest

from branched import complementary
from models import keras, layers
from wsol.settings import Doc, checked, parameters
from wsol.training import objective
from wsol.training.methods import METHODS
from wsol.training.methods.method import Shown

tf = pytest.importorskip("tensorflow")
SIDE, CLASSES = 32, 4
# What a graph draws by a state that a training that goes on after a kill would not have.
STATEFUL = ("Random", "TruncatedNormal", "Parameterized", "Multinomial", "Rng")


def small() -> "keras.Model":
    """A network with the names of ResNet50's stages, by which methods find their places, and a norm in it."""
    x = start = layers.Input((SIDE, SIDE, 3))
    for name, strides in (("conv4_block1_out", 4), ("conv4_block6_out", 2), ("conv5_block1_out", 1)):
        x = layers.Conv2D(6, 3, strides=strides, padding="same", activation="relu", name=name)(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Activation("relu", name="conv5_block3_out")(x)
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(start, layers.Dense(CLASSES, name="predictions")(x), name="small")


# A network for each head that a method needs.
HEADS = {"": small, "acol": lambda: complementary(CLASSES)}


def batch(count: int) -> Shown:
    random = np.random.default_rng(count)
    pixels = random.integers(0, 256, (count, SIDE, SIDE, 3))
    wanted = np.eye(CLASSES, dtype=np.float32)[np.arange(count) % CLASSES]
    return Shown(tf.constant(pixels, tf.float32), tf.constant(wanted))


class Taken:
    """A method at work as in a training: one traced step, which a seed makes what it is."""

    def __init__(self, name: str):
        self.method = METHODS[name](**checked(f"method {name}", METHODS[name], {}))
        keras.utils.set_random_seed(2)
        model = HEADS[self.method.head]()
        self.model = keras.Model(model.inputs, model.outputs[0])
        self.names = tuple(layer.name for layer in self.model._flatten_layers())
        self.network = self.method.network(self.model, self.names)
        of_batch = (tf.TensorSpec((None, SIDE, SIDE, 3)), tf.TensorSpec((None, CLASSES)), tf.TensorSpec((2,), tf.int32))
        self.traced = tf.function(self._step, autograph=False, input_signature=of_batch)

    def _step(self, images, wanted, seed):
        shown = self.method.shown(Shown(images, wanted), seed)
        outputs = self.outputs(shown.images, training=True)
        plain = self.method.loss(outputs, shown.wanted, objective.PlainLoss("softmax"))
        return shown.images, shown.wanted, plain, outputs[0]

    def outputs(self, images, training: bool) -> list:
        found = self.network((images - 127.5) / 127.5, training=training)
        return list(found) if isinstance(found, list | tuple) else [found]

    def step(self, given: Shown, *seed: int) -> list[np.ndarray]:
        return [each.numpy() for each in self.traced(*given, tf.constant(seed))]


@pytest.fixture(scope="module", params=METHODS)
def taken(request) -> Taken:
    return Taken(request.param)


def alike(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_seed_alone_says_what_is_drawn(taken):
    """The same bytes in any order of the steps, and in a method that is made anew, as after a kill."""
    given = batch(4)
    seeds = [(number, 2**31 - 1 - number) for number in range(6)]
    first = [taken.step(given, *seed) for seed in seeds]
    again = [taken.step(given, *seed) for seed in reversed(seeds)][::-1]
    anew = Taken(next(name for name, made in METHODS.items() if made is type(taken.method)))
    assert all(map(alike, first, again))
    assert alike(first[3][:2], anew.step(given, *seeds[3])[:2])
    np.testing.assert_allclose(first[3][2], anew.step(given, *seeds[3])[2], rtol=1e-4)


def test_another_seed_draws_otherwise_or_nothing_is_drawn(taken):
    given = batch(4)
    steps = [taken.step(given, number, 7) for number in range(12)]
    different = {tuple(array.tobytes() for array in step) for step in steps}
    graph = taken.traced.get_concrete_function().graph
    drawn = any("Stateless" in kind for kind in kinds(graph))
    assert len(different) > 1 if drawn else len(different) == 1


def kinds(graph) -> set[str]:
    """The operations of a graph and of the functions in it."""
    inner = [node.op for function in graph.as_graph_def().library.function for node in function.node_def]
    return {operation.type for operation in graph.get_operations()} | set(inner)


def test_nothing_is_drawn_by_a_state_of_its_own(taken):
    graph = taken.traced.get_concrete_function().graph
    assert [kind for kind in kinds(graph) if kind.startswith(STATEFUL)] == []


@pytest.mark.parametrize("count", [4, 3, 1])
def test_a_batch_of_any_size_stays_a_batch(taken, count):
    """Shapes, types and colours; each image's labels as many as before; a loss of each that is a number."""
    given = batch(count)
    for number in range(4):
        images, wanted, losses, logits = taken.step(given, number, 3)
        assert images.shape == given.images.shape and images.dtype == np.float32
        assert images.min() >= -1e-3 and images.max() <= 255 + 1e-3
        assert wanted.shape == given.wanted.shape and wanted.dtype == np.float32 and (wanted >= 0).all()
        np.testing.assert_allclose(wanted.sum(axis=1), given.wanted.numpy().sum(axis=1), rtol=1e-5)
        assert losses.shape == (count,) and np.isfinite(losses).all() and logits.shape == (count, CLASSES)


def test_a_network_that_is_not_trained_is_the_plain_one(taken):
    """The first output, by bytes, whatever was shown before; and the weights are the model's own."""
    given = batch(3)
    taken.step(given, 5, 5)
    plain = taken.model((given.images - 127.5) / 127.5, training=False)
    np.testing.assert_array_equal(taken.outputs(given.images, training=False)[0], plain)
    weights = {id(weight) for weight in taken.network.weights}
    assert {id(weight) for weight in taken.model.weights} <= weights


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_is_said_and_its_default_is_one_that_may_be_given(name):
    method = METHODS[name]
    settings = checked("method", method, {})
    assert checked("method", method, settings) == settings
    for key, parameter in parameters(method).items():
        assert any(isinstance(mark, Doc) for mark in get_args(parameter.annotation)), key
