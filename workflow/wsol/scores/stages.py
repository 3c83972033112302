"""A run's stage files, read for what scores ask of them.

One shard is held at a time: files are read again for each pass over the run. Shards lie in the order of the targets;
predictions go by the image's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.affine import Affine
from wsol.errors import DataError
from wsol.files.npz import unpack
from wsol.regions.canvases import boxes_on_image
from wsol.regions.drawing import PreparedMap, drawing
from wsol.regions.packed import rows_of_targets, unpack_masks
from wsol.regions.protocols import PROTOCOLS, Protocol
from wsol.regions.thresholds import swept_levels
from wsol.scores import curves, masks, pixels, pointing, seedmaps
from wsol.scores.curves import HitIntervals
from wsol.scores.hits import find_hit_intervals
from wsol.scores.outcome import Unavailable, statuses
from wsol.scores.seeds import LEVELS, Seeds

Reader = Callable[[], Mapping[str, NDArray]]
Truth = Sequence[NDArray[np.float64]]
Floats = NDArray[np.float64]
Level = Floats | float | None  # of all targets, or of each its own [n]; None: each map's own


@dataclass(frozen=True)
class Stages:
    """The stage files of one run over one dataset, and how its maps were prepared."""

    targets: pd.DataFrame
    regions: Sequence[Reader]
    heatmaps: Sequence[Reader]
    settings: Mapping[str, Any]  # of the regions: threshold, protocol, upsampling, normalization, canvas, alignment

    @property
    def protocol(self) -> Protocol:
        return PROTOCOLS[self.settings["protocol"]]

    @property
    def levels(self) -> Floats | None:
        """The levels that were swept, the same for every map; None where they were each map's own."""
        return swept_levels(self.settings["threshold"], self.protocol.step)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """[n 2]: height, width."""
        return self.targets[["height", "width"]].to_numpy(np.int64)

    @cached_property
    def status(self) -> NDArray[np.str_]:
        found = [np.asarray(read()["status"], np.str_) for read in self.regions]
        return statuses(self.targets, np.concatenate([np.empty(0, np.str_), *found]))

    def find_hit_intervals(self, deltas: tuple[float, ...], components: str, truth: Truth) -> list[HitIntervals]:
        """The levels at which each target is hit, for each IoU of `deltas`; `truth` [n] of boxes [k 4]."""
        parts: list[list[HitIntervals]] = [[] for _ in deltas]
        largest = components == "largest"  # else all regions of a map
        for rows, shard in self.shards(self.regions):
            # One table of all true boxes, and where each target's begin: what the compiled code reads.
            offsets = np.cumsum([0] + [len(true) for true in truth[rows]])
            flat = np.concatenate([np.empty((0, 4)), *truth[rows]])
            given = (shard, flat, offsets, self.sizes[rows], deltas)
            found = find_hit_intervals(*given, largest=largest, protocol=self.protocol)
            for part, each in zip(parts, found, strict=True):
                part.append(each._replace(target=each.target + rows.start))
        return [curves.join(part) for part in parts]

    def largest_boxes(self, level: Level) -> list[list[float]]:
        """Each target's box at one level (None: each map's own) in image pixels; [] where there is none."""
        found = []
        for t, canvas, canvas_to_image in self._boxes(level, largest=True):
            box = boxes_on_image(canvas[:1], Affine.of(canvas_to_image), self.sizes[t])
            found.append(box[boxes.area(box) > 0].ravel().tolist())
        return found

    def all_boxes(self, level: Level) -> list[Floats]:
        """The boxes [k 4] of all regions of each target at one level (None: each map's own) in image pixels."""
        found = []
        for t, canvas, canvas_to_image in self._boxes(level, largest=False):
            box = boxes_on_image(canvas, Affine.of(canvas_to_image), self.sizes[t])
            found.append(box[boxes.area(box) > 0])
        return found

    def find_overlaps(self, level: Level) -> list[Floats]:
        """The IoU [boxes truth] of each target's boxes at one level, in the frame that the protocol compares in."""
        pairs = zip(self.compared_boxes(level, largest=False), self.compared_truth(), strict=True)
        return [boxes.iou(ours, true, inclusive=self.protocol.inclusive) for ours, true in pairs]

    def compared_boxes(self, level: Level, *, largest: bool) -> list[Floats]:
        """Each target's boxes [k 4] at one level, or its largest region's, in the frame that the protocol compares in.

        Of the largest k is at most 1.
        """
        most = 1 if largest else None
        return [
            self.protocol.row_boxes(canvas[:most], canvas_to_image, self.sizes[t])
            for t, canvas, canvas_to_image in self._boxes(level, largest=largest)
        ]

    def compared_truth(self) -> list[Floats]:
        """Each target's true boxes [g 4] in that frame."""
        pairs = zip(self.targets["boxes"], self.sizes, strict=True)
        return [self.protocol.truth_boxes(boxes.asboxes(flat), size) for flat, size in pairs]

    def _boxes(self, level: Level, *, largest: bool) -> Iterator[tuple[int, NDArray[np.int32], Floats]]:
        """Each target, its boxes [k 4] at a level in canvas pixels, and its canvas_to_image [4]."""
        for rows, shard in self.shards(self.regions):
            for i, own in enumerate(rows_of_targets(shard)):
                t = rows.start + i
                kept = own.holding(level[t] if isinstance(level, np.ndarray) else level, largest=largest)
                yield t, own.boxes[kept], shard["canvas_to_image"][i]

    def find_pixels(self) -> pixels.Pixels:
        return masks.measure(self.targets, self.maps(), self.protocol, self.levels)

    def find_pointing(self) -> pointing.Pointing:
        """Of the maps' own values: min-max would make energy of everything above the least."""
        return pointing.measure(self.targets, self.maps("none"))

    def find_seeds(self) -> Seeds:
        """At the levels of the field, or at the one of a fixed threshold; drawn by a rule of their own."""
        threshold = self.settings["threshold"]
        if threshold["method"] not in ("sweep", "fixed"):
            raise Unavailable("one background level for all maps (of a sweep, or fixed)")
        levels = LEVELS if threshold["method"] == "sweep" else np.array([threshold["level"]], np.float64)
        return seedmaps.measure(self.targets, self.maps(**seedmaps.DRAWN), levels)

    def find_masks(self) -> pixels.Counts:
        found = np.array([mask for _, shard in self.shards(self.regions) for mask in unpack_masks(shard)], object)
        if not (found != b"").any():  # the evaluation asked for none
            raise Unavailable("predicted masks")
        return masks.measure_masks(self.targets, np.where(self.status == "ok", found, b""))

    def maps(self, normalization: str | None = None, **other: str) -> Iterator[PreparedMap]:
        """Every target's map as floats, before a protocol makes whole numbers of it; a zero if it is not ok.

        Prepared as for the regions, unless another `normalization`, or `other` settings, are asked for.
        """
        settings = {**self.settings, **other}
        if normalization:
            settings["normalization"] = normalization
        for rows, shard in self.shards(self.heatmaps):
            place = (shard["input_to_image"], shard["input_size"], self.sizes[rows], shard["cell_to_input"])
            yield from drawing(unpack(shard), *place, settings).maps(self.status[rows] == "ok")

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
