"""What is asked of the network, against naive loops over plain Keras."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, linear, one_by_one, picture, plain, run, seeded, targets
from naive import random_mask
from wsol.maps.cams import CAMS
from wsol.networks.explainer import Masks, Seen, score_of
from wsol.networks.models.architectures import MODES
from wsol.networks.perturb import EVIDENCES, MEAN, Probe, ablation, colour, own_class, similar_classes
from wsol.settings import parameters


def test_ablation_on_a_pooling_and_dense_head_is_its_closed_form():
    model = seeded(plain)
    table = targets(["1", "2"], [[0], [2]])
    _, found = run(model, table, evidence="ablation")
    kernel = model.get_layer("head").kernel.numpy()
    for i, index in enumerate((0, 2)):
        expected = kernel[:, index] * found["activations"][i].mean(axis=(0, 1))
        np.testing.assert_allclose(found["score_drops"][i, 0, 0], expected, atol=1e-5)


@pytest.mark.parametrize("score", ["logit", "probability"])
@pytest.mark.parametrize("make", [plain, one_by_one])
def test_ablation_behind_a_pooling_is_what_the_head_says_without_each_channel(make, score):
    network = backbone(seeded(make), score=score)
    assert network.between() == []
    explainer, pixels = network.explainer(4), np.stack([picture("1"), picture("2")])
    seen, classes = explainer.forward(pixels), np.array([0, 2])
    found = ablation(Probe(explainer, pixels[1], seen, 1, 0, score), classes)["score_drops"]
    channels = np.arange(-1, seen.activations[0].shape[-1])
    scores = score_of(explainer.ablated(seen.kept, 1, 0, channels).astype(float), score, network.activation)[:, classes]
    np.testing.assert_allclose(found[:, 0, 0], (scores[:1] - scores[1:]).T, atol=1e-6)
    assert found.shape == (2, 1, 1, 8) and abs(found).max() > 1e-3


def test_ablation_in_mid_network_is_the_naive_loop():
    """The channel is taken from the layer's output; what goes around the layer stays."""
    model = linear(seeded(plain))
    _, found = run(model, targets(["1"], [[1]]), evidence="ablation", layer="middle")
    x = picture("1")[None].astype(np.float32) / 255
    early = model.get_layer("early")(x)
    middle = model.get_layer("middle")(early).numpy()

    def logit(layer):
        t = model.get_layer("conv")(layer + early)
        return model.layers[-1](model.layers[-2](model.get_layer("late")(model.get_layer("norm")(t))))[0, 1]

    for k in range(middle.shape[-1]):
        without = middle.copy()
        without[..., k] = 0
        assert found["score_drops"][0, 0, 0, k] == pytest.approx(float(logit(middle) - logit(without)), abs=1e-5)


def shown(mask: np.ndarray, fill=MEAN) -> np.ndarray:
    """Picture 1 where the mask is 1 and the colour where it is 0, as the small models take it."""
    return (picture("1") * mask[..., None] + np.array(fill) * (1 - mask[..., None])).astype(np.float32) / 255


