"""Training sees labels alone, learns, and repeats itself."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from wsol import backbones, train
from wsol.errors import DataError


def targets(**columns):
    frame = pd.DataFrame({"image": ["a", "b", "c"], "label": [0, 1, 1], "status": ["ok", "ok", "missing"]})
    frame["class_name"] = ["cat", "dog", "dog"]
    return frame.assign(boxes=[[0, 0, 1, 1]] * 3, mask="x", **columns)


def test_boxes_and_masks_are_left_out_and_missing_images_too():
    found = train.labels(targets())
    assert list(found.columns) == ["image", "label", "class_name", "status"] and found["image"].tolist() == ["a", "b"]


def test_an_image_with_two_labels_and_one_without_are_refused():
    with pytest.raises(DataError, match="'a' has several labels"):
        train.labels(pd.concat([targets(), targets(label=5)]))
    with pytest.raises(DataError, match="every image needs a label"):
        train.labels(targets(label=-1))


def colours(count: int = 24):
    """Red images of class 0, blue ones of class 1, noisy."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    pixels = random.integers(0, 120, (count, 32, 32, 3), np.uint8)
    pixels[labels == 0, ..., 0] += 100
    pixels[labels == 1, ..., 2] += 100
    return train.Examples(pixels, labels)


def fitted(seed: int):
    import keras

    keras.utils.set_random_seed(seed)
    convolution = keras.layers.Conv2D(4, 3, strides=4, activation="relu")
    pooled = [convolution, keras.layers.BatchNormalization(), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((32, 32, 3)), *pooled, keras.layers.Dense(2)])
    prepare = backbones.preprocessing(scale=1 / 127.5, mean=1.0)
    network = SimpleNamespace(model=model, preprocess=lambda batch: backbones.prepared(batch, prepare))
    given = train.settings(dataset="x", epochs=6, batch=4, learning_rate=0.05, seed=seed)
    said: list = []
    history = train.fit(network, colours(), given, lambda *words: said.append(words))
    return model.get_weights(), history, said


def test_a_fit_learns_tells_and_repeats_itself():
    weights, history, said = fitted(seed=0)
    again, _, _ = fitted(seed=0)
    assert history["epoch"].tolist() == [0, 1, 2, 3, 4, 5] and len(said) == 6
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] and history["accuracy"].iloc[-1] > 0.8
    assert all(np.array_equal(a, b) for a, b in zip(weights, again, strict=True))
