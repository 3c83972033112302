"""A method that is one of Keras' layers, called with the training's own seeds."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from wsol.training.methods.method import Method, Shown


@dataclass(kw_only=True)
class KerasMethod(Method):
    """Images, and labels where the layer mixes them, go through a layer of `keras.layers`."""

    kind = ""  # the layer's name there

    def arguments(self) -> dict[str, Any]:
        """The layer's arguments: the settings, where they are called as in Keras."""
        return asdict(self)

    @cached_property
    def _layer(self) -> Any:
        """The layer, in numbers of 32 bits whatever a step is computed in: pixels go to 255."""
        import keras
        import tensorflow as tf

        with tf.init_scope():  # its generator's variable is not one of a single trace
            return getattr(keras.layers, self.kind)(**self.arguments(), seed=0, dtype="float32")

    def shown(self, batch: Shown, seed: Any) -> Shown:
        """The batch as the layer gives it: all that it draws begins at `seed`, whatever it has drawn before."""
        import tensorflow as tf

        self._layer.generator.state.assign(tf.cast(seed, tf.int64))
        made = self._layer({"images": batch.images, "labels": batch.wanted}, training=True)
        return Shown(made["images"], made["labels"])
