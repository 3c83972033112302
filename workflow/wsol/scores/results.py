"""A run's results at one level, as `wsol.exports` writes them.

The level is the one of highest accuracy at IoU .5 with boxes of all regions, or of highest mean IoU where the truth has
masks only: chosen on the select split where there is one, else on the reported one; each map's own where the threshold
gives one. A box scores the highest value of the normalised map inside it, times the probability of the explained class
where there is one: where no network predicts (a control, imported maps), or nothing says what makes probabilities of
its outputs, the score is the map's value alone, and `scored` says so beside what is exported.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.files.npz import unpack
from wsol.files.predict import PREDICTIONS
from wsol.index.outputs import class_probability, right
from wsol.regions.drawing import PreparedMap
from wsol.regions.localize import mask
from wsol.regions.published import check_stretched
from wsol.regions.thresholds import levels_of
from wsol.scores.outcome import Unavailable
from wsol.scores.seedmaps import DRAWN, by_image, seed, stacked
from wsol.scores.seeds import BACKGROUND
from wsol.scores.stages import Stages
from wsol.scores.views import Level, View


class RunResult:
    """See `exports.exported.Exported`."""

    def __init__(self, view: View, stages: Stages, predictions: Sequence[str | Path] = ()):
        self.view = view
        self.stages = stages
        self.targets = stages.targets
        self.preparation = {key: stages.settings[key] for key in ("upsampling", "normalization")}
        self.chances = chances(self.targets, predictions, view.outcome.explain)
        self.scored = scored(predictions)

    @cached_property
    def level(self) -> Level:
        """None where each map has its own."""
        return self.view.exported_level()

    @property
    def levels(self) -> float | dict[str, float] | None:
        """That level, or that of each class by its name, as what is exported says it."""
        if not isinstance(self.level, np.ndarray):
            return self.level
        return dict(zip(self.targets["class_name"], self.level.tolist(), strict=True))

    @cached_property
    def boxes(self) -> list[NDArray[np.float64]]:
        found = zip(self.stages.all_boxes(self.level), self.view.outcome.status, strict=True)
        return [boxes if status == "ok" else boxes[:0] for boxes, status in found]

    @cached_property
    def scores(self) -> list[NDArray[np.float64]]:
        drawn = zip(self.boxes, self.stages.maps(), self.chances, strict=True)
        return [chance * highest(boxes, each) for boxes, each, chance in drawn]

    @cached_property
    def masks(self) -> list[bytes]:
        threshold = self.stages.settings["threshold"]
        protocol = self.stages.protocol
        found = []
        for t, (drawn, size) in enumerate(zip(self.stages.maps(), self.stages.sizes, strict=True)):
            prepared = protocol.as_cut(drawn.values)
            if not prepared.any():
                found.append(b"")
                continue
            # Where each map has its own level, it is chosen on what is cut, as the regions were.
            own = self.level[t] if isinstance(self.level, np.ndarray) else self.level
            level = levels_of(threshold, prepared)[0] if own is None else own
            found.append(mask(protocol.foreground(prepared, level), drawn.canvas_to_image, size))
        return found

    @cached_property
    def seed_level(self) -> tuple[float, str]:
        """The background level that tables show voc_miou at first, and where it is from; a DataError without any."""
        threshold = self.stages.settings["threshold"]
        if threshold["method"] == "fixed":
            return threshold["level"], "fixed"
        lacking = ""
        for outcome, level_from in ((self.view.chooser, self.view.level_from), (self.view.outcome, "oracle")):
            try:
                return outcome.seeds.best_level(), level_from
            except Unavailable as reason:
                lacking = str(reason)
        raise DataError(f"export of seeds: no split to choose the background level on, for lack of {lacking}.")

    def seeds(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Each image of known size and its seed [h w]: the label of each pixel, BACKGROUND where it is of none."""
        if self.view.outcome.explain == "predicted":
            raise DataError("export of seeds: needs maps of the labelled classes, these are of the predicted.")
        level, _ = self.seed_level
        for _, own, drawn in by_image(self.targets, self.stages.maps(**DRAWN)):
            if own[0].height and own[0].width:
                labels = np.array([BACKGROUND, *(row.label for row in own)])
                yield own[0].image, labels[seed(stacked(own, drawn), level)]

    def maps(self) -> Iterator[NDArray[np.floating]]:
        """A DataError where one does not cover its image: score maps have no place for a crop or a border."""
        for rows, shard in self.stages.shards(self.stages.heatmaps):
            ok = shard["status"] == "ok"
            where = (shard["input_to_image"][ok], shard["input_size"], self.stages.sizes[rows][ok])
            check_stretched(*where, "export of score maps")
            yield from unpack(shard)


def highest(boxes: NDArray[np.float64], drawn: PreparedMap) -> NDArray[np.float64]:
    """The highest value inside each box [n 4] of image pixels: [n]."""
    # Boxes come from canvas pixels: rounding takes back what their way to the image and its edges made of them.
    canvas = np.round(drawn.canvas_to_image.back_boxes(boxes)).astype(int).clip(0, None)
    return np.array([drawn.values[y0:y1, x0:x1].max(initial=0) for x0, y0, x1, y1 in canvas.tolist()], np.float64)


def chances(targets: pd.DataFrame, predictions: Sequence[str | Path], explain: str) -> NDArray[np.float64]:
    """What the maps' values are multiplied by, [t]: the explained class's probability; 1 where there is none."""
    found = np.ones(len(targets))
    for arrays, header in map(PREDICTIONS.open, predictions):
        place = pd.Index(arrays["image"]).get_indexer(pd.Index(targets["image"]))
        outputs = right(targets, arrays["names"])
        if header["settings"].get("activation"):
            p = class_probability(np.nan_to_num(arrays["logits"]), header["settings"]["activation"])
            for t in np.flatnonzero(place >= 0):
                found[t] = chance_of_class(p[place[t]], outputs[t], explain)
    return found


def scored(predictions: Sequence[str | Path]) -> str:
    """What the score of a box is."""
    known = [PREDICTIONS.peek(path)["settings"].get("activation") for path in predictions]
    if known and all(known):
        return "highest value of the map in the box * probability of the explained class"
    why = "the model does not say what makes probabilities of its outputs" if known else "no network predicted"
    return f"highest value of the map in the box; no probability: {why}"


def chance_of_class(p: NDArray, outputs: Sequence[int], explain: str) -> float:
    """Of the class that is explained: the highest of all, or of the right ones; 1 where no output is right."""
    if explain == "predicted":
        return float(p.max())
    return float(max((p[output] for output in outputs), default=1.0))
