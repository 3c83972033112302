"""PICTURES: a heatmap laid over its image, for eyes.

Each is `(image [H W 3] uint8 RGB, heatmap [h w] in [0, 1], place, confidence) -> [H W 3] uint8`: `place` brings an
array from the heatmap's grid to the image, `confidence` is the class's probability.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Place = Callable[[np.ndarray], np.ndarray]


def normalized(heatmap: np.ndarray, how: str) -> np.ndarray:
    """[h w] -> [0, 1]: `max` divides what is positive by the maximum, `minmax` uses the whole range; flat gives 0."""
    low = float(heatmap.min()) if how == "minmax" else 0.0
    span = float(heatmap.max()) - low
    return np.clip((heatmap - low) / span, 0, 1) if span > 0 else np.zeros_like(heatmap)


def placer(
    image: tuple[int, int], geometry: tuple[float, float, float, float], size: tuple[int, int], how: str = "linear"
) -> Place:
    """From the heatmap's grid, which covers an input of `size`, to an image of (height, width); 0 where no input is.

    `geometry` is images': image = input * (sx, sy) + (tx, ty). A pixel's centre lies half a pixel in.
    """
    sx, sy, tx, ty = geometry
    x = ((np.arange(image[1]) + 0.5 - tx) / sx / size[1]).astype(np.float32)
    y = ((np.arange(image[0]) + 0.5 - ty) / sy / size[0]).astype(np.float32)
    outside = ~(((x >= 0) & (x <= 1))[None] & ((y >= 0) & (y <= 1))[:, None])
    interpolation = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}[how]

    def place(array: np.ndarray) -> np.ndarray:
        columns, rows = np.meshgrid(x * array.shape[1] - 0.5, y * array.shape[0] - 0.5)
        placed = cv2.remap(array.astype(np.float32), columns, rows, interpolation, borderMode=cv2.BORDER_REPLICATE)
        placed[outside] = 0
        return placed

    return place


def jet(values: np.ndarray) -> Image:
    """[0, 1] -> RGB, cold to hot."""
    levels = np.uint8(np.clip(values, 0, 1) * 255)
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)


def blend(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """0.4 image + 0.6 heat."""
    return np.uint8(np.rint(0.4 * image + 0.6 * jet(place(heatmap))))


def confidence(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """0.5 image + 0.3 heat, made so bright that the maximum is 255; an improbable class shows a cold map."""
    mixed = 0.5 * image + 0.3 * jet(place(heatmap) * confidence)
    return np.uint8(np.rint(mixed * (255 / max(mixed.max(), 1))))


def add(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """image + 0.4 heat, coloured on the small grid, then stretched to 0..255."""
    mixed = image + 0.4 * place(jet(heatmap))
    span = mixed.max() - mixed.min()
    return np.uint8((mixed - mixed.min()) / span * 255) if span > 0 else np.zeros_like(image)


PICTURES: dict[str, Callable[..., Image]] = {"blend": blend, "confidence": confidence, "sum": add}
