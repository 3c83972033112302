"""MixUp of Keras (Zhang 2018, arXiv:1710.09412)."""

from dataclasses import dataclass
from typing import Annotated

from wsol.settings import Doc, Range
from wsol.training.methods.kerasmethod import KerasMethod


@dataclass(kw_only=True)
class MixUp(KerasMethod):
    """`keras.layers.MixUp`: each image and its labels are a mean of two of the batch, with weights of its own."""

    kind = "MixUp"
    least_batch = 2

    alpha: Annotated[
        float,
        Range(0.1, 1),
        Doc(
            "Both parameters of the Beta distribution that the weights are drawn from; the smaller, the less is mixed."
        ),
    ] = 0.2
