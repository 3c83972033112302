"""Regions: where a prepared map passes a level, as boxes for every level at once.

A row is a box and the levels it holds for: `level_low < level <= level_high`. Rows marked `largest` part the levels and
give the largest region's box at each; the others are the boxes of all regions. Rows of one map ascend by `level_low`,
the largest regions' first, so that a scorer can merge their intervals in one walk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.regions.parting import part
from wsol.regions.protocols import Protocol
from wsol.regions.tree import LEVEL_HIGH, LEVEL_LOW


@dataclass(frozen=True)
class Regions:
    """The regions of one map: boxes int32 [m 4] in canvas pixels, levels float64 [m], largest bool [m]."""

    boxes: NDArray[np.int32]
    level_low: NDArray[np.float64]
    level_high: NDArray[np.float64]
    largest: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.boxes)


def cut(prepared: NDArray, levels: NDArray, protocol: Protocol, split: Mapping[str, Any] | None = None) -> Regions:
    """A prepared map [H W] and its levels [t], ascending, as the protocol's boxes at each level.

    `split`: a method of parting.SPLITS and its settings, which parts the regions of a single level.
    """
    levels = np.asarray(levels, np.float64)
    if split:
        rows, largest = part(protocol.foreground(prepared, levels[0]), prepared, split)
    else:
        rows, largest = protocol.cut(np.ascontiguousarray(prepared), levels)
    both = np.concatenate([largest, rows])
    is_largest = np.arange(len(both)) < len(largest)
    order = np.lexsort((both[:, LEVEL_HIGH], both[:, LEVEL_LOW], ~is_largest))
    both = both[order]
    bounds = np.concatenate([[-np.inf], levels])  # the lowest row holds for whatever lies below the first level
    low = bounds[both[:, LEVEL_LOW]]
    high = bounds[both[:, LEVEL_HIGH]]
    return Regions(both[:, :4], low, high, is_largest[order])
