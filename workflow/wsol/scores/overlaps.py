"""Overlaps: how each target's box lies on its true boxes, all targets at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.boxes import Boxes
from wsol.statistics.resampling import Floats

COVERED = 0.3  # of a true box, more than which counts it as covered


class Shares(NamedTuple):
    """How each target's box lies on its true boxes, [n]; 0 where there is no box, or no true one."""

    iou: Floats  # the best
    of_truth: Floats  # of the true box of best IoU, the share that the box covers (IoG)
    of_box: Floats  # of the box, the share that lies on that true box (IoP)
    covered: NDArray[np.int64]  # true boxes of which the box covers more than COVERED


def shares(found: Sequence[Boxes], truth: Sequence[Boxes], *, one: float) -> Shares:
    """Of each target's box [k 4], k at most 1, and true boxes [g 4]; `one` is what is added to every side.

    >>> found = shares([np.array([[0.0, 0, 10, 10]])], [np.array([[0.0, 5, 10, 15], [90, 90, 99, 99]])], one=0)
    >>> found.iou.round(3), found.of_truth, found.of_box, found.covered
    (array([0.333]), array([0.5]), array([0.5]), array([1]))
    """
    n = len(truth)
    there = np.array([len(box) > 0 for box in found], bool)
    count = np.where(there, [len(true) for true in truth], 0)
    # One row for each pair of a target's box and one of its true boxes.
    target = np.repeat(np.arange(n), count)
    ours = np.repeat(_rows(found), count[there], axis=0)
    true = _rows([true for true, boxed in zip(truth, there, strict=True) if boxed])
    sides = np.minimum(ours[:, 2:], true[:, 2:]) - np.maximum(ours[:, :2], true[:, :2]) + one
    common = np.prod(np.clip(sides, 0, None), axis=1)
    iou = _ratio(common, _areas(ours, one) + _areas(true, one) - common)
    of_truth = _ratio(common, _areas(true, one))
    of_box = _ratio(common, _areas(ours, one))
    best, pair = _best(iou, target, n)
    covered = np.bincount(target[of_truth > COVERED], minlength=n)
    return Shares(best, _at(of_truth, pair, target, n), _at(of_box, pair, target, n), covered)


def _best(iou: Floats, target: NDArray[np.int64], n: int) -> tuple[Floats, NDArray[np.int64]]:
    """The best IoU of each of n targets, 0 without a pair, and the first pair that has it of each that has one."""
    best = np.zeros(n)
    np.maximum.at(best, target, iou)
    equal = np.flatnonzero(iou == best[target])
    return best, equal[np.unique(target[equal], return_index=True)[1]]


def _at(values: Floats, pair: NDArray[np.int64], target: NDArray[np.int64], n: int) -> Floats:
    """The values of some pairs, one of a target, as [n]; 0 where a target has none."""
    found = np.zeros(n)
    found[target[pair]] = values[pair]
    return found


def _rows(boxes: Sequence[Boxes]) -> Boxes:
    return np.concatenate([np.empty((0, 4)), *boxes])


def _areas(boxes: Boxes, one: float) -> Floats:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2] + one, 0, None), axis=1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
