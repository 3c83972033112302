"""RandAugment of Keras (Cubuk 2020, arXiv:1909.13719)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from wsol.settings import Doc, Range
from wsol.training.methods.kerasmethod import KerasMethod


@dataclass(kw_only=True)
class RandAugment(KerasMethod):
    """`keras.layers.RandAugment`: a batch's changes of colour or shape, each image by its own amount."""

    kind = "RandAugment"

    num_ops: Annotated[int, Range(1, 20), Doc("How many changes are made, one after the other.")] = 2
    factor: Annotated[float, Range(0.01, 1), Doc("How strong they are at most.")] = 0.5
    interpolation: Annotated[
        Literal["nearest", "bilinear"], Doc("How pixels between pixels are made where the shape is changed.")
    ] = "bilinear"
