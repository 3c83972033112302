"""Evidence -> one small map per target, and which of them explain nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.errors import ConfigError
from wsol.files.predict import rows
from wsol.maps.averaging import averaged, cells_of, finest
from wsol.maps.fusion import fuse, suffixes
from wsol.maps.record import Cam

Maps = list[np.ndarray]
View = Mapping[str, np.ndarray]
CHUNK = 16  # targets at a time: what a method makes of them on the way fits into a cache


def maps_from(
    cam: Cam,
    evidence: View,
    settings: Mapping[str, Any],
    fusion: Mapping[str, Any] = {},
    further: Sequence[View] = (),
) -> Iterator[np.ndarray]:
    """The map of each target, float32 [h w], by `cam` applied to chunks of the evidence (a `files.predict.view` of it).

    `further` are its views in other augmentations: a layer's map is the mean of all (`averaging.averaged`). Where
    several layers are explained, their maps are fused as `fusion` says (`fusion.fuse`).
    """
    views = [evidence, *further]
    cells = {suffix: cells_of(views, suffix) for suffix in suffixes(evidence)} if further else {}
    for start in range(0, len(evidence["image_of"]), CHUNK):
        chunk = slice(start, start + CHUNK)
        if missing := [name for name in cam.arrays if name not in evidence]:
            raise ConfigError(f"cams: the network has no '{missing[0]}', which a pooled head on its patches has.")
        layers = []
        for suffix in suffixes(evidence):
            seen = [cam(*(rows(view, name + suffix, chunk) for name in cam.arrays), **settings) for view in views]
            layers.append(averaged(seen, cells[suffix], cam.shared) if further else seen[0])
        yield from fuse(layers, **fusion)


def cell_to_input(evidence: View, maps: Maps, input_size: np.ndarray, further: Sequence[View] = ()) -> np.ndarray:
    """Where the maps' cells lie on the input, float64 [4]: input = map * (sx sy) + (tx ty), as the layer's own do.

    Of several augmentations, as those of the finest do. Of layers that differ, fusion stretches each over the finest:
    their map is stretched over the input.
    """
    of_layers = [cells_of([evidence, *further], suffix) for suffix in suffixes(evidence)]
    found = [cells[finest(cells)].array() for cells in of_layers]
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
