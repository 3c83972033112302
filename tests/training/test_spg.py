"""SPG's training: attention, masks and losses against NumPy loops, and what of the network they train."""

import numpy as np
import pytest

from branched import SIDE, Trained, crossed, enlarged, guided, softmax_loss, stages, unit
from models import base, flattened, keras, layers, plain
from wsol.errors import ConfigError
from wsol.training.guidance import agreement, guide
from wsol.training.methods import METHODS, check
from wsol.training.methods.spg import Spg

METHOD = {"method": "spg", "before": "one", "after": "two", "filters": 5}
PAIRS = [(0.7, 0.01), (0.5, 0.05), (0.7, 0.1)]  # of B2, B1 and C
LABELS = np.array([2, 0, 1, 2])
WANTED = np.eye(3, dtype=np.float32)[LABELS]


def images(count: int = 4) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.float32)


def made(seed: int = 4, **settings):
    keras.utils.set_random_seed(seed)
    return Trained(stages(), METHOD | settings)


@pytest.fixture(scope="module")
def fit():
    return made()


def test_enlarging_is_linear_between_centres():
    maps = np.random.default_rng(0).normal(size=(2, 5, 7)).astype(np.float32)
    method = Spg()
    for side in (7, 16, 35):
        method._size = (side, side)
        found = method._enlarged(maps).numpy()
        np.testing.assert_allclose(found, [enlarged(each, side) for each in maps], atol=1e-5)


@pytest.mark.parametrize(("high", "low"), PAIRS)
@pytest.mark.parametrize("power", [1, 8], ids=["many", "few"])
def test_a_guide_is_its_loop(high, low, power):
    """Where fewer than 30 pixels are above, the level is 0.7 of the highest, also where that is above it."""
    attention = np.random.default_rng(1).random((4, 11, 13), np.float32) ** power
    attention[1] *= 0.6
    attention[2] = 0
    found = guide(attention, high, low).numpy()
    np.testing.assert_array_equal(found, [guided(each, high, low) for each in attention])
    assert (found[2] == 0).all() and set(np.unique(found)) == {0, 1, 255}
    few = [(each > high).sum() < 30 for each in attention]
    assert few == [power == 8, True, True, power == 8]


def test_agreement_is_the_mean_over_all_pixels_that_are_said_of_the_batch():
    random = np.random.default_rng(2)
    logits, masks = random.normal(size=(3, 4, 5)), random.choice([0.0, 1.0, 255.0], (3, 4, 5), p=[0.2, 0.2, 0.6])
    masks[1] = 255
    found = agreement(np.float32(logits), np.float32(masks)).numpy()
    assert found == pytest.approx(crossed(logits, masks), rel=1e-5)
    parts = [crossed(z, m) for z, m in zip(logits, masks, strict=True)]
    assert abs(found - np.mean(parts)) > 1e-3  # not the mean of images' means
    assert agreement(np.float32(logits), np.full((3, 4, 5), np.float32(255))) == 0


def masks(fit, outputs) -> list[np.ndarray]:
    """Those of B2, B1 and C, [n h w]."""
    _, features, b1, b2, _ = (np.asarray(each, np.float64) for each in outputs)
    kernel = fit.model.get_layer("head").kernel.numpy()
    maps = [sum(f[..., k] * kernel[k, label] for k in range(8)) for f, label in zip(features, LABELS, strict=True)]
    one, two = (1 / (1 + np.exp(-np.stack([enlarged(each[..., 0], SIDE) for each in side]))) for side in (b1, b2))
    guides = [unit(enlarged(each, SIDE)) for each in maps], two, (one + two) / 2
    return [np.stack([guided(each, *pair) for each in own]) for own, pair in zip(guides, PAIRS, strict=True)]


def by_hand(outputs, of_sides: list[np.ndarray]) -> tuple[np.ndarray, list[float]]:
    """The plain loss [n], and those of B2, B1 and C, of what the network gives."""
    logits, _, *sides = (np.asarray(each, np.float64) for each in outputs)
    b1, b2, c = (np.stack([enlarged(each[..., 0], SIDE) for each in side]) for side in sides)
    return softmax_loss(WANTED, logits), [crossed(z, m) for z, m in zip((b2, b1, c), of_sides, strict=True)]


def test_the_loss_is_the_plain_one_and_three_that_layers_guide_each_other_by(fit):
    outputs = fit.outputs(images())
    plainly, three = by_hand(outputs, masks(fit, outputs))
    found = fit.method.loss(list(outputs), WANTED, fit.plain).numpy()
    np.testing.assert_allclose(found, plainly + sum(three), rtol=1e-4)
    assert found.mean() == pytest.approx(plainly.mean() + sum(three), rel=1e-4) and min(three) > 0


