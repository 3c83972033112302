"""Preparation: a heatmap on its layer's grid becomes the map on its canvas whose values levels are fractions of.

Upsampled first and normalised afterwards. A constant or non-finite map (under `max` also one without a positive value)
comes out as all zeros, and only such a map does: `not values.any()` is its mark.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}


class Preparation(NamedTuple):
    """How an evaluation prepares its maps, and what its protocol adds (`Protocol.preparation`)."""

    upsampling: str  # linear | cubic
    normalization: str  # one of NORMALIZATIONS
    precision: type[np.floating]  # of a map until it is cut
    clips: bool  # whether the overshoot of cubic interpolation is cut off


def prepare(heatmap: NDArray, height: int, width: int, preparation: Preparation) -> NDArray[np.floating]:
    """A heatmap [h w] on all of a canvas, normalised: [height width]."""
    return normalized(upsample(heatmap, height, width, preparation), preparation.normalization)


def upsample(heatmap: NDArray, height: int, width: int, preparation: Preparation) -> NDArray[np.floating]:
    """A heatmap [h w] on all of a canvas [height width]; pixels of both have their centres half a pixel in."""
    heatmap = finite(heatmap, preparation.precision)
    if heatmap.min() == heatmap.max():  # cubic weights do not quite add up to 1: rounding would become evidence
        return np.full((height, width), heatmap.flat[0])
    how = INTERPOLATIONS[preparation.upsampling]
    resized: NDArray = cv2.resize(heatmap, (width, height), interpolation=how)
    return resized.clip(heatmap.min(), heatmap.max(), out=resized) if preparation.clips else resized


def finite(heatmap: NDArray, precision: type[np.floating]) -> NDArray[np.floating]:
    """The map, or NaN throughout if one pixel is not finite: else the rest would pass where that pixel is cut off."""
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        values: NDArray[np.floating] = np.ascontiguousarray(heatmap, precision)
    return values if np.isfinite(values).all() else np.full_like(values, np.nan)


def resample(heatmap: NDArray, ys: NDArray, xs: NDArray, upsampling: str) -> NDArray[np.float32]:
    """A heatmap [h w] read at fractions ys [H] and xs [W] of its sides: [H W].

    `upsample` at any points, in float32 and without overshoot; OpenCV itself resizes whole maps only.
    """
    heatmap = finite(heatmap, np.float32)
    read = _weights(len(heatmap), ys, upsampling) @ heatmap @ _weights(heatmap.shape[1], xs, upsampling).T
    return read.clip(heatmap.min(), heatmap.max()).astype(np.float32)


def _weights(side: int, fractions: NDArray, upsampling: str) -> NDArray[np.float64]:
    """How much each of `side` pixels counts at each point, [n side]; beyond the border its pixels repeat."""
    at = np.asarray(fractions) * side - 0.5
    reach = 2 if upsampling == "cubic" else 1
    weights = np.zeros((len(at), side))
    for step in range(1 - reach, reach + 1):
        pixel = np.floor(at).astype(int) + step
        np.add.at(weights, (np.arange(len(at)), pixel.clip(0, side - 1)), KERNELS[upsampling](np.abs(at - pixel)))
    return weights


def _tent(distance: NDArray) -> NDArray:
    return 1 - distance


def _keys(distance: NDArray) -> NDArray:
    """Cubic convolution (Keys 1981) with OpenCV's a = -0.75."""
    a = -0.75
    d = distance
    near = ((a + 2) * d - (a + 3)) * d**2 + 1
    far = a * (((d - 5) * d + 8) * d - 4)
    return np.where(d <= 1, near, far)


KERNELS = {"linear": _tent, "cubic": _keys}


def normalized(resized: NDArray[np.floating], normalization: str) -> NDArray[np.floating]:
    """A map on its canvas with its values brought to one scale, in its own memory; all zeros if it is degenerate."""
    if not resized.size:
        return resized
    # NaN is the least and the greatest of whatever it is among.
    low, high = resized.min(), resized.max()
    if not np.isfinite([low, high]).all() or low == high:
        return np.zeros_like(resized)
    with np.errstate(invalid="ignore", over="ignore"):
        # A range may be too wide for its type, or too narrow to divide by: its ends tell.
        ends = NORMALIZATIONS[normalization](np.array([low, high], resized.dtype), low, high)
        return NORMALIZATIONS[normalization](resized, low, high) if np.isfinite(ends).all() else np.zeros_like(resized)


def minmax(values: NDArray, low: np.floating, high: np.floating) -> NDArray:
    """The least value becomes 0, the greatest 1."""
    values -= low
    values /= high - low
    return values


def maximum(values: NDArray, low: np.floating, high: np.floating) -> NDArray:
    """The greatest value becomes 1, 0 stays; zeros if no value is positive."""
    if high <= 0:
        return np.zeros_like(values)
    values /= high
    return values


def unchanged(values: NDArray, low: np.floating, high: np.floating) -> NDArray:
    """The map's own values."""
    return values


NORMALIZATIONS: dict[str, Callable[[NDArray, np.floating, np.floating], NDArray]] = {
    "minmax": minmax,
    "max": maximum,
    "none": unchanged,
}
