"""A run's stage files, read for what scores ask of them.

One shard is held at a time: files are read again for each pass over the run. Shards lie in the order of the targets;
predictions go by the image's name. What was not measured when maps were cut has the maps drawn once more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes
from wsol.affine import Affine
from wsol.errors import DataError
from wsol.regions.canvases import boxes_on_image
from wsol.regions.drawing import PreparedMap
from wsol.regions.packed import rows_of_targets, unpack_masks
from wsol.regions.protocols import PROTOCOLS, Protocol
from wsol.regions.thresholds import swept_levels
from wsol.scores import curves, masks, pixels, pointing, seedmaps, seeds
from wsol.scores.curves import HitIntervals
from wsol.scores.histograms import Counts, Packed, Reader
from wsol.scores.hits import find_hit_intervals
from wsol.scores.measuring import drawn_as
from wsol.scores.outcome import Unavailable, statuses

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
    measures: Sequence[Reader] = ()  # of the same shards, or none
    unmeasured: set[str] = field(default_factory=set)  # the sources for which maps had to be drawn again

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
        found: list[list[float]] = [[] for _ in self.sizes]
        boxed = [each for each in self._boxes(level, largest=True) if len(each[1])]
        if boxed:
            target, canvas, canvas_to_image = zip(*boxed, strict=True)
            # As `boxes_on_image`, of all targets at once.
            scale_and_shift = np.array(canvas_to_image)
            onto = np.stack([own[0] for own in canvas]).astype(np.float64) * scale_and_shift[:, [0, 1, 0, 1]]
            edges = self.sizes[list(target)][:, [1, 0, 1, 0]]
            box = np.clip(onto + scale_and_shift[:, [2, 3, 2, 3]], 0, edges)
            for t, own, area in zip(target, box.tolist(), boxes.area(box), strict=True):
                found[t] = own if area > 0 else []
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
        flat = [boxes.asboxes(flat) for flat in self.targets["boxes"]]
        counts = [len(own) for own in flat]
        sizes = np.repeat(self.sizes, counts, axis=0)
        found = self.protocol.truth_boxes(np.concatenate([np.empty((0, 4)), *flat]), sizes)
        return np.split(found, np.cumsum(counts)[:-1]) if counts else []

    def _boxes(self, level: Level, *, largest: bool) -> Iterator[tuple[int, NDArray[np.int32], Floats]]:
        """Each target, its boxes [k 4] at a level in canvas pixels, and its canvas_to_image [4]."""
        for rows, shard in self.shards(self.regions):
            for i, own in enumerate(rows_of_targets(shard)):
                t = rows.start + i
                kept = own.holding(level[t] if isinstance(level, np.ndarray) else level, largest=largest)
                yield t, own.boxes[kept], shard["canvas_to_image"][i]

    def find_pixels(self) -> pixels.Pixels:
        if not self._measured("pixels"):
            return pixels.measure(self.targets, self.maps(), self.protocol, self.levels)
        counted = (self.targets["mask"] != "").to_numpy()
        ap = np.full(len(counted), np.nan)
        ap[counted] = self._joined("ap")
        edges = masks.edges_of(self.levels)
        inside, outside = (Packed(name, self.measures, counted, len(edges) + 1) for name in ("inside", "outside"))
        return pixels.Pixels(inside, outside, ap, counted, edges, pixels.places_of(self.levels))

    def find_pointing(self) -> pointing.Pointing:
        """Of the maps' own values: min-max would make energy of everything above the least."""
        if not self._measured("pointing"):
            return pointing.measure(self.targets, self.maps("none"))
        return pointing.Pointing(*self._joined("pointing").T)

    def find_seeds(self) -> seeds.Seeds:
        """At the levels of the field, or at the one of a fixed threshold; drawn by a rule of their own."""
        levels = seedmaps.levels_of(self.settings["threshold"])
        if levels is None:
            raise Unavailable("one background level for all maps (of a sweep, or fixed)")
        if not self._measured("seeds"):
            return seeds.measure(self.targets, self.maps(**seedmaps.DRAWN), levels)
        columns = {name: self._joined(f"seed_{name}") for name in seedmaps.SeedRows._fields}
        firsts = [np.full(len(shard["seed_target"]), rows.start) for rows, shard in self.shards(self.measures)]
        columns["target"] += np.concatenate(firsts)
        return seeds.Seeds(seedmaps.SeedRows(**columns), self._joined("seed_counted"), levels)

    def find_masks(self) -> Counts:
        if self._measured("masks"):
            counted = (self.targets["mask"] != "").to_numpy()
            counts = np.full((4, len(counted)), np.nan)
            counts[:, counted] = self._joined("masks").T
            return Counts(*counts)
        found = np.array([mask for _, shard in self.shards(self.regions) for mask in unpack_masks(shard)], object)
        if not (found != b"").any():  # the evaluation asked for none
            raise Unavailable("predicted masks")
        return pixels.measure_masks(self.targets, np.where(self.status == "ok", found, b""))

    def _measured(self, source: str) -> bool:
        """Whether every shard has a source of files.measures.SOURCES measured."""
        if self.measures and all(source in read()["sources"] for read in self.measures):
            return True
        self.unmeasured.add(source)
        return False

    def _joined(self, name: str) -> NDArray:
        """An array of the files of measures, of all shards."""
        return np.concatenate([shard[name] for _, shard in self.shards(self.measures)])

    def maps(self, normalization: str | None = None, **other: str) -> Iterator[PreparedMap]:
        """Every target's map as floats, before a protocol makes whole numbers of it; a zero if it is not ok.

        Prepared as for the regions, unless another `normalization`, or `other` settings, are asked for.
        """
        settings = {**self.settings, **other}
        if normalization:
            settings["normalization"] = normalization
        for rows, shard in self.shards(self.heatmaps):
            yield from drawn_as(shard, self.targets[rows], settings).maps(self.status[rows] == "ok")

    def shards(self, readers: Sequence[Reader]) -> Iterator[tuple[slice, Mapping[str, NDArray]]]:
        """Each shard and the rows of its targets."""
        start = 0
        for read in readers:
            shard = read()
            stop = start + len(shard["ok"] if "ok" in shard else shard["status"])
            yield slice(start, stop), shard
            start = stop
        if start != len(self.targets):
            raise DataError(f"shards: {start} targets, but the index has {len(self.targets)}")