def test_the_map_of_the_label_is_that_of_a_convolution_to_classes_before_the_mean(fit):
    """As published: a 1x1 convolution, whose maps' means are the logits, and its bias, which goes."""
    logits, features, *_ = fit.outputs(images(), training=False)
    head = fit.model.get_layer("head")
    head.bias.assign(np.float32([3, -2, 1]))
    published = layers.Conv2D(3, 1)
    published.build(features.shape)
    published.set_weights([head.kernel.numpy()[None, None], head.bias.numpy()])
    maps = published(features).numpy()
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits.numpy() + head.bias.numpy(), atol=1e-5)
    own = (features.numpy() @ head.kernel.numpy())[1, ..., 0]
    np.testing.assert_allclose(unit(maps[1, ..., 0]), unit(own), atol=1e-4)
    head.bias.assign(np.zeros(3))


def test_no_gradient_goes_through_attention(fit):
    """The dense layer makes the map that guides B2: it is trained by the plain loss alone."""
    both, plainly = (
        fit.gradients(images(), fit.whole(WANTED)),
        fit.gradients(images(), lambda outputs: fit.plain(WANTED, outputs[0])),
    )
    for part in ("kernel", "bias"):
        np.testing.assert_array_equal(both[f"head/{part}"], plainly[f"head/{part}"])
    for name in ("one", "two", "three"):  # B1, B2 and C stand behind them
        assert np.abs(both[f"{name}/kernel"] - plainly[f"{name}/kernel"]).max() > 1e-5


@pytest.mark.parametrize("name", ["one", "spg_b1", "spg_shared", "spg_c_map"])
def test_a_gradient_is_the_slope_of_the_loss_with_the_masks_held(fit, name):
    kernel = next(weight for weight in fit.network.trainable_variables if weight.path == f"{name}/kernel")
    way = np.random.default_rng(1).normal(size=kernel.shape).astype(np.float32)
    expected = (fit.gradients(images(), fit.whole(WANTED))[kernel.path] * way).sum()
    start, held, ends = kernel.numpy(), masks(fit, fit.outputs(images())), []
    for step in (2e-4, -2e-4):
        kernel.assign(start + step * way)
        plainly, three = by_hand(fit.outputs(images()), held)
        ends.append(plainly.mean() + sum(three))
    kernel.assign(start)
    assert (ends[0] - ends[1]) / 4e-4 == pytest.approx(expected, rel=0.05)


def test_a_step_moves_the_added_layers_too_and_the_backbone_keeps_none_of_them(fit):
    model, added = fit.model, [each for each in fit.network.weights if each.path.startswith("spg_")]
    assert len(added) == 12 and len(model.weights) + 12 == len(fit.network.weights)
    assert not {id(each) for each in added} & {id(each) for each in model.weights}
    before, started = [each.numpy() for each in fit.network.weights], fit.lost(images(), WANTED)
    for _ in range(5):
        fit.step(images(), WANTED)
    assert np.mean(fit.lost(images(), WANTED)) < np.mean(started)
    for weight, old in zip(fit.network.weights, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 0, weight.path
    fit.network.set_weights(before)


def test_at_test_time_the_network_is_the_plain_one():
    keras.utils.set_random_seed(4)
    model = stages()
    before = model(images() / 255).numpy()
    logits, *_ = Trained(model, METHOD).outputs(images(), training=False)
    np.testing.assert_array_equal(model(images() / 255), before)
    np.testing.assert_array_equal(logits, before)


def test_added_weights_are_drawn_as_the_generator_stands():
    def drawn(seed: int) -> list[np.ndarray]:
        return [w.numpy() for w in Trained(stages(), METHOD, seed).network.weights if "spg_" in w.path]

    first, again, other = drawn(0), drawn(0), drawn(1)
    assert all(map(np.array_equal, first, again))
    assert all(not np.array_equal(a, b) for a, b in zip(first, other, strict=True) if a.any())


def published(build) -> tuple[dict, dict[str, tuple]]:
    """Which layers B1, B2 and C stand behind in an architecture, and the shapes of what they are given."""
    body = build(weights=None, include_top=False, input_shape=(64, 64, 3))
    model = keras.Model(body.inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(body.output)))
    network = Spg(filters=4).network(model, tuple(layer.name for layer in model.layers))
    sides = {name: network.get_layer(f"spg_{name}").input for name in ("b1", "b2", "c")}
    places = {name: tensor._keras_history.operation.name for name, tensor in sides.items()}
    return places, {name: tuple(tensor.shape[1:]) for name, tensor in sides.items()}


