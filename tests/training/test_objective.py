"""Losses, weights of classes and measures, each by a loop over images and classes."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import fits
from models import keras
from wsol.training import objective

RANDOM = np.random.default_rng(0)


def softmax(z):
    p = np.exp(z - z.max())
    return p / p.sum()


def by_loop(activation, wanted, logits, smoothing=0.0, weights=None):
    """Of labels that are 0 or 1: each image's loss, label by label."""
    found = []
    for row, z in zip(wanted, logits, strict=True):
        parts = []
        for place, is_there in enumerate(row):
            if activation == "softmax":
                if not is_there:
                    continue
                p = softmax(z)
                loss = sum(
                    -np.log(p[other]) * ((1 - smoothing) * (other == place) + smoothing / len(row))
                    for other in range(len(row))
                )
            else:
                p = 1 / (1 + np.exp(-z[place]))
                yes = 1 - smoothing / 2 if is_there else smoothing / 2
                loss = -yes * np.log(p) - (1 - yes) * np.log(1 - p)
            parts.append(loss * (weights[int(is_there)][place] if weights is not None else 1))
        found.append(sum(parts) if activation == "softmax" else np.mean(parts))
    return np.array(found)


def examples(activation, classes, count=7):
    """Labels and logits; of sigmoids with any number of classes an image."""
    logits = RANDOM.normal(0, 2, (count, classes)).astype(np.float32)
    if activation == "softmax":
        return np.eye(classes, dtype=np.float32)[np.arange(count) % classes], logits
    return (RANDOM.random((count, classes)) < 0.4).astype(np.float32), logits


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize(("activation", "classes"), [("softmax", 4), ("sigmoid", 3), ("sigmoid", 1)])
def test_a_loss_is_what_a_loop_says(activation, classes, weighed, smoothing):
    import tensorflow as tf

    wanted, logits = examples(activation, classes)
    weights = RANDOM.uniform(0.5, 3, (2, classes)).astype(np.float32) if weighed else None
    of = tf.function(objective.PlainLoss(activation, smoothing, weights), autograph=False)  # as a step has it
    found = of(tf.constant(wanted), tf.constant(logits)).numpy()
    np.testing.assert_allclose(found, by_loop(activation, wanted, logits, smoothing, weights), rtol=1e-5)


@pytest.mark.parametrize(("activation", "classes"), [("softmax", 4), ("sigmoid", 1)])
def test_smoothed_labels_are_those_of_keras(activation, classes):
    wanted, logits = examples(activation, classes)
    kind = keras.losses.CategoricalCrossentropy if activation == "softmax" else keras.losses.BinaryCrossentropy
    theirs = kind(from_logits=True, label_smoothing=0.1, reduction=None)(wanted, logits).numpy()
    np.testing.assert_allclose(objective.PlainLoss(activation, 0.1)(wanted, logits).numpy(), theirs, rtol=1e-5)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_images_may_be_mixed_before_or_after_the_loss(activation):
    wanted, logits = examples(activation, 4)
    weights = RANDOM.uniform(0.5, 3, (2, 4)).astype(np.float32)
    plain, other = objective.PlainLoss(activation, 0.1, weights), wanted[::-1].copy()
    after = 0.3 * plain(wanted, logits) + 0.7 * plain(other, logits)
    mixed = (0.3 * wanted + 0.7 * other).astype(np.float32)
    np.testing.assert_allclose(plain(mixed, logits).numpy(), after.numpy(), rtol=1e-5)


def test_a_weighed_softmax_has_the_weighed_gradient():
    import tensorflow as tf

    wanted, logits = examples("softmax", 4)
    weights = RANDOM.uniform(0.5, 3, (2, 4)).astype(np.float32)
    z = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = objective.PlainLoss("softmax", 0.0, weights)(tf.constant(wanted), z)
    p = np.stack([softmax(row) for row in logits])
    by_hand = (wanted @ weights[1])[:, None] * (p - wanted)
    np.testing.assert_allclose(tape.gradient(loss, z).numpy(), by_hand, rtol=1e-4, atol=1e-6)


