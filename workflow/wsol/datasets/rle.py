"""COCO's run-length encoding of masks, decoded with every length checked.

Counts alternate background and foreground down the columns. The compressed form is a string of 6-bit groups, five for
the value and one for "more follows", and every count from the fourth on is the difference to the one two before.
pycocotools encodes; decoding is ours because a damaged string must be an error, never a wrong read.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pycocotools import mask as coco

from wsol.errors import DataError


def encode(mask: ArrayLike) -> str:
    """[height width] of bool -> compressed counts."""
    return coco.encode(np.asfortranarray(mask, np.uint8))["counts"].decode("ascii")


def counts(text: str, where: str = "RLE") -> list[int]:
    """A compressed string -> its counts."""
    found: list[int] = []
    value = shift = 0
    for character in text:
        group = ord(character) - 48
        if not 0 <= group < 64 or shift > 35:
            raise DataError(f"{where}: the RLE does not decode (character {character!r}).")
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            value -= (group & 16) << (shift - 4) if group & 16 else 0
            found.append(value + (found[-2] if len(found) > 2 else 0))
            value = shift = 0
    if shift:
        raise DataError(f"{where}: the RLE is cut short.")
    return found


def paint(runs: Sequence[int], height: int, width: int, where: str = "RLE") -> NDArray[np.bool_]:
    """Counts -> [height width]; they must be non-negative and fill the mask exactly."""
    if any(not isinstance(run, int) or isinstance(run, bool) or run < 0 for run in runs) or sum(runs) != height * width:
        raise DataError(f"{where}: the RLE does not fill a mask of {width}x{height}.")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def decode(text: str, height: int, width: int, where: str = "RLE") -> NDArray[np.bool_]:
    """Compressed counts -> bool [height width]."""
    return paint(counts(text, where), height, width, where)
