"""Self-produced guidance: what one layer's attention tells another of where the object is, and how far that agrees."""

from typing import Any

UNSAID = 255.0  # neither object nor background
LEAST = 30  # pixels of 224 x 224; of any other input too
SHARE = 0.7  # of the highest attention: above it is the object where fewer are


def guide(attention: Any, high: float, low: float) -> Any:
    """[n h w] of attention [n h w]: 1 above `high`, 0 below `low`, UNSAID between, as constants.

    Of an image with fewer than 30 pixels above `high`, those above 0.7 of its highest attention are 1 in their place.
    """
    import tensorflow as tf

    seen = tf.stop_gradient(attention)
    above = seen > high
    count = tf.reduce_sum(tf.cast(above, tf.int32), axis=(1, 2), keepdims=True)
    above = tf.where(count < LEAST, seen > SHARE * tf.reduce_max(seen, axis=(1, 2), keepdims=True), above)
    return tf.where(seen < low, 0.0, tf.where(above, 1.0, UNSAID))


def agreement(logits: Any, mask: Any) -> Any:
    """The mean binary cross-entropy of logits [n h w] over all pixels of a batch that a mask says anything of.

    0 where it says nothing at all.
    """
    import tensorflow as tf

    said = mask != UNSAID
    losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.where(said, mask, 0.0), logits)
    counted = tf.cast(said, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * counted), tf.reduce_sum(counted))
