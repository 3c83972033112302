"""One pass over the images: what the network predicts, and what any CAM needs to explain it.

The network runs once an image; gradients run through the head once a target. One traced function for each, at one
batch shape: the last batch is padded.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol

import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.datasets import images
from wsol.errors import ConfigError
from wsol.networks.backbones import Backbone
from wsol.networks.explainer import Explainer, coefficients
from wsol.networks.perturb import FINISHED, PERTURBATIONS, Probe, gradient

Arrays = dict[str, np.ndarray]


class Sink(Protocol):
    """Where evidence goes: activations in order, a target's arrays at its rows, of `total`."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None: ...

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None: ...


class Collected(dict[str, np.ndarray]):
    """A sink that keeps everything in memory."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None:
        self[name] = np.concatenate([self[name], rows]) if name in self else rows.copy()

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None:
        if name not in self:
            self[name] = np.zeros((total, *rows.shape[1:]), rows.dtype)
        self[name][where] = rows


def suffix(place: int) -> str:
    """Evidence of the first explained layer is `activations`, of the second `activations_1` and so on."""
    return f"_{place}" if place else ""


def explained_outputs(logits: np.ndarray, accepted: list[list[int]], explain: str) -> np.ndarray:
    """[t]: of the outputs that are right for the target the one with the highest logit, or the network's own choice.

    -1 where no output is right for it.
    """
    if explain == "predicted":
        return np.where([len(a) > 0 for a in accepted], logits.argmax(axis=1), -1)
    return np.array([a[int(np.argmax(row[a]))] if len(a) else -1 for row, a in zip(logits, accepted, strict=True)], int)


def predict(
    backbone: Backbone,
    open_image: Callable[[str], np.ndarray],
    targets: pd.DataFrame,
    sink: Sink,
    *,
    threads: int = 2,
    progress: Callable[[int], Any] = lambda n: None,
    explainer: Explainer | None = None,
) -> Arrays:
    """PREDICTIONS' arrays, one row an image in order of appearance; EVIDENCE's go to `sink`.

    An image that does not open has NaN logits, zero activations and zero gradients. `progress` hears how many images
    each batch finished. An `explainer` of this backbone, made before, spares a second tracing.
    """
    firsts = targets.drop_duplicates("image")
    image_of = pd.Index(firsts["image"]).get_indexer(targets["image"])
    accepted = [np.asarray(outputs, int).tolist() for outputs in targets["outputs"]]
    _check_outputs(accepted, targets["image"], backbone.classes)
    explainer = explainer or Explainer(backbone, backbone.settings["batch"])
    work = _Work(explainer, accepted, image_of, len(firsts), sink)
    settings = backbone.settings
    sizes = zip(firsts["height"].tolist(), firsts["width"].tolist(), strict=True)
    source = images.loader(
        open_image,
        firsts["image"],
        sizes,
        backbone.size,
        settings["resize"],
        settings["interpolation"],
        threads,
        ahead=3 * explainer.batch,
    )
    logits = np.empty((len(firsts), backbone.classes), np.float32)
    about: list[tuple[bool, Affine]] = []
    while batch := list(islice(source, explainer.batch)):
        logits[len(about) : len(about) + len(batch)] = work.batch(batch, len(about))
        about += [(item.status == "ok", item.input_to_image) for item in batch]
        progress(len(batch))
    work.finish()
    return {
        "image": firsts["image"].to_numpy(dtype=str),
        "logits": logits,
        "readable": np.array([readable for readable, _ in about], bool),
        "input_to_image": np.array([input_to_image for _, input_to_image in about], np.float64).reshape(-1, 4),
        "input_size": np.array(backbone.size, np.int64),
    }


class _Work:
    """What one batch of images needs to know of the targets, and where its evidence goes."""

    def __init__(self, explainer: Explainer, accepted: list[list[int]], image_of: np.ndarray, n: int, sink: Sink):
        self.explainer, self.accepted, self.image_of, self.n, self.sink = explainer, accepted, image_of, n, sink
        self.explained = np.full(len(accepted), -1, np.int64)
        self.order = np.argsort(image_of, kind="stable")
        self.options = dict(explainer.backbone.settings["evidence"])
        self.method = self.options.pop("method")
        self.shapes: dict[str, tuple[int, ...]] = {}  # of one target's evidence, once known
        self.starts = np.searchsorted(image_of[self.order], np.arange(n + 1))

    def batch(self, batch: list[images.Loaded], first: int) -> np.ndarray:
        """The logits of images first, first + 1, …; their evidence is in the sink."""
        size = self.explainer.batch
        pixels = np.zeros((size, *batch[0].pixels.shape), np.uint8)
        pixels[: len(batch)] = [item.pixels for item in batch]
        readable = np.array([item.status == "ok" for item in batch])
        out, layers, cut = self.explainer.forward(pixels)
        logits = out.numpy()[: len(batch)]
        activations = [_where(readable, layer.numpy()[: len(batch)]) for layer in layers]
        targets = self.order[self.starts[first] : self.starts[first + len(batch)]]
        rows = self.image_of[targets] - first
        accepted = [self.accepted[t] if readable[row] else [] for t, row in zip(targets, rows, strict=True)]
        self.explained[targets] = explained_outputs(logits[rows], accepted, self.explainer.backbone.settings["explain"])
        if self.method in PERTURBATIONS:
            activations = [self._perturb(targets, rows, pixels, logits, activations[0], cut)]
        else:
            for start in range(0, len(targets), size):
                self._gradients(targets[start : start + size], rows[start : start + size], logits, cut)
        for place, layer in enumerate(activations):
            self.sink.append("activations" + suffix(place), layer, self.n)
        return np.where(readable[:, None], logits, np.float32(np.nan))

    def _gradients(self, targets: np.ndarray, rows: np.ndarray, logits: np.ndarray, cut: dict) -> None:
        """Gradients of these targets, at most a batch of them; `rows` are their images'."""
        backbone, size = self.explainer.backbone, self.explainer.batch
        wanted = gradient(logits[rows], self.explained[targets], **self.options)
        scores = {"gradients": backbone.settings["score"], "rivals": "logit"}
        weights = np.zeros((len(wanted), size, backbone.classes), np.float32)
        for place, (name, own) in zip(weights, wanted.items(), strict=True):
            place[: len(rows)] = coefficients(logits[rows], own, scores[name], backbone.activation)
        if not np.array_equal(rows, np.arange(len(rows))):
            padded = np.zeros(size, np.int32)
            padded[: len(rows)] = rows
            cut = self.explainer.rows(cut, padded)
        for name, layers in zip(wanted, self.explainer.gradients(cut, list(weights)), strict=True):
            for place, layer in enumerate(layers):
                self.sink.put(name + suffix(place), targets, layer.numpy()[: len(rows)], len(self.accepted))

    def _perturb(
        self,
        targets: np.ndarray,
        rows: np.ndarray,
        pixels: np.ndarray,
        logits: np.ndarray,
        layer: np.ndarray,
        cut: dict,
    ) -> np.ndarray:
        """Weights or maps of these targets, image by image -> the activations that go with them.

        A finished map is kept as the gradient of activations that are one everywhere.
        """
        for row in np.unique(rows):
            mine = targets[rows == row]
            idle = self.explained[mine] < 0
            if idle.all() and self.shapes:
                found = {name: np.zeros((len(mine), *shape), np.float32) for name, shape in self.shapes.items()}
            else:
                own = self.explainer.rows(cut, np.array([row]))
                probe = Probe(self.explainer, pixels[row], logits[row], layer[row], own)
                found = PERTURBATIONS[self.method](probe, np.maximum(self.explained[mine], 0), **self.options)
            for name, values in found.items():
                values[idle] = 0
                self.shapes[name] = values.shape[1:]
                self.sink.put(name, mine, values, len(self.accepted))
        return np.ones((len(layer), *self.shapes["gradients"]), np.float32) if self.method in FINISHED else layer

    def finish(self) -> None:
        total = len(self.accepted)
        self.sink.put("image_of", np.arange(total), self.image_of.astype(np.int64), total)
        self.sink.put("explained", np.arange(total), self.explained, total)
        for place, grid in enumerate(self._grids()):
            self.sink.put("cell_to_input" + suffix(place), np.arange(4), np.array(grid, np.float64), 4)
        for place, layer in enumerate(self.explainer.backbone.layers if total == 0 else []):
            self.sink.append("activations" + suffix(place), np.empty((0, *layer.shape[1:]), np.float32), 0)
            for name in ("gradients", "rivals", "logit_weights"):
                self.sink.put(name + suffix(place), np.arange(0), np.empty((0, *layer.shape[1:]), np.float32), 0)

    def _grids(self) -> list[Affine]:
        """Of each layer; a finished map covers the input whatever layer there is."""
        backbone = self.explainer.backbone
        if self.method in FINISHED:
            cells = self.shapes.get("gradients", ())[:2] or backbone.layers[0].shape[1:3]
            return [Affine.stretch(cells, backbone.size)]
        return [grid.values for grid in backbone.grids]


def _where(readable: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The rows of readable images; zeros for the others, whatever the network made of a blank."""
    return rows if readable.all() else np.where(readable[:, None, None, None], rows, np.float32(0))


def _check_outputs(accepted: list[list[int]], names: pd.Series, classes: int) -> None:
    for outputs, name in zip(accepted, names, strict=True):
        for index in outputs:
            if not 0 <= index < classes:
                raise ConfigError(f"targets: {name} names class index {index}, the model has 0..{classes - 1}.")
