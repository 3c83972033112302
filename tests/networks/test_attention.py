"""Maps of attention against Keras' own scores, in NumPy, and gradients against finite differences."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, picture, plain, seeded
from planted import pixels
from transformers import GRID, WIDTH, block, class_token, token
from wsol.errors import ConfigError
from wsol.networks.attention import AttentionMaps

BLOCKS = ("a_", "b_", "c_")
COUNT = 2  # tokens before the patches


def deep() -> "keras.Model":
    """Three blocks behind two tokens, of which the class is read from the first."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(WIDTH, 4, strides=4, name="patch")(start)
    x = layers.Reshape((GRID * GRID, WIDTH))(x)
    x = layers.Concatenate(axis=1)([token(x, COUNT), x])
    for name in BLOCKS:
        x = block(x, name)
    x = layers.LayerNormalization(name="last")(x)
    return keras.Model(start, layers.Dense(3, name="head")(x[:, 0]))


def scores(model, image: np.ndarray) -> list[np.ndarray]:
    """Each block's attention [heads t t], by the layer itself on what its norm gave."""
    found = []
    for name in BLOCKS:
        given = keras.Model(model.input, model.get_layer(f"{name}first").output)(image[None] / np.float32(255))
        _, own = model.get_layer(f"{name}attention")(given, given, return_attention_scores=True)
        found.append(np.array(own[0], np.float64))
    return found


def as_map(row: np.ndarray) -> np.ndarray:
    return row[COUNT:].reshape(GRID, GRID)


def test_maps_of_images_are_those_of_the_layers_own_scores():
    model = seeded(deep)
    found = AttentionMaps(backbone(model), 3).of_images(np.stack([picture("1"), picture("2")]))
    for row, name in enumerate(("1", "2")):
        heads = [own.mean(axis=0) for own in scores(model, picture(name))]
        rolled = np.eye(len(heads[0]))
        for matrix in heads:
            step = np.zeros_like(matrix)
            for query in range(len(matrix)):
                step[query] = matrix[query] + np.eye(len(matrix))[query]
                step[query] /= step[query].sum()
            rolled = step @ rolled
        wanted = {"last_attention": heads[-1], "rolled_out": rolled, "summed_attention": sum(heads)}
        for array, matrix in wanted.items():
            np.testing.assert_allclose(found[array][row], as_map(matrix[0]), atol=1e-6)


def own_score(model, name: str, given, attention: np.ndarray, index: int) -> float:
    """A block's own score with this attention [heads t t] in place of its own, in NumPy but for Keras' layers."""
    layer = model.get_layer(f"{name}attention")
    normed = model.get_layer(f"{name}first")(given)
    value = np.array(layer._value_dense(normed))  # [1 t heads d]
    mixed = np.einsum("hqt,thd->qhd", attention, value[0])
    x = given + np.array(layer._output_dense(mixed[None].astype(np.float32)))
    y = model.get_layer(f"{name}down")(model.get_layer(f"{name}up")(model.get_layer(f"{name}second")(x)))
    last = model.get_layer("last")(x + np.array(y))
    return float(np.array(model.get_layer("head")(last[:, 0]))[0, index])


def test_attention_gradients_are_the_slopes_of_each_blocks_own_score():
    """LeGrad's equation, the gradient by finite differences in every entry of every attention matrix."""
    model, image, index, step = seeded(deep), picture("3"), 1, 1e-2
    total = np.zeros(COUNT + GRID * GRID)
    for name, own in zip(BLOCKS, scores(model, image), strict=True):
        before = keras.Model(model.input, model.get_layer(f"{name}first").input)
        given = np.array(before(image[None] / np.float32(255)))
        # The class is read from the first token: the attention of the others moves nothing of this block's score.
        slopes = np.zeros_like(own)
        for head in range(own.shape[0]):
            for key in range(own.shape[2]):
                high, low = own.copy(), own.copy()
                high[head, 0, key] += step
                low[head, 0, key] -= step
                ends = [own_score(model, name, given, moved, index) for moved in (high, low)]
                slopes[head, 0, key] = (ends[0] - ends[1]) / (2 * step)
        total += np.maximum(slopes, 0).mean(axis=(0, 1)) / len(BLOCKS)
    found = AttentionMaps(backbone(model), 2).of_outputs(image[None], np.array([0]), np.array([index]))
    np.testing.assert_allclose(found[0], as_map(total), atol=0.01 * total.max())


def test_outputs_of_any_number_are_asked_in_parts():
    maps = AttentionMaps(backbone(seeded(deep)), 2)
    rows, outputs = np.array([0, 1, 1, 0, 1]), np.array([0, 1, 2, 2, 0])
    together = maps.of_outputs(pixels(SIDE, 2), rows, outputs)
    for found, row, output in zip(together, rows, outputs, strict=True):
        alone = maps.of_outputs(pixels(SIDE, 2)[row][None], np.array([0]), np.array([output]))
        np.testing.assert_allclose(found, alone[0], atol=1e-6)
    assert maps.of_outputs(pixels(SIDE, 2), rows[:0], outputs[:0]).shape == (0, GRID, GRID)


@pytest.mark.parametrize(
    ("model", "layer", "why"),
    [
        (plain, "late", "this one has no MultiHeadAttention of Keras."),
        (lambda: class_token(0), "last", "'attention' has no class token, so that there is no row of it to roll out."),
        (class_token, "last", "block after block alike; those of this one are not."),
    ],
)
def test_a_network_without_such_attention_is_refused_in_one_line(model, layer, why):
    with pytest.raises(ConfigError, match=r"^evidence attention: ") as error:
        AttentionMaps(backbone(seeded(model), layer=layer), 2)
    assert str(error.value).endswith(why) and "\n" not in str(error.value)
