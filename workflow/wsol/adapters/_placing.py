"""Where a further object goes in a drawn image: apart from the others, now and then beside one or before one."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Seen = NDArray[np.uint8]  # [h w]: the number of the object that is seen there, from 1; 0 is none's
TRIES = 60
SAME = 0.4  # the chance that a further object is of a class that is there already
TOUCHING = 0.15  # of an object of such a class: that it touches one of its class, so that both are one region
BEFORE = 0.06  # of any further object: that it lies before another one and hides some of it
HIDDEN = 0.25  # the largest share of what is seen of an object that one before it hides


def further_label(random: np.random.Generator, labels: Sequence[int], classes: int) -> int:
    """The class of a further object beside those of `labels`."""
    if random.random() < SAME:
        return labels[int(random.integers(len(labels)))]
    return int(random.integers(classes))


def further(
    random: np.random.Generator, seen: Seen, labels: Sequence[int], label: int, outline: Callable[[float], Mask]
) -> Mask:
    """The mask [h w] of a further object of class `label`; `labels` are those of the objects that are `seen`.

    `outline` draws one somewhere in the image, its sides times a factor.
    """
    alike = [number for number, other in enumerate(labels, 1) if other == label]
    chance = random.random()
    if chance < BEFORE:
        found = _next_to(random, seen, int(random.integers(1, len(labels) + 1)), random.uniform(0.05, HIDDEN), outline)
    elif alike and chance < BEFORE + TOUCHING:
        found = _next_to(random, seen, alike[int(random.integers(len(alike)))], 0, outline)
    else:
        found = None
    return _apart(seen, outline) if found is None else found


def _apart(seen: Seen, outline: Callable[[float], Mask]) -> Mask:
    """An outline with a gap to all that is there; a smaller one where there is no room.

    There is room in the end: all objects together have about as many pixels as one alone, a fifth of the image.
    """
    near = _widened(seen > 0)
    factor = 1.0
    while True:
        for _ in range(TRIES):
            mask = outline(factor)
            if not (mask & near).any():
                return mask
        factor *= 0.8


def _next_to(
    random: np.random.Generator, seen: Seen, number: int, share: float, outline: Callable[[float], Mask]
) -> Mask | None:
    """An outline that hides at most a share of object `number`, and of others nothing; None where none is found.

    It slides away from the middle of the object, at most one pixel along either side a step, until it hides as little:
    of a share of 0 the pixel that it hid last is then its neighbour, so the two touch.
    """
    there = np.argwhere(seen == number)
    others = _widened((seen > 0) & (seen != number))
    for _ in range(TRIES):
        points = np.argwhere(outline(1.0))
        angle = random.uniform(0, 2 * np.pi)
        start = there.mean(0) - points.mean(0)
        for step in range(sum(seen.shape)):
            moved = points + np.floor(start + step * np.array([np.sin(angle), np.cos(angle)])).astype(int)
            inside = tuple(moved[((moved >= 0) & (moved < seen.shape)).all(axis=1)].T)
            hidden = (seen[inside] == number).sum()
            if hidden <= share * len(there):
                break
        if len(inside[0]) == len(points) and not others[inside].any() and bool(hidden) == bool(share):
            mask = np.zeros(seen.shape, bool)
            mask[inside] = True
            return mask
    return None


def _widened(mask: Mask) -> Mask:
    """The mask with the gap that is kept around objects."""
    side = 2 * max(1, max(mask.shape) // 40) + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
