"""Training from image-level labels: a small honest fit, for data that no published weights know.

The stage is given images and one label each. It cannot see a box or a mask: LABELS are all it reads of the targets.
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd

from wsol.datasets import images
from wsol.errors import ConfigError, DataError
from wsol.index.outputs import no_probability
from wsol.settings import Doc, Range, Seed

LABELS = ["image", "label", "class_name", "status"]  # all that training may read of the targets
BYTES = 6 << 30  # images are held in memory at the network's input size


class Examples(NamedTuple):
    pixels: np.ndarray  # uint8 [n h w 3] RGB
    labels: np.ndarray  # int [n]


def settings(
    *,
    dataset: Annotated[str, Doc("The data set that is trained on, by its name; never the one that is scored.")],
    epochs: Annotated[int, Range(1, 10_000), Doc("How often every image is shown.")] = 10,
    batch: Annotated[int, Range(1, 4096), Doc("Images that a step of training is computed from.")] = 32,
    learning_rate: Annotated[
        float, Range(0, 10), Doc("The size of the first steps; it falls to zero along a cosine.")
    ] = 1e-3,
    momentum: Annotated[
        float,
        Range(0, 1),
        Doc("Momentum of batch normalisation's running statistics; Keras' own is made for long trainings."),
    ] = 0.9,
    flip: Annotated[bool, Doc("Whether images are mirrored at random.")] = True,
    seed: Annotated[
        Seed,
        Doc("Seed of a training: of the weights that it starts from, the order of the images and their mirroring."),
    ] = 0,
    seeds: Annotated[
        list[Seed] | Annotated[int, Range(1, 1000)] | None,
        Doc(
            "In place of `seed`: a seed for each of several trainings, or how many, from 0 on. The score is their "
            "mean, and its interval covers images and trainings."
        ),
    ] = None,
) -> dict[str, Any]:
    """What `weights: {train: …}` may say.

    `momentum` is batch normalisation's: Keras' 0.99-0.999 needs thousands of steps before its running statistics mean
    anything, more than a small fit takes. `learning_rate` falls to zero along a cosine.
    """
    return dict(locals())


def labels(targets: pd.DataFrame) -> pd.DataFrame:
    """One row per image, of the columns that training may read; an image with several labels is a DataError."""
    found = targets.loc[targets["status"].isin(["ok", "no_ground_truth"]), LABELS].drop_duplicates(["image", "label"])
    if several := found["image"][found["image"].duplicated()].tolist():
        raise DataError(f"train: '{several[0]}' has several labels; training here wants one an image.")
    if found.empty or (found["label"] < 0).any():
        raise DataError("train: every image needs a label to be trained on.")
    return found.reset_index(drop=True)


def load(
    open_image: Callable, found: pd.DataFrame, size: tuple[int, int], how: dict[str, Any], threads: int
) -> Examples:
    """Every image of `labels` at the network's input size; one that does not decode is left out."""
    if len(found) * size[0] * size[1] * 3 > BYTES:
        raise DataError(
            f"train: {len(found)} images of {size[0]}x{size[1]} need more than {BYTES >> 30} GiB of memory."
        )
    sizes = [(0, 0)] * len(found)
    source = images.loader(open_image, found["image"], sizes, size, how["resize"], how["interpolation"], threads)
    kept = [(item.pixels, label) for item, label in zip(source, found["label"], strict=True) if item.status == "ok"]
    if not kept:
        raise DataError("train: no image could be read.")
    return Examples(np.stack([p for p, _ in kept]), np.array([label for _, label in kept]))


def loss(backbone: Any) -> tuple[Any, Any]:
    """What a fit makes small, and the accuracy that it tells, by what the model's outputs are.

    Softmax outputs: cross-entropy of the label. Sigmoids: binary cross-entropy, of each output against the label's one
    or zero. Either is given logits where the model ends in them, and what it makes of them where it does not.
    """
    import keras

    if not backbone.activation:
        raise ConfigError(no_probability("weights.train"))
    logits = backbone.ending not in ("softmax", "sigmoid")  # log_softmax is one of the logits that softmax maps to p
    if backbone.binary:
        accuracy = keras.metrics.BinaryAccuracy("accuracy", threshold=0 if logits else 0.5)
        return keras.losses.BinaryCrossentropy(logits), accuracy
    accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
    if backbone.activation == "softmax":
        return keras.losses.SparseCategoricalCrossentropy(logits), accuracy

    def each(labels: Any, outputs: Any) -> Any:
        wanted = keras.ops.one_hot(keras.ops.reshape(labels, (-1,)), backbone.classes)
        return keras.losses.binary_crossentropy(wanted, outputs, logits)

    return each, accuracy


def fit(backbone: Any, examples: Examples, given: dict[str, Any], say: Callable[..., None]) -> pd.DataFrame:
    """Fit `backbone.model` in place; its history, one row per epoch: loss and accuracy on the training images."""
    import keras

    model = _trained(backbone)
    keras.utils.set_random_seed(given["seed"])
    for layer in backbone.model._flatten_layers():  # the graph's may be twins
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = given["momentum"]
    steps = given["epochs"] * -(-len(examples.labels) // given["batch"])
    minimised, accuracy = loss(backbone)
    rate = keras.optimizers.schedules.CosineDecay(given["learning_rate"], steps)
    model.compile(keras.optimizers.Adam(rate), minimised, metrics=[accuracy])
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: say(
            f"epoch {epoch + 1}/{given['epochs']}", {k: f"{v:.4f}" for k, v in logs.items()}
        )
    )
    batches = _batches(backbone, examples, given)
    history = model.fit(batches, epochs=given["epochs"], shuffle=False, verbose=0, callbacks=[told])
    return pd.DataFrame(history.history).rename_axis("epoch").reset_index()


def _trained(backbone: Any) -> Any:
    """The explained output of the model, one row of numbers per image: [n c]. Its layers are the model's own."""
    import keras

    if not backbone.model.trainable_weights:
        raise ConfigError("weights.train: all layers of the model are frozen (trainable: false).")
    place = list(backbone.graph.outputs).index(backbone.settings["output"] or next(iter(backbone.graph.outputs)))
    out = backbone.model.outputs[place]
    width = 1 if backbone.binary else backbone.classes
    return keras.Model(backbone.model.inputs, out if len(out.shape) == 2 else keras.layers.Reshape((width,))(out))


def _batches(backbone: Any, examples: Examples, given: dict[str, Any]) -> Any:
    """Shuffled, flipped and prepared batches; every draw is seeded."""
    import tensorflow as tf

    source = tf.data.Dataset.from_tensor_slices(tuple(examples))
    source = source.shuffle(len(examples.labels), seed=given["seed"], reshuffle_each_iteration=True)
    source = source.batch(given["batch"])
    if given["flip"]:
        turn = tf.data.Dataset.random(seed=given["seed"], rerandomize_each_iteration=True)
        source = tf.data.Dataset.zip((source, turn)).map(_flipped)
    return source.map(lambda pixels, label: (backbone.fed(pixels), label)).prefetch(2)


def _flipped(example: tuple, seed: Any) -> tuple:
    """Each image of a batch mirrored or not, by a seed of its own."""
    import tensorflow as tf

    pixels, label = example
    draw = tf.random.stateless_uniform(tf.shape(label), tf.stack([seed, seed]))
    return tf.where(draw[:, None, None, None] < 0.5, pixels[:, :, ::-1], pixels), label
