"""Thresholds: which levels a prepared map is cut at, as fractions of the normalised map.

Contract: `(prepared [H W], **settings) -> levels [t]`, float64, ascending. All but `sweep` choose one level. Under
`exact` a pixel passes if its value >= level; a uint8 map is the published protocol's, where value > int(level * max).
"""

from collections.abc import Callable
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.settings import Range

Levels = NDArray[np.float64]
PUBLISHED_STEP = 0.001
BINS = 256


def fixed(prepared: NDArray, *, level: Annotated[float, Range(0, 1)]) -> Levels:
    """The same level for every map (.15: Selvaraju et al. 2017; .2: Zhou et al. 2016)."""
    return np.array([level], np.float64)


def otsu(prepared: NDArray) -> Levels:
    """The level that parts a 256-bin histogram into the two classes of least variance within (Otsu 1979)."""
    if prepared.dtype == np.uint8:
        split = cv2.threshold(prepared, 0, 255, cv2.THRESH_OTSU)[0]
        return np.array([split / max(int(prepared.max()), 1)])
    low, high = float(prepared.min()), float(prepared.max())
    width = (high - low) / BINS or 1.0
    bins = ((prepared.astype(np.float64) - low) / width).clip(0, BINS - 1).astype(np.uint8)
    split = cv2.threshold(bins, 0, 255, cv2.THRESH_OTSU)[0]
    return np.array([low + (split + 1) * width])


def percentile(prepared: NDArray, *, q: Annotated[float, Range(0, 100)]) -> Levels:
    """The value that q % of the map's pixels stay below (Kim et al. 2022), linear between pixels."""
    level = np.percentile(prepared.astype(np.float64), q)
    return np.array([level / max(int(prepared.max()), 1) if prepared.dtype == np.uint8 else level])


def sweep(prepared: NDArray, *, step: Annotated[float, Range(1e-5, 1)] | None = None) -> Levels:
    """Every distinct value of the map, or the grid 0, step, 2 step .. below 1 (Choe et al. 2020).

    Without a step a uint8 map is swept at .001: finer than its values.
    """
    if step is None and prepared.dtype != np.uint8:
        return np.unique(prepared).astype(np.float64)
    return np.arange(0, 1, PUBLISHED_STEP if step is None else step)


THRESHOLDS: dict[str, Callable[..., Levels]] = {
    "sweep": sweep,
    "fixed": fixed,
    "otsu": otsu,
    "percentile": percentile,
}
