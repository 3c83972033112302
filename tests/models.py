"""Small models that have, in small, what makes real ones hard to explain."""

import numpy as np
import pandas as pd
import pytest

keras = pytest.importorskip("keras")
layers = keras.layers
SIDE = 16


def base(name: str = "base", side: int | None = SIDE) -> "keras.Model":
    """Two convolutions, the second around a skip connection, no head."""
    x = start = layers.Input((side, side, 3))
    x = early = layers.Conv2D(6, 3, strides=2, activation="relu", padding="same", name="early")(x)
    x = layers.Conv2D(6, 3, activation="relu", padding="same", name="middle")(x)
    x = layers.Add(name="sum")([x, early])
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    return keras.Model(start, layers.ReLU(name="late")(x), name=name)


def plain(activation: str | None = "softmax", classes: int = 3) -> "keras.Model":
    inner = base()
    x = layers.GlobalAveragePooling2D()(inner.output)
    return keras.Model(inner.input, layers.Dense(classes, activation=activation, name="head")(x), name="plain")


def separate_softmax() -> "keras.Model":
    inner = plain(None)
    return keras.Model(inner.input, layers.Softmax(name="last")(inner.output))


def activation_layer() -> "keras.Model":
    inner = plain(None)
    return keras.Model(inner.input, layers.Activation("softmax", name="last")(inner.output))


def sequential() -> "keras.Model":
    """A base without its top and a new head."""
    return keras.Sequential([base(), layers.GlobalAveragePooling2D(), layers.Dropout(0.5), layers.Dense(3, "softmax")])


def nested_twice() -> "keras.Model":
    start = layers.Input((SIDE, SIDE, 3))
    middle = keras.Model(inner := layers.Input((SIDE, SIDE, 3)), base("deepest")(inner), name="middle_model")
    x = layers.GlobalAveragePooling2D()(middle(start, training=False))
    return keras.Model(start, layers.Dense(3, "softmax")(x), name="outer")


def flattened() -> "keras.Model":
    """VGG's shape: a max pooling, then dense layers on every place."""
    inner = base()
    x = layers.Flatten()(layers.MaxPooling2D(name="pool")(inner.output))
    return keras.Model(inner.input, layers.Dense(3, "softmax")(layers.Dense(5, "relu")(x)))


def one_by_one() -> "keras.Model":
    """MobileNet's: a pooling that keeps its axes, a 1x1 convolution, a reshape."""
    inner = base()
    x = layers.GlobalAveragePooling2D(keepdims=True)(inner.output)
    x = layers.Reshape((3,))(layers.Conv2D(3, 1, name="logits")(x))
    return keras.Model(inner.input, layers.Activation("softmax")(x))


def operations() -> "keras.Model":
    """Not layers but functions: an addition, a mean over space, a softmax."""
    inner = base()
    x = inner.output + layers.Conv2D(8, 1)(inner.output)
    x = layers.Dense(3)(keras.ops.mean(x, axis=(1, 2)))
    return keras.Model(inner.input, keras.ops.softmax(x))


def open_size() -> "keras.Model":
    inner = base(side=None)
    x = layers.GlobalAveragePooling2D()(inner.output)
    return keras.Model(inner.input, layers.Dense(3, "softmax")(x))


MODELS = {
    "plain": plain,
    "linear": lambda: plain(None),
    "separate_softmax": separate_softmax,
    "activation_layer": activation_layer,
    "sequential": sequential,
    "nested_twice": nested_twice,
    "flattened": flattened,
    "one_by_one": one_by_one,
    "operations": operations,
    "open_size": open_size,
}


def seeded(make) -> "keras.Model":
    """The model, with normalisation statistics that do something and weights that tell classes apart."""
    keras.utils.set_random_seed(3)
    model = make()
    random = np.random.default_rng(3)
    for weight in model.weights:
        shape = weight.shape
        if "moving_mean" in weight.path or "bias" in weight.path or "beta" in weight.path:
            weight.assign(random.normal(0, 0.1, shape))
        if "moving_variance" in weight.path:
            weight.assign(random.uniform(0.5, 1.5, shape))
    return model


def backbone(model: "keras.Model", size: tuple[int, int] = (SIDE, SIDE), **settings):
    from wsol.networks import backbones
    from wsol.networks.models.kerasmodel import KerasGraph

    known = {"model": "in memory", "preprocessing": {"scale": 1 / 255}, "batch": 4, **settings}
    checked = backbones.backbone(**known)
    return backbones.Backbone(KerasGraph(model), checked, size, backbones.preprocessing(**checked["preprocessing"]))


def picture(name: str, size: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """RGB noise that `name`, a number, decides."""
    return np.random.default_rng(int(name)).integers(0, 256, (*size, 3), np.uint8)


def open_picture(name: str) -> np.ndarray:
    from wsol.errors import DataError

    if name == "broken":
        raise DataError("broken: does not decode.")
    return picture(name)


def targets(names, outputs) -> pd.DataFrame:
    return pd.DataFrame({"image": names, "outputs": outputs, "width": 32, "height": 64})


def run(model, table, **settings):
    """The predictions and the evidence of a model on pictures named in the table."""
    return explained(backbone(model, **settings), open_picture, table)


def explained(network, open_image, table, explanation: str = "", **options):
    """The predictions of a network, and what explains each target: a row of every array for each but of activations."""
    from wsol.files.predict import OF_IMAGES, rows
    from wsol.networks import evidence

    sink = evidence.Collected()
    predictions = evidence.predict(network, open_image, table, sink, **options)
    view = sink.view(explanation)
    whole = (*OF_IMAGES, "image_of", "explained", "row_of", "cell_to_input")
    return predictions, {name: view[name] if name.startswith(whole) else rows(view, name) for name in view}


def linear(model) -> "keras.Model":
    """The plain model with the same weights and a linear head."""
    twin = plain(None, model.output_shape[-1])
    twin.set_weights(model.get_weights())
    return twin


def taped(model, name: str, layer: str, index: int, transform=lambda z: z):
    """One image's activations, gradient and logits, by Keras and one eager tape."""
    import tensorflow as tf

    both = keras.Model(model.input, [model.get_layer(layer).output, model.output])
    with tf.GradientTape() as tape:
        activations, z = both(picture(name)[None].astype(np.float32) / 255)
        score = transform(z)[0, index]
    return activations[0].numpy(), tape.gradient(score, activations)[0].numpy(), z[0].numpy()
