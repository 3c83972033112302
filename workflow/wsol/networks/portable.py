"""What of TensorFlow is computed otherwise, so that a network's numbers are equal on every processor with AVX2.

A processor only estimates 1/sqrt(x) of float32, each maker with digits of his own, and TensorFlow goes on from that
estimate. Batch normalisation has one in every layer. In float64 the root is taken and divided by, exactly rounded.
"""

from typing import Any


def portable() -> None:
    """Before any model is built. What was replaced stays replaced until the process ends."""
    import tensorflow as tf

    tf.math.rsqrt = rsqrt
    tf.nn.batch_normalization = batch_normalization


def rsqrt(x: Any, name: str | None = None) -> Any:
    """1 / sqrt(x), the nearest number of x's type but for the rarest ties."""
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    return tf.cast(1 / tf.sqrt(tf.cast(x, tf.float64)), x.dtype, name)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Any:
    """TensorFlow's own, term by term, but for the root."""
    import tensorflow as tf

    factor = rsqrt(variance + variance_epsilon)
    if scale is not None:
        factor *= scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return tf.add(x * tf.cast(factor, x.dtype), tf.cast(shift, x.dtype), name)
