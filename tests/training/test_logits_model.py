"""Whatever a network ends in, its logits are what is trained: the first step's loss is the formula of its outputs."""

import hashlib

import numpy as np
import pytest

from models import backbone, keras, layers, plain
from wsol.errors import ConfigError
from wsol.networks import backbones
from wsol.training import fitting, network, recipe
from wsol.training.labels import Labelled
from wsol.training.reading import Source

SIDE = 32
LABELS = np.arange(8) % 3
PREPARE = {"scale": 1 / 127.5, "mean": 1.0}


def pixels(name: str) -> np.ndarray:
    return np.random.default_rng(int(name)).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def ended(*head, **settings):
    """A small network that ends in these layers; its normalisation stands in a model of its own."""
    keras.utils.set_random_seed(0)
    convolution = layers.Conv2D(4, 3, strides=4, activation="relu")
    base = keras.Sequential([keras.Input((SIDE, SIDE, 3)), convolution, layers.BatchNormalization()])
    x = layers.GlobalAveragePooling2D()(base.outputs[0])
    for layer in head:
        x = layer(x)
    return backbone(keras.Model(base.inputs, x), (SIDE, SIDE), preprocessing=PREPARE, **settings)


def nested(function, **settings):
    """The classifier is a model of its own, and a dropout and a reshaping stand behind it."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu"), layers.Dense(3, function, name="scores")])
    return ended(inner, layers.Dropout(0), layers.Reshape((3, 1)), layers.Reshape((3,)), **settings)


def softmaxed(p):
    return -np.log(p[np.arange(len(p)), LABELS])


def logged(lp):
    return -lp[np.arange(len(lp)), LABELS]


def sigmoids(p):
    return -np.log(np.where(np.eye(3)[LABELS] == 1, p, 1 - p)).mean(1)


def sigmoid(p):
    return -np.log(np.where(LABELS > 0, p[:, 0], 1 - p[:, 0]))


# How a network ends, and the loss of its outputs by hand.
ENDS = {
    "softmax": (lambda: ended(layers.Dense(3, "softmax")), softmaxed),
    "log_softmax": (lambda: ended(layers.Dense(3, "log_softmax")), logged),
    "logits": (lambda: ended(layers.Dense(3), activation="softmax"), lambda z: np.log(np.exp(z).sum(1)) + logged(z)),
    "sigmoids": (lambda: ended(layers.Dense(3, "sigmoid")), sigmoids),
    "sigmoid": (lambda: ended(layers.Dense(1, "sigmoid")), sigmoid),
    "logit": (lambda: ended(layers.Dense(1), activation="sigmoid"), lambda z: sigmoid(1 / (1 + np.exp(-z)))),
    "activation": (lambda: ended(layers.Dense(3), layers.Activation("softmax")), softmaxed),
    "logarithm": (lambda: ended(layers.Dense(3), layers.Activation("log_softmax")), logged),
    "layer": (lambda: ended(layers.Dense(3), layers.Softmax()), softmaxed),
    "function": (lambda: ended(layers.Dense(3), keras.ops.softmax), softmaxed),
    "layer as function": (lambda: ended(layers.Dense(3, layers.Softmax())), softmaxed),
    "convolution": (
        lambda: ended(layers.Reshape((1, 1, 4)), layers.Conv2D(3, 1, activation="softmax"), layers.Flatten()),
        softmaxed,
    ),
    "nested": (lambda: nested("softmax"), softmaxed),
    "nested sigmoids": (lambda: nested("sigmoid"), sigmoids),
    "nested logits": (lambda: nested(None, activation="softmax"), lambda z: np.log(np.exp(z).sum(1)) + logged(z)),
}


def fit(own, **given):
    """The history of a fit to eight images of noise, with labels 0, 1, 2; of one output, whether it is none of 0."""
    wanted = np.eye(own.classes, dtype=np.float32)[np.minimum(LABELS, own.classes - 1)]
    names = [str(number) for number in range(len(LABELS))]
    chosen = recipe.settings(dataset="x", flip=False, crop_from=own.size[0], **given)
    source = Source.of(pixels, own.size, {"resize": "stretch", "interpolation": "linear"}, chosen, 1)
    labelled = Labelled(names, wanted[:, 1:] if own.binary else wanted)
    return fitting.fit(own, network.logits_model(own), labelled, source, chosen, lambda *words: None)


@pytest.mark.parametrize("name", ENDS)
def test_the_first_loss_is_the_formula_of_the_outputs(name):
    """A loss that took probabilities for logits would be another."""
    make, formula = ENDS[name]
    own = make()
    images = np.stack([pixels(str(number)) for number in range(len(LABELS))])
    outputs = own.model(own.preprocess(images), training=True).numpy().astype(np.float64)
    history = fit(own, epochs=1, batch=8, learning_rate=0.0)
    assert history["loss"][0] == pytest.approx(formula(outputs).mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["softmax", "layer as function", "nested", "function"])
def test_the_network_keeps_its_activation_and_is_the_one_that_is_trained(name):
    own = ENDS[name][0]()
    image = own.preprocess(pixels("0")[None])
    before, weights = own.model(image).numpy(), [weight.numpy() for weight in own.model.trainable_weights]
    logits = network.logits_model(own)
    raised = np.exp(logits(image).numpy().astype(np.float64))
    np.testing.assert_allclose(raised / raised.sum(), before, atol=1e-6)
    assert {id(weight) for weight in logits.weights} == {id(weight) for weight in own.model.weights}
    fit(own, epochs=1, batch=4, learning_rate=0.1)
    assert all((weight.numpy() != old).any() for weight, old in zip(own.model.trainable_weights, weights, strict=True))
    assert own.model(image).numpy().sum() == pytest.approx(1, abs=1e-5)


def test_of_several_outputs_the_named_one_is_trained():
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, strides=4, activation="relu")(start))
    heads = [layers.Dense(c, "softmax", name=n)(x) for n, c in (("breed", 5), ("kind", 3))]
    own = backbone(keras.Model(start, heads), (SIDE, SIDE), output="kind")
    before = {name: own.model.get_layer(name).get_weights()[0] for name in ("kind", "breed")}
    fit(own, epochs=1, batch=8)
    kept = {name: np.array_equal(own.model.get_layer(name).get_weights()[0], before[name]) for name in before}
    assert kept == {"kind": False, "breed": True}


def test_of_acol_the_explained_branch_is_fitted_and_judged():
    net = {"architecture": "MobileNet", "alpha": 0.25, "input": 32, "weights": "random", "classes": 3}
    own = backbones.build({**net, "head": {"method": "acol", "filters": [2, 2]}})
    logits = network.logits_model(own)
    assert [tuple(tensor.shape) for tensor in logits.outputs] == [(None, 3)]
    chosen = recipe.settings(dataset="x", learning_rate=0.0, flip=False, crop_from=32)
    wanted = np.eye(3, dtype=np.float32)[LABELS]
    fitted = fitting.Fit(own, logits, chosen, wanted)
    fitted.begin(0)
    images = np.stack([pixels(str(number)) for number in range(len(LABELS))])
    found = fitted.answer(images, wanted)[1].numpy()
    np.testing.assert_allclose(found, own.model(own.preprocess(images))[0].numpy(), atol=1e-5)


def test_the_file_of_a_model_is_never_written(tmp_path):
    path = tmp_path / "mine.keras"
    plain().save(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    own = backbones.build(backbones.untrained({"model": str(path), "preprocessing": PREPARE}), classes=3)
    weights = own.model.get_weights()
    names, wanted = ["0", "1"], np.eye(3, dtype=np.float32)[:2]
    chosen = recipe.settings(dataset="x", epochs=2, flip=False, crop_from=own.size[0])
    source = Source.of(pixels, own.size, {"resize": "stretch", "interpolation": "linear"}, chosen, 1)
    fitting.fit(own, network.logits_model(own), Labelled(names, wanted), source, chosen, lambda *words: None)
    assert not all(np.array_equal(a, b) for a, b in zip(weights, own.model.get_weights(), strict=True))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_what_cannot_be_trained_is_said():
    with pytest.raises(
        ConfigError, match=r"^weights\.train needs a model that ends in softmax or sigmoid, or a backbone"
    ):
        network.logits_model(ended(layers.Dense(2)))
    frozen = ended(layers.Dense(2, "softmax"))
    frozen.model.trainable = False
    with pytest.raises(ConfigError, match="all layers of the model are frozen"):
        network.logits_model(frozen)


def test_a_softmax_that_cannot_be_taken_off_is_said():
    class Closed(layers.Layer):
        def __init__(self):
            super().__init__(name="closed")
            self.dense = layers.Dense(3, "softmax")

        def call(self, inputs):
            return self.dense(inputs)

    with pytest.raises(ConfigError, match=r"^weights\.train: the model ends in softmax inside 'closed', which is not"):
        network.logits_model(ended(Closed()))
