"""SPG, self-produced guidance (Zhang 2018, arXiv:1807.08902), as the published benchmark has it.

Choe 2020 (arXiv:2001.07437) and its code: in training three stacks of convolutions tell object from background at every
pixel of the input, B1 and B2 behind layers in mid-network, C on the last map. What they learn is each other's attention
where that is sure: the label's class map says where B2's object is, B2 where B1's is, and both where C's is.

There a 1x1 convolution makes class maps of the last map, and logits are their means. Behind a mean and a dense layer
both are the same but for the bias, F W of features F and the dense layer's weights W, as a mean and a weighted sum can
change places; and a bias is taken away where a map is made to go from its lowest value, 0, to its highest, 1.
"""

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from wsol.errors import ConfigError, few
from wsol.networks import heads
from wsol.networks.complementary import normalised, weighted
from wsol.networks.layers import automatic
from wsol.networks.models.kerasmodel import KerasGraph, calls
from wsol.settings import Doc, Range
from wsol.training.attention import of_labels
from wsol.training.guidance import agreement, guide
from wsol.training.methods.method import Loss, Method

WHERE = "weights.train.method spg"
OF_LAST = 512  # channels of C's convolution
Level = Annotated[float, Range(0, 1)]


class SideLayers(NamedTuple):
    """The layers that B1 and B2 stand behind in one architecture."""

    before: tuple[str, ...]  # the first that there is
    after: str
    kin: tuple[str, ...]  # layers of other architectures that have the same names, and no published places


# The stages are PyTorch's layer3, its first and its last block, and the convolutions before and after the fourth pool.
PUBLISHED = (
    SideLayers(("conv4_block1_out",), "conv4_block6_out", ("conv4_block7_out", "post_bn")),  # ResNet50
    SideLayers(("block4_pool", "block4_conv3"), "block5_conv3", ("block5_conv4",)),  # VGG16
)


