"""Models that are saved and loaded from disk, and what plain Keras says of them: the truth for what ours says."""

from pathlib import Path

import numpy as np

from models import SIDE, keras, picture, targets
from models import explained as of_network
from wsol.networks import backbones

SCALED = {"preprocessing": {"scale": 1 / 255}, "batch": 4}
NAMES = ["1", "2", "3", "1"]
OUTPUTS = [[0], [1], [2], [1]]


def build(path: Path | str, **settings):
    """A backbone of a model file or folder."""
    return backbones.build({"model": str(path), **SCALED, **settings})


def explained(path: Path | str, **settings):
    """Predictions, activations and gradients of four targets on three pictures; and the backbone."""
    network = build(path, **settings)
    predictions, found = of_network(network, lambda name: picture(name, network.size), targets(NAMES, OUTPUTS))
    return predictions, found, network


def told(model, layer: str, image_last: bool = True, others=None, size=(SIDE, SIDE), both=None):
    """By one eager tape over the model itself: of each target the layer's activations, gradient and the outputs.

    `both` gives the two of what the model takes, where Keras cannot say it by the layer's name.
    """
    import tensorflow as tf

    both = both or keras.Model(model.inputs, [model.get_layer(layer).output, model.outputs[0]])
    found = []
    for name, (index,) in zip(NAMES, OUTPUTS, strict=True):
        image = picture(name, size)[None].astype(np.float32) / 255
        image = image if image_last else image.transpose(0, 3, 1, 2)
        feeds = [
            image if others is None or tensor.name not in others else others[tensor.name] for tensor in model.inputs
        ]
        with tf.GradientTape() as tape:
            activations, z = both(feeds, training=False)
            score = z[0, index]
        gradient = tape.gradient(score, activations)
        found.append([tf.cast(each, tf.float32).numpy()[0] for each in (activations, gradient, z)])
    return [np.stack(each) for each in zip(*found, strict=True)]


def agree(path, layer, size=(SIDE, SIDE), image_last=True, others=None, both=None, rtol=1e-4, **settings):
    """Ours of a file, explained at `layer`, is what plain Keras says of it; its maps moved where they are not last."""
    predictions, found, network = explained(path, layer=layer, **settings)
    model = keras.saving.load_model(path, compile=False, safe_mode=False)
    activations, gradients, outputs = told(model, layer, image_last, others, size, both)
    first = activations.shape[1:] != found["activations"].shape[1:]
    if first:
        activations, gradients = (each.transpose(0, 2, 3, 1) for each in (activations, gradients))
    firsts = [0, 1, 2]  # of the targets: one on each picture
    np.testing.assert_allclose(found["activations"], activations[firsts], rtol=rtol, atol=1e-5)
    ours = np.broadcast_to(found["gradients"], gradients.shape)
    assert np.abs(gradients).max() > 0
    np.testing.assert_allclose(ours, gradients, rtol=rtol, atol=1e-4 * np.abs(gradients).max())
    np.testing.assert_allclose(predictions["logits"], outputs[firsts], rtol=rtol, atol=1e-5)
    return network
