"""A PyTorch network's answers: what it gives while it runs is taken, and put, at the calls that make its layers.

Gradients run back from the logits of the forward pass itself, and end at the first explained layer. At the border
channels become the last axis and tensors NumPy arrays.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.networks.built import Backbone
from wsol.networks.explainer import Floats, Masks, Rows, Seen
from wsol.networks.layers import is_cut, pooled
from wsol.networks.torchgraph import TorchGraph, called, recorder

GREY = (0.2989, 0.587, 0.114)  # of red, green and blue, as TensorFlow weighs them
Tap = Callable[[Any], tuple[Any, Any]]  # a tensor -> what is kept of it, what the network goes on with


class Kept(NamedTuple):
    """One forward pass: the prepared input [b c h w], each layer's tensor, and the logits [b c] that depend on them."""

    shown: Any
    layers: list[Any]
    logits: Any


class TorchExplainer:
    """An `explainer.Explainer`. Behind a pooling the gradient is constant over space, and given as [r 1 1 k]."""

    def __init__(self, backbone: Backbone, graph: TorchGraph, batch: int):
        self.backbone = backbone
        self.batch = batch
        self.graph = graph
        self.keys = [step.outputs[0] for step in backbone.layers]
        self.constant = [pooled(self.graph, backbone.output, key) is not None for key in self.keys]
        # Where all passes through a layer, what is before it need run once only for any number of its variants.
        self.narrow = [is_cut(self.graph, backbone.output, key) for key in self.keys]
        some = next((each for each in self.graph.model.parameters() if each.is_floating_point()), None)
        self._kind = {} if some is None else {"dtype": some.dtype, "device": some.device}

    def forward(self, pixels: NDArray[np.uint8]) -> Seen:
        """Of images [b H W 3], RGB."""
        import torch

        shown = self._prepared(torch.from_numpy(np.ascontiguousarray(pixels)))
        with torch.enable_grad():
            found = self._run(shown, dict.fromkeys(self.keys, _watched))
        kept = Kept(shown, [found[key] for key in self.keys], self._logits(found))
        return Seen(_array(kept.logits), [self._last(i, each) for i, each in enumerate(kept.layers)], kept)

    def gradients(
        self, kept: Kept, rows: Rows, weights: Sequence[Floats], layers: Sequence[Sequence[int]]
    ) -> list[list[Floats]]:
        """For each of `weights` [r c], layer by layer, as `Explainer.gradients` says."""
        return [
            self._gradients(kept, np.asarray(rows), own, list(places))
            for own, places in zip(weights, layers, strict=True)
        ]

    def masked(self, pixels: NDArray[np.uint8], of: Rows, masks: Masks, colour: Floats) -> Floats:
        """The logits [m c] of images `of` [m] behind masks."""
        import torch

        images = self._prepared(torch.from_numpy(np.ascontiguousarray(pixels)))
        hidden = self._prepared(torch.from_numpy(np.asarray(colour, np.float32)).reshape(1, 1, 1, 3))
        found = [np.empty((0, self.backbone.classes), np.float32)]
        for part in _parts(len(of), self.batch):
            mask = torch.from_numpy(masks.part(part).drawn().astype(np.float32))[:, None].to(images)
            found.append(self._answered(images[of[part]] * mask + hidden * (1 - mask)))
        return np.concatenate(found)

    def ablated(self, kept: Kept, row: int, place: int, channels: Rows) -> Floats:
        """The logits [m c] of an image with each of `channels` of a layer zero in turn; -1 for none."""
        parts = [self._ablated(kept, row, place, channels[part]) for part in _parts(len(channels), self.batch)]
        return np.concatenate([np.empty((0, self.backbone.classes), np.float32), *parts])

    def _ablated(self, kept: Kept, row: int, place: int, channels: Rows) -> Floats:
        """Of at most a batch of channels."""
        shown = kept.shown[row : row + 1]
        instead = self._without(kept.layers[place][row].detach(), place, channels)
        put = {self.keys[place]: lambda value: (None, instead)}
        if self.narrow[place]:
            try:
                answer = self._answered(shown, put)
                if answer.shape == (len(channels), self.backbone.classes):
                    return answer
            except RuntimeError:  # it counts its images before the layer, and goes by that behind it
                pass
            self.narrow[place] = False
        return self._answered(shown.repeat(len(channels), 1, 1, 1), put)

    def _without(self, layer: Any, place: int, channels: Rows) -> Any:
        """A layer's tensor of one image, once for each of `channels`, which is zero in it."""
        axis = self.graph.known[self.keys[place]].axes[-1]
        variants = layer[None].repeat(len(channels), *[1] * layer.ndim)
        moved = variants.movedim(axis, 1)  # a view: what is put into it is put into them
        for variant, channel in enumerate(channels.tolist()):
            if channel >= 0:
                moved[variant, channel] = 0
        return variants

    def _gradients(self, kept: Kept, rows: NDArray, weights: Floats, places: list[int]) -> list[Floats]:
        """Of one score for each of `rows`: as many passes back as one image has scores at most."""
        import torch

        found: list[Any] = [None] * len(places)
        for turn in _turns(rows):
            seed = torch.zeros_like(kept.logits)
            seed[rows[turn]] = torch.from_numpy(np.ascontiguousarray(weights[turn])).to(seed)
            asked = [kept.layers[place] for place in places]
            made = torch.autograd.grad(kept.logits, asked, seed, retain_graph=True, allow_unused=True)
            for i, (place, gradient) in enumerate(zip(places, made, strict=True)):
                if gradient is None:
                    raise DataError(f"layer: '{self.backbone.layer[place]}' is changed in place; name one before it.")
                own = self._last(place, gradient[rows[turn]], self.constant[place])
                if found[i] is None:
                    found[i] = np.zeros((len(rows), *own.shape[1:]), np.float32)
                found[i][turn] = own
        return found

    def _answered(self, shown: Any, put: Mapping[int, Tap] | None = None) -> Floats:
        """The logits of prepared images, without a way back."""
        import torch

        with torch.no_grad():
            return _array(self._logits(self._run(shown, put or {})))

    def _run(self, shown: Any, taps: Mapping[int, Tap]) -> dict[int, Any]:
        """One run of the network; what was kept of the tensors of `taps` and of the output, by their keys."""
        found: dict[int, Any] = {}
        wanted: dict[int, list[int]] = {}
        for key in {self.backbone.output: None, **taps}:
            wanted.setdefault(self.graph.calls[key].number, []).append(key)

        def record(number: int, function: Any, args: Any, kwargs: Any, out: Any) -> Any:
            for key in wanted.get(number, ()):
                call = self.graph.calls[key]
                if called(function) != call.function:
                    raise DataError(f"torch: the network calls {called(function)} where it called {call.function}.")
                value = out if call.place is None else out[call.place]
                found[key], then = taps.get(key, _kept)(value)
                out = then if call.place is None else type(out)([*out[: call.place], then, *out[call.place + 1 :]])
            return out

        with recorder(record):
            self.graph.model(shown)
        return found

    def _logits(self, found: Mapping[int, Any]) -> Any:
        """float32 [b c]; a single sigmoid's class 0 is minus its class 1."""
        import torch

        out = found[self.backbone.output].float()
        out = out.reshape(len(out) if out.ndim else 1, 1 if self.backbone.binary else self.backbone.classes)
        return torch.cat([-out, out], 1) if self.backbone.binary else out

    def _prepared(self, batch: Any) -> Any:
        """RGB 0..255 [n h w 3] -> the network's input [n c h w], as `preprocessing` says."""
        import torch

        prepare = self.backbone.prepare
        batch = batch.to(device=self._kind.get("device"), dtype=torch.float32)
        if prepare["order"] == "gray":
            batch = (batch * batch.new_tensor(GREY)).sum(-1, keepdim=True)
        if prepare["order"] == "bgr":
            batch = batch.flip(-1)
        scale, mean, std = (batch.new_tensor(prepare[name]) for name in ("scale", "mean", "std"))
        return ((batch * scale - mean) / std).permute(0, 3, 1, 2).contiguous().to(**self._kind)

    def _last(self, place: int, tensor: Any, alike: bool = False) -> Floats:
        """A layer's tensor as [n h w k]; of one whose places are `alike`, [n 1 1 k]."""
        moved = tensor.detach().permute(self.graph.known[self.keys[place]].axes)
        return _array(moved[:, :1, :1] if alike else moved)


def _watched(value: Any) -> tuple[Any, Any]:
    """The way back ends here, unless it goes on to another layer; what is changed in place later is a copy."""
    kept = value if value.requires_grad else value.detach().requires_grad_()
    return kept, kept.clone()


def _kept(value: Any) -> tuple[Any, Any]:
    return value, value


def _array(tensor: Any) -> Floats:
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())


def _turns(rows: NDArray) -> Iterator[NDArray]:
    """The places of rows that name each image once at most: its first, then its second and so on."""
    if not len(rows):
        yield np.arange(0)
        return
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], rows[order], side="left")
    count = np.empty(len(rows), np.int64)
    count[order] = np.arange(len(rows)) - starts
    for turn in range(count.max() + 1):
        yield np.flatnonzero(count == turn)


def _parts(total: int, size: int) -> Iterator[slice]:
    """0 … total in parts of at most `size`."""
    return (slice(start, min(start + size, total)) for start in range(0, total, size))
