"""The pixels of segmentation seeds: the maps of an image's classes against its true masks, in one pass for all levels.

Maps are prepared by a rule of their own, the field's, whatever the protocol: brought from their grid to the image's own
pixels bilinearly, cut off below 0, divided by their maximum. The field adds 1e-5 to a maximum, of maps that reach some
10; here it is that share of the maximum, so that no map's scale decides anything. A map that is not ok is highest
nowhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.regions.drawing import PreparedMap
from wsol.regions.exact import Exact
from wsol.scores.masks import Floats, decode

DRAWN = {"protocol": Exact.name, "canvas": "image", "upsampling": "linear", "normalization": "none"}
LEVELS = np.arange(60) / 100  # the field's: 0, .01 … .59
BACKGROUND = -1  # the label of rows that are of no class
SHARE = 1e-5  # of a map's maximum, which is added to it
IGNORED = -1  # in a labelling: pixels that do not count


class SeedRows(NamedTuple):
    """Pixels of m rows, each of a class in an image or of an image's background, at each of l levels."""

    target: NDArray[np.int64]  # [m] the target that a row is of; of the background the image's first
    label: NDArray[np.int64]  # [m]
    hit: NDArray[np.integer]  # [m l] of the class, and labelled so
    predicted: NDArray[np.integer]  # [m l] labelled so
    true: NDArray[np.int64]  # [m] of the class


def levels_of(threshold: Mapping[str, Any]) -> Floats | None:
    """The background levels of a threshold: the field's of a sweep, the one of a fixed one; None of other methods.

    >>> levels_of({"method": "fixed", "level": 0.2}), levels_of({"method": "otsu"})
    (array([0.2]), None)
    """
    if threshold["method"] == "fixed":
        return np.array([threshold["level"]], np.float64)
    return LEVELS if threshold["method"] == "sweep" else None


def rows_of_images(
    targets: pd.DataFrame, maps: Iterable[PreparedMap], levels: Floats = LEVELS
) -> tuple[SeedRows, NDArray[np.bool_]]:
    """The rows of all images with a true mask, and which targets are of one, [n].

    Given are every target's maps, drawn as DRAWN, in the same order.

    Of a class that an image is labelled with and has no mask of, no pixel is true. An image whose targets have no masks
    at all has no truth and does not count.
    """
    counted = np.zeros(len(targets), bool)
    found = []
    for first, own, drawn in by_image(targets, maps):
        if any(row.mask for row in own):
            counted[first : first + len(own)] = True
            pixels = count(stacked(own, drawn), labelled(own), levels)
            found.append(rows_of(first, [row.label for row in own], pixels))
    return joined(found, len(levels)), counted


def by_image(targets: pd.DataFrame, maps: Iterable[PreparedMap]) -> Iterator[tuple[int, list[Any], list[PreparedMap]]]:
    """Of each image the place of its first target, its targets and their maps; one image's maps are held at a time.

    A DataError where the targets of an image do not stand together: then its maps would lie in several shards.
    """
    seen = set()
    pairs = zip(targets.itertuples(), maps, strict=True)
    first = 0
    for image, group in groupby(pairs, key=lambda pair: pair[0].image):
        own, drawn = map(list, zip(*group, strict=True))
        if image in seen:
            raise DataError(f"targets: those of {image!r} do not stand together, as seeds need all maps of an image.")
        seen.add(image)
        yield first, own, drawn
        first += len(own)


def labelled(rows: list[Any]) -> NDArray[np.int16]:
    """The true labelling of an image, [height width]: 0 the background, i + 1 what is of target i, or IGNORED.

    A pixel in several masks is of the smallest, of equally large ones of the lowest class: what lies in front is
    smaller than what it hides. One that any target ignores does not count, unless it lies in a mask.
    """
    size = (rows[0].height, rows[0].width)
    masks = [decode(row.mask, *size) for row in rows]
    found = np.zeros(size, np.int16)
    for row in rows:
        found[decode(row.ignore, *size)] = IGNORED
    order = sorted(range(len(rows)), key=lambda i: (masks[i].sum(), rows[i].label))
    for i in reversed(order):  # the smallest last
        found[masks[i]] = i + 1
    return found


def stacked(rows: list[Any], drawn: list[PreparedMap]) -> NDArray[np.float32]:
    """The maps of an image's targets, [targets height width], from 0 to just below 1."""
    found = np.zeros((len(rows), rows[0].height, rows[0].width), np.float32)
    for into, each in zip(found, drawn, strict=True):
        if each.ok and each.values.max() > 0:
            np.maximum(each.values, 0, out=into)
            into /= into.max()
            into /= np.float32(1 + SHARE)
    return found


def count(maps: NDArray[np.float32], truth: NDArray[np.int16], levels: Floats) -> NDArray[np.int64]:
    """Pixels [targets + 1, targets + 1, levels + 1]: won by one, truly of another, above how many levels.

    Target i is i + 1 in both, 0 the background, which wins what is above no level. Of equal maps the first wins.
    """
    found = np.zeros((len(maps) + 1, len(maps) + 1, len(levels) + 1), np.int64)
    _count(maps.reshape(len(maps), -1), truth.ravel(), levels, found)
    return found


def seed(maps: NDArray[np.float32], level: float) -> NDArray[np.int64]:
    """The labelling at one level, [height width]: 0 the background, else the target's place + 1."""
    # Compared in float64, as levels are.
    return np.where(maps.max(axis=0) > np.float64(level), maps.argmax(axis=0) + 1, 0)


def rows_of(first: int, labels: Sequence[int], pixels: NDArray[np.int64]) -> SeedRows:
    """The rows of one image, its background first; `pixels` as `count` gives them, `first` its first target's place."""
    own = np.arange(len(pixels))
    # What is above k levels is the winner's at the first k of them, and the background's at the others.
    above = np.cumsum(pixels[:, :, :0:-1], axis=2)[:, :, ::-1]
    below = np.cumsum(pixels[:, :, :-1], axis=2).sum(axis=0)
    above[0] = below
    target = np.array([first, *range(first, first + len(labels))])
    hit, predicted = above[own, own].astype(np.int32), above.sum(axis=1).astype(np.int32)
    return SeedRows(target, np.array([BACKGROUND, *labels]), hit, predicted, pixels.sum(axis=(0, 2)))


def joined(parts: Sequence[SeedRows], levels: int) -> SeedRows:
    """The rows of several images."""
    whole, wide = np.empty(0, np.int64), np.empty((0, levels), np.int32)
    nothing = SeedRows(whole, whole, wide, wide, whole)
    return SeedRows(*(np.concatenate(part) for part in zip(nothing, *parts, strict=True)))


@njit(cache=True, nogil=True)
def _count(maps: NDArray, truth: NDArray, levels: NDArray, found: NDArray) -> None:
    """Each pixel once: which map is highest, and above how many of the ascending levels it is."""
    for pixel in range(len(truth)):
        if truth[pixel] < 0:
            continue
        best = np.float32(0)
        winner = 0
        for each in range(len(maps)):
            if maps[each, pixel] > best:
                best = maps[each, pixel]
                winner = each + 1
        passed = np.searchsorted(levels, best)
        found[winner if passed else 0, truth[pixel], passed] += 1
