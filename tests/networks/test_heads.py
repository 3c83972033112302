"""CAM and the heads it is defined behind."""

import pytest

from models import MODELS, backbone, keras, layers, plain, seeded
from wsol.networks import heads


def two_dense_layers() -> "keras.Model":
    """MobileNetV3's: a convolution and a nonlinearity between the pooling and the last convolution."""
    start = layers.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu", name="late")(start)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(5, 1, activation="relu", name="hidden")(x)
    x = layers.Flatten()(layers.Conv2D(3, 1, name="last")(layers.Dropout(0.2)(x)))
    return keras.Model(start, layers.Activation("softmax")(x))


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"flattened"}))
def test_a_pooling_and_one_dense_layer_in_whatever_form(name):
    network = backbone(seeded(MODELS[name]))
    assert heads.between(network.graph, network.output, network.layers) == []


@pytest.mark.parametrize("make, named", [(two_dense_layers, "hidden (Conv2D)"), (MODELS["flattened"], "pool (Max")])
def test_other_heads_are_named(make, named):
    network = backbone(make())
    found = heads.between(network.graph, network.output, network.layers)
    assert found and found[0].startswith(named)
    assert found[0] in heads.refusal("net", found)


def test_a_layer_that_other_layers_follow_has_no_cam():
    network = backbone(seeded(plain), layer=["late", "middle"])
    found = heads.between(network.graph, network.output, network.layers)
    assert any(name.startswith("conv ") for name in found)
