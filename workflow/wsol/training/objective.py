"""What a plain fit makes small, and the accuracy that it tells, of logits."""

from typing import Any

import numpy as np


def loss(activation: str, wanted: Any, logits: Any) -> Any:
    """[n] of wanted [n c] and logits [n c]: cross-entropy of the softmax, or the mean over classes of the sigmoids'.

    The latter is PyTorch's MultiLabelSoftMarginLoss. Of one output, [n 1], it is binary cross-entropy.
    """
    import tensorflow as tf

    if activation == "softmax":
        return tf.nn.softmax_cross_entropy_with_logits(wanted, logits)
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits), axis=1)


def accuracy(wanted: np.ndarray, logits: np.ndarray) -> float:
    """The share of images whose highest output is one of their classes; of one output, on whose side of 0 it lies."""
    if logits.shape[1] == 1:
        return float(((logits[:, 0] > 0) == (wanted[:, 0] > 0.5)).mean())
    return float(wanted[np.arange(len(wanted)), logits.argmax(axis=1)].mean())
