"""One pass over the images: what the network predicts, and what any CAM needs to explain it.

The network runs once per image, whatever layers, scores and classes are explained; gradients run through the head once
for each output that explains a target of the image. One traced function for each, at one batch shape: the last batch is
padded.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from wsol.datasets import images
from wsol.errors import ConfigError
from wsol.files.predict import ARRAYS, view
from wsol.networks.answering import kinds
from wsol.networks.asking import Batch, Explanation, Sink, suffix
from wsol.networks.built import Backbone
from wsol.networks.explainer import Explainer

Arrays = dict[str, np.ndarray]


class Collected(dict[str, np.ndarray]):
    """A sink that keeps everything in memory."""

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None:
        """The next rows of an array."""
        self[name] = np.concatenate([self[name], rows]) if name in self else rows.copy()

    def view(self, explanation: str = "") -> Arrays:
        """The arrays of one explanation (`files.predict.view`)."""
        return view(self, explanation)


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
    explanations: Mapping[str, Mapping[str, Any]] = {},
    threads: int = 2,
    progress: Callable[[int], Any] = lambda n: None,
    explainer: Explainer | None = None,
) -> Arrays:
    """The arrays of PREDICTIONS, one row per image in order of appearance; those of EVIDENCE go to `sink`.

    `targets` has the columns image, outputs (those that are right for the target), width and height. An image that
    does not open has NaN logits, and its targets no evidence. `explanations` says by name what is explained (layer,
    score, explain, evidence); without it, as "", what the backbone's own settings say. `progress` hears how many images
    each batch finished. An `explainer` of this backbone, made before, spares a second tracing. A ConfigError names an
    output that the network does not have.
    """
    firsts = targets.drop_duplicates("image")
    asked = {
        name: Explanation.of(backbone, settings) for name, settings in (explanations or {"": backbone.settings}).items()
    }
    known = _Targets(
        targets, pd.Index(firsts["image"]).get_indexer(targets["image"]), len(firsts), _explains(asked.values())
    )
    _check_outputs(known.accepted, targets["image"], backbone.classes)
    # Tracing costs seconds: a caller that predicts twice hands over the functions of the first time.
    explainer = explainer or backbone.explainer(backbone.settings["batch"])
    work = _Pass(explainer, known, asked, sink)
    source = _loaded(backbone, open_image, firsts, threads, ahead=3 * explainer.batch)
    while batch := list(islice(source, explainer.batch)):
        work.batch(batch)
        progress(len(batch))
    work.finish()
    size = np.array(backbone.size, np.int64)
    return {"image": firsts["image"].to_numpy(dtype=str), **work.predictions, "input_size": size}


def _explains(asked: Iterable[Explanation]) -> list[str]:
    return sorted({explanation.explain for explanation in asked})


def _loaded(backbone: Backbone, open_image: Callable, firsts: pd.DataFrame, threads: int, ahead: int) -> Any:
    """The images at the network's input size, in order."""
    sizes = zip(firsts["height"].tolist(), firsts["width"].tolist(), strict=True)
    how = (backbone.settings["resize"], backbone.settings["interpolation"])
    return images.loader(open_image, firsts["image"], sizes, backbone.size, *how, threads, ahead=ahead)


