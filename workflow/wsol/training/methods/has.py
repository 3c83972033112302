"""HaS, Hide-and-Seek (Singh 2017, arXiv:1704.04232), as the published benchmark has it (arXiv:2001.07437)."""

from dataclasses import dataclass
from typing import Annotated, Any

from wsol.errors import ConfigError
from wsol.networks.perturb import MEAN
from wsol.settings import Doc, Range
from wsol.training.methods.method import Method, Shown


@dataclass(kw_only=True)
class Has(Method):
    """Square cells of each image are hidden at random, so that what tells most is not always there to be seen."""

    grid_size: Annotated[
        int,
        Range(1, 4096),
        Doc("Pixels on a side of a cell, fewer than the input has; the last of a row or column may be smaller."),
    ] = 4
    drop_rate: Annotated[float, Range(0.01, 0.99), Doc("The probability that a cell is hidden.")] = 0.5

    def shown(self, batch: Shown, seed: Any) -> Shown:
        """The images with hidden cells; a ConfigError where one cell would be all of an image."""
        import tensorflow as tf

        high, wide = batch.images.shape[1:3]
        if self.grid_size >= max(high, wide):
            raise ConfigError(
                f"weights.train.method has.grid_size: must be below the input's side, {max(high, wide)}, got "
                f"{self.grid_size}: an image would be hidden as a whole."
            )
        cells = [tf.shape(batch.images)[0], *(-(-side // self.grid_size) for side in (high, wide))]
        hidden = tf.random.stateless_uniform(cells, seed) < self.drop_rate
        for axis in (1, 2):
            hidden = tf.repeat(hidden, self.grid_size, axis=axis)
        # What is published is 0 after images are prepared, by PyTorch's mean and deviation: the mean colour, which
        # `torch` makes 0 and `caffe`, whose mean is 123.68, 116.779, 103.939, something within 1 of 0 to 255. Other
        # preparations have another 0; the colour is the same.
        filled = tf.where(hidden[:, :high, :wide, None], tf.constant(MEAN), batch.images)
        return Shown(filled, batch.wanted)
