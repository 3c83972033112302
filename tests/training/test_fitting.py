"""A training learns, tells, repeats itself byte by byte, and goes on from its state as if it had not stopped."""

import numpy as np
import pytest

import fits
from models import backbone, keras, layers
from wsol.errors import ConfigError
from wsol.training import checkpoints, fitting, objective, recipe


def same(first, second):
    return all(np.array_equal(value, second[name]) for name, value in first.items())


def test_a_fit_learns_and_tells():
    own = fits.network()
    history = fits.fitted(own, fits.labelled(24), epochs=8, learning_rate=0.02, schedule={"method": "step", "every": 3})
    assert history["epoch"].tolist() == [*range(8)]
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] and history["accuracy"].iloc[-1] > 0.8
    np.testing.assert_allclose(history["rate"], 0.02 * 0.1 ** (np.arange(8) // 3))


def test_the_same_again_whatever_the_process_did_before():
    """Dropout draws; so does what is done between the two."""
    first, again, other = fits.network(), fits.network(), fits.network()
    histories = [fits.fitted(first)]
    keras.layers.Dropout(0.5)(np.ones((2, 2)), training=True)
    np.random.default_rng().random(7)
    keras.Sequential([layers.Dropout(0.5), layers.Dense(3)])(np.ones((2, 2)), training=True)
    histories += [fits.fitted(again)]
    assert same(fits.weights(first), fits.weights(again)) and histories[0].equals(histories[1])
    fits.fitted(other, seed=1)
    assert not same(fits.weights(first), fits.weights(other))


GIVEN = {
    "plain": {},
    "frozen": {"optimizer": "adam", "frozen": {"epochs": 2}},
    "halves": {"precision": "mixed_float16", "schedule": "cosine"},
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_training_goes_on_from_its_state(name):
    """After each epoch another Fit is given the state: its weights end in the same bytes."""
    own, found = fits.network(), fits.labelled(10)
    chosen = fits.settings(epochs=4, keep="best", validation="y", **GIVEN[name])
    source = fits.source(chosen)
    held = fitting.Validation(fits.labelled(6, first=40), source)
    whole = fitting.fit(own, fits.logits_model(own), found, source, chosen, lambda *words: None, held)
    begun = fits.network()
    rows, state = [], values(fitting.Fit(begun, fits.logits_model(begun), chosen, found.wanted))
    for epoch in range(4):
        resumed = fits.network(seed=5 + epoch)
        fit = fitting.Fit(resumed, fits.logits_model(resumed), chosen, found.wanted)
        for key, value in state.items():
            fit.state()[key].assign(value)
        rows.append(fitting.one_epoch(fit, found, source, held, epoch))
        if fitting.validation.best(rows, "accuracy") == epoch:
            fit.remember()
        state = values(fit)
    fit.restore()
    assert same(fits.weights(own), fits.weights(resumed))
    assert whole.equals(checkpoints.table(rows))


def values(fit):
    """What it goes on from, as numbers."""
    return {key: variable.numpy() for key, variable in fit.state().items()}


def test_penalties_of_the_models_own_layers_are_made_small_too():
    """A step by the gradient of cross-entropy and penalty, which for 0.1 |w|^2 is 0.2 w."""
    steps = []
    for penalty in (None, keras.regularizers.L2(0.1)):
        own = fits.network()
        last = own.model.layers[-1]
        last.kernel.regularizer = penalty
        begun = last.get_weights()[0]
        fits.fitted(own, epochs=1, batch=12, weight_decay=0.0, optimizer={"method": "sgd", "nesterov": False})
        steps.append(last.get_weights()[0] - begun)
    np.testing.assert_allclose(steps[1] - steps[0], -0.01 * 10 * 0.2 * begun, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("several", [False, True])
def test_a_loss_that_is_no_number_is_one_line(several):
    """Of several labels an image too, whose ranking there is none of then."""
    own, found = fits.network(3, **({"activation": "sigmoid"} if several else {})), fits.labelled(classes=3)
    found.wanted[:, 2] = several
    with pytest.raises(ConfigError, match=r"^learning_rate: the loss is no number any more in epoch \d+; say a"):
        fits.fitted(own, found, epochs=9, learning_rate=10.0, weight_decay=1.0, head_rate_factor=1000.0)


def test_a_last_step_that_leaves_no_numbers_is_one_line():
    """The decay of a weight that no image reaches: the only loss is of the weights before it."""
    own = fits.network()
    norm = own.model.get_layer("base").get_layer("norm")
    norm.gamma.assign(np.float32([0, 1, 1, 1]))
    norm.beta.assign(np.float32([-1, 0, 0, 0]))
    last = own.model.get_layer("last")
    last.kernel.assign(np.vstack([np.full((1, 2), 1e37, np.float32), last.get_weights()[0][1:]]))
    with pytest.raises(ConfigError, match=r"^learning_rate: after the last step the weights are no numbers any more"):
        fits.fitted(own, epochs=1, batch=12, learning_rate=10.0, weight_decay=1.0, head_rate_factor=1000.0)


@pytest.mark.parametrize("classes", [1, 3])
def test_answers_of_sigmoids_are_balanced(classes):
    """The first step's loss: each answer of a class by its inverse frequency."""
    found = fits.labelled(6, 3)
    found = fits.Labelled(found.images, found.wanted[:, :classes].copy())
    found.wanted[:2] = 1
    own = fits.network(classes, activation="sigmoid")
    own.model.get_layer("drop").rate = 0.0
    z = own.model(fits.images(found.images) / np.float32(127.5) - 1, training=True).numpy()
    losses = np.log1p(np.exp(z)) - found.wanted * z
    shares = found.wanted.mean(axis=0)
    expected = [
        losses[:, c][found.wanted[:, c] == side].mean() / ((shares[c] not in (0, 1)) + 1)
        for c in range(classes)
        for side in (0, 1)
        if (found.wanted[:, c] == side).any()
    ]
    history = fits.fitted(own, found, epochs=1, batch=6, learning_rate=0.0, balance="weights")
    assert history["loss"][0] == pytest.approx(sum(expected) / classes, rel=1e-5)


def test_of_several_outputs_the_named_one_is_trained():
    start = layers.Input((*fits.SIZE, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, strides=4, activation="relu")(start))
    heads = [layers.Dense(c, None, name=n)(x) for n, c in (("kind", 2), ("breed", 5))]
    own = backbone(keras.Model(start, heads), fits.SIZE, output="kind", activation="softmax")
    begun = fits.weights(own)
    fits.fitted(own, epochs=1)
    after = fits.weights(own)
    assert {n for n in begun if not np.array_equal(begun[n], after[n])} == {n for n in begun if "breed" not in n}


def test_of_images_with_several_classes_the_ranking_is_told():
    """Loss and ranking of the first step's logits; the log says what is meant by accuracy."""
    found = fits.labelled(8, 3)
    found.wanted[:, 2] = 1
    own, said = fits.network(3, activation="sigmoid"), []
    own.model.get_layer("drop").rate = 0.0
    history = fits.fitted(own, found, epochs=1, batch=8, learning_rate=0.0, say=lambda *words: said.append(words[0]))
    again = fits.network(3, activation="sigmoid")
    again.model.get_layer("drop").rate = 0.0
    z = again.model(fits.images(found.images) / np.float32(127.5) - 1, training=True).numpy()
    losses = np.log1p(np.exp(z)) - found.wanted * z
    assert history["loss"][0] == pytest.approx(losses.mean(), rel=1e-5)
    assert history["accuracy"][0] == pytest.approx(objective.ranking(found.wanted, z))
    assert said[0] == "accuracy: label_ranking_average_precision" and said[1].startswith("epoch 1/1 loss ")


def test_of_a_model_with_further_outputs_the_first_is_what_is_learned_and_judged():
    own, found = fits.network(), fits.labelled(4)
    last, model = own.model.layers[-1], fits.logits_model(own)
    both = keras.Model(model.inputs, [model.output, layers.Dense(3, name="more")(last.input)])
    fit = fitting.Fit(own, both, fits.settings(), found.wanted)
    fit.begin(0)
    told = [
        fit.step(fits.images(found.images), found.wanted, [0, 0], 0.0),
        fit.answer(fits.images(found.images), found.wanted),
    ]
    assert [each[1].shape for each in told] == [(4, 2), (4, 2)]


REFUSED = {
    "patience": ({"patience": 3}, r"^patience: needs a `validation` data set\.$"),
    "never out": ({"patience": 2, "validation": "y"}, r"^patience: must be less than epochs, 2, got 2\.$"),
    "cutmix": ({"method": "cutmix", "batch": 1}, r"^batch: must be 2 or more, which 'cutmix' mixes, got 1\.$"),
    "mixup": ({"method": "mixup", "batch": 1}, r"^batch: must be 2 or more, which 'mixup' mixes, got 1\.$"),
    "decay": (
        {"optimizer": {"method": "adam", "beta_1": 1.0}},
        r"^optimizer adam\.beta_1: must lie in \[0, 0\.999999\]",
    ),
    "judged": ({"validation": "y", "judged_by": "loss"}, r"^judged_by: says which epoch is best"),
    "fast": ({"fast_from": "conv", "head_rate_factor": 1.0}, r"^fast_from: has no effect where head_rate_factor is 1"),
    "nesterov": ({"optimizer": {"method": "sgd", "momentum": 0.0}}, r"^optimizer sgd\.nesterov: needs a momentum"),
    "warmup": ({"schedule": {"method": "cosine", "warmup": 2}}, r"^schedule\.warmup: must be less than epochs, 2"),
    "frozen": ({"frozen": {"epochs": 3}}, r"^frozen\.epochs: must be at most epochs, 2, got 3\.$"),
    "empty": ({"frozen": {}}, r"^frozen: says nothing; give `until`, a layer's name, `epochs`, or both\.$"),
    "unknown": ({"frozen": {"untill": "x"}}, r"^frozen: unknown 'untill'\. Did you mean 'until'\?"),
    "optimizer": ({"optimizer": "adamm"}, r"^optimizer: unknown 'adamm'\. Did you mean 'adam"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_without_an_effect_is_refused(name):
    given, said = REFUSED[name]
    with pytest.raises(ConfigError, match=said):
        recipe.settings(dataset="x", **({"epochs": 2} | given))
