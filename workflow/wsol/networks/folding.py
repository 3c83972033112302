"""A graph whose batch normalisations are folded into the convolutions before them, as constants: it runs a half faster.

TensorFlow folds a scale into a convolution's kernel by itself, but not into a depthwise one's, and what it leaves, a
sum and a rectification, runs over the whole layer once more each. A convolution with its bias as one operation takes
the rectification behind it along, and padding before it costs nothing.
"""

import copy
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.networks.graphs import Graph, Step

CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
LARGEST_FOLD = 2**27  # bytes of weights; tracing needs ten times that for a moment
Floats = NDArray[np.float32]


class Folded:
    """A convolution, the normalisation behind it and the zeros before it, called as one operation."""

    def __init__(self, layer: Any, normalisation: Any, padding: str):
        scale, self.bias = _affine(normalisation)
        if layer.use_bias:
            self.bias = self.bias + scale * _array(layer.bias)
        kind = type(layer).__name__
        self.depthwise = self.dense = None  # kernels [h w k m] and [h w k o]; of a separable convolution both
        if kind == "Conv2D":
            self.dense = _array(layer.kernel) * scale
        elif kind == "DepthwiseConv2D":
            kernel = _array(layer.kernel)
            self.depthwise = kernel * scale.reshape(kernel.shape[2:])
        else:
            self.depthwise, self.dense = _array(layer.depthwise_kernel), _array(layer.pointwise_kernel) * scale
        self.strides = [1, *layer.strides, 1]
        self.dilations = list(layer.dilation_rate)
        self.padding = padding

    def __call__(self, x: Any) -> Any:
        import tensorflow as tf

        if self.depthwise is not None:
            x = tf.nn.depthwise_conv2d(x, self.depthwise, self.strides, self.padding, dilations=self.dilations)
        if self.dense is not None and self.depthwise is not None:
            x = tf.nn.conv2d(x, self.dense, 1, "VALID")
        elif self.dense is not None:
            x = tf.nn.conv2d(x, self.dense, self.strides, self.padding, dilations=self.dilations)
        return tf.nn.bias_add(x, self.bias)


def folded(graph: Graph, kept: Collection[int]) -> Graph:
    """The same network; what it makes of `kept`, by key, can still be asked of it, and what lies in a fold no more.

    As it is where nothing can be folded, or the constants would cost too much memory.
    """
    weights = _variables(step for step in graph.steps if step.kind in CONVOLUTIONS) if graph.model else []
    if not weights or sum(4 * int(np.prod(variable.shape)) for variable in weights) > LARGEST_FOLD:
        return graph
    found = copy.copy(graph)
    found.steps = list(graph.steps)
    for step in graph.steps:
        if step.kind == "BatchNormalization":
            _fold(found, step, kept)
    return found


def _fold(graph: Graph, step: Step, kept: Collection[int]) -> None:
    convolution = _before(graph, step, kept)
    if convolution is None or not _is_foldable(convolution, step.operation):
        return
    padding = _before(graph, convolution, kept)
    if padding is not None and not _is_same(padding, convolution):
        padding = None
    source = (padding or convolution).inputs
    how = "SAME" if padding else convolution.operation.padding.upper()
    together = Folded(convolution.operation, step.operation, how)
    gone = [each for each in (padding, convolution) if each]
    replaced = step._replace(operation=together, inputs=source, bind=lambda values: ((values[source[0]],), {}))
    graph.steps[graph.steps.index(step)] = replaced
    graph.steps = [each for each in graph.steps if all(each is not other for other in gone)]


def _before(graph: Graph, step: Step, kept: Collection[int]) -> Step | None:
    """The step whose output only this one uses."""
    if len(step.inputs) != 1:
        return None
    key = step.inputs[0]
    alone = len(graph.consumers(key, graph.steps)) == 1 and key not in kept
    return graph.producer(key) if alone else None


def _is_foldable(convolution: Step, normalisation: Any) -> bool:
    layer = convolution.operation
    if convolution.kind not in CONVOLUTIONS or convolution.activation not in ("", "linear"):
        return False
    last = normalisation.axis in (-1, len(convolution.shape) - 1)
    plain = (
        getattr(layer, "groups", 1) == 1 and layer.padding in ("same", "valid") and layer.dtype_policy.name == "float32"
    )
    return last and plain and layer.data_format == "channels_last"


def _is_same(padding: Step, convolution: Step) -> bool:
    """Whether a step puts the zeros around a layer that the convolution behind it, told `same`, would put there."""
    layer = convolution.operation
    if padding.kind != "ZeroPadding2D" or layer.padding != "valid" or None in padding.shape[1:3]:
        return False
    sides = zip(padding.operation.padding, padding.shape[1:3], layer.kernel_size, layer.strides, strict=True)
    undilated = tuple(layer.dilation_rate) == (1, 1) and padding.operation.data_format == "channels_last"
    return undilated and all(_same(side - sum(own), size, stride) == tuple(own) for own, side, size, stride in sides)


def _same(side: int, size: int, stride: int) -> tuple[int, int]:
    """The zeros before and behind `side` places that TensorFlow's padding `SAME` means."""
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2


def _affine(layer: Any) -> tuple[Floats, Floats]:
    """A normalisation in inference as scale * x + bias, each [k]."""
    deviation = np.sqrt(_array(layer.moving_variance).astype(np.float64) + layer.epsilon)
    scale = (_array(layer.gamma) if layer.scale else 1) / deviation
    bias = (_array(layer.beta) if layer.center else 0) - scale * _array(layer.moving_mean)
    return scale.astype(np.float32), bias.astype(np.float32)


def _array(variable: Any) -> Floats:
    return np.asarray(variable.numpy(), np.float32)


def folding(graph: Graph) -> Callable[[Callable], Callable]:
    """What makes a function run with weights of convolutions and normalisations as constants of its trace.

    TensorFlow then works out once what it can of them. Where there is no normalisation, or the constants would cost too
    much memory, functions stay as they are.
    """
    import keras

    convolving = [step for step in graph.steps if step.kind in (*CONVOLUTIONS, "BatchNormalization")]
    if all(step.kind != "BatchNormalization" for step in convolving):
        return lambda function: function
    weights = [(variable, variable.numpy()) for variable in _variables(convolving)]
    if sum(constant.nbytes for _, constant in weights) > LARGEST_FOLD:
        return lambda function: function

    def fold(function: Callable) -> Callable:
        def call(*arguments: Any) -> Any:
            constants = [(variable, keras.ops.convert_to_tensor(constant)) for variable, constant in weights]
            with keras.StatelessScope(constants):
                return function(*arguments)

        return call

    return fold


def _variables(steps: Iterable[Step]) -> list[Any]:
    """The steps' variables, each once: a layer may be called twice."""
    found: dict[int, Any] = {}
    for step in steps:
        found |= {id(variable): variable for variable in step.operation.variables}
    return list(found.values())
