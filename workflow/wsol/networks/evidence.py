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

from wsol.files.augmentations import PLAIN, Augmentation, augmentations
from wsol.files.behind import Behind, Sink
from wsol.files.predict import view
from wsol.networks.asking import Explanation
from wsol.networks.augmented import AugmentedPass
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
    sized: Mapping[float, Backbone] = {},
) -> Arrays:
    """The arrays of PREDICTIONS, one row per image in order of appearance; those of EVIDENCE go to `sink`.

    `targets` has the columns image, outputs (those that are right for the target), width and height. An image that
    does not open has NaN logits, and its targets no evidence. `explanations` says by name what is explained (layer,
    score, explain, evidence; scales and flip, if any); without it, as "", what the backbone's own settings say.
    `progress` hears how many images each batch finished. An `explainer` of this backbone, made before, spares a second
    tracing; layers that were `kept` of a pass over the same images spare the pass, where they are all that is needed.
    `sized` has the backbone at other scales of its input (`scaling.sized`), where explanations ask for some. A
    ConfigError names an output that the network does not have.
    """
    firsts = targets.drop_duplicates("image")
    settings = explanations or {"": backbone.settings}
    asked = {name: Explanation.of(backbone, each) for name, each in settings.items()}
    known = ExplainedTargets(
        targets, pd.Index(firsts["image"]).get_indexer(targets["image"]), len(firsts), _explains(asked.values())
    )
    check_outputs(known.accepted, targets["image"], backbone.classes)
    # Tracing costs seconds: a caller that predicts twice hands over the functions of the first time.
    explainer = explainer or backbone.explainer(backbone.settings["batch"], threads)
    shown_as = {name: augmentations(each) for name, each in settings.items()}
    explainers = _explainers(explainer, shown_as.values(), sized, threads)
    again = remembered(explainer, kept) if kept and set(explainers) == {PLAIN} else None
    with Behind(sink) as behind:
        mine = {way: {name: asked[name] for name in asked if way in shown_as[name]} for way in explainers}
        passes = [AugmentedPass(own, way, mine[way], backbone.size, behind) for way, own in explainers.items()]
        work = _Pass(backbone, known, passes, behind)
        for batch in again or shown(explainers, open_image, firsts, threads):
            work.batch(batch)
            progress(len(batch[PLAIN].readable))
        work.finish()
    size = np.array(backbone.size, np.int64)
    return {"image": firsts["image"].to_numpy(dtype=str), **work.predictions, "input_size": size}


def _explains(asked: Iterable[Explanation]) -> list[str]:
    return sorted({explanation.explain for explanation in asked})


def _explainers(
    explainer: Explainer, asked: Iterable[list[Augmentation]], sized: Mapping[float, Backbone], threads: int
) -> dict[Augmentation, Explainer]:
    """Who answers for each augmentation that is asked for; first, in any case, the image as it is."""
    ways = sorted({way for ways in asked for way in ways} - {PLAIN})
    at = {PLAIN.scale: explainer}
    for scale in sorted({way.scale for way in ways} - {PLAIN.scale}):
        at[scale] = sized[scale].explainer(explainer.batch, threads)
    return {PLAIN: explainer} | {way: at[way.scale] for way in ways}


class _Pass:
    """Batch by batch through the network: `predictions` fill up, evidence goes to the sink."""

    def __init__(self, backbone: Backbone, targets: ExplainedTargets, passes: list[AugmentedPass], sink: Sink):
        self.targets = targets
        self.passes = passes
        self.sink = sink
        self.done = 0  # images
        self.predictions = {
            "logits": np.empty((targets.images, backbone.classes), np.float32),
            "readable": np.zeros(targets.images, bool),
            "input_to_image": np.empty((targets.images, 4), np.float64),
        }

    def batch(self, batch: Mapping[Augmentation, ShownBatch]) -> None:
        """The next images, in each augmentation."""
        plain = batch[PLAIN]
        logits, readable = plain.seen.logits, plain.readable
        asked = self.targets.asked(self.done, logits, readable)
        for each in self.passes:
            each.batch(batch[each.augmentation], *asked, self.targets.images)
        rows = slice(self.done, self.done + len(readable))
        # What the network makes of a blank is no prediction.
        self.predictions["logits"][rows] = np.where(readable[:, None], logits, np.float32(np.nan))
        self.predictions["readable"][rows] = readable
        self.predictions["input_to_image"][rows] = plain.input_to_image
        self.done += len(readable)

    def finish(self) -> None:
        """What is known of all targets once the last batch is through."""
        if not self.targets.rows:  # a file of evidence has all its arrays, of a shard without outputs too
            for each in self.passes:
                each.nothing(self.targets.images)
        targets = len(self.targets)
        self.sink.append("image_of", self.targets.image_of, targets)
        for name in ("explained", "row_of"):
            for way, values in getattr(self.targets, name).items():
                self.sink.append(f"{name}.{way}", values, targets)
        views = {name: arrays for each in self.passes for name, arrays in each.views().items()}
        text = np.frombuffer(json.dumps(views, sort_keys=True).encode(), np.uint8)
        self.sink.append("views", text, len(text))
