"""CutMix against loops over pixels of the same draws, and by the distribution of what it draws."""

import numpy as np
import pytest

from wsol.training import objective
from wsol.training.methods.cutmix import CutMix, cut, kept
from wsol.training.methods.method import Shown

tf = pytest.importorskip("tensorflow")


def batch(count: int, high: int, wide: int) -> Shown:
    """Images of one colour each, and their labels; the first has two."""
    wanted = np.eye(4, dtype=np.float32)[np.arange(count) % 4]
    wanted[0, 3] = 1
    colours = 10.0 * np.arange(1, count + 1)[:, None, None, None]
    return Shown(tf.constant(np.broadcast_to(colours, (count, high, wide, 3)), tf.float32), tf.constant(wanted))


def draws(count: int, high: int, wide: int, beta: float, seed: int) -> dict:
    """What the method draws, by the same calls."""
    used, order, first, second, row, column = tf.random.split(tf.constant([seed, 5]), num=6)
    of_beta = {"alpha": tf.constant(beta, tf.float64), "dtype": tf.float64}
    one, other = (tf.random.stateless_gamma([], each, **of_beta).numpy() for each in (first, second))
    return {
        "used": tf.random.stateless_uniform([], used).numpy(),
        "order": np.argsort(tf.random.stateless_uniform([count], order).numpy()),
        "share": one / (one + other),
        "y": tf.random.stateless_uniform([], row, 0, high, tf.int32).numpy(),
        "x": tf.random.stateless_uniform([], column, 0, wide, tf.int32).numpy(),
    }


def box(drawn: dict, high: int, wide: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the published rule."""
    across, down = int(wide * np.sqrt(1 - drawn["share"])), int(high * np.sqrt(1 - drawn["share"]))
    left, right = drawn["x"] - across // 2, drawn["x"] + across // 2
    top, bottom = drawn["y"] - down // 2, drawn["y"] + down // 2
    return max(left, 0), max(top, 0), min(right, wide), min(bottom, high)


def by_hand(given: Shown, drawn: dict, probability: float) -> tuple[np.ndarray, np.ndarray]:
    images, wanted = given.images.numpy(), given.wanted.numpy()
    if drawn["used"] >= probability:
        return images, wanted
    high, wide = images.shape[1:3]
    x0, y0, x1, y1 = box(drawn, high, wide)
    mixed = images.copy()
    for image, other in enumerate(drawn["order"]):
        for y in range(y0, y1):
            for x in range(x0, x1):
                mixed[image, y, x] = images[other, y, x]
    share = 1 - (x1 - x0) * (y1 - y0) / (high * wide)
    return mixed, share * wanted + (1 - share) * wanted[drawn["order"]]


@pytest.mark.parametrize(("count", "high", "wide"), [(5, 32, 24), (2, 15, 31), (1, 16, 16)])
@pytest.mark.parametrize(("beta", "probability"), [(1.0, 1.0), (0.3, 0.6)])
def test_boxes_and_labels_are_mixed_as_a_loop_mixes_them(count, high, wide, beta, probability):
    given, method = batch(count, high, wide), CutMix(beta=beta, probability=probability)
    for seed in range(25):
        shown = method.shown(given, tf.constant([seed, 5]))
        images, wanted = by_hand(given, draws(count, high, wide, beta, seed), probability)
        np.testing.assert_array_equal(shown.images, images)
        np.testing.assert_allclose(shown.wanted, wanted, atol=1e-6)
        np.testing.assert_allclose(shown.wanted.numpy().sum(axis=1).sum(), given.wanted.numpy().sum(), rtol=1e-6)


def test_an_odd_side_loses_a_pixel():
    """Of boxes that no edge cuts, each has twice the half of its drawn sides, rounded down, in pixels."""
    found = set()
    for seed in range(60):
        drawn = draws(1, 64, 64, 1.0, seed)
        _, _, *box_seeds = tf.random.split(tf.constant([seed, 5]), num=6)
        pasted = cut(64, 64, 1.0, box_seeds).numpy()
        side, reach = int(64 * np.sqrt(1 - drawn["share"])), int(64 * np.sqrt(1 - drawn["share"])) // 2
        if reach <= min(drawn["x"], drawn["y"]) and max(drawn["x"], drawn["y"]) + reach <= 64:
            assert pasted.sum() == (side - side % 2) ** 2
            found.add(side % 2)
    assert found == {0, 1}


def test_the_loss_of_mixed_labels_is_the_mixed_loss():
    """lam CE(a) + (1 - lam) CE(b), in NumPy, of labels that are one each."""
    random = np.random.default_rng(0)
    labels, logits = np.array([0, 2, 1, 3]), random.normal(0, 2, (4, 4)).astype(np.float32)
    given = Shown(tf.zeros((4, 32, 32, 3)), tf.one_hot(labels, 4))
    shown = CutMix().shown(given, tf.constant([3, 5]))
    drawn = draws(4, 32, 32, 1.0, 3)
    x0, y0, x1, y1 = box(drawn, 32, 32)
    share = 1 - (x1 - x0) * (y1 - y0) / 32**2
    assert 0.05 < share < 0.95 and (drawn["order"] != np.arange(4)).any()
    entropy = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    own, other = entropy[np.arange(4), labels], entropy[np.arange(4), labels[drawn["order"]]]
    plain = CutMix().loss([logits], shown.wanted, objective.PlainLoss("softmax"))
    np.testing.assert_allclose(plain, share * own + (1 - share) * other, rtol=1e-5)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0, 4.0])
def test_the_kept_share_has_the_mean_and_the_spread_of_its_distribution(beta):
    """Of Beta(b, b): 1 / 2 and 1 / (4 (2 b + 1))."""
    seeds = tf.reshape(tf.random.split(tf.constant([1, 2]), num=4000), (2000, 2, 2))
    drawn = tf.function(
        lambda: tf.map_fn(lambda pair: kept(beta, *tf.unstack(pair)), seeds, fn_output_signature=tf.float64)
    )
    shares = drawn().numpy()
    variance = 1 / (4 * (2 * beta + 1))
    fourth = np.mean((shares - 0.5) ** 4) - variance**2  # the variance of a squared deviation
    assert np.isfinite(shares).all() and abs(shares.mean() - 0.5) < 4 * np.sqrt(variance / 2000)
    assert abs(np.mean((shares - 0.5) ** 2) - variance) < 4 * np.sqrt(fourth / 2000)


def test_so_many_batches_are_mixed():
    """A mixed batch whose box is empty or whose images stay in their order changes nothing: one in a hundred."""
    given, method = batch(6, 32, 32), CutMix(probability=0.4)
    step = tf.function(lambda seed: method.shown(given, seed).images, autograph=False)
    changed = [(step(tf.constant([seed, 0])) != given.images).numpy().any() for seed in range(500)]
    assert abs(np.mean(changed) - 0.4) < 4 * np.sqrt(0.24 / 500) + 0.01
