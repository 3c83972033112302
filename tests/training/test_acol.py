"""ACoL's training: what is erased, both losses and their gradients, against NumPy loops on a small network."""

import numpy as np
import pytest

import fits
from branched import SIDE, Trained, complementary, softmax_loss, unit, without
from models import backbone, keras
from wsol.errors import ConfigError
from wsol.networks.complementary import normalised, weighted
from wsol.networks.complementary import without as hidden_of
from wsol.networks.models import heading
from wsol.training.attention import of_labels
from wsol.training.methods import METHODS, check

LABELS = np.array([2, 0, 1, 2])
WANTED = np.eye(3, dtype=np.float32)[LABELS]


def images(count: int = 4) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def fit():
    keras.utils.set_random_seed(4)
    return Trained(complementary(), {"method": "acol"})


def by_hand(fit, shown: np.ndarray, maps_of) -> tuple[np.ndarray, np.ndarray]:
    """Both losses [n], with B's layers called one by one; `maps_of` makes a map of those of an image and its number."""
    model = fit.model
    layer = {each.name: each for each in model.layers}
    features = layer["acol_features"](layer["stem"](shown / 255)).numpy()
    maps = run(layer, "a", features)
    hidden = np.stack([without(f, maps_of(m, i)) for i, (f, m) in enumerate(zip(features, maps, strict=True))])
    assert (hidden != features).any(axis=(1, 2, 3)).all()
    return tuple(softmax_loss(WANTED, each.mean(axis=(1, 2))) for each in (maps, run(layer, "b", hidden)))


def run(layer: dict, name: str, x: np.ndarray) -> np.ndarray:
    for place in ("1", "2", "map"):
        x = layer[f"acol_{name}_{place}"](x)
    return x.numpy()


def test_the_loss_is_that_of_a_and_of_b_on_features_erased_by_as_map_of_the_label(fit):
    shown = images()
    first, second = by_hand(fit, shown, lambda maps, i: maps[..., LABELS[i]])
    np.testing.assert_allclose(fit.lost(shown, WANTED), first + second, rtol=1e-5)
    _, other = by_hand(fit, shown, lambda maps, i: maps[..., (LABELS[i] + 1) % 3])
    assert np.abs(other - second).max() > 1e-5  # it does matter whose map it is


def test_erasing_is_its_loop_and_a_constant_map_erases_nothing():
    random = np.random.default_rng(0)
    features, maps = random.random((5, 6, 7, 4), np.float32), random.normal(size=(5, 6, 7, 3)).astype(np.float32)
    maps[3] = 2
    weights = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1]]
    for threshold in (0.3, 0.7, 1.0):
        found = hidden_of(features, weighted(maps, weights), threshold).numpy()
        for i in range(5):
            own = maps[i, ..., weights[i].argmax()]
            np.testing.assert_array_equal(found[i], without(features[i], own, threshold))
    np.testing.assert_array_equal(found[3], features[3])


def test_of_several_labels_the_mean_of_their_maps_says_what_is_erased():
    wanted = np.float32([[0, 1, 0], [1, 0, 1], [0.05, 0.9, 0.05], [0.2, 0.3, 0.5], [0.4, 0.2, 0.4]])
    expected = [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0], [0, 0, 1], [0.5, 0, 0.5]]
    np.testing.assert_allclose(of_labels(wanted), expected)
    np.testing.assert_array_equal(of_labels(np.float32([[1], [0]])), [[1], [-1]])
    maps = np.random.default_rng(0).normal(size=(5, 3, 4, 3)).astype(np.float32)
    found = normalised(weighted(maps, of_labels(wanted))).numpy()
    np.testing.assert_allclose(found[1], unit((maps[1, ..., 0] + maps[1, ..., 2]) / 2), atol=1e-6)


def test_as_map_is_not_trained_to_erase_and_the_features_are_trained_by_both(fit):
    both = fit.gradients(images(), fit.whole(WANTED))
    first = fit.gradients(images(), lambda outputs: fit.plain(WANTED, outputs[0]))
    for name, gradient in both.items():
        if "acol_a" in name:
            np.testing.assert_allclose(gradient, first[name], rtol=1e-5, atol=1e-7)
        else:  # B's own, and the features, which B sees too
            assert np.abs(gradient - first[name]).max() > 1e-5
    assert not np.any(first["acol_b_1/kernel"])


