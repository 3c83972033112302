"""Evidence -> one small map a target, and which of them explain nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.maps.fusion import fuse, suffixes
from wsol.settings import takes

Maps = list[np.ndarray]
CHUNK = 64  # targets at a time: activations of a shard need not fit into memory


def explain(
    cam: Callable, evidence: Mapping[str, np.ndarray], settings: Mapping[str, Any], fusion: Mapping[str, Any] = {}
) -> Iterator[np.ndarray]:
    """The map of each target, float32 [h w], `cam` applied to chunks of the evidence (`files.EVIDENCE`).

    Where several layers are explained, their maps are fused as `fusion` says (`fusion.fuse`).
    """
    image_of, names = evidence["image_of"], takes(cam)
    for start in range(0, len(image_of), CHUNK):
        rows = slice(start, start + CHUNK)
        layers = [
            cam(
                evidence["activations" + layer][image_of[rows]],
                *(evidence[name + layer][rows] for name in names),
                **settings,
            )
            for layer in suffixes(evidence)
        ]
        yield from fuse(layers, **fusion)


def grid(evidence: Mapping[str, np.ndarray], maps: Maps, input_size: np.ndarray) -> np.ndarray:
    """Where the maps' cells lie on the input, float64 [4]: the layer's own grid.

    Of layers that differ, fusion stretches each over the finest: their map's grid is the stretch.
    """
    grids = [np.asarray(evidence["cell_to_input" + layer]) for layer in suffixes(evidence)]
    if all(np.array_equal(grids[0], other) for other in grids[1:]) or not maps:
        return grids[0]
    return Affine.stretch(maps[0].shape, input_size).array()


def status(maps: Maps, targets: pd.DataFrame, readable: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """What became of each target. str [t].

    A target keeps what the index said of it. Of the others, `unreadable` has an image that does not decode, `unmapped`
    a class the model has no output for, and `degenerate` a constant or non-finite map: each is a miss, none dropped.
    """
    found = targets["status"].to_numpy(str).astype("U16")
    fine = found == "ok"
    flat = np.array([is_degenerate(heatmap) for heatmap in maps], bool)
    found[fine & flat] = "degenerate"
    found[fine & (explained < 0)] = "unmapped"
    found[fine & ~readable] = "unreadable"
    return found


def is_degenerate(heatmap: np.ndarray) -> bool:
    """Whether a map shows no place above another, so that no level means anything on it."""
    return not np.isfinite(heatmap).all() or heatmap.min() == heatmap.max()
