"""The traced functions: how often they are traced, what is constant in them, and which score they differentiate."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, open_picture, plain, seeded, targets
from wsol.index.outputs import class_probability
from wsol.networks import evidence
from wsol.networks.explainer import coefficients
from wsol.networks.folding import folding
from wsol.networks.kerasexplainer import KerasExplainer
from wsol.networks.masks import random_masks
from wsol.networks.perturb import colour


def test_each_function_is_traced_once_whatever_the_last_batch():
    explainer = KerasExplainer(backbone(seeded(plain)), 4)
    table = targets([str(i) for i in range(11)], [[0]] * 11)
    evidence.predict(explainer.backbone, open_picture, table, evidence.Collected(), explainer=explainer)
    assert dict(explainer.traces) == {"network": 1, "gradients": 1}


def test_normalisations_are_folded_where_there_are_any():
    import tensorflow as tf

    def reads(model) -> int:
        own = backbone(model)
        traced = tf.function(folding(own.graph)(lambda x: own.graph.run({own.graph.inputs[0]: x}, [own.output])))
        graph = traced.get_concrete_function(tf.TensorSpec((2, SIDE, SIDE, 3))).graph
        return sum(operation.type == "ReadVariableOp" for operation in graph.get_operations())

    start = layers.Input((SIDE, SIDE, 3))
    bare = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3)(start))
    assert reads(keras.Model(start, bare)) == 2  # kernel and bias are read as they were
    assert reads(seeded(plain)) == 2  # of the dense head alone


def test_coefficients_are_the_derivative_of_the_score():
    z, weights, step = np.array([[1.0, -2.0, 0.5]]), np.array([[1.0, 0.0, -0.5]]), 1e-6
    for activation in ("softmax", "sigmoid"):
        slope = [
            (weights * (class_probability(z + d, activation) - class_probability(z - d, activation))).sum() / (2 * step)
            for d in np.eye(3) * step
        ]
        np.testing.assert_allclose(coefficients(z, weights, "probability", activation)[0], slope, atol=1e-6)
    np.testing.assert_array_equal(coefficients(z, weights, "logit", "softmax"), weights.astype(np.float32))


def test_a_confident_probability_still_has_a_gradient():
    found = coefficients(np.array([[40.0, 0.0]]), np.array([[1.0, 0.0]]), "probability", "softmax")
    assert found[0, 0] >= 0 and found[0, 1] == pytest.approx(-np.exp(-40), rel=1e-3)


def answers(batch: int, threads: int, count: int = 11) -> list[bytes]:
    """All that an explainer says of some pictures, as bytes."""
    network = backbone(seeded(plain), layer=["late", "middle"])
    explainer = network.explainer(batch, threads)
    pixels = np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)
    found = {"logits": [], "late": [], "middle": [], "gradients": []}
    for start in range(0, count, batch):
        seen = explainer.forward(pixels[start : start + batch])
        rows = np.arange(len(seen.logits))
        gradients = explainer.gradients(seen.kept, rows, [np.eye(3, dtype=np.float32)[0 * rows]], [[0, 1]])
        parts = zip(found, (seen.logits, *seen.activations, gradients[0][1]), strict=True)
        for name, part in parts:
            found[name].append(part)
    drawn = random_masks(count, 4, 0.5, 0, (SIDE, SIDE))
    masked = [explainer.masked(pixels, np.arange(count), part, colour("mean")) for part in drawn.parts()]
    ablated = explainer.ablated(seen.kept, 0, 1, np.arange(-1, 6)) if batch >= count else np.zeros(0)
    return [np.concatenate(each).tobytes() for each in (*found.values(), masked)] + [ablated.tobytes()]


def test_bytes_depend_neither_on_the_number_of_threads_nor_on_the_batch():
    one = answers(16, 1)
    assert answers(16, 1) == one
    assert answers(16, 3) == one
    for batch in (1, 4, 6):
        assert answers(batch, 2)[:-1] == one[:-1]


def test_targets_out_of_order_get_their_own_images_gradients():
    explainer = backbone(seeded(plain), layer="middle").explainer(8)
    pixels = np.random.default_rng(0).integers(0, 256, (7, SIDE, SIDE, 3), np.uint8)
    kept = explainer.forward(pixels).kept
    weights = np.random.default_rng(1).normal(size=(9, 3)).astype(np.float32)
    rows = np.array([6, 0, 0, 5, 1, 2, 3, 4, 6])
    found = explainer.gradients(kept, rows, [weights], [[0]])[0][0]
    for own, row, weight in zip(found, rows, weights, strict=True):
        alone = explainer.gradients(explainer.forward(pixels[row : row + 1]).kept, np.array([0]), [weight[None]], [[0]])
        np.testing.assert_array_equal(own, alone[0][0][0])
