"""From one grid to another: `image = input * (sx, sy) + (tx, ty)`, in continuous pixels from the corner."""

import numpy as np
import pandas as pd

UNKNOWN = np.full(4, np.nan)  # the grid of maps of any size that cover their input: each is stretched


def stretch(cells: tuple[int, ...], size: tuple[int, ...]) -> tuple[float, float, float, float]:
    """The grid of a map of `cells` (h, w) stretched over a whole input of `size` (h, w): input = map * (sx sy)."""
    return float(size[1] / cells[1]), float(size[0] / cells[0]), 0.0, 0.0


def stretched(targets: pd.DataFrame, size: tuple[int, int]) -> np.ndarray:
    """The geometry of maps that were stretched over the whole image from a grid of `size` (h, w). float64 [t 4]."""
    height, width = size
    zeros = np.zeros(len(targets))
    return np.stack([targets["width"] / width, targets["height"] / height, zeros, zeros], axis=1).astype(float)
