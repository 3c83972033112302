"""What a plain fit makes small, what classes weigh in it, and how good its answers are, of logits."""

from collections.abc import Callable
from typing import Any

import numpy as np

TOP1 = "top1"
RANKING = "label_ranking_average_precision"


class PlainLoss:
    """(wanted [n c], logits [n c]) -> [n]: cross-entropy of the softmax, or the mean over classes of the sigmoids'.

    The latter is PyTorch's MultiLabelSoftMarginLoss; of one output, [n 1], it is binary cross-entropy. `smoothing` is
    the share of a label that goes to all classes alike, or to both answers of a sigmoid, as in Keras' losses. `weights`
    [2 c]: what an image counts by what is wanted of a class, 0 or 1 (`balanced`). It is linear in `wanted`, so that
    images may be mixed before or after it.
    """

    def __init__(self, activation: str, smoothing: float = 0.0, weights: np.ndarray | None = None):
        self.smoothing = smoothing
        self.weights = weights
        self.of = self._softmax if activation == "softmax" else self._sigmoids

    def __call__(self, wanted: Any, logits: Any) -> Any:
        """The loss of each image."""
        return self.of(wanted, logits)

    def _softmax(self, wanted: Any, logits: Any) -> Any:
        import tensorflow as tf

        counted = wanted if self.weights is None else wanted * self.weights[1]
        total = tf.reduce_sum(counted, axis=1, keepdims=True)
        target = counted / total * (1 - self.smoothing) + self.smoothing / logits.shape[1]
        return total[:, 0] * tf.nn.softmax_cross_entropy_with_logits(target, logits)

    def _sigmoids(self, wanted: Any, logits: Any) -> Any:
        import tensorflow as tf

        no, yes = 1 - wanted, wanted
        if self.weights is not None:
            no, yes = no * self.weights[0], yes * self.weights[1]
        total = no + yes
        target = (yes * (2 - self.smoothing) + no * self.smoothing) / (2 * total)
        return tf.reduce_mean(total * tf.nn.sigmoid_cross_entropy_with_logits(target, logits), axis=1)


def balanced(activation: str, wanted: Any) -> np.ndarray:
    """Weights by inverse frequency, float32 [2 c], of labels [n c], dense or sparse; their mean over images is 1.

    Of a softmax an image of class c weighs images / (classes that occur * images of c), scikit-learn's `balanced`; row
    1 is that, row 0 is not used. Of sigmoids each class is a question of its own with two answers, which weigh
    images / (answers that occur * images of the answer), so that the few images that have a class count as much as all
    that have it not. What does not occur weighs 0.

    >>> balanced("softmax", np.array([[1, 0], [1, 0], [1, 0], [0, 1]]))[1].astype(float).round(2).tolist()
    [0.67, 2.0]
    """
    count = wanted.shape[0]
    yes = np.asarray(wanted.sum(axis=0), np.float64).ravel()
    no = count - yes if activation == "sigmoid" else np.zeros_like(yes)
    answers = np.stack([no, yes])
    kinds = (answers > 0).sum(axis=0 if activation == "sigmoid" else None)
    shares = np.divide(count, kinds * answers, out=np.zeros_like(answers), where=answers > 0)
    return shares.astype(np.float32)


def measure(wanted: Any) -> str:
    """By what answers are judged: TOP1 where every image has one class, RANKING where one has several; of [n c].

    The highest output alone would say nothing of an image's other classes.
    """
    return RANKING if (np.asarray(wanted.sum(axis=1)) > 1).any() else TOP1


def accuracy(wanted: np.ndarray, logits: np.ndarray) -> float:
    """The share of images whose highest output is one of their classes; of one output, on whose side of 0 it lies."""
    if logits.shape[1] == 1:
        return float(((logits[:, 0] > 0) == (wanted[:, 0] > 0.5)).mean())
    return float(wanted[np.arange(len(wanted)), logits.argmax(axis=1)].mean())


def ranking(wanted: np.ndarray, logits: np.ndarray) -> float:
    """The mean over images of: of the classes that are ranked as high as one of the image's, the share that are its.

    That is a mean over the image's classes, 1 where all of them come first; of one class it is 1 / rank (scikit-learn's
    `label_ranking_average_precision_score`). It is of single images, and so needs no more memory for more of them. NaN
    where a logit is no number any more.
    """
    from sklearn.metrics import label_ranking_average_precision_score

    if not np.isfinite(logits).all():
        return np.nan
    return float(label_ranking_average_precision_score(wanted > 0.5, logits))


MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {TOP1: accuracy, RANKING: ranking}


class Tally:
    """The mean loss and accuracy over batches; one is taken in when the next is told, so that a card need not wait."""

    def __init__(self, measure: str):
        self.right = MEASURES[measure]
        self.sums = np.zeros(2)  # of losses and of accuracies, over images
        self.count = 0
        self.waiting: tuple[np.ndarray, Any, Any] | None = None

    def add(self, wanted: np.ndarray, losses: Any, logits: Any) -> None:
        """A batch: its labels [n c], losses [n] and logits [n c]."""
        self._take()
        self.waiting = (wanted, losses, logits)
        self.count += len(wanted)

    def means(self) -> tuple[float, float]:
        """Loss and accuracy; NaN where no image came."""
        self._take()
        return tuple((self.sums / self.count).tolist()) if self.count else (np.nan, np.nan)

    def _take(self) -> None:
        if self.waiting is None:
            return
        wanted, losses, logits = self.waiting
        self.sums += [losses.numpy().sum(dtype=np.float64), self.right(wanted, logits.numpy()) * len(wanted)]
        self.waiting = None
