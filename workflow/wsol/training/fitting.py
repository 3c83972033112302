"""A training: epoch after epoch of steps, each telling what it was like."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from wsol.errors import DataError
from wsol.training import objective, reading
from wsol.training.labels import Labelled
from wsol.training.methods import METHODS
from wsol.training.methods.method import Shown
from wsol.training.optimizing import OPTIMIZERS, SCHEDULES
from wsol.training.reading import Source


class Fit:
    """A network that is being trained: its weights, those of its optimizers, and one step of them."""

    def __init__(self, backbone: Any, model: Any, recipe: dict[str, Any]):
        import tensorflow as tf

        self.backbone = backbone
        self.recipe = recipe
        self.method = METHODS[recipe["method"]["method"]](**_own(recipe["method"]))
        self.network = self.method.network(model, tuple(layer.name for layer in model._flatten_layers()))
        self.optimizer = OPTIMIZERS[recipe["optimizer"]["method"]](**_own(recipe["optimizer"]))
        self.optimizer.build(self.network.trainable_variables)
        self.step = tf.function(self._step, autograph=False)

    def _step(self, pixels: Any, wanted: Any, seed: Any) -> tuple[Any, Any]:
        """The losses [n] and logits [n c] of a batch, by which the weights are then moved."""
        import tensorflow as tf

        shown = self.method.shown(Shown(tf.cast(pixels, tf.float32), wanted), seed)
        with tf.GradientTape() as tape:
            outputs = self.network(self.backbone.fed(shown.images), training=True)
            outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
            losses = self.method.loss(outputs, shown.wanted, self._plain)
            minimised = tf.reduce_mean(losses)
        weights = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(minimised, weights), weights)
        return losses, outputs[0]

    def _plain(self, wanted: Any, logits: Any) -> Any:
        return objective.loss(self.backbone.activation, wanted, logits)


def fit(
    backbone: Any, model: Any, labelled: Labelled, source: Source, recipe: dict[str, Any], say: Callable[..., None]
) -> pd.DataFrame:
    """Train `model`, which gives the backbone's logits; its history, one row for each epoch."""
    fitted = Fit(backbone, model, recipe)
    rate = SCHEDULES[recipe["schedule"]["method"]](**_own(recipe["schedule"]))
    history = []
    for epoch in range(recipe["epochs"]):
        fitted.optimizer.learning_rate = recipe["learning_rate"] * rate(epoch, recipe["epochs"])
        history.append({"epoch": epoch} | _epoch(fitted, labelled, source, recipe, epoch))
        say(f"epoch {epoch + 1}/{recipe['epochs']}", {k: f"{v:.4f}" for k, v in history[-1].items() if k != "epoch"})
    return pd.DataFrame(history)


def _epoch(fitted: Fit, labelled: Labelled, source: Source, recipe: dict[str, Any], epoch: int) -> dict[str, float]:
    """One epoch of steps: the mean loss and the accuracy, of the images as they were shown."""
    import tensorflow as tf

    order = reading.drawn(labelled, recipe, epoch)
    draw = np.random.default_rng([recipe["seed"], epoch, 1])
    shown = source.shown([labelled.images[place] for place in order], draw)
    losses, right, count = 0.0, 0.0, 0
    for pixels, wanted in reading.batches(shown, labelled.wanted[order], recipe["batch"]):
        seed = tf.constant(draw.integers(0, 2**31 - 1, 2), tf.int32)
        lost, logits = fitted.step(tf.constant(pixels), tf.constant(wanted), seed)
        losses += float(lost.numpy().sum(dtype=np.float64))
        right += objective.accuracy(wanted, logits.numpy()) * len(wanted)
        count += len(wanted)
    if not count:
        raise DataError("train: no image could be read.")
    return {"loss": losses / count, "accuracy": right / count}


def _own(chosen: dict[str, Any]) -> dict[str, Any]:
    """A choice's settings without its name."""
    return {key: value for key, value in chosen.items() if key != "method"}
