"""What every training method may change: the images of a batch, the network while it is trained, and the loss."""

from collections.abc import Callable
from typing import Any, NamedTuple

# (wanted [n c], logits [n c]) -> [n], what a plain fit makes small of each image
Loss = Callable[[Any, Any], Any]


class Shown(NamedTuple):
    """A batch of images and their labels, tensors of float32."""

    images: Any  # [n h w 3], RGB 0..255, before they are prepared for the network
    wanted: Any  # [n c], the share of each class: 0 or 1 but where images or labels were mixed


class Method:
    """A plain fit of the labels: what a method leaves as it is.

    A method is a class of its own, a dataclass whose fields are its settings, each with a type and a `Doc`. It is made
    when an experiment is planned too, where TensorFlow is out of reach, and then says what of its settings does not go
    together. It draws nothing but by the `seed` that it is given, int32 [2], another for each step of a training, with
    `tf.random.stateless_…`.
    """

    head = ""  # the `head` of the backbone that the method needs, where it does
    least_batch = 1  # images without which it would change nothing

    def shown(self, batch: Shown, seed: Any) -> Shown:
        """The batch that the network is shown in place of this one."""
        return batch

    def network(self, model: Any, layers: tuple[str, ...]) -> Any:
        """What is trained in place of `model`, a Keras model that gives logits, [n c], and shares its layers.

        `layers`: the names of all its layers. It may give further outputs behind the logits, and have further weights,
        which are trained too and forgotten in the end; they are drawn as Keras' generator stands, which is set by the
        training's seed before.
        """
        return model

    def loss(self, outputs: list[Any], wanted: Any, plain: Loss) -> Any:
        """[n]: what is made small of each image; `outputs` are those of `network`, logits first."""
        return plain(wanted, outputs[0])
