"""Graphs: any Keras model as steps, against Keras itself."""

import numpy as np
import pytest

from models import MODELS, SIDE, backbone, base, keras, layers, picture, seeded
from wsol.errors import ConfigError, DataError
from wsol.networks.layers import pooled
from wsol.networks.models import kerasmodel

AUTO = {
    "sequential": "base/late",
    "nested_twice": "middle_model/deepest/late",
    "operations": "add",
}


def inputs(n: int = 3) -> np.ndarray:
    return np.stack([picture(str(i)) for i in range(n)]).astype(np.float32) / 255


def softmax(z: np.ndarray) -> np.ndarray:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", MODELS)
def test_the_steps_give_what_the_model_gives_before_its_softmax(name):
    model = seeded(MODELS[name])
    before = [w.numpy().copy() for w in model.weights]
    config, expected = model.get_config(), model(inputs()).numpy()
    split = backbone(model)
    values = split.graph.run({split.graph.inputs[0]: inputs()}, [split.output])
    logits = split.logits(values).numpy()
    np.testing.assert_allclose(logits if name == "linear" else softmax(logits), expected, atol=1e-6)
    assert split.activation == ("" if name == "linear" else "softmax")
    # The model given is as it was.
    assert model.get_config() == config
    np.testing.assert_array_equal(model(inputs()).numpy(), expected)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, model.weights, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_auto_is_the_last_map_after_its_nonlinearity(name):
    found = backbone(seeded(MODELS[name])).layer[0]
    assert found.startswith("add") if name == "operations" else found == AUTO.get(name, "late")


@pytest.mark.parametrize(
    ("name", "mean"), [("plain", True), ("one_by_one", True), ("operations", True), ("flattened", False)]
)
def test_a_pooling_is_seen(name, mean):
    split = backbone(seeded(MODELS[name]))
    found = pooled(split.graph, split.output, split.layers[0].outputs[0])
    assert (found is not None) == mean


def test_a_layer_with_a_second_use_is_not_only_pooled():
    inner = base()
    mean = layers.GlobalAveragePooling2D()(inner.output)
    peak = layers.GlobalMaxPooling2D()(inner.output)
    model = keras.Model(inner.input, layers.Dense(2)(layers.Concatenate()([mean, peak])))
    split = backbone(model)
    assert split.layer == ["late"]
    assert pooled(split.graph, split.output, split.layers[0].outputs[0]) is None


def test_an_average_pooling_as_large_as_the_map_is_the_mean():
    inner = base()
    x = layers.Flatten()(layers.AveragePooling2D(4)(inner.output))
    split = backbone(keras.Model(inner.input, layers.Dense(2)(x)))
    assert split.layer == ["late"] and pooled(split.graph, split.output, split.layers[0].outputs[0])


def test_a_wrong_layer_names_those_there_are():
    with pytest.raises(ConfigError, match=r"layer: unknown 'lat'. Did you mean 'late'\? Known: .*late"):
        backbone(seeded(MODELS["plain"]), layer="lat")


def test_a_name_in_two_places_needs_its_path():
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Concatenate()([base("left")(start), base("right")(start)])
    model = keras.Model(start, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    with pytest.raises(ConfigError, match="left/late and in right/late"):
        backbone(model, layer="late")
    assert backbone(model, layer="right/late").layer == ["right/late"]


def test_a_model_without_maps_is_refused():
    model = keras.Sequential([layers.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ConfigError, match="no spatial layer"):
        backbone(model)


def test_a_model_without_a_graph_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(DataError, match="no graph of layers"):
        kerasmodel.KerasGraph(Own())


def test_open_shapes_are_filled_in_for_the_input_asked():
    split = backbone(seeded(MODELS["open_size"]), size=(24, 40))
    assert split.layers[0].shape[1:] == (6, 10, 8)


def test_an_input_the_head_cannot_take_is_refused():
    with pytest.raises(ConfigError, match="input: the model does not take 24x40"):
        backbone(seeded(MODELS["flattened"]), size=(24, 40))


def test_an_input_of_another_size_is_taken_where_a_pooling_allows_it():
    assert backbone(seeded(MODELS["plain"]), size=(24, 40)).layers[0].shape[1:] == (6, 10, 8)
