"""STYLES: a heatmap in colours over its image, for eyes.

A style is `heat(heatmap [h w] as computed, (height, width), probability) -> RGB 0..255 [H W 3]`, on the image's pixels,
and `mix(image, heat, alpha) -> uint8 [H W 3]`. `probability` is the class's, 1 where nobody knows it; `alpha` is how
much of the heat there is, in each style its own unless said. The map covers the whole image.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Size = tuple[int, int]


def by_maximum(values: np.ndarray) -> np.ndarray:
    """What is positive, divided by the maximum; zeros where nothing is.

    >>> by_maximum(np.array([-1.0, 1.0, 4.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    top = float(values.max())
    return np.maximum(values, 0) / top if top > 0 else np.zeros_like(values)


def by_range(values: np.ndarray) -> np.ndarray:
    """From the least value to the greatest, as AUCMEDI has it: a range of 1e-8 is half seen, a flat map is 0.

    >>> by_range(np.array([-1.0, 1.0, 3.0])).round(6).tolist()
    [0.0, 0.5, 1.0]
    """
    least = values.min()
    return (values - least) / (values.max() - least + 1e-8)


def enlarged(values: np.ndarray, size: Size, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """[h w] -> [height width], as OpenCV resizes."""
    return cv2.resize(np.asarray(values, np.float32), size[::-1], interpolation=interpolation)


def jet(values: np.ndarray) -> Image:
    """[0, 1] -> RGB, cold to hot, by OpenCV's table."""
    return cv2.applyColorMap(_levels(values), cv2.COLORMAP_JET)[..., ::-1].astype(np.uint8)


def matplotlib_jet(values: np.ndarray) -> np.ndarray:
    """[0, 1] -> RGB 0..255, float: Matplotlib's table of that name is up to 33 levels off OpenCV's."""
    from matplotlib import colormaps

    return 255 * colormaps["jet"](_levels(values))[..., :3]


def _levels(values: np.ndarray) -> Image:
    return (np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)


def plain_heat(heatmap: np.ndarray, size: Size, probability: float) -> Image:
    """JET of the map divided by its maximum, then enlarged."""
    return jet(enlarged(by_maximum(heatmap), size))


def certain_heat(heatmap: np.ndarray, size: Size, probability: float) -> Image:
    """JET of that map times the class's probability: an improbable class shows a cold map."""
    return jet(enlarged(by_maximum(heatmap), size) * probability)


def range_heat(heatmap: np.ndarray, size: Size, probability: float) -> np.ndarray:
    """Matplotlib's jet of the map from its least value to its greatest, then enlarged."""
    return matplotlib_jet(enlarged(by_range(heatmap), size))


def cubic_heat(heatmap: np.ndarray, size: Size, probability: float) -> Image:
    """JET of the map enlarged by cubic interpolation, only then divided by its maximum."""
    return jet(by_maximum(enlarged(heatmap, size, cv2.INTER_CUBIC)))


def pillow_heat(heatmap: np.ndarray, size: Size, probability: float) -> Image:
    """Matplotlib's jet on the map's own grid, stretched to 0..255, a small picture that Pillow enlarges."""
    from PIL import Image as Pillow

    small = Pillow.fromarray(stretched(matplotlib_jet(by_maximum(heatmap))))
    return np.asarray(small.resize(size[::-1]), np.uint8)  # by its default, bicubic


def stretched(values: np.ndarray) -> Image:
    """From the least value to the largest, 0..255, fractions cut off, as Keras makes images of arrays."""
    span = values.max() - values.min()
    return ((values - values.min()) / span * 255).astype(np.uint8) if span > 0 else np.zeros(values.shape, np.uint8)


def blend(image: Image, heat: np.ndarray, alpha: float) -> Image:
    """(1 - alpha) image + alpha heat."""
    return np.rint((1 - alpha) * image + alpha * heat).astype(np.uint8)


def cut_blend(image: Image, heat: np.ndarray, alpha: float) -> Image:
    """The same with fractions cut off."""
    return ((1 - alpha) * image + alpha * heat).astype(np.uint8)


def brightened(image: Image, heat: np.ndarray, alpha: float) -> Image:
    """0.5 image + alpha heat, made so bright that the maximum is 255."""
    mixed = 0.5 * image + alpha * heat
    return np.rint(mixed * (255 / max(mixed.max(), 1))).astype(np.uint8)


def added(image: Image, heat: np.ndarray, alpha: float) -> Image:
    """image + alpha heat, stretched to 0..255."""
    return stretched(image + alpha * heat.astype(np.float32))


class Style(NamedTuple):
    heat: Callable[[np.ndarray, Size, float], np.ndarray]
    mix: Callable[[Image, np.ndarray, float], Image]
    alpha: float


STYLES: dict[str, Style] = {
    "plain": Style(plain_heat, blend, 0.6),
    "histology": Style(certain_heat, brightened, 0.3),
    "aucmedi": Style(range_heat, cut_blend, 0.4),
    "opencv_article": Style(plain_heat, blend, 0.6),
    "paper": Style(cubic_heat, blend, 0.6),
    "keras_example": Style(pillow_heat, added, 0.4),
}
