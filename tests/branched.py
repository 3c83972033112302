"""Small networks that ACoL and SPG can be trained on, and NumPy loops of what the two do with attention."""

import numpy as np

from models import keras, layers

SIDE = 32


@keras.saving.register_keras_serializable("tests")
class HidesTheHighest(layers.Layer):
    """Features [n h w k] without the places where the map [n h w c] of the highest logit is 0.7 or more."""

    threshold = 0.7

    def call(self, inputs):
        features, maps = inputs
        own = keras.ops.one_hot(keras.ops.argmax(keras.ops.mean(maps, axis=(1, 2)), axis=1), maps.shape[-1])
        highest = keras.ops.sum(maps * own[:, None, None], axis=3)
        low, high = (limit(highest, axis=(1, 2), keepdims=True) for limit in (keras.ops.min, keras.ops.max))
        return features * keras.ops.cast((highest - low) < 0.7 * (high - low), "float32")[..., None]


def complementary(classes: int = 3, width: int = 5, side: int = SIDE) -> "keras.Model":
    """A convolution and ACoL's head, by the names of its layers."""
    x = start = layers.Input((side, side, 3))
    x = layers.Conv2D(8, 3, strides=4, padding="same", activation="relu", name="stem")(x)
    features = layers.Identity(name="acol_features")(x)
    map_a = classifier(features, "a", classes, width)
    shown = HidesTheHighest(name="acol_erased")([features, map_a])
    maps = {"acol_a": map_a, "acol_b": classifier(shown, "b", classes, width)}
    return keras.Model(start, [layers.GlobalAveragePooling2D(name=name)(each) for name, each in maps.items()])


def classifier(x, name: str, classes: int, width: int):
    for place in (1, 2):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"acol_{name}_{place}")(x)
    return layers.Conv2D(classes, 1, name=f"acol_{name}_map")(x)


def stages(classes: int = 3, side: int = SIDE) -> "keras.Model":
    """Three stages of convolutions, a mean and a dense layer."""
    x = start = layers.Input((side, side, 3))
    for name, filters, stride in (("one", 4, 2), ("two", 6, 2), ("three", 8, 2)):
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu", name=name)(x)
    return keras.Model(start, layers.Dense(classes, name="head")(layers.GlobalAveragePooling2D()(x)))


def unit(heatmap: np.ndarray) -> np.ndarray:
    """A map [h w] from 0 to 1; 0 where it is constant."""
    low, high = heatmap.min(), heatmap.max()
    return (heatmap - low) / (high - low) if high > low else np.zeros_like(heatmap)


def without(features: np.ndarray, heatmap: np.ndarray, threshold: float = 0.7) -> np.ndarray:
    """Features [h w k] in a loop, zero where the map [h w] is high."""
    found, level = features.copy(), unit(heatmap)
    for row in range(len(found)):
        for column in range(found.shape[1]):
            if level[row, column] >= threshold:
                found[row, column] = 0
    return found


def enlarged(heatmap: np.ndarray, side: int) -> np.ndarray:
    """[h w] -> [side side]: linear between pixels' centres, as PyTorch defines its `align_corners=False`."""
    found = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            places = []
            for at, length in zip((row, column), heatmap.shape, strict=True):
                where = max((at + 0.5) * length / side - 0.5, 0)
                first = int(where)
                places.append((first, min(first + 1, length - 1), where - first))
            (top, below, down), (left, right, along) = places
            upper = heatmap[top, left] * (1 - along) + heatmap[top, right] * along
            lower = heatmap[below, left] * (1 - along) + heatmap[below, right] * along
            found[row, column] = upper * (1 - down) + lower * down
    return found


def guided(attention: np.ndarray, high: float, low: float) -> np.ndarray:
    """SPG's mask of one image's attention [h w], pixel by pixel."""
    least = high if sum(value > high for value in attention.flat) >= 30 else 0.7 * attention.max()
    found = np.full(attention.shape, 255.0)
    for place, value in np.ndenumerate(attention):
        if value > least:
            found[place] = 1
        if value < low:
            found[place] = 0
    return found


def crossed(logits: np.ndarray, mask: np.ndarray) -> float:
    """The mean of - log p of what each pixel is said to be, over all that are said to be something."""
    lost = []
    for z, said in zip(logits.flat, mask.flat, strict=True):
        if said != 255:
            p = 1 / (1 + np.exp(-np.float64(z)))
            lost.append(-np.log(p if said == 1 else 1 - p))
    return float(np.mean(lost)) if lost else 0.0


def softmax_loss(wanted: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """[n] of wanted [n c] and logits [n c]."""
    z = np.asarray(logits, np.float64)
    return -(wanted * (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))).sum(axis=1)


class Trained:
    """A method's network on a model, and one step of plain gradient descent of what the method makes small."""

    def __init__(self, model: "keras.Model", method: dict, seed: int = 0):
        from wsol.training.methods import METHODS

        own = {key: value for key, value in method.items() if key != "method"}
        self.model, self.method = model, METHODS[method["method"]](**own)
        logits = keras.Model(model.inputs, model.outputs[0])
        keras.utils.set_random_seed(seed)
        self.network = self.method.network(logits, tuple(layer.name for layer in logits._flatten_layers()))

    def plain(self, wanted, logits):
        import tensorflow as tf

        return tf.nn.softmax_cross_entropy_with_logits(wanted, logits)

    def outputs(self, shown: np.ndarray, training: bool = True) -> list:
        """What the network gives of images [n h w 3], 0..255."""
        return list(self.network(keras.ops.convert_to_tensor(shown / 255), training=training))

    def lost(self, shown: np.ndarray, wanted: np.ndarray):
        """The losses [n] of images [n h w 3], 0..255."""
        return self.method.loss(self.outputs(shown), wanted, self.plain)

    def gradients(self, shown: np.ndarray, loss) -> dict[str, np.ndarray]:
        """By a weight's name, of the mean of what `loss` makes of the network's outputs; 0 where it has no part."""
        import tensorflow as tf

        with tf.GradientTape() as tape:
            total = tf.reduce_mean(loss(self.outputs(shown)))
        weights = self.network.trainable_variables
        found = tape.gradient(
            total, [each.value for each in weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return {weight.path: each.numpy() for weight, each in zip(weights, found, strict=True)}

    def whole(self, wanted: np.ndarray):
        """What the method makes small, of the network's outputs."""
        return lambda outputs: self.method.loss(outputs, wanted, self.plain)

    def step(self, shown: np.ndarray, wanted: np.ndarray, rate: float = 0.1) -> None:
        found = self.gradients(shown, self.whole(wanted))
        for weight in self.network.trainable_variables:
            weight.assign(weight - rate * found[weight.path])
