"""What class maps say of an image's own labels, which ACoL hides from a classifier and SPG guides its layers by."""

from typing import Any


def of_labels(wanted: Any) -> Any:
    """[n c] of wanted [n c]: what each class's map counts in that of an image, by which it is erased or guided.

    The published methods are of one label an image, whose map counts 1. Of several labels it is the mean of their maps.
    Labels are the classes with the largest share, where shares are mixed or smoothed. A single output's map counts as
    it is for the second class, turned over for the first, as in `complementary.weights_of`.
    """
    import tensorflow as tf

    if wanted.shape[1] == 1:
        return tf.where(wanted > 0.5, 1.0, -1.0)
    own = tf.cast(wanted >= tf.reduce_max(wanted, axis=1, keepdims=True), tf.float32)
    return own / tf.reduce_sum(own, axis=1, keepdims=True)
