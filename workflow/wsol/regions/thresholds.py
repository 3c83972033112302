"""Thresholds: which levels a prepared map is cut at, as fractions of the normalised map.

Contract: `(prepared [H W], **settings) -> levels [t]`, float64, ascending. All but `sweep` choose one level. What
passes a level is the protocol's to say: of a float map `value >= level`, of a uint8 map `value > int(level * max)`.
The level of a uint8 map is thus a fraction of its maximum, never one of its values.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.errors import ConfigError
from wsol.regions.parting import SPLIT
from wsol.settings import Range, shown

Levels = NDArray[np.float64]
PUBLISHED_STEP = 0.001
OTSU_BINS = 256


def fixed(prepared: NDArray, *, level: Annotated[float, Range(0, 1)]) -> Levels:
    """The same level for every map (.15: Selvaraju et al. 2017; .2: Zhou et al. 2016).

    >>> fixed(np.zeros((2, 2)), level=0.15).tolist()
    [0.15]
    """
    return np.array([level], np.float64)


def otsu(prepared: NDArray) -> Levels:
    """The level that parts a 256-bin histogram into the two classes of least variance within (Otsu 1979).

    >>> otsu(np.uint8([[0, 10, 200, 250]])).tolist()  # 10 of at most 250
    [0.04]
    >>> otsu(np.float32([[0, 0, 1, 1]])).tolist()  # the upper edge of the first of 256 bins
    [0.00390625]
    """
    if prepared.dtype == np.uint8:
        split = cv2.threshold(prepared, 0, 255, cv2.THRESH_OTSU)[0]
        return np.array([split / max(int(prepared.max()), 1)])
    low = float(prepared.min())
    width = (float(prepared.max()) - low) / OTSU_BINS or 1.0
    bins = ((prepared.astype(np.float64) - low) / width).clip(0, OTSU_BINS - 1).astype(np.uint8)
    split = cv2.threshold(bins, 0, 255, cv2.THRESH_OTSU)[0]
    return np.array([low + (split + 1) * width])  # the last bin of the lower class ends there


def percentile(prepared: NDArray, *, q: Annotated[float, Range(0, 100)]) -> Levels:
    """The value that q % of the map's pixels stay below (Kim et al. 2022), linear between pixels.

    >>> percentile(np.float32([[0, 0.25, 0.5, 1]]), q=50).tolist()
    [0.375]
    >>> percentile(np.uint8([[0, 51, 255]]), q=50).tolist()
    [0.2]
    """
    level = np.percentile(prepared.astype(np.float64), q)
    return np.array([level / max(int(prepared.max()), 1) if prepared.dtype == np.uint8 else level])


def sweep(prepared: NDArray, *, step: Annotated[float, Range(1e-5, 1)] | None = None) -> Levels:
    """Every distinct value of the map, or the grid 0, step, 2 step .. below 1 (Choe et al. 2020).

    Without a step a uint8 map is swept at .001: finer than its values.

    >>> sweep(np.float32([[0, 0.5], [0.5, 1]])).tolist()
    [0.0, 0.5, 1.0]
    >>> sweep(np.float32([[0, 1]]), step=0.25).tolist()
    [0.0, 0.25, 0.5, 0.75]
    >>> len(sweep(np.uint8([[0, 255]])))
    1000
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


def levels_of(threshold: Mapping[str, Any], prepared: NDArray) -> Levels:
    """The levels of a prepared map [H W] by a method of THRESHOLDS and its settings.

    A ConfigError where the method gives anything but ascending numbers [t], at least one.

    >>> levels_of({"method": "fixed", "level": 0.2}, np.zeros((2, 2))).tolist()
    [0.2]
    """
    settings = {key: value for key, value in threshold.items() if key not in ("method", SPLIT)}
    levels = THRESHOLDS[threshold["method"]](prepared, **settings)
    if np.ndim(levels) != 1 or not np.size(levels) or not (np.isfinite(levels).all() and (np.diff(levels) >= 0).all()):
        raise ConfigError(f"thresholds: '{threshold['method']}' must give ascending levels [t], got {shown(levels)}.")
    return levels


def swept_levels(threshold: Mapping[str, Any], step: float | None) -> Levels | None:
    """The levels that are the same for every map; None where they are each map's own.

    `step` is the protocol's own, for a sweep that names none.

    >>> swept_levels({"method": "sweep", "step": 0.5}, None).tolist()
    [0.0, 0.5]
    >>> swept_levels({"method": "otsu"}, 0.001) is None
    True
    """
    step = threshold.get("step") or step
    return np.arange(0, 1, step) if step and threshold["method"] == "sweep" else None