@pytest.mark.parametrize("name", ["stem", "acol_b_1", "acol_b_map"])
def test_a_gradient_is_the_slope_of_the_loss_with_what_is_erased_held(fit, name):
    kernel = next(weight for weight in fit.network.trainable_variables if weight.path == f"{name}/kernel")
    way = np.random.default_rng(1).normal(size=kernel.shape).astype(np.float32)
    expected = (fit.gradients(images(), fit.whole(WANTED))[kernel.path] * way).sum()
    start, ends = kernel.numpy(), []
    held = [maps[..., label] for maps, label in zip(fit.outputs(images())[1].numpy(), LABELS, strict=True)]
    for step in (2e-4, -2e-4):
        kernel.assign(start + step * way)
        ends.append(np.mean(sum(by_hand(fit, images(), lambda maps, i: held[i]))))
    kernel.assign(start)
    assert (ends[0] - ends[1]) / 4e-4 == pytest.approx(expected, rel=0.05)


def test_a_step_moves_every_weight_of_the_backbone_and_lowers_both_losses(fit):
    model = fit.model
    assert {id(each) for each in fit.network.weights} == {id(each) for each in model.weights}
    before = model.get_weights()
    for _ in range(5):
        fit.step(images(), WANTED)
    first, second = (softmax_loss(WANTED, each).mean() for each in model(images() / 255))
    for weight, old in zip(model.weights, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 0, weight.path
    model.set_weights(before)
    started = [softmax_loss(WANTED, each).mean() for each in model(images() / 255)]
    assert first < started[0] and second < started[1]


def test_without_a_label_the_network_is_what_it_was():
    keras.utils.set_random_seed(4)
    model, shown = complementary(), images() / 255
    before = [each.numpy() for each in model(shown)]
    first, _, _, second = Trained(model, {"method": "acol"}).outputs(images(), training=False)
    for found in (model(shown), (first, second)):
        np.testing.assert_array_equal(found[0], before[0])
        np.testing.assert_array_equal(found[1], before[1])


def test_method_and_head_fit_each_other_both_ways():
    for head in ("own", "conv", {"method": "conv", "filters": [8]}):
        with pytest.raises(ConfigError, match=r"^backbones\.a\.weights\.train\.method: 'acol' needs `head: acol` of"):
            check("backbones.a", {"method": "acol"}, head)
        check("backbones.a", {"method": "plain"}, head)
    for head in ("acol", {"method": "acol", "threshold": 0.6}):
        check("backbones.a", {"method": "acol"}, head)
        with pytest.raises(
            ConfigError, match=r"^backbones\.a\.head: 'acol' is trained by the method of that name, got"
        ):
            check("backbones.a", {"method": "plain"}, head)


def test_a_model_without_the_head_is_refused_in_one_line():
    x = start = keras.layers.Input((8, 8, 3))
    model = keras.Model(start, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x)))
    with pytest.raises(ConfigError, match=r"^weights\.train\.method: 'acol' needs the head acol; the network has no"):
        METHODS["acol"]().network(model, tuple(layer.name for layer in model.layers))


def test_a_training_moves_both_classifiers_of_the_head_and_brings_back_the_best_of_both():
    keras.utils.set_random_seed(4)
    start = keras.layers.Input((*fits.SIZE, 3))
    body = keras.Model(start, keras.layers.Conv2D(6, 3, strides=2, activation="relu")(start))
    model = keras.Model(start, heading.acol(body, 2, filters=[4, 4], threshold=0.6))
    own = backbone(model, fits.SIZE, output="acol_a", activation="softmax", head="acol")
    before = fits.weights(own)
    fit = fits.made(own, method="acol", keep="best", validation="y")
    assert fit.method._threshold == 0.6
    fit.remember()
    pixels, wanted = fits.images(list("0123")), np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    fit.step(pixels, wanted, np.int32([1, 2]), np.float32(0.1))
    moved = fits.weights(own)
    assert len(moved) == 14 and all(np.abs(moved[name] - before[name]).max() > 0 for name in moved)
    fit.restore()
    assert all(np.array_equal(each, before[name]) for name, each in fits.weights(own).items())
