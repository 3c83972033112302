"""What a model's numbers are: taken off where it says so, stated where it does not, and never guessed."""

import re

import numpy as np
import pandas as pd
import pytest

from models import SIDE, backbone, base, keras, layers, picture, plain, run, seeded, targets
from wsol.errors import ConfigError
from wsol.experiment import planning
from wsol.files.predict import PREDICTIONS
from wsol.index.outputs import class_probability
from wsol.index.splits import Split
from wsol.networks import backbones, evidence
from wsol.networks.perturb import PERTURBATIONS
from wsol.scores import results

IMAGE = picture("1")[None].astype(np.float32) / 255


def headed(*head, classes: int = 3) -> "keras.Model":
    """A base with a linear classifier and what follows it."""

    def make():
        inner = base()
        x = layers.Dense(classes, name="scores")(layers.GlobalAveragePooling2D()(inner.output))
        for layer in head:
            x = layer(x)
        return keras.Model(inner.input, x)

    return seeded(make)


def asked(model, **settings) -> tuple[np.ndarray, np.ndarray]:
    """The logits and the probabilities of one image."""
    own = backbone(model, **settings)
    logits = run(model, targets(["1"], [[0]]), **settings)[0]["logits"]
    return logits[0], class_probability(logits, own.activation)[0]


def scores(model) -> np.ndarray:
    """What the model's linear layer gives, by Keras."""
    return keras.Model(model.input, model.get_layer("scores").output)(IMAGE).numpy()[0]


@pytest.mark.parametrize(
    "end",
    [
        layers.Activation("log_softmax"),
        keras.ops.log_softmax,
        layers.Activation("softmax"),
        layers.Softmax(),
        keras.ops.softmax,
    ],
    ids=["log_softmax", "log_softmax function", "softmax", "softmax layer", "softmax function"],
)
def test_softmax_and_its_logarithm_are_taken_off(end):
    model = headed(end)
    logits, p = asked(model)
    expected = model(IMAGE).numpy()[0]
    np.testing.assert_allclose(logits, scores(model), atol=1e-6)
    np.testing.assert_allclose(p, np.exp(expected) if expected.max() < 0 else expected, atol=1e-6)


@pytest.mark.parametrize("function", ["log_softmax", "softmax", "sigmoid"])
def test_the_function_of_a_dense_layer_is_taken_off(function):
    model = seeded(lambda: plain(function))
    logits, p = asked(model)
    expected = model(IMAGE).numpy()[0]
    np.testing.assert_allclose(p, np.exp(expected) if function == "log_softmax" else expected, atol=1e-6)
    assert backbone(model).activation == ("sigmoid" if function == "sigmoid" else "softmax")
    if function == "log_softmax":  # logits differ from their logarithmic softmax by one number for all
        assert np.ptp(logits - expected) < 1e-6 < abs(logits[0] - expected[0])


def test_a_layer_may_be_the_function_of_a_layer():
    def make():
        inner = base()
        return keras.Model(
            inner.input, layers.Dense(3, layers.Softmax())(layers.GlobalAveragePooling2D()(inner.output))
        )

    model = seeded(make)
    np.testing.assert_allclose(asked(model)[1], model(IMAGE).numpy()[0], atol=1e-6)


def test_a_savedmodel_s_log_softmax_is_taken_off(tmp_path):
    model = headed(layers.Activation("log_softmax"))
    model.export(tmp_path / "saved", verbose=False)
    settings = {"model": str(tmp_path / "saved"), "preprocessing": {"scale": 1 / 255}, "safe": False, "input": SIDE}
    own = backbones.build(settings)
    logits = evidence.predict(own, picture, targets(["1"], [[0]]), evidence.Collected())["logits"][0]
    np.testing.assert_allclose(logits, scores(model), atol=1e-5)
    assert own.activation == "softmax"


@pytest.mark.parametrize("classes", [1, 3])
def test_a_sigmoid_that_is_stated_is_the_one_that_is_taken(classes):
    """Of one output 1 - p and p: the softmax of (-z, z) would be the sigmoid of twice the logit."""
    model = headed(classes=classes)
    z = scores(model).astype(np.float64)
    p = 1 / (1 + np.exp(-z))
    logits, found = asked(model, activation="sigmoid")
    np.testing.assert_allclose(found, [1 - p[0], p[0]] if classes == 1 else p, atol=1e-6)
    np.testing.assert_allclose(logits, [-z[0], z[0]] if classes == 1 else z, atol=1e-6)


def test_a_softmax_that_is_stated_is_the_one_that_is_taken():
    raised = np.exp(scores(model := headed()).astype(np.float64))
    np.testing.assert_allclose(asked(model, activation="softmax")[1], raised / raised.sum(), atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"activation": "none"}], ids=str)
@pytest.mark.parametrize("classes", [1, 3])
def test_where_nobody_says_there_is_no_probability(settings, classes):
    model, said = (
        headed(classes=classes),
        "needs a model that ends in softmax or sigmoid, or a backbone whose `activation",
    )
    own = backbone(model, **settings)
    assert own.activation == ""
    with pytest.raises(ConfigError, match=f"^probability {said}"):
        class_probability(np.zeros((1, own.classes)), own.activation)
    with pytest.raises(ConfigError, match=f"^score: probability {said}"):
        backbone(model, score="probability", **settings)
    made_of_them = [method for method, perturbation in PERTURBATIONS.items() if perturbation.of_probabilities]
    assert made_of_them == ["scorecam", "rise"]
    for method in made_of_them:
        with pytest.raises(ConfigError, match=f"^evidence {method}: {said}"):
            backbone(model, evidence=method, **settings)
    assert np.isfinite(run(model, targets(["1"], [[0]]), **settings)[0]["logits"]).all()  # logits are explained


