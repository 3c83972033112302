"""CutMix (Yun 2019, arXiv:1905.04899), as the published benchmark has it (arXiv:2001.07437).

Not `keras.layers.CutMix`, which draws a share and a box for each image: here both are the batch's, and the box may
reach over the edge, where it is cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from wsol.settings import Doc, Range
from wsol.training.methods.method import Method, Shown


@dataclass(kw_only=True)
class CutMix(Method):
    """In a box each image shows another of its batch, and the labels are mixed by the share of the box."""

    least_batch = 2

    beta: Annotated[
        float,
        Range(0.1, 1000),
        Doc("Both parameters of the Beta distribution that the kept share is drawn from; of 1 all are as likely."),
    ] = 1.0
    probability: Annotated[float, Range(0.01, 1), Doc("The probability that a batch is mixed.")] = 1.0

    def shown(self, batch: Shown, seed: Any) -> Shown:
        """The batch with pasted boxes.

        Cross-entropy is linear in what is wanted, so that of mixed labels is the published loss, share by share.
        """
        import tensorflow as tf

        high, wide = batch.images.shape[1:3]
        used, order, *seeds = tf.unstack(tf.random.split(seed, num=6))
        mixed = tf.random.stateless_uniform([], used) < self.probability
        pasted = tf.logical_and(mixed, cut(high, wide, self.beta, seeds))
        partners = tf.argsort(tf.random.stateless_uniform(tf.shape(batch.images)[:1], order))
        images = tf.where(pasted[..., None], tf.gather(batch.images, partners), batch.images)
        share = tf.reduce_mean(tf.cast(pasted, tf.float32))
        return Shown(images, (1 - share) * batch.wanted + share * tf.gather(batch.wanted, partners))


def cut(high: int, wide: int, beta: float, seeds: Sequence[Any]) -> Any:
    """bool [high wide]: where the other image is pasted; `seeds` are two of the share, and of the centre's y and x.

    Sides are of the input's, times the root of the share that is not kept; the centre is any pixel. From the centre
    half a side is taken each way, rounded down, so that of an odd side a pixel is lost.
    """
    import tensorflow as tf

    first, second, row, column = seeds
    side = tf.sqrt(1 - kept(beta, first, second))

    def within(length: int, centre: Any) -> Any:
        half = tf.cast(length * side, tf.int32) // 2
        at = tf.random.stateless_uniform([], centre, 0, length, tf.int32)
        places = tf.range(length)
        return (at - half <= places) & (places < at + half)

    return within(high, row)[:, None] & within(wide, column)[None]


def kept(beta: float, first: Any, second: Any) -> Any:
    """float64 []: a share drawn from Beta(beta, beta), of two seeds."""
    import tensorflow as tf

    # Of 64 bits, in which a draw of a small `beta` is not rounded to 0, and the share not to 0 / 0.
    one, other = (
        tf.random.stateless_gamma([], seed, tf.constant(beta, tf.float64), dtype=tf.float64) for seed in (first, second)
    )
    return one / (one + other)