def test_weights_by_inverse_frequency_are_those_of_a_loop_and_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    labels = np.array([0, 0, 0, 0, 2, 2, 0, 3])
    found = objective.balanced("softmax", np.eye(5)[labels])[1]
    present = sorted(set(labels))
    loop = {label: len(labels) / (len(present) * sum(1 for other in labels if other == label)) for label in present}
    np.testing.assert_allclose(found, [loop.get(label, 0) for label in range(5)], rtol=1e-6)
    theirs = compute_class_weight("balanced", classes=np.array(present), y=labels)
    np.testing.assert_allclose(found[present], theirs, rtol=1e-6)
    assert found[labels].mean() == pytest.approx(1)
    assert np.array_equal(objective.balanced("softmax", csr_array(np.eye(5)[labels]))[1], found)


def test_of_sigmoids_both_answers_of_a_class_weigh_the_same_in_all():
    wanted = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]])
    no, yes = objective.balanced("sigmoid", wanted)
    np.testing.assert_allclose(yes, [4 / 2 / 3, 4 / 2 / 1, 0], rtol=1e-6)
    np.testing.assert_allclose(no, [4 / 2 / 1, 4 / 2 / 3, 1], rtol=1e-6)
    each = np.where(wanted == 1, yes, no)
    np.testing.assert_allclose(each.mean(axis=0), 1, rtol=1e-6)


def test_balanced_training_is_no_other_where_classes_have_as_many_images():
    """And another where they have not."""
    for first, alike in ((12, True), (9, False)):
        found = fits.labelled(first)
        found = found if alike else fits.Labelled(found.images, np.eye(2, dtype=np.float32)[[0] * 7 + [1] * 2])
        made = []
        for balance in ("none", "weights"):
            own = fits.network()
            fits.fitted(own, found, epochs=1, balance=balance)
            made.append(fits.weights(own))
        same = [np.array_equal(made[0][name], made[1][name]) for name in made[0]]
        assert all(same) if alike else not any(same)


def by_rank(wanted, logits):
    """Label ranking average precision as its definition reads."""
    found = []
    for row, z in zip(wanted, logits, strict=True):
        mine = [place for place in range(len(row)) if row[place]]
        above = [[other for other in range(len(row)) if z[other] >= z[place]] for place in mine]
        found.append(np.mean([sum(row[other] for other in each) / len(each) for each in above]))
    return np.mean(found)


def test_measures():
    wanted, logits = examples("sigmoid", 4)
    wanted[wanted.sum(axis=1) == 0, 0] = 1
    wanted[0, :2] = 1
    assert objective.measure(wanted) == objective.RANKING
    assert objective.ranking(wanted, logits) == pytest.approx(by_rank(wanted, logits))
    assert np.isnan(objective.ranking(wanted, logits + np.float32(np.nan)))
    single, logits = examples("softmax", 4)
    assert objective.measure(single) == objective.TOP1
    right = [single[place, logits[place].argmax()] for place in range(len(single))]
    assert objective.accuracy(single, logits) == pytest.approx(np.mean(right))
    assert objective.accuracy(np.array([[1.0], [0.0], [1.0]]), np.array([[2.0], [1.0], [-1.0]])) == pytest.approx(1 / 3)


def test_a_tally_is_the_mean_over_all_images():
    import tensorflow as tf

    wanted, logits = examples("softmax", 3)
    losses = RANDOM.random(7).astype(np.float32)
    tally = objective.Tally(objective.TOP1)
    for part in (slice(0, 4), slice(4, 7)):
        tally.add(wanted[part], tf.constant(losses[part]), tf.constant(logits[part]))
    assert tally.means() == pytest.approx((losses.mean(), objective.accuracy(wanted, logits)))
