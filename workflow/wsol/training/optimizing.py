"""OPTIMIZERS and SCHEDULES: how a step is made of gradients, and how the rate of learning falls."""

import math
from collections.abc import Callable
from typing import Annotated, Any

from wsol.settings import Doc, Range

Share = Annotated[float, Range(0, 1)]


def sgd(
    *,
    momentum: Annotated[Share, Doc("The share of the last step that is taken again.")] = 0.9,
    nesterov: Annotated[bool, Doc("Whether the gradient is as if taken after that share (Nesterov 1983).")] = True,
) -> Any:
    """Stochastic gradient descent."""
    import keras

    return keras.optimizers.SGD(momentum=momentum, nesterov=nesterov)


def adam(*, beta_1: Share = 0.9, beta_2: Share = 0.999) -> Any:
    """Kingma 2015, arXiv:1412.6980."""
    import keras

    return keras.optimizers.Adam(beta_1=beta_1, beta_2=beta_2)


def step(
    *,
    every: Annotated[int, Range(1, 10_000), Doc("Epochs of one rate.")] = 15,
    factor: Annotated[Share, Doc("What the rate is multiplied by after them.")] = 0.1,
) -> Callable[[float, int], float]:
    """(epochs gone, of how many) -> the share of the first rate: `factor ** (gone // every)`."""
    return lambda gone, epochs: factor ** (gone // every)


def cosine() -> Callable[[float, int], float]:
    """Half a cosine from 1 to 0, step by step (Loshchilov 2017, arXiv:1608.03983, eq. 5, without restarts)."""
    return lambda gone, epochs: (1 + math.cos(math.pi * gone / epochs)) / 2


OPTIMIZERS: dict[str, Callable[..., Any]] = {"sgd": sgd, "adam": adam}
SCHEDULES: dict[str, Callable[..., Callable[[float, int], float]]] = {"step": step, "cosine": cosine}
