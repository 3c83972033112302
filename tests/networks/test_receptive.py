"""Where a map's cells lie, against the gradient: what of the input moves a cell is its receptive field."""

import numpy as np
import pandas as pd
import pytest

from models import backbone, explained, keras, layers, picture, plain, seeded
from regionsfiles import rows_of
from wsol.networks import backbones, receptive
from wsol.networks.layers import candidates
from wsol.networks.models import kerasmodel
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize


def graph_of(model, size):
    graph = kerasmodel.KerasGraph(model)
    output = next(iter(graph.outputs.values()))
    graph.trace_shapes(size, 3, output)
    return graph, candidates(graph, output)


def averaged(model):
    """The model with every weight positive and pooling by the mean: whatever lies in a receptive field has a say."""

    def mean(layer):
        if type(layer) is not keras.layers.MaxPooling2D:
            return layer
        names = ("pool_size", "strides", "padding", "name")
        return keras.layers.AveragePooling2D(**{name: layer.get_config()[name] for name in names})

    model = keras.models.clone_model(model, clone_function=mean)
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            feeds = weight.shape[:2] if "depthwise" in weight.path else weight.shape[:-1]
            weight.assign(np.full(weight.shape, 1 / np.prod(feeds)))
    return model


def extent(model, size, axis, cell):
    """First and one behind the last row (axis 0) or column of the input that moves a cell."""
    import tensorflow as tf

    @tf.function  # which leaves out the filters' gradients: eager TensorFlow 2.21 dies of some
    def gradient(pixels):
        total = tf.reduce_sum(tf.gather(model(pixels, training=False), [cell], axis=1 + axis))
        return tf.gradients(total, pixels)[0]

    # So small that no ReLU6 is full.
    moved = np.abs(gradient(tf.fill((1, *size, 3), 1e-4)).numpy()).sum(axis=(0, 2 - axis, 3))
    rows = np.flatnonzero(moved)
    return rows[0], rows[-1] + 1


def check(model, size, cells=None):
    """The last map's grid against a cell in its middle, both ways. A field cut off by the border says nothing."""
    model = averaged(model)
    graph, steps = graph_of(model, size)
    found = receptive.cell_to_input(graph, steps[-1], size)
    assert found.why == ""
    for axis in (0, 1):
        cell = steps[-1].shape[1 + axis] // 2 if cells is None else cells[axis]
        if cell is None:
            continue
        first, stop = extent(model, size, axis, cell)
        assert first > 0 and stop < size[axis], "too small an input"
        scale, shift = found.values[1 - axis], found.values[3 - axis]
        assert (first + stop) / 2 == (cell + 0.5) * scale + shift, (axis, found.values)
    return found


