"""Segmentation seeds: the maps of all classes of an image as one labelling of its pixels, counted at every level.

At a background level t each pixel is of the class whose map is highest there, or of the background where no map is
above t; `seedmaps` counts the pixels. One confusion matrix is of all images together. The IoU of a class are its
diagonal over its row and its column, so that these are all that is kept: a row for each class that an image is labelled
with and one for its background, of the pixels at each level. Rows add up, over images and over resamples of them.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wsol.regions.drawing import PreparedMap
from wsol.scores.seedmaps import LEVELS, SeedRows, rows_of_images
from wsol.statistics.intervals import Estimate, interval
from wsol.statistics.resampling import BLOCK, Floats, Resamples

ALL = slice(None)


class Seeds:
    """The rows of a run over one data set, and `counted` [n]: which targets are of an image with true masks."""

    def __init__(self, rows: SeedRows, counted: NDArray[np.bool_], levels: Floats = LEVELS):
        self.rows = rows
        self.counted = counted
        self.levels = levels

    @cached_property
    def classes(self) -> dict[int, NDArray[np.int64]]:
        """The rows of each class, the background's first."""
        return {int(label): np.flatnonzero(self.rows.label == label) for label in np.unique(self.rows.label)}

    def of_class(self, label: int, places: slice = ALL) -> tuple[Floats, Floats]:
        """Intersection and union of a class's rows, each [rows l]."""
        rows = self.classes[label]
        hit = self.rows.hit[rows, places].astype(np.float64)
        return hit, self.rows.predicted[rows, places] + self.rows.true[rows, None] - hit

    def mean_ious(self, weights: Floats, places: slice = ALL) -> Floats:
        """The mean over classes of their IoU at each level, [r l], each target counted weights [r n] times.

        Of the classes that occur, in the truth or in what is predicted; NaN where none does. Counts are whole numbers,
        so that their order moves no digit.
        """
        total = np.zeros((len(weights), len(self.levels[places])))
        occur = np.zeros_like(total)
        for label, rows in self.classes.items():
            hit, union = (weights[:, self.rows.target[rows]] @ each for each in self.of_class(label, places))
            total += np.divide(hit, union, out=np.zeros_like(total), where=union > 0)
            occur += union > 0
        return np.divide(total, occur, out=np.full_like(total, np.nan), where=occur > 0)

    def curve(self) -> Floats:
        """The mean IoU of all images at each level, [l]."""
        return self.mean_ious(np.ones((1, len(self.counted))))[0]

    def best_level(self) -> float:
        """The level of highest mean IoU, the first of equals."""
        return float(self.levels[np.argmax(np.nan_to_num(self.curve()))])

    def place(self, level: float | None) -> int:
        """Which of the levels one is, None for the only one."""
        return 0 if level is None else int(np.searchsorted(self.levels, level).clip(0, len(self.levels) - 1))

    def levels_of_resamples(self, resamples: Resamples) -> Floats:
        """The level of highest mean IoU in each resample, [r], the first of equals."""
        found = np.empty(resamples.count)
        rows = max(1, BLOCK // max(len(self.counted), 1))
        for start in range(0, resamples.count, rows):
            times = resamples.times[start : start + rows][:, resamples.codes]
            ious = np.nan_to_num(self.mean_ious(times.astype(np.float64)))
            found[start : start + rows] = self.levels[ious.argmax(axis=1)]
        return found

    def by_class(self, level: float | None, groups: ArrayLike) -> Iterator[tuple[int, Estimate]]:
        """The IoU of each class that occurs at one level, with its interval over the groups [n] of these targets.

        n are the images that a class is labelled in, of the background those that count. The variance is a ratio's of
        sums over groups (Taylor), as in `intervals.mean_interval`.
        """
        place = self.place(level)
        for label, rows in self.classes.items():
            hit, union = (each[:, 0] for each in self.of_class(label, slice(place, place + 1)))
            if union.sum() > 0:
                codes = pd.factorize(np.asarray(groups)[self.rows.target[rows]])[0]
                iou = hit.sum() / union.sum()
                off = np.bincount(codes, hit - iou * union)
                spread = len(off) / max(len(off) - 1, 1) * (off @ off) / union.sum() ** 2
                yield label, interval(float(iou), float(spread), len(rows), len(off))


def measure(targets: pd.DataFrame, maps: Iterable[PreparedMap], levels: Floats = LEVELS) -> Seeds:
    """The seeds of all images with a true mask, given every target's map as `seedmaps.rows_of_images` takes it."""
    return Seeds(*rows_of_images(targets, maps, levels), levels)
