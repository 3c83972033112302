"""ACoL, adversarial complementary learning (Zhang 2018, arXiv:1804.06962), as the published benchmark has it.

Choe 2020 (arXiv:2001.07437) and its code: the first classifier's map of the label, min-max normalised and detached,
says which places of the features the second does not see; both are trained by the same labels.
"""

from typing import Any

from wsol.errors import ConfigError
from wsol.networks.complementary import LAYERS, SECOND, weighted, without
from wsol.training.attention import of_labels
from wsol.training.methods.method import Loss, Method


class Acol(Method):
    """Two classifiers, of which the second does not see the places that the first goes by for the image's label.

    From which share of the first one's highest value on they are not seen is the `threshold` of the backbone's head.
    """

    head = "acol"

    def network(self, model: Any, layers: tuple[str, ...]) -> Any:
        """Behind the first classifier's logits its class maps, the features, and what the second gives."""
        import keras

        there = {layer.name: layer for layer in model.layers}
        there |= _behind(there[LAYERS["map_a"]]) if LAYERS["map_a"] in there else {}
        if missing := [name for name in (*LAYERS.values(), SECOND) if name not in there]:
            raise ConfigError(f"weights.train.method: 'acol' needs the head acol; the network has no '{missing[0]}'.")
        features, shown, maps = (there[LAYERS[name]].output for name in ("features", "erased", "map_a"))
        self._threshold = there[LAYERS["erased"]].threshold
        self._second = keras.Model(shown, there[SECOND].output)
        # What the second gives here is not looked at, and so not computed: by it its weights are the network's.
        return keras.Model(model.inputs, [model.outputs[0], maps, features, there[SECOND].output])

    def loss(self, outputs: list[Any], wanted: Any, plain: Loss) -> Any:
        """[n]: the loss of the first classifier's logits and that of the second's.

        Gradients reach the features through both classifiers, and none goes through what is erased.
        """
        import tensorflow as tf

        logits, maps, features, _ = outputs
        own = weighted(tf.stop_gradient(maps), of_labels(wanted))
        second = self._second(without(features, own, self._threshold), training=True)
        return plain(wanted, logits) + plain(wanted, tf.cast(second, logits.dtype))


def _behind(layer: Any) -> dict[str, Any]:
    """By name, all layers that a layer feeds, directly or through others, whether or not they are in one model."""
    found: dict[str, Any] = {}
    left = [layer]
    while left:
        for node in left.pop()._outbound_nodes:
            if node.operation.name not in found:
                found[node.operation.name] = node.operation
                left.append(node.operation)
    return found
