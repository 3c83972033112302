"""What an image is shown through: channels of a layer, patches, and random grids, as `explainer.Masks`.

What does not depend on the image is drawn once and serves all of them.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from wsol.networks.explainer import Masks

Size = tuple[int, int]
PART = 512  # masks whose factors are put together at once: 8 MB of a 224 x 224 input


def channel_masks(activations: np.ndarray, size: Size) -> Masks:
    """The channels of a layer [h w k], enlarged bilinear to an input's size and each scaled to [0, 1]."""
    high, wide = activations.shape[:2]
    grids = np.ascontiguousarray(activations.transpose(2, 0, 1), np.float32)
    return Masks(_enlarging(high, size[0]), grids, _enlarging(wide, size[1]), scaled=True)


@lru_cache(maxsize=4)
def patches(grid: int, patch: int, size: Size) -> Masks:
    """Patches of patch x patch cells at every place of grid x grid, also over its edges: 0 where one covers."""
    corners = list(product(range(1 - patch, grid), repeat=2))
    shown = np.ones((len(corners), grid, grid), np.float32)
    for own, (y, x) in zip(shown, corners, strict=True):
        own[max(0, y) : y + patch, max(0, x) : x + patch] = 0
    # The cell of each pixel row and column, as a product: 1 at that cell.
    rows, columns = (np.eye(grid, dtype=np.float32)[np.arange(side) * grid // side] for side in size)
    return Masks(rows, shown, columns)


class RandomMasks(NamedTuple):
    """n binary grids, enlarged bilinear; a mask is the part of the input's size that begins at a shift."""

    grids: np.ndarray  # float32 [n g g]
    shifts: tuple[np.ndarray, np.ndarray]  # int [n] each, pixels down and to the right, less than a cell
    rows: np.ndarray  # float32 [s H g], what enlarges and shifts, for each of s shifts
    columns: np.ndarray  # float32 [t W g]

    def parts(self) -> Iterator[Masks]:
        """The masks, some at a time."""
        down, right = self.shifts
        for start in range(0, len(self.grids), PART):
            part = slice(start, start + PART)
            yield Masks(self.rows[down[part]], self.grids[part], self.columns[right[part]])

    def weighted(self, weights: np.ndarray) -> np.ndarray:
        """The masks' sum, each times its weight: [n m] -> float64 [m H W]."""
        down, right = self.shifts
        return np.stack([self._drawn(np.asarray(own, np.float64), down, right) for own in weights.T])

    def _drawn(self, weights: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
        # Grids of one shift are added before they are enlarged: 4000 masks of 224 x 224 would be 800 MB.
        cells = self.grids.shape[1]
        sums = np.zeros((len(self.rows) * len(self.columns), cells, cells))
        np.add.at(sums, down * len(self.columns) + right, weights[:, None, None] * self.grids)
        rows, columns = (each.transpose(1, 0, 2).reshape(each.shape[1], -1) for each in (self.rows, self.columns))
        by_axis = sums.reshape(len(self.rows), len(self.columns), cells, cells).transpose(0, 2, 1, 3)
        return rows @ by_axis.reshape(rows.shape[1], columns.shape[1]) @ columns.T


@lru_cache(maxsize=2)
def random_masks(count: int, cells: int, shown: float, seed: int, size: Size) -> RandomMasks:
    """Of cells x cells with one to spare on each axis, into which a mask is shifted; `shown` is a cell's chance."""
    random = np.random.default_rng(seed)
    cell = [-(-side // cells) for side in size]
    grids = np.empty((count, cells + 1, cells + 1), np.float32)
    shifts = np.empty((2, count), np.int64)
    for i in range(count):
        grids[i] = random.random(grids.shape[1:]) < shown
        shifts[:, i] = random.integers(0, cell[0]), random.integers(0, cell[1])
    rows, columns = (_shifted(_enlarging(cells + 1, (cells + 1) * c), side) for c, side in zip(cell, size, strict=True))
    return RandomMasks(grids, (shifts[0], shifts[1]), rows, columns)


def _shifted(enlarging: np.ndarray, side: int) -> np.ndarray:
    """[G g] -> [s side g]: `side` rows from each row on, as long as a shift stays within a cell."""
    cell = len(enlarging) // enlarging.shape[1]
    return np.stack([enlarging[start : start + side] for start in range(cell)])


def _enlarging(cells: int, side: int) -> np.ndarray:
    """float32 [side cells]: what OpenCV's bilinear interpolation makes of each cell alone."""
    import cv2

    whole = np.eye(cells, dtype=np.float32)
    return cv2.resize(whole, (cells, side), interpolation=cv2.INTER_LINEAR)
