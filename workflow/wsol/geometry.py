"""From one grid to another: `image = input * (sx, sy) + (tx, ty)`, in continuous pixels from the corner."""

import numpy as np
import pandas as pd


def stretched(targets: pd.DataFrame, size: tuple[int, int]) -> np.ndarray:
    """The geometry of maps that were stretched over the whole image from a grid of `size` (h, w). float64 [t 4]."""
    height, width = size
    zeros = np.zeros(len(targets))
    return np.stack([targets["width"] / width, targets["height"] / height, zeros, zeros], axis=1).astype(float)
