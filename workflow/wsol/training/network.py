"""The Keras model that is trained: the backbone's own layers, as far as its logits."""

from typing import Any

from wsol.errors import ConfigError
from wsol.index.outputs import no_probability


def logits_model(backbone: Any) -> Any:
    """A Keras model of the backbone's own layers that gives its logits, [n c]; the model itself keeps its activation.

    A ConfigError for a backbone that no loss can be made of, or that has nothing to be trained.
    """
    import keras

    if not backbone.activation:
        raise ConfigError(no_probability("weights.train"))
    if not backbone.model.trainable_weights:
        raise ConfigError("weights.train: all layers of the model are frozen (trainable: false).")
    place = list(backbone.graph.outputs).index(backbone.settings["output"] or next(iter(backbone.graph.outputs)))
    out = backbone.model.outputs[place]
    width = 1 if backbone.binary else backbone.classes
    return keras.Model(backbone.model.inputs, out if len(out.shape) == 2 else keras.layers.Reshape((width,))(out))
