"""The traced functions: how often they are traced, what is constant in them, and which score they differentiate."""

import numpy as np
import pytest

from models import SIDE, backbone, keras, layers, open_picture, plain, seeded, targets
from wsol.index.outputs import class_probability
from wsol.networks import evidence
from wsol.networks.explainer import coefficients
from wsol.networks.kerasexplainer import KerasExplainer, folding


def test_each_function_is_traced_once_whatever_the_last_batch():
    explainer = KerasExplainer(backbone(seeded(plain)), 4)
    table = targets([str(i) for i in range(11)], [[0]] * 11)
    evidence.predict(explainer.backbone, open_picture, table, evidence.Collected(), explainer=explainer)
    assert dict(explainer.traces) == {"forward": 1, "gradients": 1}


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
