"""What of a network are maps of the image, and whether what follows them mixes their places.

A pooling takes places together, a dense layer behind it or on all of them weighs each by itself. Attention, and
whatever else multiplies places with places or runs along them, moves what was seen at one place to another: a map made
before it says little of where the class was seen.
"""

from math import prod

from wsol.networks.graphs import POOLING, Graph, Step

REDUCING = (
    *("Mean", "Max", "Min", "Sum", "Amax", "Amin", "Prod", "Logsumexp", "LogSumExp"),
    *("GlobalAveragePooling1D", "GlobalMaxPooling1D", "AveragePooling1D", "MaxPooling1D"),
    *POOLING,
)
PRODUCTS = ("Matmul", "MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum", "Dot", "Tensordot")
ALONG = (  # these run along a sequence of places
    *("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "While", "StatelessWhile"),
    *("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "FFT", "FFT2", "RFFT"),
)
TURNING = ("Permute", "Transpose", "Swapaxes", "Moveaxis")
WEIGHING = ("Dense", "EinsumDense", "MatMul", "Matmul", "BatchMatMulV2", "Einsum")


def maps(graph: Graph, output: int) -> set[int]:
    """The keys of what is laid out as the image is: from the input on, through steps that keep rows and columns.

    Attention's own arrays [n heads t t] have four axes too, and are made of sequences: they are none. A sequence of
    places that is laid out again as rows and columns is one.
    """
    found = set(graph.inputs)
    for step in graph.upstream([output]):
        if len(step.shape) >= 4 and (found.intersection(step.inputs) or _laid_out(graph, step)):
            found.update(step.outputs)
    return found


def _laid_out(graph: Graph, step: Step) -> bool:
    """A sequence [n h*w k] made [n h w k]."""
    before = graph.producer(step.inputs[0])
    if step.kind != "Reshape" or before is None or len(step.shape) != 4 or None in step.shape[1:]:
        return False
    return tuple(before.shape[1:]) == (prod(step.shape[1:3]), step.shape[3])


def behind(graph: Graph, output: int, layer: Step) -> Step | None:
    """The first step that mixes places, of those that make the output of this layer's map or of one beside it."""
    before = {key for step in graph.upstream(layer.outputs) for key in step.outputs}
    laid = maps(graph, output)
    placed = set(laid)  # the keys that still have places
    turned = set[int]()  # those that have them as channels
    for step in graph.upstream([output]):
        if before.intersection(step.outputs) or not placed.intersection(step.inputs):
            continue
        along = "Conv" in step.kind and not laid.intersection(step.inputs)  # a convolution of a sequence
        if along or _mixes(step, bool(turned.intersection(step.inputs))):
            return step
        if not _is_pooled(step):
            placed.update(step.outputs)
        if (_turns(step) or turned.intersection(step.inputs)) and not _is_flat(graph, step):
            turned.update(step.outputs)
    return None


def _mixes(step: Step, turned: bool) -> bool:
    """Whether a step makes one place of several; `turned`: its input has places as channels."""
    kinds = {kind.__name__ for kind in type(step.operation).__mro__}
    if attends(step) or kinds.intersection(ALONG):
        return True
    if kinds.intersection(PRODUCTS) and len(step.inputs) > 1:
        return True
    return turned and bool(kinds.intersection(WEIGHING))


def attends(step: Step) -> bool:
    """Whether a step is a layer that says by its class that it is attention."""
    return any("attention" in kind.__name__.lower() for kind in type(step.operation).__mro__)


def _turns(step: Step) -> bool:
    """Whether channels do not stay last: a transposition may well leave all as it is."""
    if step.kind not in TURNING:
        return False
    axes = getattr(step.operation, "dims", None) or getattr(step.operation, "axes", None)
    return not axes or axes[-1] != max(axes)


def _is_flat(graph: Graph, step: Step) -> bool:
    """All that there is of an image in one row: what a dense layer then weighs is every place by itself."""
    before = graph.producer(step.inputs[0])
    known = before is not None and None not in (*before.shape[1:], *step.shape[1:])
    return before is not None and known and len(step.shape) == 2 and step.shape[1] == prod(before.shape[1:])


def _is_pooled(step: Step) -> bool:
    """One place is left: [n k] or [n 1 1 k], made by a pooling or by a convolution as large as the map."""
    single = len(step.shape) <= 2 or all(side == 1 for side in step.shape[1:-1])
    return single and (step.kind in REDUCING or (len(step.shape) == 4 and "Conv" in step.kind))
