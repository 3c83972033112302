"""Training sees labels alone, learns, and repeats itself."""

import numpy as np
import pandas as pd
import pytest

from models import backbone, keras, layers
from wsol.errors import ConfigError, DataError
from wsol.networks import train


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


def network(classes: int, end: str | None, seed: int = 0, **settings):
    """A small network whose normalisation stands in a model of its own."""
    keras.utils.set_random_seed(seed)
    convolution = layers.Conv2D(4, 3, strides=4, activation="relu")
    base = keras.Sequential([keras.Input((32, 32, 3)), convolution, layers.BatchNormalization()])
    head = [layers.GlobalAveragePooling2D(), layers.Dense(classes, end)]
    prepare = {"scale": 1 / 127.5, "mean": 1.0}
    return backbone(keras.Sequential([base, *head]), (32, 32), preprocessing=prepare, **settings)


def fitted(seed: int):
    own = network(2, None, seed, activation="softmax")
    given = train.settings(dataset="x", epochs=6, batch=4, learning_rate=0.05, seed=seed)
    said: list = []
    history = train.fit(own, colours(), given, lambda *words: said.append(words))
    return own.model.get_weights(), history, said


def test_a_fit_learns_tells_and_repeats_itself():
    weights, history, said = fitted(seed=0)
    again, _, _ = fitted(seed=0)
    assert history["epoch"].tolist() == [0, 1, 2, 3, 4, 5] and len(said) == 6
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] and history["accuracy"].iloc[-1] > 0.8
    assert all(np.array_equal(a, b) for a, b in zip(weights, again, strict=True))


# How a model ends, what is said of it, and the loss of its outputs by hand.
ENDS = {
    "softmax": (3, "softmax", {}, lambda p, y: -np.log(p[np.arange(len(y)), y])),
    "log_softmax": (3, "log_softmax", {}, lambda lp, y: -lp[np.arange(len(y)), y]),
    "logits": (3, None, {"activation": "softmax"}, lambda z, y: np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]),
    "sigmoids": (3, "sigmoid", {}, lambda p, y: -np.log(np.where(np.eye(3)[y] == 1, p, 1 - p)).mean(1)),
    "sigmoid": (1, "sigmoid", {}, lambda p, y: -np.log(np.where(y == 1, p[:, 0], 1 - p[:, 0]))),
    "logit": (1, None, {"activation": "sigmoid"}, lambda z, y: np.log1p(np.exp(-z[:, 0])) + (1 - y) * z[:, 0]),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_loss_sees_what_the_outputs_are(name):
    """The first step's loss is the formula's; a loss that took probabilities for logits would be another."""
    classes, end, settings, formula = ENDS[name]
    own, examples = network(classes, end, **settings), colours(8)
    outputs = own.model(own.preprocess(examples.pixels), training=True).numpy().astype(np.float64)
    given = train.settings(dataset="x", epochs=1, batch=8, learning_rate=0, flip=False)
    history = train.fit(own, examples, given, lambda *words: None)
    assert history["loss"][0] == pytest.approx(formula(outputs, examples.labels).mean(), rel=1e-4)
    chosen = outputs.argmax(axis=1) if classes > 1 else (outputs[:, 0] > (0.5 if end else 0)).astype(int)
    assert history["accuracy"][0] == pytest.approx((chosen == examples.labels).mean())


@pytest.mark.parametrize("name", ["softmax", "sigmoids", "sigmoid"])
def test_any_end_learns(name):
    classes, end, settings, _ = ENDS[name]
    own = network(classes, end, **settings)
    given = train.settings(dataset="x", epochs=20, batch=4, learning_rate=0.05)
    assert train.fit(own, colours(), given, lambda *words: None)["accuracy"].iloc[-1] > 0.9


def test_momentum_reaches_a_normalisation_in_a_model_of_a_model():
    own = network(2, "softmax")
    train.fit(own, colours(4), train.settings(dataset="x", epochs=1, momentum=0.5), lambda *words: None)
    assert own.model.layers[0].layers[-1].momentum == 0.5


def test_of_several_outputs_the_named_one_is_trained():
    start = layers.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, strides=4, activation="relu")(start))
    heads = [layers.Dense(c, "softmax", name=n)(x) for n, c in (("kind", 2), ("breed", 5))]
    own = backbone(keras.Model(start, heads), (32, 32), output="kind")
    before = {name: own.model.get_layer(name).get_weights() for name in ("kind", "breed")}
    train.fit(own, colours(8), train.settings(dataset="x", epochs=1), lambda *words: None)
    kept = {name: np.array_equal(own.model.get_layer(name).get_weights()[0], before[name][0]) for name in before}
    assert kept == {"kind": False, "breed": True}


def test_what_cannot_be_trained_is_said():
    given = train.settings(dataset="x", epochs=1)
    with pytest.raises(
        ConfigError, match=r"^weights\.train needs a model that ends in softmax or sigmoid, or a backbone"
    ):
        train.fit(network(2, None), colours(4), given, lambda *words: None)
    frozen = network(2, "softmax")
    frozen.model.trainable = False
    with pytest.raises(ConfigError, match="all layers of the model are frozen"):
        train.fit(frozen, colours(4), given, lambda *words: None)