@pytest.mark.parametrize("said", ["softmax", "sigmoid", "none"])
@pytest.mark.parametrize("function", ["softmax", "sigmoid", "log_softmax"])
def test_what_a_model_says_itself_is_not_said_again(function, said):
    with pytest.raises(ConfigError, match=f"^activation: the model itself ends in {function}; leave out 'activation'"):
        backbone(seeded(lambda: plain(function)), activation=said)


def test_a_softmax_of_one_output_is_refused():
    for model, settings in ((headed(classes=1), {"activation": "softmax"}), (seeded(lambda: plain("softmax", 1)), {})):
        with pytest.raises(ConfigError, match="the softmax of one output is 1 whatever the image"):
            backbone(model, **settings)


BEHIND = {
    "dense": [layers.Softmax(name="inner"), layers.Dense(2)],
    "rescaled": [layers.Activation("softmax", name="inner"), layers.Rescaling(100.0)],
    "logarithm": [layers.Softmax(name="inner"), keras.ops.log],
    "average": [lambda x: layers.Average()([layers.Softmax(name="inner")(x), layers.Softmax()(x * 2)])],
}


@pytest.mark.parametrize("name", BEHIND)
def test_a_softmax_that_is_not_the_end_is_refused_unless_it_is_said_what_comes_out(name):
    model = headed(*BEHIND[name])
    with pytest.raises(
        ConfigError, match=r"^activation: the model goes on behind its softmax '\w+', to '\w+'"
    ) as error:
        backbone(model)
    assert "\n" not in str(error.value)
    logits = run(model, targets(["1"], [[0]]), activation="none")[0]["logits"]
    np.testing.assert_allclose(logits, model(IMAGE).numpy(), rtol=1e-6, atol=1e-6)


def test_a_softmax_that_weighs_what_goes_past_it_is_no_end():
    """Attention, a gate: what reaches the output does not all go through it. Nor is a hidden sigmoid one."""
    gated = headed(lambda x: layers.Multiply()([x, layers.Softmax()(x)]), layers.Dense(2))
    assert backbone(gated).activation == ""
    hidden = headed(layers.Activation("sigmoid"), layers.Dense(2))
    assert backbone(hidden).activation == ""


def test_the_plan_refuses_what_needs_a_probability(tmp_path):
    """Whatever was found out of the same network before, for another cam."""
    headed().save(tmp_path / "own.keras")
    common = {"adapter": "shapes", "class_map": "labels", "output_names": None}
    truth = pd.DataFrame({"image": ["1"], "label": [0], "class_name": ["a"], "outputs": [[0]], "status": ["ok"]})
    splits = {"a": Split("a", common, truth)}

    def look(**settings):
        own = {"model": str(tmp_path / "own.keras"), "preprocessing": {}, "score": "logit", **settings}
        network = {"id": "own@1", "settings": own, "datasets": ["a"], "training": None}
        return planning.look(network, splits, lambda *words: None)

    gradient = {"method": "gradient", "similar": 3}
    assert look(evidence=gradient)["activation"] == ""
    for made in ({"method": "rise", "masks": 8}, {"method": "scorecam"}):
        with pytest.raises(ConfigError, match=rf"^backbones\.own: evidence {made['method']}: needs a model"):
            look(evidence=made)
    with pytest.raises(ConfigError, match=r"^backbones\.own: score: probability needs a model"):
        look(evidence=gradient, score="probability")
    assert look(evidence={"method": "rise", "masks": 8}, activation="softmax")["activation"] == "softmax"
    with pytest.raises(ConfigError, match=r"^backbones\.own: evidence attention: .* no MultiHeadAttention of Keras\.$"):
        look(evidence={"method": "attention"})


@pytest.mark.parametrize(("activation", "scored"), [("", False), ("sigmoid", True)])
def test_a_box_s_score_says_whether_there_is_a_probability_in_it(tmp_path, activation, scored):
    logits = np.array([[-1.67, 1.67]], np.float32)
    arrays = {"image": np.array(["1"]), "logits": logits, "readable": np.array([True]), "names": np.array([], str)}
    arrays |= {"input_to_image": np.zeros((1, 4)), "input_size": np.array([1, 1])}
    path = tmp_path / "a.predictions.npz"
    PREDICTIONS.write(path, settings={"activation": activation}, **arrays)
    chance = results.chances(targets(["1"], [[1]]), [path], "labelled")[0]
    assert chance == pytest.approx(1 / (1 + np.exp(-1.67)) if scored else 1)
    assert bool(re.search("probability of the explained class", results.scored([path]))) == scored
    assert "no network predicted" in results.scored([])


def test_probabilities_are_those_of_numpy():
    z = np.array([[1.67, -1.67], [0.0, 3.0]])
    np.testing.assert_allclose(class_probability(z, "sigmoid"), 1 / (1 + np.exp(-z)))
    np.testing.assert_allclose(class_probability(z, "softmax"), np.exp(z) / np.exp(z).sum(1, keepdims=True))
