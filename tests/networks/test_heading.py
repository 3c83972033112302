"""Other heads on an architecture's last map: what they compute, what they are called, and that they come back."""

import numpy as np
import pytest

from models import keras
from wsol.errors import ConfigError
from wsol.networks import backbones
from wsol.networks.models import heading

NET = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "stride": 16, "weights": "random", "classes": 3}
ACOL = {"method": "acol", "filters": [4, 5]}
IMAGE = np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)


def built(head, **settings):
    return backbones.build({**NET, "head": head, **settings})


def outputs(model, *names: str) -> list[np.ndarray]:
    """What layers of these names give for IMAGE."""
    found = keras.Model(model.input, [model.get_layer(name).output for name in names])(IMAGE)
    return [np.asarray(each, np.float64) for each in found]


def convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A convolution that keeps the size of a map, place by place."""
    side = kernel.shape[0] // 2
    wide = np.pad(x, ((0, 0), (side, side), (side, side), (0, 0)))
    found = np.zeros((*x.shape[:3], kernel.shape[3]))
    for n, row, column in np.ndindex(*x.shape[:3]):
        window = wide[n, row : row + kernel.shape[0], column : column + kernel.shape[1]]
        found[n, row, column] = np.tensordot(window, kernel, 3) + bias
    return found


def test_conv_is_two_convolutions_a_mean_and_a_dense_layer():
    own = built({"method": "conv", "filters": [3, 2]})
    names = [layer.name for layer in own.model.layers][-4:]
    assert names == ["head_conv_1", "head_conv_2", "head_pool", "head_dense"]
    features, logits = outputs(own.model, "conv_pw_13_relu", "head_dense")
    for name in ("head_conv_1", "head_conv_2"):
        features = np.maximum(convolved(features, *own.model.get_layer(name).get_weights()), 0)
    kernel, bias = own.model.get_layer("head_dense").get_weights()
    np.testing.assert_allclose(logits, features.mean(axis=(1, 2)) @ kernel + bias, atol=1e-5)
    assert own.layer == ["head_conv_2"] and own.between() == [] and own.classes == 3


def test_acol_erases_for_its_second_branch_what_the_first_looks_at():
    own = built(ACOL)
    features, map_a, erased, map_b = outputs(own.model, "acol_features", "acol_a_map", "acol_erased", "acol_b_map")
    expected = features.copy()
    for n in range(2):
        seen = map_a[n, :, :, map_a[n].mean(axis=(0, 1)).argmax()]
        for place in np.ndindex(*seen.shape):
            if (seen[place] - seen.min()) / (seen.max() - seen.min()) >= 0.7:
                expected[n][place] = 0
    assert 0 < (expected == 0).all(axis=3).sum() < 2 * 4 * 4
    np.testing.assert_allclose(erased, expected, atol=1e-6)
    for x, name, made in ((features, "a", map_a), (erased, "b", map_b)):
        for place in (1, 2):
            x = np.maximum(convolved(x, *own.model.get_layer(f"acol_{name}_{place}").get_weights()), 0)
        np.testing.assert_allclose(
            made, convolved(x, *own.model.get_layer(f"acol_{name}_map").get_weights()), atol=1e-5
        )
    logits = [each.numpy() for each in own.model(IMAGE)]
    np.testing.assert_allclose(logits, [map_a.mean(axis=(1, 2)), map_b.mean(axis=(1, 2))], atol=1e-5)


def test_of_acol_the_first_branch_is_explained():
    own = built(ACOL)
    assert own.model.output_names == ["acol_a", "acol_b"] and own.settings["output"] == "acol_a"
    assert own.layer == ["acol_a_map"] and own.between() == []
    values = own.graph.run({own.graph.inputs[0]: IMAGE}, [own.output])
    np.testing.assert_allclose(own.logits(values).numpy(), own.model(IMAGE)[0].numpy(), atol=1e-6)


def test_a_map_that_is_the_same_everywhere_erases_nothing():
    erase = heading.erasing()(0.7)
    features = np.random.default_rng(0).random((1, 3, 3, 2), np.float32)
    assert np.array_equal(erase([features, np.full((1, 3, 3, 4), 0.3, np.float32)]).numpy(), features)
    all_of_it = heading.erasing()(0.0)([features, np.random.default_rng(1).random((1, 3, 3, 4), np.float32)])
    assert not all_of_it.numpy().any()


def test_no_gradient_goes_through_what_is_erased():
    import tensorflow as tf

    maps = tf.Variable(np.random.default_rng(1).random((1, 3, 3, 4), np.float32))
    features = tf.Variable(np.random.default_rng(0).random((1, 3, 3, 2), np.float32))
    with tf.GradientTape() as tape:
        kept = heading.erasing()(0.7)([features, maps])
        of_maps, of_features = tape.gradient(tf.reduce_sum(kept), [maps, features])
    assert of_maps is None
    assert np.array_equal(of_features.numpy(), (kept.numpy() != 0).astype(np.float32))


def test_keras_saves_and_loads_the_layer(tmp_path):
    model = built({**ACOL, "threshold": 0.4}).model
    model.save(tmp_path / "acol.keras")
    again = keras.models.load_model(tmp_path / "acol.keras")
    assert again.get_layer("acol_erased").threshold == 0.4
    for one, other in zip(model(IMAGE), again(IMAGE), strict=True):
        assert np.array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("head", ["own", {"method": "conv", "filters": [3]}, ACOL], ids=["own", "conv", "acol"])
@pytest.mark.parametrize("more", [{}, {"classes": 1, "activation": "sigmoid"}], ids=["softmax", "sigmoid"])
def test_what_is_trained_is_rebuilt_and_gives_the_same(tmp_path, head, more):
    """Of another seed, as it would be drawn where weights are loaded."""
    settings = {**NET, "head": head, "classes": None, **more}
    first = backbones.build(backbones.untrained(settings, 5), classes=2)
    first.model.set_weights([weight * 0.9 + 0.01 for weight in first.model.get_weights()])
    first.model.save_weights(tmp_path / "trained.weights.h5")
    again = backbones.build({**settings, "weights": {"train": "id"}}, tmp_path / "trained.weights.h5", classes=2)
    assert again.classes == 2 and again.binary == (more != {}) and again.layer == first.layer
    assert again.activation == ("sigmoid" if more else "softmax")
    for one, other in zip(first.model.get_weights(), again.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    logits = [own.logits(own.graph.run({own.graph.inputs[0]: IMAGE}, [own.output])).numpy() for own in (first, again)]
    assert np.array_equal(*logits) and logits[0].shape == (2, 2)


def test_several_classes_by_sigmoids():
    own = built("own", activation="sigmoid", classes=4)
    assert own.activation == "sigmoid" and not own.binary and own.classes == 4


def test_one_output_is_of_two_classes():
    settings = backbones.untrained({**NET, "activation": "sigmoid", "classes": 1})
    with pytest.raises(ConfigError, match=r"^classes: 1 is one output of two classes, and 5 are trained\."):
        backbones.build(settings, classes=5)


def test_the_heads_have_one_line_each():
    assert list(heading.HEADS) == ["own", "conv", "acol"]
    assert heading.head("conv") == heading.head({"method": "conv"}) == {"method": "conv", "filters": [1024]}
    assert built("own").model.layers[-1].name == "predictions"
