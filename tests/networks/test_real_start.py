"""Trainings begin from real files of ImageNet's weights."""

import numpy as np
import pytest

from conftest import DATA, REAL
from models import keras
from wsol.networks import backbones

pytestmark = REAL
CASES = {
    "MobileNetV2": ({}, "mobilenet_v2_imagenet", "out_relu", ["predictions"]),
    "MobileNet": ({"alpha": 0.25}, "mobilenet_0.25_224_imagenet", "conv_pw_13_relu", ["conv_preds"]),
    "MobileNetV3Small": ({}, "mobilenet_v3_small_imagenet", "conv_1", ["logits"]),
}
HEADS = {"own": "own", "conv": {"method": "conv", "filters": [4]}}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("head", HEADS)
def test_features_are_those_of_the_published_network(name, head):
    own, file, layer, apart = CASES[name]
    path = str(DATA / f"weights/{file}.weights.h5")
    settings = {"architecture": name, "input": 96, "head": HEADS[head], "weights": {"train": {}}, **own}
    begun = backbones.build(backbones.untrained(settings, 0, path), classes=20).model
    image = np.random.default_rng(0).uniform(-1, 1, (2, 96, 96, 3)).astype(np.float32)
    published = getattr(keras.applications, name)(weights=path, **own)
    whole = getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), **own)
    whole.set_weights(published.get_weights())
    found, expected = (keras.Model(each.input, each.get_layer(layer).output)(image) for each in (begun, whole))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-4, atol=1e-4)
    kept = [each.name for each in begun.layers if each.name in apart]
    assert kept == (apart if head == "own" else [])
    assert all(begun.get_layer(each).get_weights()[0].shape[-1] == 20 for each in kept)
