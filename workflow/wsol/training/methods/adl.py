"""ADL, attention-based dropout (Choe 2019, arXiv:1908.10028), as the published benchmark has it (arXiv:2001.07437)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from wsol.errors import ConfigError
from wsol.settings import Doc, Range
from wsol.training.methods.inserting import inserted
from wsol.training.methods.method import Method, Shown

WHERE = "weights.train.method adl.layers"


class Places(NamedTuple):
    """The layers of an architecture that the benchmark has ADL behind."""

    layers: tuple[str, ...]
    kin: tuple[str, ...]  # layers of other architectures that have these too, but of which nothing is published


PUBLISHED = {
    # After layer3's first block, and layer4's first and last, as PyTorch calls them.
    "ResNet50": Places(
        ("conv4_block1_out", "conv5_block1_out", "conv5_block3_out"), kin=("conv4_block7_out", "post_bn")
    ),
    "VGG16": Places(("block3_pool", "block4_conv3", "block5_conv3"), kin=("block5_conv4",)),
}


@dataclass(kw_only=True)
class Adl(Method):
    """Behind some layers the places that are attended most are dropped, or else all weighted by their attention."""

    drop_rate: Annotated[
        float,
        Range(0.01, 1),
        Doc("The probability that a layer drops places of a batch; else it weights them."),
    ] = 0.75
    threshold: Annotated[
        float, Range(0.01, 1), Doc("The share of an image's highest attention from which on a place is dropped.")
    ] = 0.9
    layers: Annotated[
        list[str] | None,
        Doc("The layers that it stands behind: those published of ResNet50 and of VGG16; of others it has to be said."),
    ] = None

    def __post_init__(self) -> None:
        given = self.layers or []
        if self.layers is not None and not given:
            raise ConfigError("adl.layers: is empty; name a layer, or leave it out.")
        if twice := [layer for place, layer in enumerate(given) if layer in given[:place]]:
            raise ConfigError(f"adl.layers: '{twice[0]}' is given twice.")

    @cached_property
    def _seed(self) -> Any:
        """int64 [2]: the seed of the step that is being taken.

        A layer is called with its input alone, and a generator of its own would begin anew in a training that goes on
        after a kill: so it draws by what `shown`, which comes first in a step, has put here. Of 64 bits, as Keras' own
        generators are, since TensorFlow keeps variables of 32 off a card; it is no weight of the network.
        """
        import tensorflow as tf

        with tf.init_scope():
            return tf.Variable([0, 0], trainable=False, dtype=tf.int64)

    def shown(self, batch: Shown, seed: Any) -> Shown:
        """The batch as it is."""
        import tensorflow as tf

        self._seed.assign(tf.cast(seed, tf.int64))
        return batch

    def network(self, model: Any, layers: tuple[str, ...]) -> Any:
        """`model` with a layer of ADL behind each of `self.layers`; a ConfigError where that cannot be."""
        names = self.layers or published(layers)
        behind = {name: self._layer(place, f"{name}_adl") for place, name in enumerate(names)}
        return inserted(WHERE, model, behind)

    def _layer(self, place: int, name: str) -> Any:
        """The Keras layer, which changes nothing but in training; `place` tells its coins from other layers'."""
        import keras

        adl = self

        class Layer(keras.layers.Layer):
            def call(self, inputs: Any, training: bool | None = None) -> Any:
                return inputs * adl.selected(inputs, place) if training else inputs

        return Layer(name=name)

    def selected(self, values: Any, place: int) -> Any:
        """[n h w 1]: what a layer's map [n h w k] is multiplied by in this step.

        One coin falls for all images. Gradients go through the attention, as in the published code.
        """
        import tensorflow as tf

        seed = tf.random.fold_in(tf.cast(self._seed, tf.int32), place)
        attention = tf.reduce_mean(values, axis=3, keepdims=True)
        highest = tf.reduce_max(attention, axis=(1, 2), keepdims=True)
        left = tf.cast(attention < self.threshold * highest, values.dtype)
        drops = tf.random.stateless_uniform([], seed) < self.drop_rate
        return tf.where(drops, left, tf.sigmoid(attention))


def published(layers: tuple[str, ...]) -> tuple[str, ...]:
    """The published places of the architecture that has these layers; a ConfigError where none are."""
    for places in PUBLISHED.values():
        if set(places.layers) <= set(layers) and not set(places.kin) & set(layers):
            return places.layers
    known = " and ".join(f"{name} ({', '.join(places.layers)})" for name, places in PUBLISHED.items())
    raise ConfigError(f"{WHERE}: is required of this network; published are those of {known}.")
