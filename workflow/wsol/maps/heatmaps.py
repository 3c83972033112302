"""Evidence -> one small map per target, and which of them explain nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.errors import ConfigError
from wsol.files.predict import rows
from wsol.maps.fusion import fuse, suffixes
from wsol.maps.record import Cam

Maps = list[np.ndarray]
CHUNK = 64  # targets at a time: activations of a shard need not fit into memory


def maps_from(
    cam: Cam, evidence: Mapping[str, np.ndarray], settings: Mapping[str, Any], fusion: Mapping[str, Any] = {}
) -> Iterator[np.ndarray]:
    """The map of each target, float32 [h w], by `cam` applied to chunks of the evidence (a `files.predict.view` of it).

    Where several layers are explained, their maps are fused as `fusion` says (`fusion.fuse`).
    """
    for start in range(0, len(evidence["image_of"]), CHUNK):
        chunk = slice(start, start + CHUNK)
        if missing := [name for name in cam.arrays if name not in evidence]:
            raise ConfigError(f"cams: the network has no '{missing[0]}', which a pooled head on its patches has.")
        layers = [
            cam(*(rows(evidence, name + suffix, chunk) for name in cam.arrays), **settings)
            for suffix in suffixes(evidence)
        ]
        yield from fuse(layers, **fusion)


def cell_to_input(evidence: Mapping[str, np.ndarray], maps: Maps, input_size: np.ndarray) -> np.ndarray:
    """Where the maps' cells lie on the input, float64 [4]: input = map * (sx sy) + (tx ty), as the layer's own do.

    Of layers that differ, fusion stretches each over the finest: their map is stretched over the input.
    """
    found = [np.asarray(evidence["cell_to_input" + suffix]) for suffix in suffixes(evidence)]
    if all(np.array_equal(found[0], other) for other in found[1:]) or not maps:
        return found[0]
    return Affine.stretch(maps[0].shape, input_size).array()


def status(maps: Maps, targets: pd.DataFrame, readable: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """What became of each target. str [t].

    A target keeps what the index said of it. Of the others, `unreadable` has an image that does not decode, `unmapped`
    a class the model has no output for, and `degenerate` a constant or non-finite map: each is a miss, none dropped.
    """
    found = targets["status"].to_numpy(str).astype("U16")
    fine = found == "ok"
    flat = np.array([is_degenerate(heatmap) for heatmap in maps], bool)
    # The earliest of the reasons stays: each line overwrites what a later stage would have said.
    found[fine & flat] = "degenerate"
    found[fine & (explained < 0)] = "unmapped"
    found[fine & ~readable] = "unreadable"
    return found


def is_degenerate(heatmap: np.ndarray) -> bool:
    """Whether a map shows no place above another, so that no level means anything on it."""
    return not np.isfinite(heatmap).all() or heatmap.min() == heatmap.max()
