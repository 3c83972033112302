"""A PyTorch network as a graph: a step is a call of one of PyTorch's functions while it sees one image.

Nothing of the network is taken apart: it runs, and what runs is written down. A module's output is the output of the
last call in it, so a layer is named by its module (`layer4.1`), or by its function where no module gives it
(`features/relu`).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.errors import ConfigError, DataError, few
from wsol.networks.graphs import Graph, Step
from wsol.networks.models.architectures import brief
from wsol.networks.pytorch.calls import (
    Origin,
    Placeholder,
    Tap,
    called,
    leaves,
    recorder,
    replaced,
    tensors,
    untouched,
    watched,
)
from wsol.networks.pytorch.kinds import FIRST, LAST, Tensor, made, plain
from wsol.networks.tokens import SELECTING

ROOT = ""  # the network's own path


class TorchGraph(Graph):
    """The steps of `model`, a torch.nn.Module, for an input [1 channels h w].

    `calls` has, by key, which call makes a tensor, `named` the key of each module's output. A ConfigError where it does
    not take such an input, or where its output cannot be followed back to the image.
    """

    def __init__(self, model: Any, size: tuple[int, int], channels: int, written: str):
        import torch

        self.model = model
        self.steps = []
        self.inputs = [0]
        self.size = (*size, channels)
        self.input_shapes = [(None, *self.size)]
        self.calls: dict[int, Origin] = {}
        self.named: dict[str, int] = {}
        self.known: dict[int, Tensor] = {0: Tensor((1, channels, *size), FIRST[4])}
        self._fresh = itertools.count(1)
        self._alive: dict[int, tuple[Any, int]] = {}  # the tensors by their identity, kept so that none gets another's
        parameter = next((each for each in model.parameters() if each.is_floating_point()), None)
        self.like = {} if parameter is None else {"dtype": parameter.dtype, "device": parameter.device}
        image = torch.zeros(1, channels, *size, **self.like)
        self._alive[id(image)] = (image, 0)
        try:
            made_of_it = self._run(image)
        except Exception as error:  # whatever a user's network may raise
            said = f"{size[0]}x{size[1]} with {channels} channels: {brief(error)}"
            raise ConfigError(f"input: {written} does not take {said}") from error
        self.outputs = {name: key for name, value in _flat(made_of_it) if (key := self._key(value)) is not None}
        self._alive.clear()
        if not self.outputs:
            raise ConfigError(f"torch: {written} gives {type(made_of_it).__name__}, none of it made of the image.")
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
        import torch

        feeds = [key for value in leaves([args, kwargs]) if (key := self._key(value)) is not None]
        if not feeds:
            return
        name = called(function)
        places: list[int | None] = [None] if isinstance(out, torch.Tensor) else [*range(len(out))]
        given = {place: out if place is None else out[place] for place in places}
        found = {place: tensor for place, tensor in given.items() if isinstance(tensor, torch.Tensor)}
        keys = tuple(next(self._fresh) for _ in found)
        shapes = [tuple(tensor.shape) for tensor in found.values()]
        operation, first = made(name, args, kwargs, [self.known[key] for key in feeds], shapes[0])
        first = self._alike(first, len(self.known[feeds[0]].shape))
        again = self._again(function, args, kwargs) if type(operation).__name__ in SELECTING else None
        for (place, tensor), key, shape in zip(found.items(), keys, shapes, strict=True):
            # What is changed in place is another tensor from here on.
            self._alive[id(tensor)] = (tensor, key)
            self.known[key] = Tensor(shape, first.axes if len(shape) == len(first.axes) else plain(len(shape)))
            self.calls[key] = Origin(number, place, name)
        self.steps.append(Step(f"{path}/{name.strip('_')}", operation, tuple(feeds), keys, first.seen, again))

    def _alike(self, tensor: Tensor, rank: int) -> Tensor:
        """With four axes again after more of them, as windows have: in the order that makes a map of a known size."""
        if len(tensor.shape) != 4 or rank <= 4:
            return tensor
        sizes = {known.seen for known in self.known.values()}
        orders = [Tensor(tensor.shape, order) for order in (LAST[4], FIRST[4])]
        return next((each for each in orders if each.seen in sizes), tensor)

    def _again(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Callable:
        """The call once more, on other tensors by their keys; what it takes beside them is zero."""
        import torch

        def stand_in(tensor: Any) -> Any:
            key = self._key(tensor)
            return torch.zeros_like(tensor) if key is None else Placeholder(key)

        given = replaced([args, kwargs], stand_in)

        def again(values: dict) -> tuple:
            args, kwargs = replaced(given, lambda each: each, values)
            return (function(*args, **kwargs),)

        return again

    def numbered(self, step: Step, key: int) -> NDArray | None:
        """Which of the tokens of `key`, counted from 1, a slice or a concatenation gives; 0 for others."""
        import torch

        values = {other: torch.zeros(self.known[other].shape, **self.like) for other in step.inputs}
        places = self.known[key].axes[1]
        numbers = torch.arange(1.0, self.known[key].shape[places] + 1).to(values[key])
        values[key] = values[key] + numbers.reshape([-1 if axis == places else 1 for axis in range(3)])
        assert step.bind is not None, "what selects tokens is kept as a call"
        made_of = self.known[step.outputs[0]]
        return tensors(step.bind(values)[0])[0].permute(made_of.axes)[0, :, 0].float().cpu().numpy()

    def slopes(self, output: int, keys: list[int], random: np.random.Generator) -> list[NDArray]:
        """Of a random mixture of the outputs of an image of noise, the gradient with respect to each layer."""
        import torch

        image = torch.from_numpy(random.normal(size=(1, *self.size))).permute(0, 3, 1, 2).to(**self.like)
        with torch.enable_grad():
            found = self.tapped(image, {output: untouched, **dict.fromkeys(keys, watched)})
        mixture = (found[output] * torch.from_numpy(random.normal(size=found[output].shape)).to(found[output])).sum()
        layers = [found[key] for key in keys]
        made = torch.autograd.grad(mixture, layers, allow_unused=True, materialize_grads=True)
        axes = [self.known[key].axes for key in keys]
        return [own.permute(each)[0].float().cpu().numpy() for own, each in zip(made, axes, strict=True)]

    def tapped(self, image: Any, taps: Mapping[int, Tap]) -> dict[int, Any]:
        """One run of the network; what is kept of the tensors of `taps`, by their keys."""
        found: dict[int, Any] = {}
        wanted: dict[int, list[int]] = {}
        for key in taps:
            wanted.setdefault(self.calls[key].number, []).append(key)

        def record(number: int, function: Any, args: Any, kwargs: Any, out: Any) -> Any:
            for key in wanted.get(number, ()):
                call = self.calls[key]
                if called(function) != call.function:
                    raise DataError(f"torch: the network calls {called(function)} where it called {call.function}.")
                value = out if call.place is None else out[call.place]
                found[key], then = taps[key](value)
                out = then if call.place is None else type(out)([*out[: call.place], then, *out[call.place + 1 :]])
            return out

        with recorder(record):
            self.model(image)
        return found

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


def _numbered(name: str) -> Iterator[str]:
    return itertools.chain([name], (f"{name}_{i}" for i in itertools.count(1)))


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
    return ConfigError(f"layer: {what}: no map [n k h w], and no sequence of patches.")
