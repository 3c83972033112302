"""Logits -> what the model makes of them, where it is known what that is."""

import numpy as np

from wsol.errors import ConfigError


def class_probability(logits: np.ndarray, activation: str) -> np.ndarray:
    """What the model makes of logits [n c]: its softmax or sigmoid, in float64; a ConfigError where neither is said.

    >>> class_probability(np.array([[0.0, np.log(3)]]), "softmax").round(3).tolist()
    [[0.25, 0.75]]
    """
    if not activation:
        raise ConfigError(no_probability("probability"))
    z = np.asarray(logits, np.float64)
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -z))
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def no_probability(what: str) -> str:
    """Of something that needs probabilities, where nothing says what makes them of the model's outputs."""
    return (
        f"{what} needs a model that ends in softmax or sigmoid, or a backbone whose `activation: softmax` or "
        "`activation: sigmoid` says what makes probabilities of its outputs."
    )
