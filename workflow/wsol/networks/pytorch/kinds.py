"""A call of a PyTorch function as the layer that does the same, its axes counted with the channels last.

So one rule says of both libraries' networks which layer is explained, where its cells lie and what its head is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

POINTWISE = ("relu6", "hardtanh", "hardswish", "silu", "gelu", "elu", "selu", "leaky_relu", "prelu", "tanh", "mish")
KINDS = {  # the function's name -> a Keras layer's, or an operation's
    **dict.fromkeys(POINTWISE, "Activation"),
    **{"relu": "ReLU", "softmax": "Softmax", "log_softmax": "LogSoftmax", "sigmoid": "Sigmoid"},
    **{"batch_norm": "BatchNormalization", "layer_norm": "LayerNormalization", "group_norm": "GroupNormalization"},
    **dict.fromkeys(("dropout", "dropout2d", "feature_dropout", "alpha_dropout"), "Dropout"),
    **dict.fromkeys(("to", "float", "half", "type", "contiguous", "clone", "detach", "expand"), "Identity"),
    **dict.fromkeys(("add", "iadd", "radd"), "Add") | dict.fromkeys(("mul", "imul", "rmul"), "Multiply"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "Concatenate"),
    **dict.fromkeys(("getitem", "select", "narrow", "split", "chunk", "unbind"), "GetItem"),
    **dict.fromkeys(("view", "reshape", "unflatten", "flatten", "squeeze", "unsqueeze"), "Reshape"),
    **dict.fromkeys(("matmul", "bmm", "mm", "einsum", "tensordot", "baddbmm", "rmatmul"), "Matmul"),
    **{"multi_head_attention_forward": "MultiHeadAttention", "scaled_dot_product_attention": "Attention"},
    **{"mean": "Mean", "sum": "Sum", "amax": "Max", "amin": "Min", "linear": "Dense", "conv1d": "Conv1D"},
    **{"conv2d": "Conv2D", "conv_transpose2d": "Conv2DTranspose", "max_pool2d": "MaxPooling2D"},
    **{"avg_pool2d": "AveragePooling2D", "interpolate": "Resize", "lstm": "LSTM", "gru": "GRU"},
}
WINDOWS = {  # the arguments, in their order, of what slides a window over a map
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "max_pool2d": ("input", "kernel_size", "stride", "padding", "dilation"),
    "avg_pool2d": ("input", "kernel_size", "stride", "padding"),
}
TURNS = ("permute", "transpose", "movedim", "moveaxis", "swapaxes", "swapdims", "t", "T", "mT")
LAST = {3: (0, 1, 2), 4: (0, 1, 2, 3)}  # where n, places and channels lie of a tensor whose channels are last
FIRST = {3: (0, 2, 1), 4: (0, 2, 3, 1)}  # and of one whose channels come before its places


class Tensor(NamedTuple):
    """What is known of a tensor: its shape as PyTorch has it, and its axes in the order n, places, channels."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def seen(self) -> tuple[int | None, ...]:
        """Its shape with the channels last, of any number of images."""
        return (None, *(self.shape[axis] for axis in self.axes[1:]))


class Made(NamedTuple):
    """A call as an object of the class, and with the settings, of a layer; and what came out."""

    operation: Any
    out: Tensor


def made(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], feeds: list[Tensor], shape: tuple) -> Made:
    """Of a function that takes the tensors `feeds` among its arguments; `shape` is of the first that it gives."""
    name = name.strip("_")
    kind = KINDS.get(name) or "".join(part.capitalize() for part in name.split("_"))
    axes = _axes(name, feeds[0], shape)
    settings: dict[str, Any] = {"activation": type(name, (), {})} if kind == "Activation" else {}
    if name in WINDOWS:
        kind, settings = kind, _window(name, args, kwargs)
    elif name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        kind, settings = _adaptive(name, feeds[0].shape, shape)
    elif name in TURNS:
        kind, axes, settings = _turned(name, args, kwargs, feeds[0])
    elif name in ("mean", "sum", "amax", "amin"):
        settings = {"axis": _reduced(feeds[0], args, kwargs)}
    elif name == "pad":
        kind, settings = _padded(args, kwargs)
    elif kind == "Matmul" and len(feeds) == 1:
        kind = "MatMul"  # with weights, as a dense layer
    elif kind == "Dense" and len(shape) > 2 and feeds[0].axes[-1] != len(shape) - 1:
        kind, settings = "Transpose", {"axes": (0, 2, 1)}  # weighs places, as a dense layer on what was turned
    return Made(type(kind, (), settings)(), Tensor(shape, axes))


