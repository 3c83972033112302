"""Random Erasing of Keras (Zhong 2020, arXiv:1708.04896)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from wsol.errors import ConfigError
from wsol.networks.perturb import Level, colour
from wsol.settings import Doc, Length, Range
from wsol.training.methods.kerasmethod import KerasMethod


@dataclass(kw_only=True)
class RandomErasing(KerasMethod):
    """`keras.layers.RandomErasing`: a box of an image, its own, is filled with noise or a colour."""

    kind = "RandomErasing"

    probability: Annotated[float, Range(0.01, 1), Doc("The probability that an image loses a box.")] = 0.5
    smallest: Annotated[
        float,
        Range(0.001, 1),
        Doc("From here to `largest` the squares of the box's height and width are drawn, as shares of the image's."),
    ] = 0.02
    largest: Annotated[float, Range(0.001, 1), Doc("See `smallest`.")] = 0.33
    fill: Annotated[
        Literal["noise", "mean"] | Level | Annotated[list[Level], Length(3)],
        Doc("What the box shows: `noise` as Keras draws it, `mean` (ImageNet's colour), a grey level or a colour."),
    ] = "noise"

    def __post_init__(self) -> None:
        if self.smallest > self.largest:
            raise ConfigError(
                f"random_erasing.smallest: must not be above largest, {self.largest:g}, got {self.smallest:g}."
            )

    def arguments(self) -> dict[str, Any]:
        """Keras' own names of the settings.

        Its `factor` 1, the default there, draws each image's probability from 0 to 1, which is a half for all of them,
        and the paper's too; a range without width is one probability.
        """
        fill = None if self.fill == "noise" else colour(self.fill).tolist()
        return {
            "factor": (self.probability, self.probability),
            "scale": (self.smallest, self.largest),
            "fill_value": fill,
        }
