"""Evidence: one pass against plain Keras and tf.GradientTape."""

import numpy as np
import pandas as pd
import pytest

from wsol import evidence
from wsol.errors import ConfigError, DataError
from wsol.files import EVIDENCE

keras = pytest.importorskip("keras")
SIDE = 16


def small_model(head: str = "softmax", classes: int = 3):
    """Convolutions, a pooling, a dense layer: what every classifier here is in small."""
    keras.utils.set_random_seed(1)
    x = start = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.Conv2D(6, 3, strides=2, activation="relu", padding="same", name="early")(x)
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu", padding="same", name="late")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(start, keras.layers.Dense(classes, activation=head, name="head")(x))


def backbone(model, **settings):
    from wsol import backbones

    known = {"model": "in memory", "preprocessing": {"scale": 1 / 255}, "batch": 4, **settings}
    return backbones.Backbone(model, backbones.backbone(**known), (SIDE, SIDE), backbones.preprocessing(scale=1 / 255))


def picture(name: str) -> np.ndarray:
    if name == "broken":
        raise DataError("broken: does not decode.")
    return np.random.default_rng(int(name)).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def targets(names, outputs):
    return pd.DataFrame({"image": names, "outputs": outputs, "width": 32, "height": 64})


def run(model, table, **settings):
    sink = evidence.Collected()
    return evidence.predict(backbone(model, **settings), picture, table, sink), sink


def test_geometry_ends_in_the_annotations_pixels():
    predictions, _ = run(small_model(), targets(["1"], [[0]]))
    assert predictions["geometry"].tolist() == [[2.0, 4.0, 0.0, 0.0]]


def test_an_unreadable_image_stays_in_place_and_says_nothing():
    predictions, found = run(small_model(), targets(["1", "broken", "2"], [[0], [1], [2]]))
    assert predictions["readable"].tolist() == [True, False, True]
    assert np.isnan(predictions["logits"][1]).all() and np.isfinite(predictions["logits"][[0, 2]]).all()
    assert not found["activations"][1].any() and not found["gradients"][1].any()
    assert found["explained"].tolist() == [0, -1, 2]


def test_a_class_the_model_lacks_is_named():
    with pytest.raises(ConfigError, match="class index 7, the model has"):
        run(small_model(), targets(["1"], [[7]]))


@pytest.mark.parametrize("names", [["1", "2", "3", "4", "5", "6"], ["1", "2", "1", "3", "2", "1"]])
def test_a_stream_writes_what_memory_collects(tmp_path, names):
    table = targets(names, [[i % 3] for i in range(len(names))])
    model = small_model()
    _, collected = run(model, table)
    for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
        with EVIDENCE.stream(path) as sink:
            evidence.predict(backbone(model), picture, table, sink)
    read, mapped = EVIDENCE.read(path), EVIDENCE.map(path)
    for name in EVIDENCE.fields:
        np.testing.assert_array_equal(read[name], collected[name])
        np.testing.assert_array_equal(mapped[name], collected[name])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