class _Targets:
    """Which targets lie on which image, which outputs are right for each, and which one explains it, way by way.

    `row_of` has the row of each target in the arrays that have one for each explained output; -1 for none.
    """

    def __init__(self, table: pd.DataFrame, image_of: np.ndarray, images: int, ways: list[str]):
        self.accepted = [np.asarray(outputs, int).tolist() for outputs in table["outputs"]]
        self.image_of = image_of.astype(np.int64)
        self.images = images
        self.explained = {way: np.full(len(table), -1, np.int64) for way in ways}
        self.row_of = {way: np.full(len(table), -1, np.int64) for way in ways}
        self.rows = 0  # so far
        # In the order of their images, the targets of a batch are a slice.
        self._ordered = np.argsort(image_of, kind="stable")
        self._starts = np.searchsorted(image_of[self._ordered], np.arange(images + 1))

    def __len__(self) -> int:
        return len(self.accepted)

    def asked(self, first: int, logits: np.ndarray, readable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The outputs to explain of images first, first + 1, …: the images' places and the outputs, each pair once."""
        mine = self._ordered[self._starts[first] : self._starts[first + len(logits)]]
        places = self.image_of[mine] - first
        accepted = [self.accepted[t] if readable[row] else [] for t, row in zip(mine, places, strict=True)]
        for way, explained in self.explained.items():
            explained[mine] = explained_outputs(logits[places], accepted, way)
        outputs = np.stack([explained[mine] for explained in self.explained.values()])
        # Ways that agree, and targets of one class, are one output of one image.
        pairs = np.where(outputs < 0, -1, places * logits.shape[1] + outputs)
        unique, row_of = np.unique(pairs, return_inverse=True)
        none = int(unique[:1].sum() < 0)
        for rows, own in zip(self.row_of.values(), row_of.reshape(pairs.shape), strict=True):
            rows[mine] = np.where(own < none, -1, own - none + self.rows)
        unique = unique[none:]
        self.rows += len(unique)
        return unique // logits.shape[1], unique % logits.shape[1]


class _Pass:
    """Batch by batch through the network: `predictions` fill up, evidence goes to the sink."""

    def __init__(self, explainer: Explainer, targets: _Targets, asked: Mapping[str, Explanation], sink: Sink):
        self.explainer = explainer
        self.backbone = explainer.backbone
        self.targets = targets
        self.asked = asked
        self.sink = sink
        self.asking = {kind(explainer, own, sink): own for kind, own in kinds(asked.values()).items()}
        self.layers = sorted(
            {place for each in asked.values() if "activations" in ARRAYS[each.method] for place in each.layers}
        )
        self.done = 0  # images
        self.predictions = {
            "logits": np.empty((targets.images, self.backbone.classes), np.float32),
            "readable": np.zeros(targets.images, bool),
            "input_to_image": np.empty((targets.images, 4), np.float64),
        }

    def batch(self, batch: list[images.Loaded]) -> None:
        """The next images."""
        readable = np.array([item.status == "ok" for item in batch])
        pixels = np.stack([item.pixels for item in batch])
        seen = self.explainer.forward(pixels)
        seen = seen._replace(activations=[_zeroed(layer, ~readable) for layer in seen.activations])
        for place in self.layers:
            self.sink.append(f"activations.{place}", seen.activations[place], self.targets.images)
        self._ask(Batch(pixels, seen, *self.targets.asked(self.done, seen.logits, readable)))
        rows = slice(self.done, self.done + len(batch))
        # What the network makes of a blank is no prediction.
        self.predictions["logits"][rows] = np.where(readable[:, None], seen.logits, np.float32(np.nan))
        self.predictions["readable"][rows] = readable
        self.predictions["input_to_image"][rows] = [item.input_to_image for item in batch]
        self.done += len(batch)

    def _ask(self, batch: Batch) -> None:
        if len(batch.images):
            for asking in self.asking:
                asking.of(batch)

    def finish(self) -> None:
        """What is known of all targets once the last batch is through."""
        self._shape()
        targets = len(self.targets)
        self.sink.append("image_of", self.targets.image_of, targets)
        for name in ("explained", "row_of"):
            for way, values in getattr(self.targets, name).items():
                self.sink.append(f"{name}.{way}", values, targets)
        cells: dict[str, np.ndarray] = {}
        views = {name: self._view(explanation, cells) for name, explanation in self.asked.items()}
        for name, values in cells.items():
            self.sink.append(name, values, 4)
        text = np.frombuffer(json.dumps(views, sort_keys=True).encode(), np.uint8)
        self.sink.append("views", text, len(text))

    def _shape(self) -> None:
        """A file of evidence has all its arrays, of a shard without images or without outputs too."""
        if self.targets.rows:
            return
        pixels = np.zeros((1, *self.backbone.size, 3), np.uint8)
        seen, none = self.explainer.forward(pixels), np.empty(0, np.int64)
        if not self.targets.images:
            for place in self.layers:
                self.sink.append(f"activations.{place}", seen.activations[place][:0], 0)
        for asking in self.asking:
            asking.of(Batch(pixels, seen, none, none))

    def _view(self, explanation: Explanation, cells: dict[str, np.ndarray]) -> dict[str, str]:
        """An explanation's arrays by their names in its view; those of `cell_to_input` are put into `cells`."""
        asking = next(asking for asking, own in self.asking.items() if explanation in own)
        found = {name: f"{name}.{explanation.explain}" for name in ("explained", "row_of")} | asking.names(explanation)
        for nth, (place, values) in enumerate(zip(explanation.layers, asking.cell_to_input(explanation), strict=True)):
            if place in self.layers and "activations" in ARRAYS[explanation.method]:
                found["activations" + suffix(nth)] = f"activations.{place}"
            name = "cell_to_input" + suffix(nth)
            found[name] = f"cell_to_input.{len(cells)}"
            cells[found[name]] = np.array(values, np.float64)
        return found


def _zeroed(rows: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Activations with zeros for the images that are unreadable, whatever the network made of a blank."""
    return np.where(which[:, None, None, None], np.float32(0), rows) if which.any() else rows


def _check_outputs(accepted: list[list[int]], names: pd.Series, classes: int) -> None:
    for outputs, name in zip(accepted, names, strict=True):
        for index in outputs:
            if not 0 <= index < classes:
                raise ConfigError(f"targets: {name} names class index {index}, the model has 0..{classes - 1}.")
