"""How good a network is on images that it is not trained on, by their labels, and which epoch was best by that."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wsol.errors import DataError
from wsol.training import objective, reading
from wsol.training.labels import Labelled
from wsol.training.reading import Source


class Validation(NamedTuple):
    """The validation data set: its labels, and where its images come from."""

    labelled: Labelled
    source: Source


def judged(answer: Any, held: Validation, batch: int, measure: str) -> dict[str, float]:
    """The mean loss and the accuracy of the images as `predict` shows them.

    `answer`: (uint8 [n h w 3], float32 [n c]) -> losses [n], logits [n c], of the network in inference. The loss is of
    labels as they are, whatever a training makes of them; the accuracy is the training's (`objective.measure`). Images
    that do not decode do not count.
    """
    import tensorflow as tf

    tally = objective.Tally(measure)
    shown = held.source.whole(held.labelled.images)
    for pixels, wanted in reading.batches(shown, held.labelled.wanted, batch):
        tally.add(wanted, *answer(tf.constant(pixels), tf.constant(wanted)))
    if not tally.count:
        raise DataError("train: no image of the validation data set could be read.")
    loss, accuracy = tally.means()
    return {"validation_loss": loss, "validation_accuracy": accuracy}


def best(rows: Sequence[Mapping[str, Any]], by: str) -> int:
    """The best of these epochs by validation, the earlier of two that are as good.

    >>> best([{"validation_loss": 2.0}, {"validation_loss": 1.0}, {"validation_loss": 1.0}], "loss")
    1
    """
    sign = 1 if by == "accuracy" else -1
    values = [sign * row[f"validation_{by}"] for row in rows]
    return max(range(len(values)), key=lambda epoch: -math.inf if math.isnan(values[epoch]) else values[epoch])


def ended(rows: Sequence[Mapping[str, Any]], by: str, patience: int | None) -> bool:
    """Whether as many epochs as `patience` says went by after the best one."""
    return patience is not None and len(rows) > 0 and len(rows) - 1 - best(rows, by) >= patience