@dataclass(kw_only=True)
class Spg(Method):
    """Layers in mid-network learn where the object is from each other's most and least attended places."""

    before: Annotated[
        str | None, Doc("The layer that B1 stands behind; the published one of ResNet50 and VGG16, required of others.")
    ] = None
    after: Annotated[str | None, Doc("The same of B2.")] = None
    filters: Annotated[
        Annotated[int, Range(1, 4096)] | None,
        Doc("Channels of the added convolutions: those of B1's own input for B1 and B2, and 512 for C, unless said."),
    ] = None
    b2_high: Annotated[Level, Doc("Above this attention of the class map a place is object to B2.")] = 0.7
    b2_low: Annotated[Level, Doc("Below this one it is background.")] = 0.01
    b1_high: Annotated[Level, Doc("Above this probability of B2's a place is object to B1.")] = 0.5
    b1_low: Annotated[Level, Doc("Below this one it is background.")] = 0.05
    c_high: Annotated[Level, Doc("Above this mean probability of B1's and B2's a place is object to C.")] = 0.7
    c_low: Annotated[Level, Doc("Below this one it is background.")] = 0.1

    def __post_init__(self) -> None:
        for name in ("b2", "b1", "c"):
            low, high = (getattr(self, f"{name}_{side}") for side in ("low", "high"))
            if low > high:
                raise ConfigError(f"spg.{name}_low: must be {name}_high, {high:g}, or less, got {low:g}.")

    def network(self, model: Any, layers: tuple[str, ...]) -> Any:
        """Beside the logits the last map, and what B1, B2 and C make of theirs, [n h w 1] each."""
        import keras

        shape = next(each.shape for each in model.inputs if len(each.shape) == 4)
        if None in shape[1:3]:
            raise ConfigError(f"{WHERE}: needs an input of one size, and the model's is open.")
        self._size = shape[1:3]
        name, self._dense = _head(model)
        places = self._places(layers)
        before, after = (_output(model, where, layer) for where, layer in places.items())
        _check_order(model, **places)
        last = _output(model, "the last map", name)
        return keras.Model(model.inputs, [*model.outputs, last, *self._sides(before, after, last)])

    def _places(self, layers: tuple[str, ...]) -> dict[str, str]:
        """The layers that B1 and B2 stand behind: those that are said, or published."""
        own = next((p for p in PUBLISHED if p.after in layers and not set(p.kin).intersection(layers)), None)
        first = next((name for name in own.before if name in layers), None) if own else None
        usual = {"before": first, "after": own.after if own else None}
        found = {name: getattr(self, name) or usual[name] for name in ("before", "after")}
        for name, layer in found.items():
            if layer is None:
                raise ConfigError(f"{WHERE}.{name}: of ResNet50 and VGG16 it is known; name the layer of this network.")
        return {name: str(layer) for name, layer in found.items()}

    def _sides(self, before: Any, after: Any, last: Any) -> tuple[Any, Any, Any]:
        """What the added convolutions make of the three maps; B1 and B2 share all but their first."""
        import keras

        def convolution(name: str, filters: int, side: int = 3) -> Any:
            activation = "relu" if side > 1 else None
            return keras.layers.Conv2D(filters, side, padding="same", activation=activation, name=f"spg_{name}")

        width = self.filters or before.shape[-1]
        first, second, shared = (convolution(name, width) for name in ("b1", "b2", "shared"))
        ending, third = convolution("b", 1, side=1), convolution("c", self.filters or OF_LAST)
        b1, b2 = (ending(shared(own(layer))) for own, layer in ((first, before), (second, after)))
        return b1, b2, convolution("c_map", 1, side=1)(third(last))

    def loss(self, outputs: list[Any], wanted: Any, plain: Loss) -> Any:
        """[n]: the plain loss, and added to each image's the batch's three of B2, B1 and C: a mean adds them once."""
        import tensorflow as tf

        logits, features, *sides = outputs
        kernel = tf.reshape(tf.convert_to_tensor(self._dense.kernel), (features.shape[-1], -1))
        weights = tf.matmul(of_labels(wanted), kernel, transpose_b=True)  # [n k]
        attention = normalised(self._enlarged(weighted(features, weights)))
        b1, b2, c = (self._enlarged(tf.cast(side[..., 0], tf.float32)) for side in sides)
        seen_1, seen_2 = tf.sigmoid(b1), tf.sigmoid(b2)
        guided = agreement(b2, guide(attention, self.b2_high, self.b2_low))
        guided += agreement(b1, guide(seen_2, self.b1_high, self.b1_low))
        guided += agreement(c, guide((seen_1 + seen_2) / 2, self.c_high, self.c_low))
        return plain(wanted, logits) + guided

    def _enlarged(self, maps: Any) -> Any:
        """Maps [n h w] at the input's size, linear between pixels' centres (PyTorch's `align_corners=False`)."""
        import tensorflow as tf

        return tf.image.resize(maps[..., None], self._size, "bilinear")[..., 0]


def _head(model: Any) -> tuple[str, Any]:
    """The name of the last map's layer, and the dense layer behind its mean."""
    graph = KerasGraph(model)
    output = next(iter(graph.outputs.values()))
    step = automatic(graph, output).step
    if beyond := heads.between(graph, output, [step]):
        raise ConfigError(
            f"{WHERE}: is of a network that ends in a mean and one dense layer; it has {few(beyond)} as well."
        )
    dense = heads.dense(graph, output, step).operation
    if not hasattr(dense, "kernel"):
        raise ConfigError(f"{WHERE}: needs a dense layer behind the mean, which has {type(dense).__name__}.")
    return step.name, dense


def _output(model: Any, where: str, name: str) -> Any:
    """What a layer of the model's own gives, a map; a ConfigError where it has none of that name."""
    # Of a layer that other models call too, what it gives here.
    made = {node.operation.name: node.outputs[0] for node in calls(model)}
    if name not in made:
        own = few(layer.name for layer in model.layers[::-1])
        raise ConfigError(f"{WHERE}: {where}: no layer '{name}' in the model itself; its last are {own}.")
    if len(made[name].shape) != 4:
        raise ConfigError(f"{WHERE}: {where}: '{name}' gives no map.")
    return made[name]


def _check_order(model: Any, before: str, after: str) -> None:
    place = {node.operation.name: nth for nth, node in enumerate(calls(model))}
    if place[before] >= place[after]:
        raise ConfigError(f"{WHERE}.before: must lie before '{after}', got '{before}'.")
