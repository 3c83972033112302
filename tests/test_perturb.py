"""What is asked of the network, against naive loops over plain Keras."""

import numpy as np
import pytest

from models import SIDE, keras, layers, linear, picture, plain, run, seeded, targets
from wsol.cams import CAMS
from wsol.perturb import gradient


def test_ablation_on_a_pooling_and_dense_head_is_its_closed_form():
    model = seeded(plain)
    table = targets(["1", "2"], [[0], [2]])
    _, found = run(model, table, evidence="ablation")
    kernel = model.get_layer("head").kernel.numpy()
    for i, index in enumerate((0, 2)):
        expected = kernel[:, index] * found["activations"][i].mean(axis=(0, 1))
        np.testing.assert_allclose(found["gradients"][i, 0, 0], expected, atol=1e-5)


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
        assert found["gradients"][0, 0, 0, k] == pytest.approx(float(logit(middle) - logit(without)), abs=1e-5)


def test_scorecam_is_the_naive_loop_with_one_softmax():
    import cv2

    model = seeded(plain)
    _, found = run(model, targets(["1"], [[1]]), evidence="scorecam")
    x = picture("1").astype(np.float32) / 255
    scores = np.full(8, -np.inf)
    for k in range(8):
        up = cv2.resize(found["activations"][0, ..., k], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        if up.max() > up.min():
            mask = (up - up.min()) / (up.max() - up.min())
            scores[k] = float(model((x * mask[..., None])[None])[0, 1])
    expected = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(found["gradients"][0, 0, 0], expected, atol=1e-6)


def test_scorecam_may_look_at_the_liveliest_channels_only():
    _, found = run(seeded(plain), targets(["1"], [[1]]), evidence={"method": "scorecam", "channels": 3})
    spread = found["activations"][0].std(axis=(0, 1))
    assert set(np.flatnonzero(found["gradients"][0, 0, 0])) == set(np.argsort(-spread)[:3])


def test_occlusion_is_the_naive_loop():
    model = seeded(plain)
    _, found = run(model, targets(["1"], [[2]]), evidence={"method": "occlusion", "grid": 4, "patch": 2})
    z, x = linear(model), picture("1").astype(np.float32) / 255
    whole, total = float(z(x[None])[0, 2]), np.zeros((4, 4))
    for top in range(-1, 4):
        for left in range(-1, 4):
            covered, cells = x.copy(), np.zeros((4, 4))
            y0, x0 = max(0, top), max(0, left)
            covered[y0 * 4 : (top + 2) * 4, x0 * 4 : (left + 2) * 4] = 0
            cells[y0 : top + 2, x0 : left + 2] = 1
            total += cells * (whole - float(z(covered[None])[0, 2]))
    heatmap = CAMS["occlusion"](found["activations"], found["gradients"])[0]
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
    options = {"method": "rise", "masks": 600, "cells": 4, "seed": 1}
    _, found = run(model, table, evidence=options, layer="still")
    first, second = CAMS["rise"](found["activations"][found["image_of"]], found["gradients"])
    assert first[:4, 12:].mean() > first.mean() + 3 * first.std() / 2 > first[8:, :8].mean()
    assert second[:4, 12:].mean() < second.mean()


def test_an_unexplained_target_costs_perturbation_nothing_but_a_row():
    table = targets(["broken", "1", "2"], [[0], [1], []])
    _, found = run(seeded(plain), table, evidence={"method": "occlusion", "grid": 4, "patch": 2})
    assert found["gradients"].shape == (3, 4, 4, 1) and found["activations"].shape == (3, 4, 4, 1)
    assert [bool(g.any()) for g in found["gradients"]] == [False, True, False]


def test_rivals_are_the_scores_nearest():
    scores = np.array([[5.0, 1.0, 4.5, 4.0, -2.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
    found = gradient(scores, np.array([0, -1]), similar=2)
    np.testing.assert_allclose(found["gradients"], [[1, 0, 0, 0, 0], [0] * 5])
    np.testing.assert_allclose(found["rivals"], [[0, 0, 0.5, 0.5, 0], [0] * 5])
