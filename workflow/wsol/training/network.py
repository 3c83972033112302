"""The Keras model that is trained: the backbone's own layers, as far as its logits."""

from typing import Any

from wsol.errors import ConfigError
from wsol.index.outputs import no_probability
from wsol.networks.graphs import ENDS, FINAL, RESHAPING, TRANSPARENT, Step, ending


def logits_model(backbone: Any) -> Any:
    """A Keras model of the backbone's own layers that gives its logits, [n c]; the model itself keeps its activation.

    Of `head: acol` it gives those of the explained branch; the method finds the other.

    A ConfigError for a backbone that no loss can be made of, or that has nothing to be trained.
    """
    import keras

    if not backbone.activation:
        raise ConfigError(no_probability("weights.train"))
    if not backbone.model.trainable_weights:
        raise ConfigError("weights.train: all layers of the model are frozen (trainable: false).")
    place = list(backbone.graph.outputs).index(backbone.settings["output"] or next(iter(backbone.graph.outputs)))
    found = out = backbone.model.outputs[place]
    if backbone.ending in FINAL:
        found = _before(out)
        if found is out:
            said = f"the model ends in {backbone.ending} inside '{out._keras_history.operation.name}'"
            raise ConfigError(f"weights.train: {said}, which is not trained; end it in a layer of Keras' own.")
    width = 1 if backbone.binary else backbone.classes
    logits = found if len(found.shape) == 2 else keras.layers.Reshape((width,))(found)
    inputs = backbone.model.inputs  # one by one, as they are fed, whatever the model itself has them in
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, logits)


def _before(tensor: Any) -> Any:
    """What a model's output was before the function that makes probabilities of it; itself where none is found.

    Layers are called once more, and so share their weights; what comes before them is not.
    """
    import keras

    operation, place, number = tensor._keras_history
    node = operation._inbound_nodes[place]
    if isinstance(operation, keras.Model):
        inner = operation.outputs[number]
        found = _before(inner)
        return tensor if found is inner else _called(keras.Model(_taken(operation), found, name=operation.name), node)
    step = Step(operation.name, operation, (), (), ())
    if step.kind in (*TRANSPARENT, *RESHAPING):
        found = _before(node.input_tensors[0])
        return tensor if found is node.input_tensors[0] else operation(found)
    if ending(step) not in FINAL:
        return tensor
    return node.input_tensors[0] if step.kind in ENDS else _called(plain()(operation), node)


def _taken(model: Any) -> Any:
    """What a model takes, as it is called: a Sequential's `input` is what it was given where it stands."""
    return model.inputs[0] if len(model.inputs) == 1 else model.input


def _called(operation: Any, node: Any) -> Any:
    """What an operation gives that is called as another was."""
    return operation(*node.arguments.args, **node.arguments.kwargs)


def plain() -> Any:
    """The class of a layer that calls another one without its activation."""
    import keras

    class Plain(keras.layers.Layer):
        """A layer's weights, and what they make of its input before its activation: `head_logits` of `head`."""

        def __init__(self, layer: Any):
            super().__init__(name=f"{layer.name}_logits")
            self.layer = layer

        def call(self, inputs: Any) -> Any:
            own = vars(self.layer)  # past Keras, which takes no layer for an activation once it is built
            kept, own["activation"] = own["activation"], keras.activations.linear
            try:
                return self.layer(inputs)
            finally:
                own["activation"] = kept

    return Plain
