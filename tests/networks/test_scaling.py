"""Multi-scale and flipped maps, against plain Keras at each size, and where a patch lies that is known."""

import numpy as np
import pandas as pd
import pytest

from augmenting import IMAGES, SCALES, TARGETS, seen, written
from models import keras, layers
from wsol.affine import Affine
from wsol.datasets.images import fit
from wsol.maps import fusion
from wsol.networks import backbones

MOBILE = {"architecture": "MobileNetV2", "alpha": 0.35, "weights": "random", "classes": 3, "input": 64, "batch": 3}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return written(tmp_path_factory.mktemp("models"))


def taped(model, layer, pixels, output, prepare):
    """Grad-CAM of one image by Keras and a tape, with the sum of the gradients in place of their mean."""
    import tensorflow as tf

    head = model.layers[-1]
    linear = keras.Model(model.input, [model.get_layer(layer).output, head.input])
    with tf.GradientTape() as tape:
        maps, pooled = linear(prepare(pixels[None].astype(np.float32)))
        tape.watch(maps)
        score = (pooled @ head.kernel + head.bias)[0, output]
    gradient = tape.gradient(score, maps)
    return np.maximum((maps * tf.reduce_sum(gradient, (1, 2), keepdims=True)).numpy().sum(-1), 0)


@pytest.mark.parametrize("resize", ["stretch", "pad"])
@pytest.mark.parametrize("ways", [{"flip": True}, {"scales": [0.5]}, {"scales": SCALES, "flip": True}])
def test_the_map_is_the_mean_of_plain_keras_at_each_size(settings, ways, resize):
    """The finest grid is that of the largest input; `enlarged` is OpenCV's linear resizing (`test_fusion`)."""
    model = keras.saving.load_model(settings["model"])
    _, maps, _, outputs = seen(settings | {"resize": resize}, ways)
    scales = ways.get("scales", [1.0])
    for name, heat, output in zip(TARGETS["image"], maps, outputs, strict=True):
        expected = []
        for side in (round(32 * scale) for scale in scales):
            pixels, _ = fit(IMAGES[name], (side, side), resize)
            expected.append(taped(model, "last", pixels, output, lambda x: x / 255))
            if ways.get("flip"):
                expected.append(taped(model, "last", pixels[:, ::-1], output, lambda x: x / 255)[:, :, ::-1])
        side = round(8 * max(scales))
        expected = np.mean([fusion.enlarged(each, side, side) for each in expected], axis=0)[0]
        assert expected.max() > 0
        np.testing.assert_allclose(heat * side**2, expected, atol=1e-5 * expected.max())


def naively(maps, cells, grid, side):
    """A map's values at the middles of another grid's cells, place by place: NumPy's own interpolation."""
    xs, ys = (axis(np.arange(side) + 0.5) for axis in (grid.x, grid.y))
    found = np.empty((side, side))
    for i, y in enumerate(ys):
        row = [np.interp(y, cells.y(np.arange(len(maps)) + 0.5), maps[:, k]) for k in range(maps.shape[1])]
        found[i] = np.interp(xs, cells.x(np.arange(maps.shape[1]) + 0.5), row)
    return found


def test_a_published_architecture_is_built_at_each_size_with_the_same_weights():
    """MobileNetV2, whose strides pad one side alone, and differently at odd sizes: each cell is put where it looks."""
    ways = {"scales": [1.0, 1.51], "flip": True}
    found, maps, cells, outputs = seen(MOBILE, ways)
    expected, make = [], {"alpha": 0.35, "weights": None, "classes": 3, "classifier_activation": None}
    own = backbones.build(MOBILE)
    for side in (64, 97):
        model = keras.applications.MobileNetV2(input_shape=(side, side, 3), **make)
        model.set_weights(own.model.get_weights())
        at = Affine.of(backbones.build(MOBILE | {"input": side}).cell_to_input[0].values)
        for flip in (False, True):
            pixels, _ = fit(IMAGES["0"], (side, side))
            shown = pixels[:, ::-1] if flip else pixels
            heat = taped(model, "out_relu", shown, outputs[0], lambda x: x / 127.5 - 1)[0]
            # Mirrored back, a cell looks at what lies as far from the other border.
            mine = at._replace(shift_x=side - at.scale_x * heat.shape[1] - at.shift_x) if flip else at
            expected.append((heat[:, ::-1] if flip else heat, Affine.stretch((side, side), (64, 64)) @ mine))
    grid = expected[2][1]
    np.testing.assert_allclose(cells, grid, rtol=1e-12)
    assert abs(grid.shift_x) > 1  # it is not the stretch
    mean = np.mean([naively(heat, at, grid, len(expected[2][0])) for heat, at in expected], axis=0)
    assert mean.max() > 0 and found["logits"].shape == (5, 3)
    np.testing.assert_allclose(maps[0] * maps[0].size, mean, atol=1e-5 * mean.max())


