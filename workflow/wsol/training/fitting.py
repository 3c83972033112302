"""A training: epoch after epoch of steps, each telling what it was like."""

import math
from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from wsol.errors import ConfigError, DataError
from wsol.training import checkpoints, objective, reading, telling, validation
from wsol.training.checkpoints import Checkpoint
from wsol.training.labels import Labelled
from wsol.training.optimizing import SCHEDULES
from wsol.training.reading import Source
from wsol.training.recipe import made
from wsol.training.stepping import IMAGES, STEPS, Fit, drawing
from wsol.training.validation import Validation


def fit(
    backbone: Any,
    model: Any,
    labelled: Labelled,
    source: Source,
    recipe: dict[str, Any],
    say: Callable[..., None],
    held: Validation | None = None,
    kept: Checkpoint | None = None,
) -> pd.DataFrame:
    """Train `model`, which gives the backbone's logits; its history (HISTORY), one row for each epoch.

    `held` is the validation data set. `rate` is that of the epoch's first step, where it is not multiplied. What
    accuracy is depends on the labels (`objective.measure`), and is said first. With `kept` it goes on from there, and
    is kept there after each epoch. How many seconds an epoch took is said of it alone: the history is the same whenever
    it is made.
    """
    say(f"accuracy: {objective.measure(labelled.wanted)}")
    fitted = Fit(backbone, model, recipe, labelled.wanted)
    rows: list[dict[str, Any]] = kept.restore(fitted.state()) if kept else []
    if rows:
        say(telling.resumed(len(rows), recipe["epochs"]))
    while len(rows) < recipe["epochs"] and not validation.ended(rows, recipe["judged_by"], recipe["patience"]):
        begun = monotonic()
        rows.append(one_epoch(fitted, labelled, source, held, len(rows)))
        if fitted.best and validation.best(rows, recipe["judged_by"]) == len(rows) - 1:
            fitted.remember()
        if kept:
            kept.keep(fitted.state(), rows)
        say(telling.epoch(rows[-1], recipe["epochs"], monotonic() - begun))
    fitted.restore()
    _check_finite(fitted.network.trainable_weights)
    return checkpoints.table(rows)


def _check_finite(weights: list[Any]) -> None:
    """A ConfigError where the very last step, after which there is no loss, made weights that are no numbers."""
    if not all(np.isfinite(np.asarray(weight.value)).all() for weight in weights):
        raise ConfigError("learning_rate: after the last step the weights are no numbers any more; say a smaller one.")


def one_epoch(fitted: Fit, labelled: Labelled, source: Source, held: Validation | None, epoch: int) -> dict[str, Any]:
    """One epoch of steps, and what the network then says of the validation data set."""
    fitted.begin(epoch)
    measure = objective.measure(labelled.wanted)
    found = trained(fitted, labelled, source, epoch, measure)
    unknown = {"validation_loss": math.nan, "validation_accuracy": math.nan}
    found |= validation.judged(fitted.answer, held, fitted.recipe["batch"], measure) if held else unknown
    return {"epoch": epoch, **found}


def trained(fitted: Fit, labelled: Labelled, source: Source, epoch: int, measure: str) -> dict[str, float]:
    """An epoch's steps: the first one's rate, the mean loss and the accuracy, of the images as they were shown."""
    import tensorflow as tf

    recipe = fitted.recipe
    order = reading.drawn(labelled, recipe, epoch)
    images, steps = (drawing(recipe["seed"], epoch, kind) for kind in (IMAGES, STEPS))
    shown = source.shown([labelled.images[place] for place in order], images)
    rate = rates(recipe, len(order))
    tally = objective.Tally(measure)
    for place, (pixels, wanted) in enumerate(reading.batches(shown, labelled.wanted[order], recipe["batch"])):
        seed = tf.constant(steps.integers(0, 2**31 - 1, 2), tf.int32)
        now = tf.constant(rate(epoch, place), tf.float32)
        tally.add(wanted, *fitted.step(tf.constant(pixels), tf.constant(wanted), seed, now))
    if not tally.count:
        raise DataError("train: no image could be read.")
    loss, accuracy = tally.means()
    if not math.isfinite(loss):
        raise ConfigError(f"learning_rate: the loss is no number any more in epoch {epoch + 1}; say a smaller one.")
    return {"rate": rate(epoch, 0), "loss": loss, "accuracy": accuracy}


def rates(recipe: dict[str, Any], images: int) -> Callable[[int, int], float]:
    """(epoch, steps gone in it) -> the rate of the step."""
    share = made(SCHEDULES, recipe["schedule"])
    steps = math.ceil(images / recipe["batch"])
    return lambda epoch, gone: recipe["learning_rate"] * share(epoch + gone / steps, recipe["epochs"])