def test_resnet50_has_the_published_places():
    places, shapes = published(keras.applications.ResNet50)
    assert places == {"b1": "conv4_block1_out", "b2": "conv4_block6_out", "c": "conv5_block3_out"}
    assert shapes == {"b1": (4, 4, 1024), "b2": (4, 4, 1024), "c": (2, 2, 2048)}


def vgg16(pooled: bool, **settings):
    """Without the fifth pool, as with a head of convolutions; `pooled`: with the fourth, at stride 16."""
    whole = keras.applications.VGG16(include_top=False, **settings)
    x = whole.get_layer("block4_pool" if pooled else "block4_conv3").output
    for place in (1, 2, 3):
        x = whole.get_layer(f"block5_conv{place}")(x)
    return keras.Model(whole.inputs, layers.Conv2D(8, 3, padding="same", activation="relu", name="conv6")(x))


@pytest.mark.parametrize(("pooled", "before", "sides"), [(True, "block4_pool", 4), (False, "block4_conv3", 8)])
def test_vgg16_has_the_published_places_behind_the_fourth_pool_where_it_is_there(pooled, before, sides):
    places, shapes = published(lambda include_top, **settings: vgg16(pooled, **settings))
    assert places == {"b1": before, "b2": "block5_conv3", "c": "conv6"}
    assert shapes == {"b1": (sides, sides, 512), "b2": (sides, sides, 512), "c": (sides, sides, 8)}


def test_widths_are_those_of_b1s_input_and_512_unless_said():
    found = made(filters=None).network
    filters = {name: found.get_layer(f"spg_{name}").filters for name in ("b1", "b2", "shared", "b", "c", "c_map")}
    assert filters == {"b1": 4, "b2": 4, "shared": 4, "b": 1, "c": 512, "c_map": 1}


def nested() -> "keras.Model":
    inner = base()
    return keras.Sequential([inner, layers.GlobalAveragePooling2D(), layers.Dense(3)])


def open_size() -> "keras.Model":
    start = layers.Input((None, None, 3))
    return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="one")(start))))


@pytest.mark.parametrize(
    ("make", "settings", "said"),
    [
        (stages, {}, r"spg\.before: of ResNet50 and VGG16 it is known; name the layer of this network\.$"),
        (stages, {"before": "one"}, r"spg\.after: of ResNet50 and VGG16 it is known"),
        (stages, {"before": "onne", "after": "two"}, r"spg: before: no layer 'onne' in the model itself; its last are"),
        (stages, {"before": "two", "after": "one"}, r"spg\.before: must lie before 'one', got 'two'\.$"),
        (stages, {"before": "one", "after": "head"}, r"spg: after: 'head' gives no map\.$"),
        (nested, {"before": "early", "after": "late"}, r"spg: before: no layer 'early' in the model itself"),
        (
            flattened,
            {"before": "early", "after": "late"},
            r"spg: is of a network that ends in a mean and one dense lay",
        ),
        (open_size, {"before": "one", "after": "one"}, r"spg: needs an input of one size, and the model's is open\.$"),
    ],
)
def test_what_it_is_not_of_is_refused_in_one_line(make, settings, said):
    made = make()
    model = keras.Model(made.inputs, made.outputs[0])  # as it is given by whoever makes logits of it
    names = tuple(layer.name for layer in model._flatten_layers())
    with pytest.raises(ConfigError, match=rf"^weights\.train\.method {said}"):
        Spg(**settings).network(model, names)


def test_a_low_level_above_the_high_one_is_refused_with_the_settings():
    from wsol.training import recipe

    with pytest.raises(
        ConfigError, match=r"^net\.weights\.train\.method spg\.b1_low: must be b1_high, 0\.5, or less, g"
    ):
        check("net", recipe.settings(dataset="x", method={"method": "spg", "b1_low": 0.6})["method"], "own")
    found = recipe.settings(dataset="x", method="spg")["method"]
    assert METHODS[found.pop("method")] is Spg and Spg(**found) == Spg()
    assert [(found[f"{name}_high"], found[f"{name}_low"]) for name in ("b2", "b1", "c")] == PAIRS


def test_a_softmax_at_the_end_is_left_out_before_it_is_trained():
    """The model that is trained gives logits; its head is found as that of one without."""
    model = plain(None)
    network = Spg(before="early", after="middle", filters=4).network(model, tuple(each.name for each in model.layers))
    assert [tuple(each.shape[1:]) for each in network.outputs] == [(3,), (4, 4, 8), (8, 8, 1), (8, 8, 1), (4, 4, 1)]
