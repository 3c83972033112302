"""Protocols: how a heatmap becomes the map that is cut.

`exact` is ours: float32 maps, foreground `value >= level`, 8-connected regions counted in pixels, half-open boxes in
pixels of the image. `wsol2020` is the published evaluator's (Choe et al. 2020, clovaai/wsolevaluation), to the count: a
224 px canvas that is resized and normalised in float64 before it becomes uint8, foreground `value > int(level * max)`,
contours, integer boxes compared inclusively.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Prepared = NDArray  # [H W]: float32 (exact) or uint8 (wsol2020); all zeros where there is nothing to cut

PRECISION = {"exact": np.float32, "wsol2020": np.float64}  # of a map until it is cut
PROTOCOLS = tuple(PRECISION)
CANVAS_2020 = 224
INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


def prepare(
    heatmap: NDArray, height: int, width: int, *, upsampling: str, normalization: str, protocol: str
) -> Prepared:
    """A heatmap [h w] on its layer's grid -> the map [height width] that thresholds and regions see.

    Normalised after upsampling. A constant or non-finite map (under `max` also one without a positive value) comes out
    as all zeros, and only such a map does: `not prepared.any()` is its mark.
    """
    return finish(upsample(heatmap, height, width, upsampling, protocol), normalization, protocol)


def upsample(heatmap: NDArray, height: int, width: int, upsampling: str, protocol: str) -> NDArray:
    """[h w] -> [height width], half-pixel centres; cubic's overshoot is cut off under `exact`, kept as published."""
    heatmap = _finite(heatmap, PRECISION[protocol])
    if heatmap.min() == heatmap.max():  # cubic weights do not quite add up to 1: rounding would become evidence
        return np.full((height, width), heatmap.flat[0])
    resized = cv2.resize(heatmap, (width, height), interpolation=INTERPOLATIONS[upsampling])
    return resized.clip(heatmap.min(), heatmap.max()) if protocol == "exact" else resized


def _finite(heatmap: NDArray, precision: type = np.float32) -> NDArray[np.floating]:
    """The map, or NaN throughout if one pixel is not finite: else the rest would pass where that pixel is cut off."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        heatmap = np.ascontiguousarray(heatmap, precision)
    return heatmap if np.isfinite(heatmap).all() else np.full_like(heatmap, np.nan)


def resample(heatmap: NDArray, ys: NDArray, xs: NDArray, upsampling: str) -> NDArray[np.float32]:
    """[h w] read at fractions ys [H], xs [W] of its sides -> [H W]: `upsample` under `exact`, at any points."""
    heatmap = _finite(heatmap)
    read = _weights(len(heatmap), ys, upsampling) @ heatmap @ _weights(heatmap.shape[1], xs, upsampling).T
    return read.clip(heatmap.min(), heatmap.max()).astype(np.float32)


def _weights(side: int, fractions: NDArray, upsampling: str) -> NDArray[np.float64]:
    """How much each of `side` pixels counts at each point [n side]; beyond the border its pixels repeat."""
    at, reach = np.asarray(fractions) * side - 0.5, 2 if upsampling == "cubic" else 1
    weights = np.zeros((len(at), side))
    for step in range(1 - reach, reach + 1):
        pixel = np.floor(at).astype(int) + step
        np.add.at(weights, (np.arange(len(at)), pixel.clip(0, side - 1)), KERNELS[upsampling](np.abs(at - pixel)))
    return weights


def _tent(distance: NDArray) -> NDArray:
    return 1 - distance


def _keys(distance: NDArray) -> NDArray:
    """Cubic convolution (Keys 1981) with OpenCV's a = -0.75."""
    a, d = -0.75, distance
    near, far = ((a + 2) * d - (a + 3)) * d**2 + 1, a * (((d - 5) * d + 8) * d - 4)
    return np.where(d <= 1, near, far)


KERNELS = {"linear": _tent, "cubic": _keys}


def finish(resized: NDArray[np.floating], normalization: str, protocol: str) -> Prepared:
    """Normalise a map on its canvas and give it the protocol's type; all zeros if it is degenerate."""
    degenerate = not np.isfinite(resized).all() or not resized.size or resized.min() == resized.max()
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.zeros_like(resized) if degenerate else NORMALIZATIONS[normalization](resized)
    if not np.isfinite(scaled).all():  # a range too wide for its type, or too narrow to divide by
        scaled = np.zeros_like(resized)
    if protocol == "wsol2020":
        return (scaled.clip(0, 1) * 255).astype(np.uint8)
    return scaled


def minmax(values: NDArray) -> NDArray:
    """The least value becomes 0, the greatest 1."""
    shifted = values - values.min()
    return shifted / shifted.max()


def maximum(values: NDArray) -> NDArray:
    """The greatest value becomes 1, 0 stays; zeros if no value is positive."""
    return values / values.max() if values.max() > 0 else np.zeros_like(values)


def unchanged(values: NDArray) -> NDArray:
    """The map's own values."""
    return values


NORMALIZATIONS: dict[str, Callable[[NDArray], NDArray]] = {"minmax": minmax, "max": maximum, "none": unchanged}


def foreground(prepared: Prepared, level: float, protocol: str) -> NDArray[np.bool_]:
    """Where a prepared map passes a level; nowhere on a degenerate one. [H W]"""
    if protocol == "wsol2020":
        return prepared > int(level * np.max(prepared, initial=0))
    return (prepared >= level) & prepared.any()
