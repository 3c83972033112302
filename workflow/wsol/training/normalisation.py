"""Batch normalisation of a network that is trained: by each batch, or as in inference."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsol.errors import ConfigError

MOMENTUM = 0.9  # where a recipe does not say it
CLOSE = 2e-3  # a variance of 1 less the epsilon of any architecture is that near to 1


def settle(network: Any, recipe: Mapping[str, Any], resting: Sequence[Any] = ()) -> None:
    """Every batch normalisation of a Keras model, in models of it too, as `batch_norm` and `bn_momentum` say.

    `resting` are the layers that are frozen for good. A ConfigError where there is none that either could be said of.
    """
    found = normalisations(network)
    unusual = {"batch_norm": recipe["batch_norm"] == "frozen", "bn_momentum": recipe["bn_momentum"] != MOMENTUM}
    for key in (key for key, is_so in unusual.items() if is_so):
        if not found:
            raise ConfigError(f"{key}: the network has no batch normalisation; leave it out.")
        if not _moving(found, resting):
            raise ConfigError(f"{key}: all batch normalisation is frozen already; leave it out.")
    for layer in found:
        layer.momentum = recipe["bn_momentum"]
        layer.trainable = layer.trainable and recipe["batch_norm"] == "trained"
    if not network.trainable_weights:
        raise ConfigError("batch_norm: frozen leaves no weights to be trained.")


def normalisations(network: Any) -> list[Any]:
    """All batch normalisations of a Keras model, in models of it too."""
    import keras

    return [each for each in network._flatten_layers() if isinstance(each, keras.layers.BatchNormalization)]


def _moving(found: Sequence[Any], resting: Sequence[Any]) -> list[Any]:
    """Those that a training would move: neither `resting` nor frozen in the model itself."""
    still = {id(layer) for layer in resting}
    return [layer for layer in found if layer.trainable and id(layer) not in still]


def doubt(network: Any, recipe: Mapping[str, Any], resting: Sequence[Any] = ()) -> str | None:
    """What is odd about normalising by the batch what a training starts from; None where nothing is.

    Every mean 0 and every variance 1, but betas that were learned, is what a file has whose normalisation was folded
    into the convolutions. A batch's statistics then make another network of it, and a training may stay at chance.
    """
    if recipe["initial"] == "random" or recipe["batch_norm"] == "frozen":
        return None
    found = _moving(normalisations(network), resting)
    learned = any(np.asarray(layer.beta.value).any() for layer in found if layer.center)
    if not learned or not all(_as_drawn(layer) for layer in found):
        return None
    return (
        "batch_norm: what it starts from has means of 0 and variances of 1 alone, as where normalisation was folded "
        "into the convolutions; `batch_norm: frozen` trains it as it is."
    )


def _as_drawn(layer: Any) -> bool:
    """Whether its running statistics are those of a new one, but for an epsilon."""
    mean, variance = np.asarray(layer.moving_mean.value), np.asarray(layer.moving_variance.value)
    return not mean.any() and bool(np.allclose(variance, 1, rtol=0, atol=CLOSE))
