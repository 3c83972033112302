"""OPTIMIZERS and SCHEDULES: how a step is made of gradients, and how the rate of learning changes."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

from wsol.settings import Doc, Range
from wsol.training.groups import Group

Share = Annotated[float, Range(0, 1)]
Below = Annotated[float, Range(0, 0.999999)]  # of 1 a running mean would never learn anything
# (epochs gone, of how many) -> the share of the training's rate; a step counts as what it is of an epoch.
Schedule = Callable[[float, float], float]
Epochs = Annotated[float, Range(0, 10_000)]
WARMUP = Doc("Epochs in which the rate rises evenly from 0; what is said of epochs then counts from their end.")
Warmup = Annotated[Epochs, WARMUP]
Decay = Annotated[Below, Doc("How much the running mean of the gradients keeps of itself.")]
SquareDecay = Annotated[Below, Doc("How much the running mean of the squared gradients keeps of itself.")]
End = Annotated[Share, Doc("The share of the rate that is left in the end.")]


def sgd(
    *,
    momentum: Annotated[Below, Doc("The share of the last step that is taken again.")] = 0.9,
    nesterov: Annotated[bool, Doc("Whether the gradient is as if taken after that share (Nesterov 1983).")] = True,
) -> Any:
    """Stochastic gradient descent, as Keras has it.

    The rate is in the step that is taken again, where PyTorch multiplies by it afterwards: the two are one but in the
    steps after a change of the rate.
    """
    import keras

    return keras.optimizers.SGD(momentum=momentum, nesterov=nesterov)


def adam(*, beta_1: Decay = 0.9, beta_2: SquareDecay = 0.999) -> Any:
    """Kingma 2015, arXiv:1412.6980."""
    import keras

    return keras.optimizers.Adam(beta_1=beta_1, beta_2=beta_2)


def adamw(*, beta_1: Decay = 0.9, beta_2: SquareDecay = 0.999) -> Any:
    """Adam with the weights' decay beside its step, not in its gradient (Loshchilov 2019, arXiv:1711.05101)."""
    import keras

    return keras.optimizers.AdamW(beta_1=beta_1, beta_2=beta_2)


def step(
    *,
    every: Annotated[int, Range(1, 10_000), Doc("Epochs of one rate.")] = 15,
    factor: Annotated[Share, Doc("What the rate is multiplied by after them.")] = 0.1,
    warmup: Warmup = 0.0,
) -> Schedule:
    """`factor ** (gone // every)`.

    >>> [round(step(every=2)(gone, 6), 3) for gone in (0, 1.9, 2, 5)]
    [1.0, 1.0, 0.1, 0.01]
    """
    return _warmed(lambda gone, epochs: factor ** (gone // every), warmup)


def cosine(*, end: End = 0.0, warmup: Warmup = 0.0) -> Schedule:
    """Half a cosine from 1 to `end`, step by step (Loshchilov 2017, arXiv:1608.03983, eq. 5, without restarts).

    >>> [round(cosine(warmup=1)(gone, 5), 3) for gone in (0, 0.5, 1, 3, 5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _warmed(lambda gone, epochs: end + (1 - end) * (1 + math.cos(math.pi * gone / epochs)) / 2, warmup)


def polynomial(
    *,
    power: Annotated[float, Range(0.01, 100), Doc("1 falls evenly.")] = 0.9,
    end: End = 0.0,
    warmup: Warmup = 0.0,
) -> Schedule:
    """`end + (1 - end) * (1 - gone / epochs) ** power`, step by step (Chen 2018, arXiv:1606.00915, whose power is 0.9).

    >>> polynomial(power=2)(5, 10)
    0.25
    """
    return _warmed(lambda gone, epochs: end + (1 - end) * max(0.0, 1 - gone / epochs) ** power, warmup)


def constant(*, warmup: Warmup = 0.0) -> Schedule:
    """One rate.

    >>> constant()(3, 10)
    1.0
    """
    return _warmed(lambda gone, epochs: 1.0, warmup)


def _warmed(schedule: Schedule, warmup: float) -> Schedule:
    """A line from 0 to 1 in the first `warmup` epochs, then the schedule over those that are left (Goyal 2017)."""
    return lambda gone, epochs: gone / warmup if gone < warmup else schedule(gone - warmup, epochs - warmup)


OPTIMIZERS: dict[str, Callable[..., Any]] = {"sgd": sgd, "adam": adam, "adamw": adamw}
SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "step": step,
    "cosine": cosine,
    "polynomial": polynomial,
    "constant": constant,
}


class GroupedOptimizer:
    """A Keras optimizer for each group of weights, used as one; Keras' LossScaleOptimizer may go around it.

    Each counts the steps of its own weights only, so that Adam's correction for its zero start is right for weights
    that were frozen at first. All slots exist from the start.
    """

    loss_scale_factor = None  # LossScaleOptimizer sets it

    def __init__(self, groups: Sequence[Group], optimizers: Sequence[Any], weight_decay: float):
        self.groups, self.optimizers = groups, optimizers
        self.coupled = 0.0  # the decay of optimizers that have none of their own
        for group, optimizer in zip(groups, self.optimizers, strict=True):
            if optimizer.weight_decay is None:
                self.coupled = weight_decay
            else:
                optimizer.weight_decay = weight_decay
            optimizer.build(group.weights)

    @property
    def variables(self) -> list[Any]:
        """What they remember, all of it."""
        return [variable for optimizer in self.optimizers for variable in optimizer.variables]

    def build(self, weights: Iterable[Any]) -> None:
        """They are, each for its own weights."""

    def scale_loss(self, loss: Any) -> Any:
        """The loss as it is."""
        return loss

    def set_rate(self, rate: Any) -> None:
        """The rate of the slow weights; the others have theirs by their factor."""
        for group, optimizer in zip(self.groups, self.optimizers, strict=True):
            optimizer.learning_rate.assign(rate * group.factor)

    def apply(self, gradients: Sequence[Any], trainable_variables: Sequence[Any]) -> None:
        """One step of the weights that are given; one that the loss does not depend on has no gradient and stays.

        A coupled decay is added to the gradient of every weight, biases and normalisation included, as PyTorch and the
        published benchmark do.
        """
        given = {id(w): g for g, w in zip(gradients, trainable_variables, strict=True) if g is not None}
        for group, optimizer in zip(self.groups, self.optimizers, strict=True):
            moved = [weight for weight in group.weights if id(weight) in given]
            if moved:
                optimizer.apply([self._decayed(given[id(weight)], weight) for weight in moved], moved)

    def _decayed(self, gradient: Any, weight: Any) -> Any:
        return gradient + self.coupled * weight if self.coupled else gradient
