"""Layers that are made of layers, as people write them: opened, they give what they gave closed, and have names."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, seeded
from transformers import block
from wsol.networks.models.kerasmodel import KerasGraph

ops = keras.ops


class Shared(layers.Layer):
    """A dense layer twice, between them functions; what it does with the batch's size is its own."""

    def __init__(self, **own):
        super().__init__(**own)
        self.each = layers.Dense(8, "relu", name="each")
        self.dropped = layers.Dropout(0.5)

    def call(self, x, training=False):
        rows = ops.shape(x)[0]
        x = self.dropped(self.each(x), training=training)
        x = ops.reshape(x, (rows, -1, 8))
        return self.each(x) + 1.0


class Encoder(layers.Layer):
    """Blocks in a list, each with a token of its own weights; the output is an inner layer's."""

    def __init__(self, **own):
        super().__init__(**own)
        self.blocks = [Shared(name=f"block_{number}") for number in range(2)]
        self.norm = layers.LayerNormalization(name="norm")

    def build(self, shape):
        self.shift = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="shift")

    def call(self, x):
        for each in self.blocks:
            x = each(x + self.shift)
        return self.norm(x)


class Several(Encoder):
    """Gives back more than one thing, of which one does not depend on what comes in."""

    def call(self, x):
        first = self.blocks[0](x + self.shift)
        return self.norm(first), {"first": first, "empty": ops.zeros((0, 3))}


class Foreign(layers.Layer):
    """Goes through Python, which no trace can."""

    def __init__(self, **own):
        super().__init__(**own)
        self.each = layers.Dense(8)

    def build(self, shape):
        self.each.build(shape)

    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)

    def call(self, x):
        return self.each(x) * float(np.asarray(x).mean() > 0)


def around(layer):
    def make():
        start = layers.Input((SIDE, SIDE, 3))
        x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4, name="patch")(start))
        x = layer(x)
        x = x[0] if isinstance(x, tuple) else x
        return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))

    return seeded(make)


MADE = {
    "a block": lambda: Shared(name="outer"),
    "blocks in a block": lambda: Encoder(name="outer"),
    "several outputs": lambda: Several(name="outer"),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("rows", [1, 3])
def test_an_opened_layer_gives_what_it_gave(name, rows):
    import tensorflow as tf

    model = around(MADE[name]())
    graph = KerasGraph(model)
    images = np.random.default_rng(0).normal(size=(rows, SIDE, SIDE, 3)).astype(np.float32)
    (output,) = graph.outputs.values()
    found = graph.run({graph.inputs[0]: tf.constant(images)}, [output])[output]
    np.testing.assert_allclose(found, model(images, training=False), rtol=0, atol=1e-6)
    assert graph.opened


def test_steps_are_named_by_the_layers_they_are_in():
    graph = KerasGraph(around(Encoder(name="outer")))
    names = [step.name for step in graph.steps]
    inner = [f"outer/block_{number}/each" for number in (0, 0, 1, 1)]
    assert [name for name in names if name.endswith("each")] == inner
    # A layer that ends in a function has its name; of one that ends in a layer, both have one.
    assert {"outer/block_0", "outer/block_1", "outer/norm", "outer"} < set(names)


def test_weights_that_change_later_are_read_then():
    """A graph is made before a training, and reads what it learned."""
    import tensorflow as tf

    layer = Encoder(name="outer")
    model = around(layer)
    graph = KerasGraph(model)
    layer.shift.assign(layer.shift + 1.0)
    images = np.random.default_rng(0).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)
    (output,) = graph.outputs.values()
    found = graph.run({graph.inputs[0]: tf.constant(images)}, [output])[output]
    np.testing.assert_allclose(found, model(images, training=False), rtol=0, atol=1e-6)


def test_the_model_is_as_it_was():
    layer = Encoder(name="outer")
    model = around(layer)
    before = [dict(inner.__dict__) for inner in layer._flatten_layers()]
    KerasGraph(model)
    assert [dict(inner.__dict__) for inner in layer._flatten_layers()] == before


def test_a_layer_that_cannot_be_opened_stays_one_step():
    graph = KerasGraph(around(Foreign(name="outer")))
    assert [step.kind for step in graph.steps if "outer" in step.name] == ["Foreign"] and not graph.opened


def test_layers_of_keras_stay_closed():
    def head(x):
        return block(x)

    kinds = [step.kind for step in KerasGraph(around(head)).steps]
    assert kinds.count("MultiHeadAttention") == 1 and "Softmax" not in kinds


def test_an_opened_layer_can_be_explained_inside_and_as_a_whole():
    model = around(Encoder(name="outer"))
    for name in ("outer/block_0", "block_1", "outer/norm", "outer"):
        assert backbone(model, layer=name).layers[0].shape == (None, 4, 4, 8)
