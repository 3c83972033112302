"""Sequences of patches as maps: where the patches are, what `auto` takes of them, and that nothing else changes."""

import numpy as np
import pandas as pd
import pytest

from models import SIDE, backbone, explained, keras, layers, open_picture, picture, plain, seeded
from planted import check_batch_is_singles, check_gradient_is_slope, check_planted, pixels
from transformers import GRID, WIDTH, block, class_token
from wsol.errors import ConfigError
from wsol.networks import backbones, tokens
from wsol.networks.graphs import Graph
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.models.kerasmodel import KerasGraph

ops = keras.ops
LAST = "the class is read from a token of its own, not from 'last'"
# How many tokens are before the patches, and the layer that `auto` takes.
COUNTS = {0: "last", 1: "first", 3: "first"}


def grids(model) -> dict[str, tokens.Grid]:
    """By the layers' names."""
    graph = KerasGraph(model)
    (output,) = graph.outputs.values()
    graph.trace_shapes((SIDE, SIDE), 3, output)
    names = {step.outputs[0]: step.name for step in graph.steps}
    return {names[key]: grid for key, grid in tokens.find(graph, output).items()}


@pytest.mark.parametrize("count", COUNTS)
def test_a_transformer_is_explained_at_its_patches(count):
    found = backbone(seeded(lambda: class_token(count)))
    assert found.layer == [COUNTS[count]] and found.layers[0].shape == (None, GRID, GRID, WIDTH)
    assert [LAST in why for why in found.notes] == [True] * bool(count)
    assert found.cell_to_input[0].values == (4, 4, 0, 0) and found.cell_to_input[0].why == ""
    explainer = KerasExplainer(found, 4)
    check_batch_is_singles(explainer, pixels(SIDE))
    check_gradient_is_slope(explainer, pixels(SIDE))
    check_planted(found, (slice(4, 8), slice(8, 12)))


@pytest.mark.parametrize("count", COUNTS)
def test_a_map_is_the_patches_of_the_sequence_and_so_is_its_gradient(count):
    """Against one eager tape on the model itself."""
    import tensorflow as tf

    model = seeded(lambda: class_token(count))
    model.get_layer("head").activation = keras.activations.linear
    found = backbone(model, layer="sum", activation="softmax")
    explainer = KerasExplainer(found, 2)
    seen = explainer.forward(np.stack([picture("1"), picture("2")]))
    gradient = explainer.gradients(seen.kept, np.array([1]), [np.eye(3, dtype=np.float32)[:1]], [[0]])[0][0][0]
    both = keras.Model(model.input, [model.get_layer("sum").output, model.output])
    with tf.GradientTape() as tape:
        sequence, logits = both(picture("2")[None].astype(np.float32) / 255)
        score = logits[0, 0]
    np.testing.assert_allclose(seen.activations[0][1].reshape(-1, WIDTH), sequence[0, count:], atol=1e-5)
    wanted = tape.gradient(score, sequence)[0, count:]
    np.testing.assert_allclose(gradient.reshape(-1, WIDTH), wanted, atol=1e-5)
    np.testing.assert_allclose(seen.logits[1], logits[0], atol=1e-5)


def test_the_network_runs_once_though_a_sequence_is_laid_out():
    """What the last block adds to is made on the way to the layer: it is not made again behind it."""
    import tensorflow as tf

    found = backbone(seeded(class_token))
    explainer = KerasExplainer(found, 2)
    wanted = [found.output, *explainer.keys, *explainer.cut]
    traced = tf.function(lambda x: found.graph.run({found.graph.inputs[0]: x}, wanted), autograph=False)
    graph = traced.get_concrete_function(tf.TensorSpec((2, SIDE, SIDE, 3))).graph
    assert [operation.type for operation in graph.get_operations()].count("Conv2D") == 1


def test_ablation_leaves_the_tokens_before_the_patches():
    model = seeded(class_token)
    found = backbone(model, layer="sum")
    explainer = KerasExplainer(found, 2)
    seen = explainer.forward(picture("1")[None])
    logits = explainer.ablated(seen.kept, 0, 0, np.array([-1, 0]))
    sequence = np.array(keras.Model(model.input, model.get_layer("sum").output)(picture("1")[None] / np.float32(255)))
    np.testing.assert_allclose(logits[0], seen.logits[0], atol=1e-6)
    # Behind the sum the class is read from the first token alone, which is no patch.
    np.testing.assert_allclose(logits[1], logits[0], atol=1e-6)
    assert sequence[0, 1:, 0].any()


def sliced(x):
    """Registers put between the class token and the patches, as DINOv2 has them, and all of them taken off again."""
    first, patches = x[:, :1], x[:, 1:]
    x = layers.Concatenate(axis=1, name="registers")([first, ops.zeros_like(patches[:, :3]), patches])
    return layers.LayerNormalization(name="patches")(block(x)[:, 4:])


