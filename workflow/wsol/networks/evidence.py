"""One pass over the images: what the network predicts, and what any CAM needs to explain it.

The network runs once per image, whatever layers, scores and classes are explained; gradients run through the head once
for each output that explains a target of the image. One traced function for each, at one batch shape: the last batch is
padded.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wsol.files.behind import Behind, Sink
from wsol.files.predict import ARRAYS, view
from wsol.networks.answering import kinds
from wsol.networks.asking import Batch, Explanation, suffix
from wsol.networks.built import Backbone
from wsol.networks.explainer import Explainer
from wsol.networks.seeing import KeptLayers, ShownBatch, remembered, shown
from wsol.networks.targeting import ExplainedTargets, check_outputs

Arrays = dict[str, np.ndarray]


class Collected(dict[str, np.ndarray]):
    """A sink that keeps everything in memory."""

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None:
        """The next rows of an array."""
        self[name] = np.concatenate([self[name], rows]) if name in self else rows.copy()

    def view(self, explanation: str = "") -> Arrays:
        """The arrays of one explanation (`files.predict.view`)."""
        return view(self, explanation)


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
    kept: KeptLayers | None = None,
) -> Arrays:
    """The arrays of PREDICTIONS, one row per image in order of appearance; those of EVIDENCE go to `sink`.

    `targets` has the columns image, outputs (those that are right for the target), width and height. An image that
    does not open has NaN logits, and its targets no evidence. `explanations` says by name what is explained (layer,
    score, explain, evidence); without it, as "", what the backbone's own settings say. `progress` hears how many images
    each batch finished. An `explainer` of this backbone, made before, spares a second tracing; layers that were `kept`
    of a pass over the same images spare the pass, where they are all that is needed. A ConfigError names an output that
    the network does not have.
    """
    firsts = targets.drop_duplicates("image")
    asked = {
        name: Explanation.of(backbone, settings) for name, settings in (explanations or {"": backbone.settings}).items()
    }
    known = ExplainedTargets(
        targets, pd.Index(firsts["image"]).get_indexer(targets["image"]), len(firsts), _explains(asked.values())
    )
    check_outputs(known.accepted, targets["image"], backbone.classes)
    # Tracing costs seconds: a caller that predicts twice hands over the functions of the first time.
    explainer = explainer or backbone.explainer(backbone.settings["batch"], threads)
    again = remembered(explainer, kept) if kept else None
    with Behind(sink) as behind:
        work = _Pass(explainer, known, asked, behind)
        for batch in again or shown(explainer, open_image, firsts, threads):
            work.batch(batch)
            progress(len(batch.readable))
        work.finish()
    size = np.array(backbone.size, np.int64)
    return {"image": firsts["image"].to_numpy(dtype=str), **work.predictions, "input_size": size}


def _explains(asked: Iterable[Explanation]) -> list[str]:
    return sorted({explanation.explain for explanation in asked})


class _Pass:
    """Batch by batch through the network: `predictions` fill up, evidence goes to the sink."""

    def __init__(self, explainer: Explainer, targets: ExplainedTargets, asked: Mapping[str, Explanation], sink: Sink):
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

    def batch(self, batch: ShownBatch) -> None:
        """The next images."""
        seen, readable = batch.seen, batch.readable
        for place in self.layers:
            self.sink.append(f"activations.{place}", seen.activations[place], self.targets.images)
        self._ask(Batch(batch.pixels, seen, *self.targets.asked(self.done, seen.logits, readable)))
        rows = slice(self.done, self.done + len(readable))
        # What the network makes of a blank is no prediction.
        self.predictions["logits"][rows] = np.where(readable[:, None], seen.logits, np.float32(np.nan))
        self.predictions["readable"][rows] = readable
        self.predictions["input_to_image"][rows] = batch.input_to_image
        self.done += len(readable)

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
