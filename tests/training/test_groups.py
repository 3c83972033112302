"""Which layers are fast, and which are frozen: the published groups, and small networks by hand."""

import numpy as np
import pytest

import fits
from models import MODELS, keras, seeded
from wsol.errors import ConfigError
from wsol.training import groups

USUAL = {"fast_from": None, "frozen": None, "head_rate_factor": 10.0}


def layers_of(model, factor, freed=0, headed=False, **given):
    """The names of the layers whose weights are trained at a rate, from an epoch on."""
    found = groups.parts(model, model, USUAL | given, headed).groups
    chosen = {id(w) for group in found if group[1:] == (factor, freed) for w in group.weights}
    assert sum(len(group.weights) for group in found) <= len(model.trainable_weights)
    return {each.name for each in model._flatten_layers() if {id(w) for w in each._trainable_variables} & chosen}


@pytest.fixture(scope="module")
def resnet50():
    return keras.applications.ResNet50(weights=None, input_shape=(32, 32, 3), classes=3, classifier_activation=None)


@pytest.fixture(scope="module")
def vgg16():
    return keras.applications.VGG16(weights=None, input_shape=(32, 32, 3), classes=3, classifier_activation=None)


def with_weights(model):
    return {layer.name for layer in model.layers if layer.trainable_weights}


def test_the_published_groups_of_resnet50(resnet50):
    """`layer4` and `fc`, the shortcut of layer4's first block among them."""
    fast = layers_of(resnet50, 10.0, fast_from="conv5_block1_1_conv")
    assert fast == {name for name in with_weights(resnet50) if name.startswith(("conv5_", "predictions"))}
    assert {"conv5_block1_0_conv", "conv5_block1_0_bn", "conv5_block3_3_bn"} <= fast
    assert layers_of(resnet50, 10.0, fast_from="conv5_block1_0_conv") == fast
    assert layers_of(resnet50, 1.0, fast_from="conv5_block1_1_conv") == with_weights(resnet50) - fast
    assert layers_of(resnet50, 10.0) == {"predictions"}


def test_the_published_groups_of_vgg16(vgg16):
    """All but `features`, which are the convolutions."""
    assert layers_of(vgg16, 10.0) == {"fc1", "fc2", "predictions"}
    assert layers_of(vgg16, 1.0) == {name for name in with_weights(vgg16) if name.startswith("block")}


def test_a_head_that_is_convolutions_is_fast():
    start = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="block5_conv3")(start)
    x = keras.layers.Conv2D(4, 3, name="head_conv")(x)
    model = keras.Model(start, keras.layers.Dense(2, name="last")(keras.layers.GlobalAveragePooling2D()(x)))
    assert layers_of(model, 10.0, headed=True) == {"head_conv", "last"}
    assert layers_of(model, 10.0) == {"last"}  # of a model that calls its own layer so


@pytest.mark.parametrize("name", MODELS)
def test_every_small_model_has_its_last_layer_for_a_head(name):
    model = seeded(MODELS[name])
    body = {"early", "middle", "conv", "norm"}
    assert layers_of(model, 1.0) >= body and not layers_of(model, 10.0) & body and layers_of(model, 10.0)


def test_what_a_method_adds_is_fast():
    model = seeded(MODELS["plain"])
    more = keras.layers.Conv2D(2, 1, name="more")(model.get_layer("late").output)
    found = groups.parts(keras.Model(model.input, [model.output, more]), model, USUAL).groups
    fast = next(group for group in found if group.factor == 10.0)
    assert [weight.path for weight in fast.weights] == ["head/kernel", "head/bias", "more/kernel", "more/bias"]


def test_frozen_layers_are_those_up_to_one_with_what_they_need():
    model = seeded(MODELS["plain"])
    assert layers_of(model, 1.0, frozen={"until": "sum", "epochs": None}) == {"conv", "norm"}
    for_a_while = {"until": "middle", "epochs": 3}
    assert layers_of(model, 1.0, 3, frozen=for_a_while) == {"early", "middle"}
    assert layers_of(model, 1.0, 0, frozen=for_a_while) == {"conv", "norm"}
    assert layers_of(model, 1.0, 2, frozen={"until": None, "epochs": 2}) == {"early", "middle", "conv", "norm"}


def test_a_model_in_a_model_is_frozen_by_its_name():
    model = seeded(MODELS["sequential"])
    whole = {"until": "base", "epochs": None}
    assert layers_of(model, 1.0, frozen=whole) == set() and len(layers_of(model, 10.0, frozen=whole)) == 1


WRONG = {
    "unknown": ({"until": "convv", "epochs": None}, r"^frozen\.until: .* no layer 'convv'\. Did you mean 'conv'\?"),
    "all": ({"until": "head", "epochs": None}, r"^frozen\.until: 'head' leaves no weights to be trained\.$"),
    "all at first": ({"until": "head", "epochs": 2}, r"leaves no weights to be trained in the first 2 epochs\.$"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_frozen_is_one_line(name):
    frozen, said = WRONG[name]
    model = seeded(MODELS["plain"])
    with pytest.raises(ConfigError, match=said):
        groups.parts(model, model, USUAL | {"frozen": frozen})


def test_what_has_no_weights_is_not_frozen():
    start = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3)(keras.layers.ZeroPadding2D(name="pad")(start))
    model = keras.Model(start, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    with pytest.raises(ConfigError, match=r"^frozen: no layer up to 'pad' has weights that are trained\.$"):
        groups.parts(model, model, USUAL | {"frozen": {"until": "pad", "epochs": None}})


def test_a_head_without_weights_is_not_all_that_is_trained():
    start = keras.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(start)))
    with pytest.raises(
        ConfigError, match=r"^frozen: the head has no weights, which leaves no weights to be trained in the"
    ):
        groups.parts(model, model, USUAL | {"frozen": {"until": None, "epochs": 2}})


def test_an_unknown_layer_to_be_fast_from_is_one_line_with_the_nearest_name(resnet50):
    with pytest.raises(ConfigError, match=r"^fast_from: .*Did you mean 'conv5_block1_1_conv'\?") as caught:
        groups.parts(resnet50, resnet50, USUAL | {"fast_from": "conv5_block1_1_convv"})
    assert len(str(caught.value)) < 250


def moved(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


def test_frozen_layers_keep_their_bytes_moving_statistics_too_and_are_then_freed():
    own = fits.network()
    begun = fits.weights(own)
    kept = {name for name in begun if name.startswith(("conv/", "norm/"))}
    fits.fitted(own, epochs=1, frozen={"until": "norm", "epochs": 1})
    assert moved(begun, fits.weights(own)) == set(begun) - kept
    own = fits.network()
    fits.fitted(own, epochs=2, frozen={"until": "norm", "epochs": 1}, bn_momentum=0.5)
    assert moved(begun, fits.weights(own)) == set(begun)


def test_the_head_moves_ten_times_as_far_at_the_first_step():
    steps = {}
    for factor in (1.0, 10.0):
        own = fits.network()
        begun = fits.weights(own)
        fits.fitted(own, epochs=1, batch=12, weight_decay=0.0, head_rate_factor=factor)
        steps[factor] = {name: after - begun[name] for name, after in fits.weights(own).items()}
    for name, once in steps[1.0].items():
        times = 10 if name.startswith("last/") else 1
        np.testing.assert_allclose(steps[10.0][name], times * once, rtol=1e-3, atol=1e-7)
        assert np.abs(once).max() > 1e-5, name
