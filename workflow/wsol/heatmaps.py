"""Evidence -> one small map a target, and which of them explain nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wsol.fusion import fuse, suffixes

Maps = list[np.ndarray]
CHUNK = 64  # targets at a time: activations of a shard need not fit into memory


def explain(
    cam: Callable, evidence: Mapping[str, np.ndarray], settings: Mapping[str, Any], fusion: Mapping[str, Any] = {}
) -> Iterator[np.ndarray]:
    """The map of each target, float32 [h w], `cam` applied to chunks of the evidence (`files.EVIDENCE`).

    Where several layers are explained, their maps are fused as `fusion` says (`fusion.fuse`).
    """
    image_of = evidence["image_of"]
    for start in range(0, len(image_of), CHUNK):
        rows = slice(start, start + CHUNK)
        layers = [
            cam(evidence["activations" + layer][image_of[rows]], evidence["gradients" + layer][rows], **settings)
            for layer in suffixes(evidence)
        ]
        yield from fuse(layers, **fusion)


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
