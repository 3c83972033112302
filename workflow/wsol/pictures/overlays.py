"""PICTURES: a heatmap laid over its image, for eyes.

Each is `(image [H W 3] uint8 RGB, heatmap [h w] in [0, 1], place, confidence) -> [H W 3] uint8`: `place` brings an
array from the heatmap's grid to the image, `confidence` is the class's probability.
"""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine

Image = NDArray[np.uint8]
Place = Callable[[np.ndarray], np.ndarray]


def normalized(heatmap: np.ndarray, how: str) -> np.ndarray:
    """[h w] -> [0, 1]: `max` divides what is positive by the maximum, `minmax` uses the whole range; flat gives 0."""
    low = float(heatmap.min()) if how == "minmax" else 0.0
    span = float(heatmap.max()) - low
    return np.clip((heatmap - low) / span, 0, 1) if span > 0 else np.zeros_like(heatmap)


def placer(
    image: tuple[int, int],
    input_to_image: Affine,
    size: tuple[int, int],
    how: str = "linear",
) -> Place:
    """From the heatmap's grid, which covers an input of `size`, to an image of (height, width); 0 where no input is.

    `how`: linear, cubic (both OpenCV's) or pillow (its bicubic, of levels 0..255).
    """
    # Where the image's pixels have their centres, as fractions of the input's sides.
    x = (input_to_image.back_x(np.arange(image[1]) + 0.5) / size[1]).astype(np.float32)
    y = (input_to_image.back_y(np.arange(image[0]) + 0.5) / size[0]).astype(np.float32)
    outside = ~(((x >= 0) & (x <= 1))[None] & ((y >= 0) & (y <= 1))[:, None])
    enlarge = ENLARGING[how]

    def place(array: np.ndarray) -> np.ndarray:
        placed = enlarge(array.astype(np.float32), x * array.shape[1] - 0.5, y * array.shape[0] - 0.5)
        placed[outside] = 0
        return placed

    return place


def _remapped(interpolation: int, array: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The array at columns x and rows y, as OpenCV interpolates; its cubic has a = -0.75."""
    columns, rows = np.meshgrid(x, y)
    return cv2.remap(array, columns, rows, interpolation, borderMode=cv2.BORDER_REPLICATE)


def _pillow(array: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """As Pillow's bicubic enlarges levels 0..255: a = -0.5, at the border only what lies within, weighted to one.

    First along rows, then along columns, each rounded to levels.
    """
    wide = np.clip(np.rint(np.einsum("bw,hw...->hb...", _bicubic(x, array.shape[1]), array)), 0, 255)
    return np.clip(np.rint(np.einsum("ah,hb...->ab...", _bicubic(y, array.shape[0]), wide)), 0, 255)


def _bicubic(at: np.ndarray, places: int) -> NDArray[np.float32]:
    """[positions places]: how much each place counts at a position."""
    far = np.abs(np.clip(at, -0.5, places - 0.5)[:, None] - np.arange(places))
    near = 1.5 * far**3 - 2.5 * far**2 + 1
    weights = np.where(far < 1, near, np.where(far < 2, -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2, 0))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


ENLARGING: dict[str, Callable] = {
    "linear": partial(_remapped, cv2.INTER_LINEAR),
    "cubic": partial(_remapped, cv2.INTER_CUBIC),
    "pillow": _pillow,
}


def jet(values: np.ndarray) -> Image:
    """[0, 1] -> RGB, cold to hot, by OpenCV's table."""
    return cv2.applyColorMap(_levels(values), cv2.COLORMAP_JET)[..., ::-1].astype(np.uint8)


def matplotlib_jet(values: np.ndarray) -> np.ndarray:
    """[0, 1] -> RGB 0..255, float: Matplotlib's table of that name is up to 33 levels off OpenCV's."""
    from matplotlib import colormaps

    return 255 * colormaps["jet"](_levels(values))[..., :3]


def _levels(values: np.ndarray) -> Image:
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def blend(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """0.4 image + 0.6 heat."""
    return np.rint(0.4 * image + 0.6 * jet(place(heatmap))).astype(np.uint8)


def faint(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """0.6 image + 0.4 heat in Matplotlib's colours."""
    return (0.6 * image + 0.4 * matplotlib_jet(place(heatmap))).astype(np.uint8)


def confidence(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """0.5 image + 0.3 heat, made so bright that the maximum is 255; an improbable class shows a cold map."""
    mixed = 0.5 * image + 0.3 * jet(place(heatmap) * confidence)
    return np.rint(mixed * (255 / max(mixed.max(), 1))).astype(np.uint8)


def add(image: Image, heatmap: np.ndarray, place: Place, confidence: float = 1.0) -> Image:
    """image + 0.4 heat, in Matplotlib's colours on the small grid, both stretched to 0..255."""
    return _stretched(image + 0.4 * place(_stretched(matplotlib_jet(heatmap))))


def _stretched(mixed: np.ndarray) -> Image:
    """From the least value to the largest, 0..255."""
    span = mixed.max() - mixed.min()
    return ((mixed - mixed.min()) / span * 255).astype(np.uint8) if span > 0 else np.zeros(mixed.shape, np.uint8)


PICTURES: dict[str, Callable[..., Image]] = {"blend": blend, "faint": faint, "confidence": confidence, "sum": add}
