"""A run's stage files -> the Outcome that metrics see.

One shard is held at a time: files are read again for each pass over the run. Shards lie in the order of the targets;
predictions go by the image's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.errors import DataError
from wsol.files.containers import header
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.npz import unpack
from wsol.files.predict import PREDICTIONS
from wsol.regions.canvases import CANVASES, Canvas, Drawn, placed
from wsol.regions.protocols import CANVAS_2020, finish, upsample
from wsol.regions.thresholds import PUBLISHED_STEP
from wsol.scores import curves, pixels, pointing
from wsol.scores.curves import HitIntervals
from wsol.scores.hits import find_hit_intervals, row_boxes, truth_boxes
from wsol.scores.outcome import Outcome, Unavailable, statuses
from wsol.scores.pixels import Map
from wsol.scores.ranks import ranks_of
from wsol.scores.views import View

SCORED_FROM = ("targets", "predictions", "heatmaps", "regions")  # what a run is scored from
Reader = Callable[[], Mapping[str, NDArray]]
Truth = Sequence[NDArray[np.float64]]


@dataclass(frozen=True)
class Stages:
    """The stage files of one run over one dataset, and how its maps were prepared."""

    targets: pd.DataFrame
    regions: Sequence[Reader]
    heatmaps: Sequence[Reader]
    settings: Mapping[str, Any]  # of the regions: threshold, protocol, upsampling, normalization, canvas, alignment

    @property
    def protocol(self) -> str:
        return self.settings["protocol"]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """[n 2]: height, width."""
        return self.targets[["height", "width"]].to_numpy(np.int64)

    @cached_property
    def status(self) -> NDArray[np.str_]:
        found = [np.asarray(read()["status"], np.str_) for read in self.regions]
        return statuses(self.targets, np.concatenate([np.empty(0, np.str_), *found]))

    def find_hit_intervals(self, deltas: tuple[float, ...], components: str, truth: Truth) -> list[HitIntervals]:
        parts: list[list[HitIntervals]] = [[] for _ in deltas]
        for rows, shard in self.shards(self.regions):
            offsets = np.cumsum([0] + [len(b) for b in truth[rows]])
            flat = np.concatenate([np.empty((0, 4)), *truth[rows]])
            largest = components == "largest"
            found = find_hit_intervals(
                shard, flat, offsets, self.sizes[rows], deltas, largest=largest, protocol=self.protocol
            )
            for part, each in zip(parts, found, strict=True):
                part.append(HitIntervals(each.target + rows.start, each.level_low, each.level_high))
        return [curves.join(part) for part in parts]

    def largest_boxes(self, level: float | None) -> list[list[float]]:
        """Each target's box at one level (None: each map's own) in image pixels; [] where there is none."""
        found = []
        for rows, shard in self.shards(self.regions):
            there = shard["largest"] & _holds(shard, level)
            for i, t in enumerate(range(rows.start, rows.stop)):
                box = _to_image(_cut(shard, there, i)[:1], shard["canvas_to_image"][i], self.sizes[t])
                found.append(box[boxes.area(box) > 0].ravel().tolist())
        return found

    def all_boxes(self, level: float | None) -> list[NDArray[np.float64]]:
        """The boxes [k 4] of all regions of each target at one level (None: each map's own) in image pixels."""
        found = []
        for rows, shard in self.shards(self.regions):
            there = ~shard["largest"] & _holds(shard, level)
            for i, t in enumerate(range(rows.start, rows.stop)):
                box = _to_image(_cut(shard, there, i), shard["canvas_to_image"][i], self.sizes[t])
                found.append(box[boxes.area(box) > 0])
        return found

    def find_overlaps(self, level: float | None) -> list[NDArray[np.float64]]:
        truth, found = [boxes.asboxes(b) for b in self.targets["boxes"]], []
        for rows, shard in self.shards(self.regions):
            there = ~shard["largest"] & _holds(shard, level)
            for i, t in enumerate(range(rows.start, rows.stop)):
                ours = row_boxes(_cut(shard, there, i), shard["canvas_to_image"][i], self.sizes[t], self.protocol)
                found.append(self._iou(ours, truth_boxes(truth[t], self.sizes[t], self.protocol)))
        return found

    def _iou(self, a: NDArray, b: NDArray) -> NDArray[np.float64]:
        if self.protocol == "wsol2020":  # both corners belong to a box
            return boxes.iou(boxes.from_inclusive(a), boxes.from_inclusive(b))
        return boxes.iou(a, b)

    def find_pixels(self) -> pixels.Pixels:
        levels = grid(self.settings["threshold"], self.protocol)
        return pixels.measure(self.targets, self.maps(), self.protocol, levels)

    def find_pointing(self) -> pointing.Pointing:
        """Of the maps' own values: min-max would make energy of everything above the least."""
        return pointing.measure(self.targets, self.maps("none"))

    def find_masks(self) -> pixels.Counts:
        found = np.concatenate([np.empty(0, "S1"), *(shard["masks"] for _, shard in self.shards(self.regions))])
        if not (found != b"").any():
            raise Unavailable("predicted masks")
        return pixels.measure_masks(self.targets, np.where(self.status == "ok", found, b""))

    def maps(self, normalization: str | None = None) -> Iterator[Map]:
        """Every target's map as floats, also under `wsol2020`; one that is not ok is a single zero.

        Prepared as for the regions, unless another `normalization` is asked for.
        """
        preparation = {key: self.settings[key] for key in ("upsampling", "normalization", "protocol")}
        if normalization:
            preparation["normalization"] = normalization
        for rows, shard in self.shards(self.heatmaps):
            yield from self._maps(rows, shard, preparation)

    def _maps(self, rows: slice, shard: Mapping[str, NDArray], preparation: dict[str, str]) -> Iterator[Map]:
        values, ok = unpack(shard), np.flatnonzero(self.status[rows] == "ok")
        canvas = CANVASES["wsol2020" if self.protocol == "wsol2020" else self.settings["canvas"]]
        plan = canvas.plan(shard["input_to_image"][ok], shard["input_size"], self.sizes[rows][ok])
        place = dict(zip(ok.tolist(), range(len(ok)), strict=True))
        last, drawn = None, (np.zeros((1, 1), np.float32), 0, 0)
        for i in range(rows.stop - rows.start):
            if i not in place:
                yield Map(np.zeros((1, 1), np.float32), np.array([1.0, 1, 0, 0]))
                continue
            size, how, canvas_to_image = plan.size[place[i]], plan.how[place[i]], plan.to_image[place[i]]
            key = (id(values[i]), tuple(size), tuple(how))
            if key != last:  # a control's map is one object for all images
                last, drawn = key, self._draw(canvas, shard, values[i], size, how, preparation)
            x, y = drawn[1:]
            yield Map(drawn[0], canvas_to_image + np.array([0, 0, *(canvas_to_image[:2] * [x, y])]))

    def _draw(
        self,
        canvas: Canvas,
        shard: Mapping[str, NDArray],
        values: NDArray,
        size: NDArray,
        how: NDArray,
        preparation: dict[str, str],
    ) -> Drawn:
        if self.protocol == "wsol2020":  # its pixel metrics see the map before it is made uint8
            resized = upsample(values, CANVAS_2020, CANVAS_2020, preparation["upsampling"], self.protocol)
            return finish(resized, preparation["normalization"], "exact"), 0, 0
        place = placed(self.settings["alignment"], shard["cell_to_input"], values.shape, shard["input_size"])
        return canvas.draw(values, size, how, place, **preparation)

    def shards(self, readers: Sequence[Reader]) -> Iterator[tuple[slice, Mapping[str, NDArray]]]:
        """Each shard and the rows of its targets."""
        start = 0
        for read in readers:
            shard = read()
            stop = start + len(shard["status"])
            yield slice(start, stop), shard
            start = stop
        if start != len(self.targets):
            raise DataError(f"shards: {start} targets, but the index has {len(self.targets)}")


def _holds(shard: Mapping[str, NDArray], level: float | None) -> NDArray[np.bool_]:
    """Which rows of a regions file hold at a level."""
    if level is None:
        return np.ones(len(shard["level_low"]), bool)
    return (shard["level_low"] < level) & (level <= shard["level_high"])


def _cut(shard: Mapping[str, NDArray], there: NDArray[np.bool_], target: int) -> NDArray[np.float32]:
    """Those boxes of a target that are `there`, canvas pixels."""
    rows = slice(*shard["offsets"][shard["index"][target] :][:2])
    return shard["boxes"][rows][there[rows]]


def _to_image(canvas: NDArray, canvas_to_image: NDArray, size: NDArray) -> boxes.Boxes:
    """Canvas boxes in the image's pixels, whatever the protocol scores in."""
    return row_boxes(canvas, canvas_to_image, size, "exact")


def outcome(files: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Outcome, Stages]:
    """`files`: targets, and of each shard predictions, heatmaps and regions; `settings`: those of the regions."""
    stages = Stages(
        TARGETS.read(files["targets"]),
        [partial(REGIONS.read, path) for path in files["regions"]],
        [partial(HEATMAPS.read, path) for path in files["heatmaps"]],
        settings,
    )
    predictions = list(files["predictions"])
    return Outcome(
        stages.targets,
        stages.status,
        rank=ranks_of(stages.targets, map(PREDICTIONS.read, predictions)) if predictions else None,
        find_hit_intervals=stages.find_hit_intervals,
        find_overlaps=stages.find_overlaps,
        find_masks=stages.find_masks,
        find_pixels=stages.find_pixels if stages.heatmaps else None,
        find_pointing=stages.find_pointing if stages.heatmaps else None,
        explain=explained(predictions),
        boxed=("ok", "degenerate") if stages.protocol == "wsol2020" else ("ok",),
        swept_levels=grid(settings["threshold"], stages.protocol),
    ), stages


def explained(predictions: Sequence[str | Path]) -> str:
    """Of which class a run's maps are: the labelled, or the predicted; of maps without a network, the labelled."""
    settings = header(Path(predictions[0])).get("settings") if predictions else None
    return (settings or {}).get("explain", "labelled")


def viewed(files: Any, settings: Mapping[str, Any]) -> tuple[View, Stages]:
    """A run at the level that its table shows first: each map's own, else the select split's best, else the oracle's.

    `files` are a stage's: those of the reported dataset by kind, and under `select_…` those levels are chosen on.
    """
    report, stages = outcome({kind: files.get(kind) for kind in SCORED_FROM}, settings)
    chosen_on = {kind: files.get(f"select_{kind}") for kind in SCORED_FROM}
    select = outcome(chosen_on, settings)[0] if chosen_on["targets"] else None
    single = settings["threshold"]["method"] != "sweep"
    return View(report, "fixed" if single else "selected" if select else "oracle", select), stages


def grid(threshold: Mapping[str, Any], protocol: str) -> NDArray[np.float64] | None:
    """The levels that were swept, the same for every map; None where they were each map's own."""
    step = threshold.get("step") or (PUBLISHED_STEP if protocol == "wsol2020" else None)
    return np.arange(0, 1, step) if step and threshold["method"] == "sweep" else None
