"""Convolutions that take the normalisation behind them along, against the Keras model as it is."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, seeded
from wsol.networks.folding import Folded, folded


def normalised(x, name: str):
    return layers.BatchNormalization(name=name, epsilon=0.01)(x)


def mixed() -> "keras.Model":
    """Every kind of convolution, padded by itself and by a layer before it."""
    x = start = layers.Input((SIDE, SIDE, 3))
    x = layers.ReLU(6.0)(normalised(layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x), "strided"))
    x = normalised(layers.DepthwiseConv2D(3, strides=1, padding="same", depth_multiplier=2)(x), "deep")
    x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)
    x = normalised(layers.DepthwiseConv2D(3, strides=2, padding="valid")(x), "other_padding")
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = normalised(layers.Conv2D(6, 3, strides=2, padding="valid")(x), "as_same")
    x = normalised(layers.Conv2D(6, 3, dilation_rate=2, padding="same")(x), "dilated")
    x = normalised(layers.SeparableConv2D(10, 3, padding="same")(x), "separable")
    x = normalised(layers.Conv2D(4, 1, activation="relu")(x), "behind_an_activation")
    x = layers.Add(name="around")([x, normalised(shared := layers.Conv2D(4, 1)(x), "used_twice"), shared])
    return keras.Model(start, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(x)))


def folds(graph) -> dict[str, str]:
    """By the name of the normalisation the padding of each fold."""
    return {step.name: step.operation.padding for step in graph.steps if isinstance(step.operation, Folded)}


def seeded_network(layer: str = "around"):
    model = seeded(mixed)
    random = np.random.default_rng(1)
    for each in model.layers:
        if isinstance(each, layers.BatchNormalization):  # none of its four numbers is as it begins
            each.set_weights([random.uniform(0.3, 2, weight.shape) for weight in each.get_weights()])
    return backbone(model, layer=layer)


def test_what_can_be_folded_is_and_the_network_is_the_same():
    network = seeded_network()
    key, output = network.graph.inputs[0], network.output
    found = folded(network.graph, {output})
    assert folds(found) == {
        "strided": "SAME",
        "deep": "SAME",
        "other_padding": "VALID",
        "as_same": "SAME",
        "dilated": "SAME",
        "separable": "SAME",
    }
    x = np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)
    expected = network.graph.run({key: x}, [output])[output].numpy()
    np.testing.assert_allclose(found.run({key: x}, [output])[output].numpy(), expected, atol=1e-5 * abs(expected).max())
    assert (
        sum(step.kind == "ZeroPadding2D" for step in found.steps) == 1
    )  # which a convolution told `same` would not do
    assert len(found.steps) < len(network.graph.steps) and not folds(network.graph)


@pytest.mark.parametrize("name", ["conv2d", "depthwise_conv2d"])
def test_a_convolution_that_is_explained_is_not_folded_away(name):
    model = seeded(mixed)
    own = next(layer.name for layer in model.layers if layer.name.startswith(name))
    network = backbone(model, layer=own)
    kept = network.layers[0].outputs[0]
    found = folded(network.graph, {network.output, kept})
    assert len(folds(found)) == 5 and found.producer(kept).name == own
