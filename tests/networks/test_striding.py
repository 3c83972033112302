"""Larger maps of the same architecture: which layers lose their stride, and that nothing else changes."""

import numpy as np
import pytest

from models import keras
from wsol.errors import ConfigError
from wsol.networks import backbones
from wsol.networks.models import striding

# The families that can have maps of 1/8, with a head that can be told of any; the input, and how many pixels a cell of
# their own last map takes.
QUICK = {"MobileNet": 64, "VGG16": 64}
SLOW = {
    **{"DenseNet121": 64, "EfficientNetB0": 64, "EfficientNetV2B0": 64, "MobileNetV3Large": 64},
    **{
        "MobileNetV2": 64,
        "NASNetMobile": 64,
        "MobileNetV3Small": 64,
        "ResNet50": 64,
        "ResNet50V2": 64,
        "Xception": 128,
    },
}
FAMILIES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
CONV = {"method": "conv", "filters": [2]}


def built(name: str, stride: int | None, **settings):
    head = {"head": CONV} if name.startswith("VGG") else {}
    common = {"architecture": name, "weights": "random", "classes": 3, "input": (QUICK | SLOW).get(name, 64)}
    return backbones.build({**common, **head, "stride": stride, **settings})


def by_name(model) -> dict[str, np.ndarray]:
    return {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}


@pytest.mark.parametrize("name", FAMILIES)
def test_maps_have_the_size_that_is_wanted_and_weights_are_as_they_were(name):
    own = built(name, None)
    before, step = by_name(own.model), 16 if name == "VGG16" else 32
    for stride in (8, 16):
        found = built(name, stride)
        side = found.size[0] // stride
        assert found.layers[0].shape[1:3] == (side, side)
        after = by_name(found.model)
        assert after.keys() == before.keys()
        drawn = ("head_conv_1", "head_dense")  # behind the map, by whatever was drawn till then
        assert all(np.array_equal(after[path], before[path]) for path in after if not path.startswith(drawn))
    image = np.random.default_rng(0).uniform(-1, 1, (2, *own.size, 3)).astype(np.float32)
    same = built(name, step).model
    assert np.array_equal(same(image).numpy(), own.model(image).numpy())


def strides(model) -> dict[str, int]:
    """By name, the layers with a stride above 1."""
    return {layer.name: max(layer.strides) for layer in model.layers if max(np.ravel(getattr(layer, "strides", 1))) > 1}


def test_resnet50_by_hand():
    """As published: of 28x28 maps of 224 pixels stages 4 and 5 (PyTorch's layer3 and layer4) have no stride."""
    stem = {"conv1_conv", "pool1_pool", "conv3_block1_0_conv", "conv3_block1_1_conv"}
    fourth = {"conv4_block1_0_conv", "conv4_block1_1_conv"}
    last = {"conv5_block1_0_conv", "conv5_block1_1_conv"}
    model = keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=3)
    assert set(strides(model)) == stem | fourth | last
    one = {"strides": (1, 1)}  # and no dilation
    assert striding.changed(model, 8) == dict.fromkeys(fourth | last, one)
    assert striding.changed(model, 16) == dict.fromkeys(last, one)
    assert striding.changed(model, 32) == {}


def test_vgg16_by_hand():
    """As published: pool5 is gone with its head, and pool4 where maps are 28x28 of 224 pixels."""

    def poolings(stride):
        return [layer.name for layer in built("VGG16", stride).model.layers if "MaxPooling2D" in type(layer).__name__]

    assert poolings(8) == ["block1_pool", "block2_pool", "block3_pool"]
    assert poolings(16) == poolings(None) == ["block1_pool", "block2_pool", "block3_pool", "block4_pool"]
    assert built("VGG16", 8).layer == ["head_conv_1"]


def tapped(model, layer: str, image: np.ndarray) -> np.ndarray:
    return keras.Model(model.input, model.get_layer(layer).output)(image).numpy()


@pytest.mark.parametrize(
    ("name", "layer", "first"),
    [pytest.param("ResNet50", "conv5_block1_1_conv", 0, marks=pytest.mark.slow), ("MobileNet", "conv_dw_12", 1)],
)
def test_what_a_stride_left_out_is_between_what_it_kept(name, layer, first):
    """Every second place of the larger map is the smaller one: of a 3x3 window those whose middles were kept."""
    image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    small, large = (tapped(built(name, stride).model, layer, image) for stride in (32, 16))
    assert large.shape[1] == 2 * small.shape[1]
    np.testing.assert_allclose(large[:, first::2, first::2], small, rtol=1e-4, atol=1e-5)


def test_a_convolution_of_five_is_padded_alike_on_all_sides():
    padding = {"padding": [[2, 2], [2, 2]]}
    model = keras.applications.MobileNetV3Small(weights=None, input_shape=(64, 64, 3))
    found = striding.changed(model, 8)
    assert [change for name, change in found.items() if "pad" in name] == [padding] * 2
    assert striding.changed(model, 32) == {}


def test_a_plugins_own_builder_is_cut_too(monkeypatch):
    from wsol.networks.models.architectures import ARCHITECTURES, Architecture

    def build(size, classes):
        x = start = keras.layers.Input((*size, 3))
        for place in range(5):
            x = keras.layers.Conv2D(2, 3, strides=2, padding="same", name=f"c{place}")(x)
        return keras.Model(start, keras.layers.Dense(classes)(keras.layers.GlobalAveragePooling2D()(x)))

    monkeypatch.setitem(ARCHITECTURES, "Mine", Architecture(64, "none", build=build))
    assert strides(built("Mine", 8).model) == {"c0": 2, "c1": 2, "c2": 2}


# What cannot have the map, and what is said of it.
CANNOT = {
    "ConvNeXtTiny": (64, "its last map is 2x2 of an input of 64x64"),
    "InceptionV3": (96, "its last map is"),
    "InceptionResNetV2": (96, "its last map is"),
}


@pytest.mark.parametrize("name", [*(pytest.param(name, marks=pytest.mark.slow) for name in CANNOT)])
def test_an_architecture_that_cannot_have_it_is_named(name):
    side, said = CANNOT[name]
    with pytest.raises(ConfigError, match=rf"^stride: {name} cannot have a stride of 8: {said}") as error:
        built(name, 8, input=side)
    assert "\n" not in str(error.value)


def test_a_stride_beyond_the_network_is_named():
    with pytest.raises(
        ConfigError, match=r"^stride: VGG16 cannot have a stride of 32: its last map is 4x4 of an input"
    ):
        built("VGG16", 32)
    with pytest.raises(ConfigError, match=r"^stride: VGG16's dense layers are made for a map of 2x2; say head: conv"):
        built("VGG16", 8, head="own")
