"""Calls of PyTorch's functions: watched while a network runs, counted, and their tensors taken or exchanged.

A network runs the same calls each time, so a call is known by its number.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Tap = Callable[[Any], tuple[Any, Any]]  # a tensor -> what is kept of it, what the network goes on with


class Placeholder(int):
    """Stands for the tensor of this key among a call's arguments."""


class Origin(NamedTuple):
    """Where a tensor comes from, each time the network runs: the how manieth call, and which of what it gives."""

    number: int
    place: int | None  # None of a function that gives one tensor
    function: str


def tensors(value: Any) -> list[Any]:
    """The tensors that a function gives, itself or in a tuple or a list."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    several = value if isinstance(value, (tuple, list)) else ()
    return [each for each in several if isinstance(each, torch.Tensor)]


def called(function: Any) -> str:
    """A function's name; of an attribute that makes a tensor (`x.T`) the attribute's."""
    name = getattr(function, "__name__", type(function).__name__)
    return function.__self__.__name__ if name == "__get__" else name


def recorder(record: Callable[[int, Any, Any, Mapping[str, Any], Any], Any]) -> Any:
    """A context in which each call that gives tensors is told: its number, the function, its arguments, what it gave.

    What `record` gives back, unless it is None, takes the place of what the function gave.
    """
    from torch.overrides import TorchFunctionMode

    class Recorder(TorchFunctionMode):
        number = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            if not tensors(out):
                return out
            number, self.number = self.number, self.number + 1
            instead = record(number, func, args, kwargs or {}, out)
            return out if instead is None else instead

    return Recorder()


def watched(value: Any) -> tuple[Any, Any]:
    """The way back ends here, unless it goes on to another layer; what is changed in place later is a copy."""
    leaf = value if value.requires_grad else value.detach().requires_grad_()
    return leaf, leaf.clone()


def untouched(value: Any) -> tuple[Any, Any]:
    """As it is."""
    return value, value


def leaves(value: Any) -> Iterator[Any]:
    """All that lists, tuples and mappings hold, and what they hold."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, (list, tuple)):
        yield value
        return
    for each in value:
        yield from leaves(each)


def replaced(value: Any, swap: Callable[[Any], Any], values: Mapping[int, Any] | None = None) -> Any:
    """Lists, tuples and mappings again with other tensors in them; with `values`, those of the keys in it."""
    import torch

    if isinstance(value, Mapping):
        return {name: replaced(each, swap, values) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([replaced(each, swap, values) for each in value])
    if isinstance(value, Placeholder) and values is not None:
        return values[value]
    return swap(value) if isinstance(value, torch.Tensor) else value
