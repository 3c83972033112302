"""SYSTEMS: each known program in its own few lines, on the same model and input."""

import cv2
import numpy as np
import pytest

from models import SIDE, backbone, keras, linear, picture, plain, seeded, targets
from wsol.maps.cams import CAMS
from wsol.networks import evidence
from wsol.pictures import overlays
from wsol.pictures.presets import SYSTEMS

# The systems' layers in the small model: its last 4-D output, its last convolution by itself, its last activation.
LAYER = {"histology": "late", "aucmedi": "late", "opencv_article": "conv", "paper": "late", "keras_example": "late"}


def gradient(model, layer: str, x: np.ndarray, index: int | None = None):
    """Activations [h w k], gradient and class of one eager tape through the whole model."""
    import tensorflow as tf

    both = keras.Model(model.input, [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        activations, scores = both(x[None])
        chosen = int(np.argmax(scores[0])) if index is None else index
        score = scores[:, chosen]
    return activations[0].numpy(), tape.gradient(score, activations)[0].numpy(), chosen


def histology(model, x, index):
    a, g, _ = gradient(model, "late", x, index)
    g = g / (np.mean(g**2) + 1e-5)
    m = np.maximum(np.sum(np.mean(g, axis=(0, 1)) * a, axis=-1), 0)
    return divided(m)


def divided(m: np.ndarray) -> np.ndarray:
    """By its maximum, NaN where that is 0, as these systems have it."""
    with np.errstate(invalid="ignore"):
        return m / m.max()


def aucmedi(model, x, index):
    a, g, _ = gradient(model, "late", x, index)
    m = a @ g.mean(axis=(0, 1))
    return (m - m.min()) / (m.max() - m.min() + 1e-8)


def opencv_article(model, x, index):
    a, g, _ = gradient(model, "conv", x)
    weights = g.mean(axis=(0, 1))
    for k in range(a.shape[-1]):
        a[:, :, k] *= weights[k]
    m = np.maximum(a.mean(axis=-1), 0)
    return divided(m)


def paper(model, x, index):
    a, g, _ = gradient(linear(model), "late", x, index)
    return np.maximum((a * g.mean(axis=(0, 1))).sum(axis=-1), 0)


def keras_example(model, x, index):
    a, g, _ = gradient(linear(model), "late", x, index)
    m = np.maximum((a @ g.mean(axis=(0, 1))[..., None])[..., 0], 0)
    return divided(m)


def theirs(name: str, model, image: np.ndarray, index: int) -> np.ndarray:
    """On the image's pixels, normalised as that system does."""
    found = globals()[name](model, image.astype(np.float32) / 255, index)
    if name == "paper":
        large = np.maximum(cv2.resize(found, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 0)
        return divided(large)
    return found


def ours(name: str, model, table):
    system = SYSTEMS[name]
    asked = {key: value for key, value in system.cam.items() if key in ("score", "explain")}
    sink = evidence.Collected()
    found = evidence.predict(backbone(model, layer=LAYER[name], **asked), picture, table, sink)
    options = {"relu": system.cam["relu"]} if "relu" in system.cam else {}
    return CAMS[system.cam["method"]](sink["activations"], sink["gradients"], **options), found


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_map_as_the_systems_own_few_lines(name):
    model = seeded(plain)
    names, classes = [str(i) for i in range(12)], [0, 1, 2] * 4
    maps, _ = ours(name, model, targets(names, [[c] for c in classes]))
    compared = 0
    for image, index, heatmap in zip(names, classes, maps, strict=True):
        expected = theirs(name, model, picture(image), index)
        if not np.isfinite(expected).all():  # the system divides by a maximum of 0
            assert not heatmap.any()
            continue
        if name == "paper":
            heatmap = np.maximum(cv2.resize(heatmap, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), 0)
        found = overlays.normalized(heatmap, SYSTEMS[name].normalization)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        compared += 1
    assert compared >= 2


def test_every_systems_layer_is_in_the_network_it_is_drawn_with_alone():
    from wsol.networks import backbones
    from wsol.networks.layers import find

    for system in SYSTEMS.values():
        network = backbones.build({"architecture": system.architecture, "weights": "random"})
        if "layer" in system.cam:
            assert find(network.graph, network.output, system.cam["layer"]).name == system.cam["layer"]


def test_aucmedis_picture_has_less_heat_than_the_articles():
    """Its visualiser mixes with alpha = 0.4."""
    image, hot = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32)
    red = [overlays.PICTURES[SYSTEMS[name].picture](image, hot, lambda a: a)[0, 0, 0] for name in ("aucmedi", "paper")]
    assert red == [int(0.4 * 127.5), round(0.6 * 128)]


def test_a_picture_exists_for_every_system():
    assert {system.picture for system in SYSTEMS.values()} <= set(overlays.PICTURES)
    assert {system.cam["method"] for system in SYSTEMS.values()} <= set(CAMS)