def masked_outputs(model, activations: np.ndarray) -> np.ndarray:
    """[k c]: what a model makes of the picture behind each channel [h w k]; NaN for one that is constant."""
    import cv2

    outputs = np.full((activations.shape[-1], model.output_shape[-1]), np.nan)
    for k in range(len(outputs)):
        up = cv2.resize(activations[..., k], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        if up.max() > up.min():
            outputs[k] = model(shown((up - up.min()) / (up.max() - up.min()))[None])[0].numpy()
    return outputs


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_both_score_cams_are_their_naive_loops(activation):
    """The authors': probabilities as they are, of a sigmoid where the network has one. Peers': softmax of logits."""
    model = seeded(lambda: plain(activation))
    _, found = run(model, targets(["1"], [[1]]), evidence="scorecam")
    expected = masked_outputs(model, found["activations"][0])[:, 1]
    assert np.isfinite(expected).sum() > 4
    np.testing.assert_allclose(found["class_probabilities"][0, 0, 0], np.nan_to_num(expected), atol=1e-6)
    raised = np.exp(np.nan_to_num(masked_outputs(linear(model), found["activations"][0])[:, 1], nan=-np.inf))
    np.testing.assert_allclose(found["logit_weights"][0, 0, 0], raised / raised.sum(), atol=1e-6)


def test_score_cams_tell_channels_and_classes_apart():
    """Neither published form is a softmax over probabilities, whose weights differ by a factor of e at the most."""
    model = seeded(plain)
    scale = np.float32(20)  # as sure of itself as a trained network
    model.get_layer("head").set_weights([scale * weight for weight in model.get_layer("head").get_weights()])
    _, found = run(model, targets(["1", "1"], [[0], [2]]), evidence="scorecam")
    probabilities, logits = found["class_probabilities"], found["logit_weights"]
    both = {"scorecam": probabilities, "scorecam_logits": logits, "double softmax": np.exp(probabilities)}
    correlation = {
        name: np.corrcoef([(found["activations"][0] @ own[0, 0]).ravel() for own in weights])[0, 1]
        for name, weights in both.items()
    }
    assert correlation["double softmax"] > 0.999
    assert correlation["scorecam"] < 0.98 and correlation["scorecam_logits"] < 0.98


@pytest.mark.parametrize("fill", ["mean", 12.0, [10.0, 200.0, 30.0]])
def test_what_a_mask_hides_is_the_same_picture_for_every_network(fill):
    """Undo each network's own preparation of what it is shown: image where the mask is 1, the colour where it is 0."""
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[4:9, 3:12], mask[10:, 10:] = 1, 0.25
    expected = 255 * shown(mask, colour(fill))
    for mode, prepare in MODES.items():
        start = layers.Input((SIDE, SIDE, 3))
        hot = layers.Activation("linear", name="still")(start)
        model = keras.Model(start, layers.Flatten()(hot))
        network = backbone(model, preprocessing=prepare, layer="still")
        nothing = Seen(np.zeros((1, 1)), [np.zeros((1, 1))], {})
        probe = Probe(network.explainer(4), picture("1"), nothing, 0, 0, "logit")
        whole = np.eye(SIDE, dtype=np.float32)
        seen = probe.masked(Masks(whole, mask[None], whole), fill)[0].reshape(SIDE, SIDE, 3)
        undone = (seen * np.float32(prepare["std"]) + np.float32(prepare["mean"])) / prepare["scale"]
        undone = undone[..., ::-1] if prepare["order"] == "bgr" else undone
        np.testing.assert_allclose(undone, expected, atol=1e-2, err_msg=mode)


def test_whatever_masks_takes_a_fill_and_the_mean_unless_said():
    masking = {name for name in EVIDENCES if "fill" in parameters(EVIDENCES[name])}
    assert masking == {"scorecam", "occlusion", "rise"}
    assert {parameters(EVIDENCES[name])["fill"].default for name in masking} == {"mean"}
    np.testing.assert_allclose(colour("mean") / 255, [0.485, 0.456, 0.406], atol=1e-6)


def test_scorecam_may_look_at_the_liveliest_channels_only():
    _, found = run(seeded(plain), targets(["1"], [[1]]), evidence={"method": "scorecam", "channels": 3})
    spread = found["activations"][0].std(axis=(0, 1))
    assert set(np.flatnonzero(found["class_probabilities"][0, 0, 0])) == set(np.argsort(-spread)[:3])


def test_occlusion_is_the_naive_loop():
    model = seeded(plain)
    _, found = run(model, targets(["1"], [[2]]), evidence={"method": "occlusion", "grid": 4, "patch": 2})
    z, x = linear(model), picture("1").astype(np.float32) / 255
    whole, total = float(z(x[None])[0, 2]), np.zeros((4, 4))
    for top in range(-1, 4):
        for left in range(-1, 4):
            covered, cells = x.copy(), np.zeros((4, 4))
            y0, x0 = max(0, top), max(0, left)
            covered[y0 * 4 : (top + 2) * 4, x0 * 4 : (left + 2) * 4] = np.array(MEAN) / 255
            cells[y0 : top + 2, x0 : left + 2] = 1
            total += cells * (whole - float(z(covered[None])[0, 2]))
    heatmap = CAMS["occlusion"](found["finished_maps"])[0]
    np.testing.assert_allclose(heatmap, total / 4, atol=1e-5)


def test_rise_sees_what_alone_decides():
    """A model whose score is the brightness of one corner."""
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.AveragePooling2D(4, name="grid")(layers.Activation("linear", name="still")(start))
    x = layers.Dense(2, activation="softmax", name="head")(layers.Flatten()(x))
    model = keras.Model(start, x)
    kernel = np.zeros((4, 4, 3, 2), np.float32)
    kernel[0, 3, :, 1] = 3
    model.get_layer("head").set_weights([kernel.reshape(-1, 2), np.zeros(2, np.float32)])
    table = targets(["1", "1"], [[1], [0]])
    options = {"method": "rise", "masks": 600, "cells": 4, "seed": 1, "fill": 0}
    _, found = run(model, table, evidence=options, layer="still")
    first, second = CAMS["rise"](found["finished_maps"])
    assert first[:4, 12:].mean() > first.mean() + 3 * first.std() / 2 > first[8:, :8].mean()
    assert second[:4, 12:].mean() < second.mean()


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_rise_is_its_naive_sum_of_the_networks_own_probabilities(activation):
    model, options = seeded(lambda: plain(activation)), {"method": "rise", "masks": 12, "cells": 4, "seed": 5}
    _, found = run(model, targets(["1"], [[2]]), evidence=options)
    random, total = np.random.default_rng(5), np.zeros((SIDE, SIDE))
    for _ in range(12):
        mask = random_mask(random, 4, 0.5, (SIDE, SIDE))
        total += float(model(shown(mask)[None])[0, 2]) * mask
    np.testing.assert_allclose(found["finished_maps"][0], total / (0.5 * 12), atol=1e-5)


def test_an_unexplained_target_costs_perturbation_nothing_but_a_row():
    table = targets(["broken", "1", "2"], [[0], [1], []])
    _, found = run(seeded(plain), table, evidence={"method": "occlusion", "grid": 4, "patch": 2})
    assert found["finished_maps"].shape == (3, 4, 4) and "activations" not in found
    assert [bool(m.any()) for m in found["finished_maps"]] == [False, True, False]


def test_similar_class_gradients_are_the_derivative_of_the_similar_logits_mean_by_probability():
    """One eager tape over the authors' target, word for word: sum_i p_i (y - a y_i) / sum_i p_i, p differentiated."""
    import tensorflow as tf

    z = np.array([[5.0, 1.0, 4.5, 3.0, -2.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
    outputs = np.array([0, 4])
    own, similar = own_class(z, outputs), similar_classes(z, outputs, 2)
    y = tf.constant(z[0])
    with tf.GradientTape() as tape:
        tape.watch(y)
        p = tf.nn.softmax(y)
        target = sum(p[i] * (y[0] - 0.6 * y[i]) for i in (2, 3)) / (p[2] + p[3])
    np.testing.assert_allclose((own - 0.6 * similar)[0], tape.gradient(target, y), atol=1e-12)
    assert abs(similar[0, 2] - similar[0, 3]) > 0.5  # not one number for both
    assert np.flatnonzero(similar[1]).tolist() == [2, 3] and np.flatnonzero(own[1]).tolist() == [4]
