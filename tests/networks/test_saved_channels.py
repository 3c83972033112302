"""SavedModels with channels first: what the Keras file that they were exported from gives, map by map."""

import numpy as np
import pytest
from test_channels_first import FIRST, at_input, flattened, inside

from models import SIDE, keras, layers, seeded
from savedmodels import explained

PAIRS = {
    "inside": (inside, {"final": "final_1"}),
    "at_input": (at_input, {"late": "late_1", "sum": "sum_1"}),
    "flattened": (flattened, {"late": "late_1"}),
}


def both(make, folder, layer, own):
    model = seeded(make)
    model.save(folder / "first.keras")
    model.export(folder / "first", verbose=False)
    theirs = explained(folder / "first.keras", layer=layer)
    return explained(folder / "first", layer=own, safe=False, input=SIDE), theirs


@pytest.mark.parametrize(("name", "layer"), [(name, layer) for name, (_, known) in PAIRS.items() for layer in known])
def test_maps_are_those_of_the_keras_file(name, layer, tmp_path):
    make, known = PAIRS[name]
    ours, theirs = both(make, tmp_path, layer, known[layer])
    np.testing.assert_allclose(ours[0]["logits"], theirs[0]["logits"], atol=1e-5)
    assert ours[2].layers[0].shape == theirs[2].layers[0].shape
    for array in ("activations", "gradients"):
        assert ours[1][array].shape == theirs[1][array].shape
        np.testing.assert_allclose(ours[1][array], theirs[1][array], atol=1e-5)


@pytest.mark.parametrize("name", PAIRS)
def test_auto_finds_the_same_layer(name, tmp_path):
    ours, theirs = both(PAIRS[name][0], tmp_path, "auto", "auto")
    assert ours[2].layer[0].rpartition("/")[2] == f"{theirs[2].layer[0]}_1"
    np.testing.assert_allclose(ours[1]["activations"], theirs[1]["activations"], atol=1e-5)


def test_cells_lie_where_those_of_the_keras_file_lie(tmp_path):
    """Padding, strides and pooling with channels first; the mean behind them is seen as one."""

    def make():
        start = layers.Input((3, SIDE, SIDE))
        x = layers.ZeroPadding2D(((2, 0), (0, 1)), **FIRST)(start)
        x = layers.Conv2D(4, 3, strides=(2, 1), padding="same", activation="relu", name="late", **FIRST)(x)
        return keras.Model(start, layers.Dense(3)(layers.GlobalAveragePooling2D(**FIRST)(x)))

    ours, theirs = both(make, tmp_path, "late", "late_1")
    assert ours[2].cell_to_input == theirs[2].cell_to_input and ours[2].cell_to_input[0].why == ""
    assert ours[1]["gradients"].shape == theirs[1]["gradients"].shape == (4, 1, 1, 4)
    np.testing.assert_allclose(ours[1]["gradients"], theirs[1]["gradients"], atol=1e-6)
