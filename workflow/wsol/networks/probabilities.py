"""Logits -> what the model makes of them, where it is known what that is."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from wsol.errors import ConfigError

MADE_OF = ("scorecam", "rise")  # evidence that is made of probabilities


def probability(logits: np.ndarray, activation: str) -> np.ndarray:
    """What the model makes of logits [n c]: its softmax or sigmoid, in float64; a ConfigError where neither is said."""
    if not activation:
        raise ConfigError(unsaid("probability"))
    z = np.asarray(logits, np.float64)
    if activation == "sigmoid":
        return np.exp(-np.logaddexp(0, -z))
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def check(settings: Mapping[str, Any], activation: str) -> None:
    """A ConfigError where what a backbone is asked for needs probabilities and the model has none."""
    needed = wanted(settings)
    if needed and not activation:
        raise ConfigError(unsaid(needed))


def wanted(settings: Mapping[str, Any]) -> str:
    """Which of a backbone's settings needs probabilities, "" where none does."""
    if settings["score"] == "probability":
        return "score: probability"
    method = settings["evidence"]["method"]
    return f"evidence {method}:" if method in MADE_OF else ""


def unsaid(what: str) -> str:
    """Of something that needs probabilities, where nothing says what makes them of the model's outputs."""
    return (
        f"{what} needs a model that ends in softmax or sigmoid, or a backbone whose `activation: softmax` or "
        "`activation: sigmoid` says what makes probabilities of its outputs."
    )
