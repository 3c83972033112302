"""ACoL's map against loops: both classifiers' maps of what is explained, beside other explanations, and where not."""

import numpy as np
import pandas as pd
import pytest

from branched import SIDE, complementary, unit, without
from models import backbone, explained, keras, picture, plain, seeded
from wsol.errors import ConfigError, DataError
from wsol.experiment import planning
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import backbones, evidence
from wsol.networks.complementary import LAYERS, weights_of

PLAIN = {"layer": "auto", "score": "logit", "explain": "labelled", "evidence": {"method": "acol"}}
NAMES, OUTPUTS = ["1", "2", "1", "3", "4", "2", "5", "broken", "6"], [[0], [1], [2], [0], [], [0], [2], [0], [1]]


def network(classes: int = 3, **settings):
    made = seeded(lambda: complementary(classes))
    return backbone(made, (SIDE, SIDE), output="acol_a", **settings)


def opened(name: str) -> np.ndarray:
    if name == "broken":
        raise DataError("broken: does not decode.")
    return picture(name, (SIDE, SIDE))


def targets(names=NAMES, outputs=OUTPUTS) -> pd.DataFrame:
    return pd.DataFrame({"image": names, "outputs": outputs, "width": SIDE, "height": SIDE})


def by_hand(model, image: np.ndarray, place: int, sign: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A's map of an output and B's, layer by layer, B's features erased in a loop."""
    layer = {each.name: each for each in model.layers}
    x = layer["stem"](image[None].astype(np.float32) / 255).numpy()
    first = through(layer, "a", x)[0, ..., place] * sign
    return first, through(layer, "b", without(x[0], first)[None])[0, ..., place] * sign


def through(layer: dict, name: str, x: np.ndarray) -> np.ndarray:
    for part in ("1", "2", "map"):
        x = layer[f"acol_{name}_{part}"](x)
    return x.numpy()


@pytest.fixture(scope="module")
def net():
    return network()


def test_both_maps_are_those_of_the_label_and_so_is_what_is_erased(net):
    _, found = explained(net, opened, targets(), explanations={"": PLAIN})
    assert found["map_a"].shape == found["map_b"].shape == (9, 8, 8) and "activations" not in found
    for i, (name, outputs) in enumerate(zip(NAMES, OUTPUTS, strict=True)):
        if name == "broken" or not outputs:
            assert not found["map_a"][i].any() and not found["map_b"][i].any()
            continue
        first, second = by_hand(net.model, opened(name), outputs[0])
        np.testing.assert_allclose(found["map_a"][i], first, atol=1e-5)
        np.testing.assert_allclose(found["map_b"][i], second, atol=1e-5)
        np.testing.assert_allclose(
            CAMS["acol"](found["map_a"][i : i + 1], found["map_b"][i : i + 1])[0],
            np.maximum(unit(first), unit(second)),
            atol=1e-4,
        )
    # The model itself erases by its highest class, whatever is explained.
    assert np.abs(found["map_b"][0] - found["map_b"][2]).max() > 1e-4


def test_the_class_that_is_predicted_is_explained_where_that_is_asked(net):
    predictions, found = explained(net, opened, targets(), explanations={"": PLAIN | {"explain": "predicted"}})
    highest = predictions["logits"][0].argmax()
    first, second = by_hand(net.model, opened("1"), highest)
    np.testing.assert_allclose(found["map_a"][0], first, atol=1e-5)
    np.testing.assert_allclose(found["map_b"][0], second, atol=1e-5)


def test_of_one_output_class_0_has_the_map_turned_over():
    net = network(1, activation="sigmoid")
    assert net.binary
    _, found = explained(net, opened, targets(["1", "1"], [[0], [1]]), explanations={"": PLAIN})
    for i, sign in enumerate((-1, 1)):
        first, second = by_hand(net.model, opened("1"), 0, sign)
        np.testing.assert_allclose(found["map_a"][i], first, atol=1e-5)
        np.testing.assert_allclose(found["map_b"][i], second, atol=1e-5)
    assert np.abs(found["map_a"][0] + found["map_a"][1]).max() == 0 and weights_of(np.array([1]), 2, True) == 1


def test_a_batch_gives_what_its_images_give_byte_for_byte(net):
    _, together = explained(net, opened, targets(), explanations={"": PLAIN})
    for part in (slice(0, 3), slice(3, 9), slice(6, 7)):
        _, found = explained(net, opened, targets(NAMES[part], OUTPUTS[part]), explanations={"": PLAIN})
        for name in ("map_a", "map_b"):
            assert found[name].tobytes() == together[name][part].tobytes()


def test_nothing_to_explain_gives_arrays_without_rows(net):
    sink = evidence.Collected()
    evidence.predict(net, opened, targets(["1"], [[]]), sink, explanations={"a": PLAIN})
    assert sink.view("a")["map_a"].shape == (0, 8, 8) and sink.view("a")["map_b"].shape == (0, 8, 8)


@pytest.mark.parametrize("layer", ["auto", "stem", "acol_features", "acol_a_2"])
def test_gradients_are_the_same_beside_it_and_of_a_network_that_keeps_nothing_for_it(layer):
    """What is kept for the second classifier must not cut the way from the logits to a layer."""
    asked = {"g": PLAIN | {"layer": layer, "evidence": {"method": "gradient", "similar": 0}}, "a": PLAIN}
    both = network(layer=["auto", layer] if layer != "auto" else "auto")
    sink = evidence.Collected()
    evidence.predict(both, opened, targets(), sink, explanations=asked)
    _, alone = explained(network(), opened, targets(), explanations={"": PLAIN})
    only_a = keras.Model(both.model.inputs, both.model.outputs[0])
    assert LAYERS["map_b"] not in [each.name for each in only_a.layers]
    settings = {"explanations": {"": asked["g"]}}
    _, plainly = explained(backbone(only_a, (SIDE, SIDE), layer=layer), opened, targets(), **settings)
    view = sink.view("g")
    rows = np.flatnonzero(view["row_of"] >= 0)
    np.testing.assert_allclose(view["gradients"][view["row_of"][rows]], plainly["gradients"][rows], atol=1e-6)
    assert np.any(plainly["gradients"])
    view = sink.view("a")
    np.testing.assert_allclose(view["map_b"][view["row_of"][rows]], alone["map_b"][rows], atol=1e-6)


def test_its_cells_lie_where_those_of_the_first_classifiers_map_do(net):
    _, found = explained(net, opened, targets(), explanations={"": PLAIN})
    other = network(layer="acol_a_map")
    np.testing.assert_array_equal(found["cell_to_input"], other.cell_to_input[0].values)
    assert net.layer == ["acol_a_map"]  # what auto explains by the other methods


def test_it_is_averaged_over_a_mirrored_image(net):
    asked = {"a": PLAIN | {"scales": [1.0], "flip": True}}
    sink = evidence.Collected()
    evidence.predict(net, opened, targets(["1"], [[1]]), sink, explanations=asked)
    views = [sink.view("a"), sink.view("a@1.0-flipped")]
    own = []
    for turn in (slice(None), slice(None, None, -1)):
        maps = [unit(each) for each in by_hand(net.model, opened("1")[:, turn], 1)]
        own.append(np.maximum(*maps)[:, turn])
    (found,) = heatmaps.maps_from(CAMS["acol"], views[0], {}, {}, views[1:])
    # The stem's cells have their middles at 1.5, 5.5 … of 32, and in the mirror at 2.5, 6.5 …
    mirrored = 0.75 * own[1] + 0.25 * np.pad(own[1], ((0, 0), (1, 0)), "edge")[:, :-1]
    np.testing.assert_allclose(found, (own[0] + mirrored) / 2, atol=1e-4)


def test_a_network_without_the_head_is_refused_in_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"^evidence acol: is of a network with the two classifiers of ACoL, an "):
        explained(backbone(plain()), opened, targets(), explanations={"": PLAIN})
    seeded(plain).save(tmp_path / "plain.keras")
    settings = backbones.backbone(model=str(tmp_path / "plain.keras"), preprocessing={}, evidence="acol")
    settings.pop("arguments")
    with pytest.raises(ConfigError, match=r"^backbones\.net: evidence acol: is of a network with the two classifiers"):
        planning._built("net", settings, 0)


def test_one_class_map_everywhere_alike_explains_nothing():
    flat = np.full((1, 4, 5), 3, np.float32)
    np.testing.assert_array_equal(CAMS["acol"](flat, flat), np.zeros((1, 4, 5)))
    slope = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    np.testing.assert_allclose(CAMS["acol"](flat, slope), slope / 19)
    assert np.isnan(CAMS["acol"](slope * np.float32(np.nan), slope)).all()