@pytest.mark.parametrize("size", [(64, 64), (63, 66)])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 2), (3, 2), (4, 2), ((3, 5), (2, 3)), (7, 3)])
@pytest.mark.parametrize("kind", ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D", "AveragePooling2D"])
def test_windows(kind, kernel, stride, padding, size):
    filters = [2] if kind in ("Conv2D", "SeparableConv2D") else []
    if kind in ("DepthwiseConv2D", "SeparableConv2D") and isinstance(stride, tuple):
        stride = stride[0]  # TensorFlow has no other
    make = [getattr(layers, kind)(*filters, kernel, strides=stride, padding=padding) for _ in range(2)]
    check(keras.Sequential([layers.Input((*size, 3)), *make, layers.Conv2D(2, 3, padding="same")]), size)


@pytest.mark.parametrize(
    "make",
    [
        lambda: [layers.ZeroPadding2D(((0, 1), (2, 1))), layers.Conv2D(2, 3, strides=2)],
        lambda: [layers.Conv2D(2, 3, strides=2, padding="same"), layers.Cropping2D(((1, 0), (3, 2)))],
        lambda: [layers.Conv2D(2, 3, dilation_rate=(2, 3), padding="same"), layers.MaxPooling2D(3, 2, "same")],
        lambda: [layers.MaxPooling2D(2), layers.BatchNormalization(), layers.ReLU(), layers.Dense(2)],
    ],
)
@pytest.mark.parametrize("size", [(40, 40), (41, 38)])
def test_chains(make, size):
    check(keras.Sequential([layers.Input((*size, 3)), *make()]), size)


def test_upsampling_halves_the_cells():
    model = keras.Sequential([layers.Input((32, 32, 3)), layers.MaxPooling2D(4), layers.UpSampling2D(2)])
    graph, steps = graph_of(model, (32, 32))
    assert receptive.cell_to_input(graph, steps[-1], (32, 32)) == ((2, 2, 0, 0), "")


def test_of_two_branches_the_larger_field_tells():
    """Xception's block: a 1x1 convolution of stride 2 beside a padded pooling, off by a pixel."""
    start = x = layers.Input((48, 48, 3))
    x = layers.MaxPooling2D(3, 2, "same")(layers.Conv2D(4, 3, padding="same")(x))
    model = keras.Model(start, layers.Add()([layers.Conv2D(4, 1, strides=2, padding="same")(start), x]))
    assert check(model, (48, 48)).values == (2, 2, 0.5, 0.5)


def test_a_gate_has_no_place():
    start = x = layers.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    gate = layers.Conv2D(4, 1, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    graph, steps = graph_of(keras.Model(start, layers.Multiply()([gate, x])), (32, 32))
    assert receptive.cell_to_input(graph, steps[-1], (32, 32)) == ((2, 2, 0.5, 0.5), "")


@pytest.mark.parametrize(
    "make",
    [
        lambda: [layers.Reshape((8, 32, 3))],
        lambda: [layers.Resizing(8, 32)],
        lambda: [layers.Lambda(lambda x: x[:, ::2], output_shape=(8, 16, 3))],
        lambda: [layers.Permute((2, 1, 3))],
        lambda: [layers.MultiHeadAttention(1, 2, attention_axes=(1, 2))],
        lambda: [layers.Conv2DTranspose(2, 3, strides=2)],
    ],
)
def test_what_is_not_known_is_the_stretch_and_says_why(make):
    start = x = layers.Input((32, 32, 3))
    x = layers.Conv2D(3, 3, strides=2, padding="same")(x)
    for layer in make():
        x = layer(x, x) if type(layer).__name__ == "MultiHeadAttention" else layer(x)
    x = layers.Conv2D(3, 3, strides=2, padding="same")(x)
    graph, steps = graph_of(keras.Model(start, x), (32, 32))
    found = receptive.cell_to_input(graph, steps[-1], (32, 32))
    high, wide = steps[-1].shape[1:3]
    assert found.values == (32 / wide, 32 / high, 0, 0) and type(layer).__name__ in found.why
    assert "the stretch" in receptive.describe(steps[-1], found)


def published(name, size, **arguments):
    return getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(*size, 3), **arguments)


@pytest.mark.parametrize(
    ("name", "shift"), [("MobileNetV2", 15.5), ("Xception", -8.5), ("InceptionV3", 21.5), ("ResNet50", -15.5)]
)
def test_published_networks_by_hand(name, shift):
    """MobileNetV2: 0.5 input pixels at each of the strides 1, 2, 4, 8 and 16 that five padded steps begin with."""
    split = backbones.build({"architecture": name, "weights": "random"})
    assert split.cell_to_input == [receptive.CellToInput((32, 32, shift, shift), "")]


@pytest.mark.parametrize(("name", "long", "short"), [("MobileNetV2", 544, 96), ("Xception", 299 + 31 * 32, 75)])
def test_published_networks_by_the_gradient(name, long, short):
    """Rows of an input as long as a whole field needs, and as long, but for whole cells, as the published size."""
    own = {"MobileNetV2": (224, 15.5), "Xception": (299, -8.5)}[name]
    assert (long - own[0]) % 32 == 0
    found = check(published(name, (long, short)), (long, short), (long // 64, None))
    assert (found.values[1], found.values[3]) == (32, own[1])


def test_evidence_holds_every_layers_grid():
    split = backbone(seeded(plain), layer=["early", "late"])
    table = pd.DataFrame({"image": ["1"], "outputs": [[0]], "width": 16, "height": 16})
    _, found = explained(split, picture, table)
    assert found["cell_to_input"].tolist() == [2, 2, 0.5, 0.5] and found["cell_to_input_1"].tolist() == [4, 4, 1.5, 1.5]
    _, finished = explained(backbone(seeded(plain), evidence={"method": "occlusion", "grid": 4}), picture, table)
    assert finished["cell_to_input"].tolist() == [4, 4, 0, 0]


@pytest.fixture(scope="module")
def blob():
    """Four strided steps that lay their map 7.5 pixels up and left; a bright square whose middle is at (47.5, 47.5)."""
    steps = [layers.Conv2D(2, 3, strides=2, padding="same") for _ in range(4)]
    model = keras.Sequential([layers.Input((96, 96, 3)), *steps, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    image = np.zeros((96, 96, 3), np.uint8)
    image[40:55, 40:55] = 255
    table = pd.DataFrame({"image": ["1"], "outputs": [[0]], "width": 96, "height": 96})
    _, found = explained(backbone(averaged(model), (96, 96)), lambda _: image, table)
    assert found["cell_to_input"].tolist() == [16, 16, 7.5, 7.5]
    return np.ascontiguousarray(found["activations"][0, ..., 0]), found["cell_to_input"]


@pytest.mark.parametrize(
    ("input_to_image", "size"),
    [([1, 1, 0, 0], [96, 96]), ([2, 2, 0, 0], [192, 192]), ([1, 1, 30, 10], [120, 150]), ([2, 2, 0, -20], [150, 192])],
)
@pytest.mark.parametrize("canvas", ["input", "image"])
@pytest.mark.parametrize("upsampling", ["linear", "cubic"])
def test_a_planted_blob_is_found_where_it_was(blob, upsampling, canvas, input_to_image, size):
    heatmap, grid = blob
    how = {
        "protocol": "exact",
        "upsampling": upsampling,
        "normalization": "minmax",
        "canvas": canvas,
        "cell_to_input": grid,
    }
    how |= {"threshold": {"method": "fixed", "level": 0.5}}
    for alignment, middle in (("receptive_field", 47.5), ("stretch", 40)):
        place = (np.array([input_to_image]), [96, 96], [size])
        found = rows_of(localize([heatmap], ["ok"], *place, alignment=alignment, **how))
        box = EXACT.row_boxes(found["boxes"][found["largest"]], found["canvas_to_image"][0], size)[0]
        expected = middle * np.array(input_to_image[:2]) + input_to_image[2:]
        assert (box[:2] + box[2:]) / 2 == pytest.approx(expected), alignment
