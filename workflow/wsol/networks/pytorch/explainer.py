"""A PyTorch network's answers: what it gives while it runs is taken, and put, at the calls that make its layers.

Gradients run back from the logits of the forward pass itself, and end at the first explained layer. At the border
channels become the last axis and tensors NumPy arrays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.networks.built import Backbone
from wsol.networks.explainer import Floats, Masks, Rows, Seen
from wsol.networks.graphs import Graph, Step
from wsol.networks.layers import is_cut, pooled
from wsol.networks.pytorch.calls import Tap, untouched, watched
from wsol.networks.pytorch.graph import TorchGraph
from wsol.networks.tokens import Patches

GREY = (0.2989, 0.587, 0.114)  # of red, green and blue, as TensorFlow weighs them


class TorchKept(NamedTuple):
    """One forward pass: the prepared input [b c h w], each layer's tensor, and the logits [b c] that depend on them."""

    shown: Any
    layers: list[Any]
    logits: Any


class TorchExplainer:
    """An `explainer.Explainer`. Behind a pooling the gradient is constant over space, and given as [r 1 1 k]."""

    concurrent = False  # taps are set on the network itself

    def __init__(self, backbone: Backbone, graph: TorchGraph, batch: int):
        self.backbone = backbone
        self.batch = batch
        self.graph = graph
        self.keys = [tapped(backbone.graph, step) for step in backbone.layers]
        self.grids = [step.operation.grid if isinstance(step.operation, Patches) else None for step in backbone.layers]
        means = [pooled(backbone.graph, backbone.output, step.outputs[0]) for step in backbone.layers]
        self.constant = [mean is not None for mean in means]
        # Where all passes through a layer, what is before it need run once only for any number of its variants.
        self.narrow = [is_cut(graph, backbone.output, key) for key in self.keys]

    def forward(self, pixels: NDArray[np.uint8]) -> Seen:
        """Of images [b H W 3], RGB."""
        import torch

        shown = self._prepared(torch.from_numpy(np.ascontiguousarray(pixels)))
        with torch.enable_grad():
            found = self.graph.tapped(shown, dict.fromkeys(self.keys, watched) | self._ending(self.keys))
        kept = TorchKept(shown, [found[key] for key in self.keys], self._logits(found))
        return Seen(_array(kept.logits), [self._last(i, each) for i, each in enumerate(kept.layers)], kept)

    def restored(self, logits: Floats, activations: Mapping[int, Floats]) -> Seen | None:
        """None: the way back from the logits is kept of a forward pass alone."""
        return None

    def gradients(
        self, kept: TorchKept, rows: Rows, weights: Sequence[Floats], layers: Sequence[Sequence[int]]
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

    def ablated(self, kept: TorchKept, row: int, place: int, channels: Rows) -> Floats:
        """The logits [m c] of an image with each of `channels` of a layer zero in turn; -1 for none."""
        parts = [self._ablated(kept, row, place, channels[part]) for part in _parts(len(channels), self.batch)]
        return np.concatenate([np.empty((0, self.backbone.classes), np.float32), *parts])

    def _ablated(self, kept: TorchKept, row: int, place: int, channels: Rows) -> Floats:
        """Of at most a batch of channels."""
        shown = kept.shown[row : row + 1]
        instead = self._without(kept.layers[place], row, place, channels)
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

    def _without(self, layer: Any, row: int, place: int, channels: Rows) -> Any:
        """A layer's tensor of one image of a batch, once for each of `channels`, which is zero in its map."""
        axes = self.graph.known[self.keys[place]].axes
        moved = layer.detach().permute(axes)[row : row + 1]
        variants = moved.repeat(len(channels), *[1] * (moved.ndim - 1))
        grid = self.grids[place]
        maps = variants if grid is None else variants[:, grid.patches]  # a view
        for variant, channel in enumerate(channels.tolist()):
            if channel >= 0:
                maps[variant, ..., channel] = 0
        return variants.permute(*np.argsort(axes).tolist()).contiguous()

    def _gradients(self, kept: TorchKept, rows: NDArray, weights: Floats, places: list[int]) -> list[Floats]:
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
                own = self._last(place, gradient, self.constant[place])[rows[turn]]
                if found[i] is None:
                    found[i] = np.zeros((len(rows), *own.shape[1:]), np.float32)
                found[i][turn] = own
        return found

    def _answered(self, shown: Any, put: Mapping[int, Tap] = {}) -> Floats:
        """The logits of prepared images, without a way back."""
        import torch

        with torch.no_grad():
            return _array(self._logits(self.graph.tapped(shown, {**self._ending(put), **put})))

    def _ending(self, taken: Iterable[int]) -> dict[int, Tap]:
        """The tap of the output, unless it is explained itself."""
        return {self.backbone.output: untouched} if self.backbone.output not in taken else {}

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
        batch = batch.to(device=self.graph.like.get("device"), dtype=torch.float32)
        if prepare["order"] == "gray":
            batch = (batch * batch.new_tensor(GREY)).sum(-1, keepdim=True)
        if prepare["order"] == "bgr":
            batch = batch.flip(-1)
        scale, mean, std = (batch.new_tensor(prepare[name]) for name in ("scale", "mean", "std"))
        return ((batch * scale - mean) / std).permute(0, 3, 1, 2).contiguous().to(**self.graph.like)

    def _last(self, place: int, tensor: Any, alike: bool = False) -> Floats:
        """A layer's tensor as [n h w k]; of one whose places are `alike`, [n 1 1 k]."""
        moved = tensor.permute(self.graph.known[self.keys[place]].axes)
        grid = self.grids[place]
        patches = _array(moved if grid is None else moved[:, grid.patches])
        found = patches.reshape(len(patches), *self.backbone.layers[place].shape[1:])
        return found[:, :1, :1] if alike else found


def tapped(graph: Graph, layer: Step) -> int:
    """The key of the tensor that a layer is: of a laid out sequence the sequence's own."""
    if not isinstance(layer.operation, Patches):
        return layer.outputs[0]
    (sequence,) = graph.consumers(layer.outputs[0], graph.steps)
    return sequence.outputs[0]


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
