"""ConvNeXt against eager tapes in float64: where HiResCAM is a map there, and where it is rounding alone.

A residual stream is read through layer normalisations. What such a layer gives does not change with the length of what
it is given, so that sum_k A_k dy/dA_k is zero (Euler) wherever nothing but normalisations reads the layer: the last sum
of a stage always, any sum while the layer scales are as small as they are drawn (1e-6). Float32 then leaves some 1e-7
of the terms' size, which a normalised map blows up to a picture of rounding.
"""

import numpy as np
import pytest

from models import explained, keras, picture, targets
from wsol.maps.cams import CAMS
from wsol.networks import asking, backbones, evidence

LAYERS = ["add_2", "add_6", "add_10", "add_17"]
SIDE, CLASS = 64, 2


@pytest.fixture
def in_float64():
    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def network(scales: tuple[float, float] | None):
    """ConvNeXt-Tiny with layer scales as drawn, or as large as training makes them."""
    given = {"architecture": "ConvNeXtTiny", "weights": "random", "input": SIDE, "classes": 5, "layer": LAYERS}
    own = backbones.build(given)
    random = np.random.default_rng(0)
    for weight in own.model.weights if scales else []:
        if "layer_scale" in weight.path:
            weight.assign(random.uniform(*scales, weight.shape))
    return own


def taped(weights: list) -> list[tuple[np.ndarray, np.ndarray]]:
    """Activations and gradient [h w k] of each layer, by Keras in float64."""
    import tensorflow as tf

    keras.utils.clear_session()
    keras.config.set_dtype_policy("float64")
    keras.config.set_floatx("float64")
    size = {"input_shape": (SIDE, SIDE, 3), "classes": 5}
    model = keras.applications.ConvNeXtTiny(weights=None, classifier_activation=None, **size)
    model.set_weights(weights)
    named = {operation.name: operation.output for operation in model.operations}
    both = keras.Model(model.input, [*(named[layer] for layer in LAYERS), model.output])
    with tf.GradientTape() as tape:
        *found, logits = both(picture("1", (SIDE, SIDE))[None].astype(np.float64))
        score = logits[0, CLASS]
    assert logits.dtype == tf.float64
    return [(a[0].numpy(), g[0].numpy()) for a, g in zip(found, tape.gradient(score, found), strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("scales", [None, (0.05, 0.5)], ids=["as drawn", "trained"])
def test_evidence_is_float64_s_and_hirescam_s_error_is_rounding(scales, in_float64):
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    own = network(scales)
    _, found = explained(own, lambda name: picture(name, (SIDE, SIDE)), targets(["1"], [[CLASS]]))
    for place, (layer, (a, g)) in enumerate(zip(LAYERS, taped(own.model.get_weights()), strict=True)):
        ours = found["activations" + asking.suffix(place)], found["gradients" + evidence.suffix(place)]
        assert np.abs(ours[0][0] - a).max() < 2e-6 * np.abs(a).max()
        assert np.abs(ours[1][0] - g).max() < 2e-6 * np.abs(g).max()
        exact, terms = (a * g).sum(axis=-1), np.abs(a * g).sum(axis=-1).max()
        error = np.abs(CAMS["hirescam"](*ours)[0] - np.maximum(exact, 0)).max()
        assert error < 1e-6 * terms
        if layer == "add_2" or (scales is None and layer != "add_17"):
            assert np.abs(exact).max() < 2e-6 * terms  # no map: zero, but for the normalisations' epsilon
        else:
            assert error < 1e-5 * exact.max()
