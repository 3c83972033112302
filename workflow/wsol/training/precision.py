"""In which numbers a step is computed: float32, or half precision with weights of float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from wsol.training.optimizing import GroupedOptimizer

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]


@contextmanager
def computed_in(network: Any, precision: Precision) -> Iterator[None]:
    """Within it the network's layers compute in that precision, by Keras' policy of that name.

    What is traced there stays so. The layers are as they were afterwards, so that nothing else is computed in it; their
    weights never change their type. Layers whose weights a file has in half precision are computed in theirs.
    """
    layers = [layer for layer in network._flatten_layers() if layer.variable_dtype == "float32"]
    own = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = precision
        yield
    finally:
        for layer, policy in zip(layers, own, strict=True):
            layer.dtype_policy = policy


def scaled(optimizer: GroupedOptimizer, precision: Precision) -> Any:
    """The optimizer; of float16 Keras' LossScaleOptimizer around it, as Keras' own fit does.

    A float16 has no number between 0 and 6e-8: there the loss is multiplied, and a step whose gradients become infinite
    by that is left out.
    """
    import keras

    if precision != "mixed_float16":
        return optimizer
    around = keras.optimizers.LossScaleOptimizer(optimizer)
    around.build([weight for group in optimizer.groups for weight in group.weights])
    return around