@pytest.fixture(scope="module")
def blurring(tmp_path_factory):
    """A network whose map is a blurred picture of what is bright, with strides that pad one side alone."""
    x = start = layers.Input((None, None, 3))
    for stage in range(3):
        blur = layers.Conv2D(1, 3, strides=2, padding="same", use_bias=False, name=f"blur_{stage}")
        x = blur(x)
        # Binomial: every pixel counts the same, half in each of two cells or whole in one.
        kernel = np.multiply.outer([1, 2, 1], [1, 2, 1]) / (16 * blur.kernel.shape[2])
        blur.set_weights([np.broadcast_to(kernel[..., None, None], blur.kernel.shape)])
    head = layers.Dense(2, "softmax")
    model = keras.Model(start, head(layers.GlobalAveragePooling2D()(x)))
    head.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    path = tmp_path_factory.mktemp("models") / "blurring.keras"
    model.save(path)
    return {"model": str(path), "preprocessing": {"scale": 1 / 255}, "input": 192, "batch": 2}


@pytest.mark.parametrize(
    "ways",
    [
        *({"scales": [scale]} for scale in (0.5, 0.51, 1.0, 1.5, 2.0)),
        {"flip": True},
        {"scales": [0.51], "flip": True},
        {"scales": [0.5, 0.51, 1.0, 1.5, 2.0], "flip": True},
    ],
    ids=str,
)
def test_a_patch_is_found_where_it_lies(blurring, ways):
    image = np.zeros((192, 192, 3), np.uint8)
    image[48:80, 112:136] = 255
    table = pd.DataFrame({"image": ["p"], "outputs": [[0]], "width": 192, "height": 192})
    _, (heat,), cells, _ = seen(blurring, ways, table, {"p": image})
    at = Affine.of(cells)
    rows, columns = (heat.sum(axis) @ (np.arange(len(heat)) + 0.5) / heat.sum() for axis in (1, 0))
    assert abs(at.x(columns) - 124) < 0.25 and abs(at.y(rows) - 64) < 0.25
    if ways == {"flip": True}:  # stretched over the input it lies elsewhere, and its mirrored half on the other side
        assert abs(columns * 8 - 124) > 3


def test_cam_is_the_mean_of_weighted_activations_of_the_dense_layer(settings):
    """Zhou's map, of no gradient: what is summed where segmentation seeds are made (Ahn 2019, IRN)."""
    model = keras.saving.load_model(settings["model"])
    look, kernel = keras.Model(model.input, model.get_layer("last").output), model.layers[-1].kernel.numpy()
    _, maps, _, outputs = seen(settings, {"scales": [0.5, 2.0]}, cam="cam")
    for name, heat, output in zip(TARGETS["image"], maps, outputs, strict=True):
        shown = (fit(IMAGES[name], (side, side))[0][None].astype(np.float32) / 255 for side in (16, 64))
        expected = [fusion.enlarged(look(x).numpy() @ kernel[:, output], 16, 16)[0] for x in shown]
        assert np.abs(expected[0]).max() < 3 * np.abs(expected[1]).max()  # neither drowns the other
        np.testing.assert_allclose(heat * 256, np.mean(expected, axis=0), atol=1e-5 * np.abs(expected).max())
