"""One pass over the images: what the network predicts, and what any CAM needs to explain it.

The network runs once per image; gradients run through the head once per target. One traced function for each, at one
batch shape: the last batch is padded.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from wsol.datasets import images
from wsol.errors import ConfigError
from wsol.networks.asking import Batch, Sink, asking, suffix
from wsol.networks.built import Backbone
from wsol.networks.explainer import Explainer

Arrays = dict[str, np.ndarray]


class Collected(dict[str, np.ndarray]):
    """A sink that keeps everything in memory."""

    def append(self, name: str, rows: np.ndarray, total: int) -> None:
        """The next rows of an array."""
        self[name] = np.concatenate([self[name], rows]) if name in self else rows.copy()

    def put(self, name: str, where: np.ndarray, rows: np.ndarray, total: int) -> None:
        """Rows of an array at the places `where`; a place never written is zero."""
        if name not in self:
            self[name] = np.zeros((total, *rows.shape[1:]), rows.dtype)
        self[name][where] = rows


def explained_outputs(logits: np.ndarray, accepted: list[list[int]], explain: str) -> np.ndarray:
    """The output that explains each target, int [t]; -1 where none is right for it.

    `explain`: `labelled`, of the outputs that are right for the target the one with the highest logit, or `predicted`,
    the network's own choice.
    """
    explained = np.full(len(accepted), -1, np.int64)
    for target, (row, outputs) in enumerate(zip(logits, accepted, strict=True)):
        if outputs:
            explained[target] = row.argmax() if explain == "predicted" else outputs[int(row[outputs].argmax())]
    return explained


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
    """The arrays of PREDICTIONS, one row per image in order of appearance; those of EVIDENCE go to `sink`.

    `targets` has the columns image, outputs (those that are right for the target), width and height. An image that
    does not open has NaN logits, and zeros in its targets' evidence. `progress` hears how many images each batch
    finished. An `explainer` of this backbone, made before, spares a second tracing. A ConfigError names an output that
    the network does not have.
    """
    firsts = targets.drop_duplicates("image")
    asked = _Targets(targets, pd.Index(firsts["image"]).get_indexer(targets["image"]), len(firsts))
    _check_outputs(asked.accepted, targets["image"], backbone.classes)
    # Tracing costs seconds: a caller that predicts twice hands over the functions of the first time.
    explainer = explainer or backbone.explainer(backbone.settings["batch"])
    work = _Pass(explainer, asked, sink)
    source = _loaded(backbone, open_image, firsts, threads, ahead=3 * explainer.batch)
    while batch := list(islice(source, explainer.batch)):
        work.batch(batch)
        progress(len(batch))
    work.finish()
    size = np.array(backbone.size, np.int64)
    return {"image": firsts["image"].to_numpy(dtype=str), **work.predictions, "input_size": size}


def _loaded(backbone: Backbone, open_image: Callable, firsts: pd.DataFrame, threads: int, ahead: int) -> Any:
    """The images at the network's input size, in order."""
    sizes = zip(firsts["height"].tolist(), firsts["width"].tolist(), strict=True)
    how = (backbone.settings["resize"], backbone.settings["interpolation"])
    return images.loader(open_image, firsts["image"], sizes, backbone.size, *how, threads, ahead=ahead)


class _Targets:
    """Which targets lie on which image, which outputs are right for each, and which one explains it."""

    def __init__(self, table: pd.DataFrame, image_of: np.ndarray, images: int):
        self.accepted = [np.asarray(outputs, int).tolist() for outputs in table["outputs"]]
        self.image_of = image_of
        self.images = images
        self.explained = np.full(len(table), -1, np.int64)
        # In the order of their images, the targets of a batch are a slice.
        self._ordered = np.argsort(image_of, kind="stable")
        self._starts = np.searchsorted(image_of[self._ordered], np.arange(images + 1))

    def __len__(self) -> int:
        return len(self.accepted)

    def on(self, first: int, count: int) -> np.ndarray:
        """The targets on images first, first + 1, …"""
        return self._ordered[self._starts[first] : self._starts[first + count]]


class _Pass:
    """Batch by batch through the network: `predictions` fill up, evidence goes to the sink."""

    def __init__(self, explainer: Explainer, targets: _Targets, sink: Sink):
        self.explainer = explainer
        self.backbone = explainer.backbone
        self.targets = targets
        self.sink = sink
        self.asking = asking(explainer, sink, len(targets))
        self.done = 0  # images
        self.predictions = {
            "logits": np.empty((targets.images, self.backbone.classes), np.float32),
            "readable": np.zeros(targets.images, bool),
            "input_to_image": np.empty((targets.images, 4), np.float64),
        }

    def batch(self, batch: list[images.Loaded]) -> None:
        """The next images."""
        readable = np.array([item.status == "ok" for item in batch])
        seen = self._seen(batch, readable)
        self.targets.explained[seen.targets] = seen.explained
        self.asking.of(seen)
        for place, layer in enumerate(seen.seen.activations if "activations" in self.asking.arrays else []):
            self.sink.append("activations" + suffix(place), layer, self.targets.images)
        rows = slice(self.done, self.done + len(batch))
        # What the network makes of a blank is no prediction.
        self.predictions["logits"][rows] = np.where(readable[:, None], seen.seen.logits, np.float32(np.nan))
        self.predictions["readable"][rows] = readable
        self.predictions["input_to_image"][rows] = [item.input_to_image for item in batch]
        self.done += len(batch)

    def _seen(self, batch: list[images.Loaded], readable: np.ndarray) -> Batch:
        """What the network makes of a batch, and the targets on it with what explains them."""
        n = len(batch)
        pixels = np.stack([item.pixels for item in batch])
        seen = self.explainer.forward(pixels)
        seen = seen._replace(activations=[_zeroed(layer, ~readable) for layer in seen.activations])
        targets = self.targets.on(self.done, n)
        rows = self.targets.image_of[targets] - self.done
        accepted = [self.targets.accepted[t] if readable[row] else [] for t, row in zip(targets, rows, strict=True)]
        explained = explained_outputs(seen.logits[rows], accepted, self.backbone.settings["explain"])
        return Batch(pixels, seen, targets, rows, explained)

    def finish(self) -> None:
        """What is known of all targets once the last batch is through."""
        everywhere = np.arange(len(self.targets))
        self.sink.put("image_of", everywhere, self.targets.image_of.astype(np.int64), len(everywhere))
        self.sink.put("explained", everywhere, self.targets.explained, len(everywhere))
        for place, values in enumerate(self.asking.cell_to_input()):
            self.sink.put("cell_to_input" + suffix(place), np.arange(4), np.array(values, np.float64), 4)
        if len(everywhere) == 0:
            self.asking.nothing()


def _zeroed(rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Activations with zeros for the images that are unreadable, whatever the network made of a blank."""
    return np.where(which[:, None, None, None], np.float32(0), rows) if which.any() else rows


def _check_outputs(accepted: list[list[int]], names: pd.Series, classes: int) -> None:
    for outputs, name in zip(accepted, names, strict=True):
        for index in outputs:
            if not 0 <= index < classes:
                raise ConfigError(f"targets: {name} names class index {index}, the model has 0..{classes - 1}.")