def turned(x):
    return layers.Permute((2, 1), name="turned")(x)


def kept(x):
    """Dropout, a gate of one place, a sum: as many tokens as before."""
    gate = layers.Dense(WIDTH, "sigmoid")(layers.GlobalAveragePooling1D(keepdims=True)(x))
    return layers.Multiply(name="gated")([layers.Dropout(0.1)(x), gate])


def around(inner, count: int = 1):
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, 4, strides=4, name="patch")(start)
    x = layers.Reshape((GRID * GRID, WIDTH), name="flat")(x)
    x = layers.Concatenate(axis=1, name="tokens")([ops.zeros_like(x[:, :count]), x]) if count else x
    return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling1D()(inner(x))))


def test_tokens_before_the_patches_are_counted_through_slices_and_concatenations():
    found = grids(seeded(lambda: around(sliced)))
    assert {name: found[name].skip for name in ("flat", "tokens", "registers", "sum", "patches")} == {
        **{"flat": 0, "tokens": 1, "registers": 4},
        **{"sum": 4, "patches": 0},
    }
    assert {grid.shape for grid in found.values()} == {(GRID, GRID)}


def test_what_is_no_sequence_of_patches_is_none():
    found = grids(seeded(lambda: around(turned, 0)))
    assert set(found) == {"flat"}
    assert "gated" in grids(seeded(lambda: around(kept, 0)))
    assert grids(seeded(plain)) == {}


def test_a_grid_may_be_said_where_the_network_does_not_say_it():
    def make():
        """Patches by a pooling of a sequence of pixels: no map is made a sequence of as many."""
        start = layers.Input((SIDE, SIDE, 3))
        x = layers.AveragePooling1D(16)(layers.Reshape((SIDE * SIDE, 3))(start))
        return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.Dense(5, name="own")(x))))

    model = seeded(make)
    assert "own" not in grids(model)
    found = backbone(model, layer="own", tokens={"grid": [2, 8]})
    assert found.layers[0].shape == (None, 2, 8, 5) and found.cell_to_input[0].values == (2, 8, 0, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"grid": [14, 14], "skip": 1}, "tokens: grid 14x14 and 1 to skip are 197 tokens, 'last' has 17."),
        ({"grid": [4]}, "tokens: grid must be rows and columns, got [4]."),
        ({"grid": [4, 0]}, "tokens.grid"),
        ({"grid": [4, 4], "skipped": 1}, "tokens: unknown 'skipped'"),
        ({"skip": 1}, "tokens: 'grid' is required"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused_in_one_line(given, said):
    with pytest.raises(ConfigError) as error:
        backbone(seeded(class_token), tokens=given)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_a_grid_is_refused_where_it_has_no_effect():
    with pytest.raises(ConfigError, match=r"^tokens: grid 4x4 and 0 to skip are 16 tokens, the model has no sequence"):
        backbone(seeded(plain), tokens={"grid": [4, 4]})
    with pytest.raises(ConfigError, match=r"^tokens: 'patch' is a map as it is; leave out 'tokens'\.$"):
        backbone(seeded(class_token), layer="patch", tokens={"grid": [4, 4], "skip": 1})


def test_auto_is_refused_where_the_attention_is_not_known(tmp_path):
    """In a SavedModel it is operations; the layer can still be named."""
    seeded(class_token).export(tmp_path / "saved", verbose=False)
    given = {"model": str(tmp_path / "saved"), "preprocessing": {}, "safe": False, "input": SIDE}
    with pytest.raises(ConfigError, match=r"^layer: auto finds that the class is not read from the patches") as error:
        backbones.build(given)
    assert "\n" not in str(error.value) and "name the layer to explain, of: " in str(error.value)
    found = backbones.build({**given, "layer": "transformer_1/first_1"})
    explainer = KerasExplainer(found, 2)
    check_gradient_is_slope(explainer, pixels(SIDE))
    check_batch_is_singles(explainer, pixels(SIDE, 2))
    same = KerasExplainer(backbone(seeded(class_token), preprocessing={}), 2)
    one, other = explainer.forward(pixels(SIDE, 2)), same.forward(pixels(SIDE, 2))
    np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)
    np.testing.assert_allclose(one.activations[0], other.activations[0], atol=1e-4)


def test_the_evidence_of_tokens_is_that_of_maps():
    found = backbone(seeded(class_token))
    table = pd.DataFrame({"image": ["1", "2"], "outputs": [[0], [1]], "width": 32, "height": 64})
    _, arrays = explained(found, open_picture, table)
    assert arrays["activations"].shape == arrays["gradients"].shape == (2, GRID, GRID, WIDTH)


def test_layers_that_are_no_sequences_are_explained_in_the_very_graph():
    assert type(backbone(seeded(class_token), layer="patch").graph) is KerasGraph
    assert isinstance(backbone(seeded(class_token)).graph, Graph)
