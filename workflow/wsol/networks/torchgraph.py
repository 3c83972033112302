"""A PyTorch network as a graph: a step is a call of one of PyTorch's functions while it sees one image.

Nothing of the network is taken apart: it runs, and what runs is written down. A module's output is the output of the
last call in it, so a layer is named by its module (`layer4.1`), or by its function where no module gives it
(`features/relu`).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from wsol.errors import ConfigError, few
from wsol.networks.architectures import brief
from wsol.networks.graphs import Graph, Step
from wsol.networks.torchkinds import Tensor, made

ROOT = ""  # the network's own path


class Call(NamedTuple):
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


class TorchGraph(Graph):
    """The steps of `model`, a torch.nn.Module, for an input [1 channels h w].

    `calls` has, by key, which call makes a tensor, `named` the key of each module's output. A ConfigError where it does
    not take such an input, or where its output cannot be followed back to the image.
    """

    def __init__(self, model: Any, size: tuple[int, int], channels: int, called: str):
        import torch

        self.model = model
        self.steps = []
        self.inputs = [0]
        self.input_shapes = [(None, *size, channels)]
        self.calls: dict[int, Call] = {}
        self.named: dict[str, int] = {}
        self.known: dict[int, Tensor] = {0: Tensor((1, channels, *size), last=False)}
        self._fresh = itertools.count(1)
        self._alive: dict[int, tuple[Any, int]] = {}  # the tensors by their identity, kept so that none gets another's
        parameter = next((each for each in model.parameters() if each.is_floating_point()), None)
        given = {} if parameter is None else {"dtype": parameter.dtype, "device": parameter.device}
        image = torch.zeros(1, channels, *size, **given)
        self._alive[id(image)] = (image, 0)
        try:
            made_of_it = self._run(image)
        except Exception as error:  # whatever a user's network may raise
            said = f"{size[0]}x{size[1]} with {channels} channels: {brief(error)}"
            raise ConfigError(f"input: {called} does not take {said}") from error
        self.outputs = {name: key for name, value in _flat(made_of_it) if (key := self._key(value)) is not None}
        self._alive.clear()
        if not self.outputs:
            raise ConfigError(f"torch: {called} gives {type(made_of_it).__name__}, none of it made of the image.")
        self._rename()

    def trace_shapes(self, size: tuple[int, int], channels: int, output: int) -> None:
        """They are known since the network ran."""

    def _key(self, tensor: Any) -> int | None:
        return self._alive.get(id(tensor), (None, None))[1]

    def _run(self, image: Any) -> Any:
        """One run of the network, every call and every module's output written down."""
        import torch

        stack = [ROOT]
        hooks = []
        for path, module in self.model.named_modules():
            hooks.append(module.register_forward_pre_hook(lambda *_, path=path: stack.append(path)))
            hooks.append(module.register_forward_hook(self._left(path, stack)))
        try:
            with torch.no_grad(), recorder(lambda *call: self._record(stack[-1], *call)):
                return self.model(image)
        finally:
            for hook in hooks:
                hook.remove()

    def _left(self, path: str, stack: list[str]) -> Callable:
        def left(module: Any, given: Any, output: Any) -> None:
            stack.pop()
            if (key := self._key(output)) is not None:
                self.named[path] = key  # of a module that is called twice, the last time

        return left

    def _record(self, path: str, number: int, function: Any, args: Any, kwargs: Mapping[str, Any], out: Any) -> None:
        feeds = [key for value in _leaves([args, kwargs]) if (key := self._key(value)) is not None]
        if not feeds:
            return
        name = called(function)
        found = tensors(out)
        keys = tuple(next(self._fresh) for _ in found)
        operation, first = made(name, args, kwargs, [self.known[key] for key in feeds], tuple(found[0].shape))
        for place, (tensor, key) in enumerate(zip(found, keys, strict=True)):
            # What is changed in place is another tensor from here on.
            self._alive[id(tensor)] = (tensor, key)
            self.known[key] = Tensor(tuple(tensor.shape), first.last)
            self.calls[key] = Call(number, None if out is tensor else place, name)
        self.steps.append(Step(f"{path}/{name.strip('_')}", operation, tuple(feeds), keys, first.seen))

    def _rename(self) -> None:
        """A step is called by the outermost module that it is the output of, else by its module and its function."""
        outer: dict[int, str] = {}
        inside = {step.outputs[0]: step.name.rpartition("/")[0] for step in self.steps}
        for path, key in self.named.items():
            within = inside.get(key, ROOT)
            if path != ROOT and (within == path or within.startswith(f"{path}.")):
                outer[key] = min(outer.get(key, path), path, key=len)
        taken = set(self.named)
        for place, step in enumerate(self.steps):
            name = outer.get(step.outputs[0]) or next(
                n for n in _numbered(step.name.removeprefix("/")) if n not in taken
            )
            taken.add(name)
            self.steps[place] = step._replace(name=name)


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


def _numbered(name: str) -> Iterator[str]:
    return itertools.chain([name], (f"{name}_{i}" for i in itertools.count(1)))


def _leaves(value: Any) -> Iterator[Any]:
    """All that lists, tuples and mappings hold, and what they hold."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, (list, tuple)):
        yield value
        return
    for each in value:
        yield from _leaves(each)


def _flat(output: Any) -> list[tuple[str, Any]]:
    """What a network gives, by name, or by number where it has none."""
    if isinstance(output, Mapping):
        return [(str(name), value) for name, value in output.items()]
    return [(str(place), value) for place, value in enumerate(tensors(output))]


def mapless(graph: TorchGraph, name: str) -> ConfigError | None:
    """Why a module has no map that could be explained; None where it is no module's name or has one."""
    modules = dict(graph.model.named_modules())
    if name not in modules:
        return None
    if name not in graph.named:
        return ConfigError(f"layer: '{name}' ({type(modules[name]).__name__}) gives no tensor made of the image.")
    shape = list(graph.known[graph.named[name]].shape)
    what = f"'{name}' ({type(modules[name]).__name__}) gives {few(['n', *shape[1:]], 5)}"
    return ConfigError(f"layer: {what}: no map [n k h w] of more than one place.")