def _axes(name: str, fed: Tensor, shape: tuple) -> tuple[int, ...]:
    """In which order n, places and channels lie in what comes out."""
    rank, before = len(shape), len(fed.shape)
    if name in (*WINDOWS, "conv1d", "conv_transpose2d", "batch_norm", "interpolate") or name.startswith("adaptive"):
        return FIRST.get(rank, plain(rank))
    if rank == before:
        return fed.axes
    if {rank, before} != {3, 4}:
        return plain(rank)
    # Places laid out in a row, or a row as places: channels that come first stay there.
    kept = fed.axes == FIRST[before] and shape[1] == fed.shape[1]
    return FIRST[rank] if kept else LAST[rank]


def plain(rank: int) -> tuple[int, ...]:
    return tuple(range(rank))


def _window(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Kernel, strides, dilation and padding (cells before the first, of rows and columns)."""
    given = dict(zip(WINDOWS[name], args, strict=False)) | dict(kwargs)
    kernel = tuple(given["weight"].shape[2:]) if "weight" in given else _pair(given["kernel_size"])
    stride = given.get("stride")
    dilation = _pair(given.get("dilation") or 1)
    before = given.get("padding") or 0
    if before == "same":
        before = [(size - 1) * holes // 2 for size, holes in zip(kernel, dilation, strict=True)]
    strides = _pair(stride) if stride not in (None, (), []) else (kernel if "weight" not in given else (1, 1))
    sizes = {"kernel_size": kernel} if "weight" in given else {"pool_size": kernel}
    return {
        **sizes,
        "strides": strides,
        "dilation_rate": dilation,
        "padding": _pair(0 if before == "valid" else before),
    }


def _pair(value: Any) -> tuple[int, int]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    return (int(values[0]), int(values[-1]))


def _adaptive(name: str, before: tuple, after: tuple) -> tuple[str, dict[str, Any]]:
    """A pooling to a size of its own: over all places, over none, or over windows where the sizes allow."""
    how = "Average" if "avg" in name else "Max"
    if after[2:] == (1, 1):
        return f"Global{how}Pooling2D", {}
    if after[2:] == before[2:]:
        return "Identity", {}
    if any(large % small for large, small in zip(before[2:], after[2:], strict=True)):
        return f"Adaptive{how}Pool", {}
    sides = tuple(large // small for large, small in zip(before[2:], after[2:], strict=True))
    return f"{how}Pooling2D", {"pool_size": sides, "strides": sides, "padding": (0, 0)}


def _turned(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], fed: Tensor) -> tuple[str, tuple, dict]:
    """A permutation of axes turns nothing by itself: each keeps its meaning wherever it lies."""
    order = _order(name, args, kwargs, len(fed.shape))
    if len(order) not in LAST:
        return "Transpose", plain(len(order)), {"axes": order}
    return "Identity", tuple(order.index(axis) for axis in fed.axes), {}


def _order(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], rank: int) -> tuple[int, ...]:
    """Which axis of the input each axis of the output is."""
    given = [*args[1:], *kwargs.values()]
    axes = list(range(rank))
    if name == "permute":
        given = list(given[0]) if isinstance(given[0], (list, tuple)) else given
        return tuple(axis % rank for axis in given)
    if name in ("movedim", "moveaxis"):
        source, target = ([end] if isinstance(end, int) else list(end) for end in given)
        kept = [axis for axis in axes if axis not in [each % rank for each in source]]
        for to, axis in sorted(zip((each % rank for each in target), (each % rank for each in source), strict=True)):
            kept.insert(to, axis)
        return tuple(kept)
    if name in ("t", "T", "mT"):
        given = [-2, -1]
    one, other = (axis % rank for axis in given)
    axes[one], axes[other] = axes[other], axes[one]
    return tuple(axes)


def _reduced(fed: Tensor, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[int] | None:
    """The axes that a reduction goes over, of those with the channels last; None for all."""
    given = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    if given is None:
        return None
    axes = [given] if isinstance(given, int) else list(given)
    return [fed.axes.index(axis % len(fed.shape)) for axis in axes]


def _padded(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Cells put around a map: before and behind the last axis, then the one before it."""
    sizes = list(kwargs.get("pad", args[1] if len(args) > 1 else ()))
    if len(sizes) != 4:
        return "Pad", {}
    left, right, top, bottom = sizes
    return "ZeroPadding2D", {"padding": ((top, bottom), (left, right))}
