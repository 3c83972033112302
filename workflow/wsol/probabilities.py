"""Logits -> what the model makes of them."""

import numpy as np


def probability(logits: np.ndarray, activation: str) -> np.ndarray:
    """What the model makes of logits [n c]: its softmax or sigmoid, in float64."""
    z = np.asarray(logits, np.float64)
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -z))
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
