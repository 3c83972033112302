"""A run's files -> the Outcome that metrics see, shard by shard, and the box each target is drawn with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol import boxes, hits
from wsol.curves import Hits, join
from wsol.files import PREDICTIONS, REGIONS, TARGETS
from wsol.metrics import View
from wsol.outcome import Outcome, ranks_of, statuses
from wsol.thresholds import PUBLISHED_STEP

Shards = list[dict[str, NDArray]]


def outcome(files: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Outcome, Shards]:
    """`files`: targets, predictions and regions of one dataset; `settings`: the threshold's (`regions`' settings)."""
    targets = TARGETS.read(files["targets"])
    shards = [REGIONS.read(path) for path in files["regions"]]
    status = np.concatenate([shard["status"] for shard in shards])
    rank = ranks_of(targets, map(PREDICTIONS.read, files["predictions"])) if files["predictions"] else None

    def find_hits(deltas: tuple[float, ...], components: str, truth: Sequence[NDArray]) -> list[Hits]:
        return _hits(shards, targets, truth, deltas, components == "largest", settings["protocol"])

    return Outcome(targets, statuses(targets, status), rank, find_hits, levels(settings)), shards


def levels(settings: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """The grid of levels that was swept, None where every level of each map was."""
    step = settings["threshold"].get("step") or (PUBLISHED_STEP if settings["protocol"] == "wsol2020" else None)
    return np.arange(0, 1, step) if step else None


def _hits(shards: Shards, targets: pd.DataFrame, truth: Sequence[NDArray], deltas, largest: bool, protocol: str):
    """One Hits a delta over all shards: target numbers count through the dataset."""
    sizes, first = targets[["height", "width"]].to_numpy(), 0
    found: list[list[Hits]] = [[] for _ in deltas]
    for shard in shards:
        rows = slice(first, first + len(shard["index"]))
        own = truth[rows]
        flat = np.concatenate([np.empty((0, 4)), *own])
        offsets = np.concatenate([[0], np.cumsum([len(b) for b in own])])
        parts = hits.hits(shard, flat, offsets, sizes[rows], deltas, largest=largest, protocol=protocol)
        for place, part in enumerate(parts):
            found[place].append(Hits(part.target + first, part.lo, part.hi))
        first = rows.stop
    return [join(parts) for parts in found]


def drawn_boxes(view: View, shards: Shards, sizes: NDArray) -> list[list[float]]:
    """Each target's largest box at the level best for IoU .5, in image pixels; [] where there is none."""
    level = view.level((0.5,), "largest", "any")
    found = []
    for shard in shards:
        stands = shard["largest"] & (level is None or ((shard["lo"] < level) & (level <= shard["hi"])))
        for target, distinct in enumerate(shard["index"]):
            rows = slice(*shard["offsets"][distinct : distinct + 2])
            own = shard["boxes"][rows][stands[rows]][:1]
            found.append(_in_image(own, shard["geometry"][target], sizes[len(found)]))
    return found


def _in_image(box: NDArray, geometry: NDArray, size: NDArray) -> list[float]:
    scaled = boxes.scale(box, geometry[0], geometry[1]) + np.tile(geometry[2:], 2)
    inside = boxes.clip(scaled, size[1], size[0])
    return inside[boxes.area(inside) > 0].ravel().tolist()
