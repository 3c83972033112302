"""COCO's run-length encoding of masks, decoded with every length checked.

Counts alternate background and foreground down the columns. The compressed form is a string of 6-bit groups, five for
the value and one for "more follows", and every count from the fourth on is the difference to the one two before.
pycocotools encodes; decoding is ours because a damaged string must be an error, never a wrong read. What can be asked
of the runs themselves (union, area, bounds) paints no pixel: a kilobyte of text can be a mask of a gigabyte.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pycocotools import mask as coco

from wsol.errors import DataError


def encode(mask: ArrayLike) -> str:
    """The compressed counts of a mask, bool [height width]."""
    return coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode("ascii")


def counts(text: str, where: str = "RLE") -> list[int]:
    """The counts in a compressed string; a DataError where it does not decode or is cut short."""
    found: list[int] = []
    value = shift = 0
    for character in text:
        group = ord(character) - 48  # five bits of the value, and a sixth that says whether more follow
        if not 0 <= group < 64 or shift > 35:
            raise DataError(f"{where}: the RLE does not decode (character {character!r}).")
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            value -= (group & 16) << (shift - 4) if group & 16 else 0  # the last group's fifth bit is the sign
            found.append(value + (found[-2] if len(found) > 2 else 0))
            value = shift = 0
    if shift:
        raise DataError(f"{where}: the RLE is cut short.")
    return found


def paint(runs: Sequence[int], height: int, width: int, where: str = "RLE") -> NDArray[np.bool_]:
    """The mask that counts paint, bool [height width]; a DataError unless they are non-negative and fill it exactly."""
    _fill(runs, height, width, where)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def decode(text: str, height: int, width: int, where: str = "RLE") -> NDArray[np.bool_]:
    """The mask of compressed counts, bool [height width]; a DataError where they are damaged."""
    return paint(counts(text, where), height, width, where)


def compress(runs: Sequence[int], height: int, width: int, where: str = "RLE") -> str:
    """What `encode` gives of the mask that counts paint, without painting it."""
    _fill(runs, height, width, where)
    joined: list[int] = []  # without empty runs, but for a first one
    for place, run in enumerate(runs):
        if place and not run:
            continue
        if len(joined) % 2 == place % 2:
            joined.append(run)
        else:
            joined[-1] += run
    found = coco.frPyObjects({"size": [height, width], "counts": joined}, height, width)
    return found["counts"].decode("ascii")


def polygons(points: Sequence[Sequence[float]], height: int, width: int) -> str:
    """The union of polygons [x y x y …] in pixels, as COCO paints them."""
    return coco.merge(coco.frPyObjects(points, height, width))["counts"].decode("ascii")


def union(masks: Sequence[str], height: int, width: int) -> str:
    """Where any of the masks is; at least one, each as `encode` or `compress` gave it."""
    return coco.merge([_runs(mask, height, width) for mask in masks])["counts"].decode("ascii")


def without(mask: str, other: str, height: int, width: int) -> str:
    """Where `mask` is and `other` is not."""
    runs = counts(other)
    # The complement begins with a run of the other kind: a leading empty one goes, or is put in front.
    rest = runs[1:] if runs[0] == 0 else [0, *runs]
    pair = [_runs(mask, height, width), _runs(compress(rest, height, width), height, width)]
    return coco.merge(pair, intersect=True)["counts"].decode("ascii")


def area(mask: str, height: int, width: int) -> int:
    """How many foreground pixels a mask has."""
    return int(coco.area(_runs(mask, height, width)))


def bounds(mask: str, height: int, width: int) -> list[float]:
    """The box [x0 y0 x1 y1) around the foreground, zeros where there is none."""
    x, y, wide, high = coco.toBbox(_runs(mask, height, width)).tolist()
    return [x, y, x + wide, y + high]


def _runs(mask: str, height: int, width: int) -> Any:
    return {"size": [height, width], "counts": mask.encode("ascii")}


def _fill(runs: Sequence[int], height: int, width: int, where: str) -> None:
    if any(not isinstance(run, int) or isinstance(run, bool) or run < 0 for run in runs) or sum(runs) != height * width:
        raise DataError(f"{where}: the RLE does not fill a mask of {width}x{height}.")
