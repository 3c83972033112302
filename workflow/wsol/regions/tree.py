"""The component tree: every region's box at every level in one pass from the highest level down.

What passes a level is a set of pixels that only grows as levels descend, so its regions form a tree (Najman & Couprie
2006). It is built of segments (`segments`), which become branches (`branches`) with a box each (`histories`); which of
them is the largest is told by counting (`leaders`). Every value of a map is a level here, and `numbered` says which of
a list of levels a row then holds at: what comes out is the same as if each level had been cut by itself.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.regions.branches import branched
from wsol.regions.histories import HeldBoxes, told
from wsol.regions.leaders import largest

Rows = NDArray[np.int32]
LEVEL_LOW, LEVEL_HIGH = 4, 5  # columns of a row


FEW = 255  # levels that a byte can count


class Levels(NamedTuple):
    """How many levels a map is cut at, and how many of them, the lowest ones, each of an array of values passes."""

    number: int
    passed: Callable[[NDArray], NDArray]


def swept(values: NDArray, bottom: float, levels: Levels, *, polygon: bool) -> tuple[Rows, Rows]:
    """Boxes of all regions of a map [H W] and of the largest, rows `x0 y0 x1 y1 low high` as `Protocol.cut` gives them.

    What passes any level is above `bottom`. `polygon`: see `leaders.largest`.
    """
    values, bottom, levels = few(values, bottom, levels)
    table, largest = grow(values, bottom, polygon=polygon)
    return numbered(table, levels.passed), numbered(largest, levels.passed, parting=True)


def few(values: NDArray, bottom: float, levels: Levels) -> tuple[NDArray, float, Levels]:
    """The same levels of a map that says how many of them each pixel passes, if they are few; else what came."""
    if levels.number > FEW:
        return values, bottom, levels
    return levels.passed(values).astype(np.uint8), 0, Levels(levels.number, np.asarray)


def grow(values: NDArray, bottom: float, *, polygon: bool) -> tuple[HeldBoxes, HeldBoxes]:
    """Regions of the pixels of a map [H W] that are above `bottom`, and the largest one; diagonal neighbours touch.

    `polygon`: see `leaders.largest`.
    """
    values = np.ascontiguousarray(values)
    branches = branched(values, bottom, eight=True)
    table, histories = told(values, branches)
    return table, largest(values, bottom, branches, table, histories, polygon=polygon)


def numbered(table: HeldBoxes, passed: Callable[[NDArray], NDArray], *, parting: bool = False) -> Rows:
    """Rows `x0 y0 x1 y1 low high` [m 6]: a box holds at the levels numbered low + 1 .. high, from 1.

    `passed` says how many of the ascending levels each value passes. Rows stand in order of their first pixels; where
    those of the table are `parting` its values they still do.
    """
    rows = np.empty((len(table.boxes), 6), np.int32)
    rows[:, :4] = table.boxes[:, :4]
    rows[:, LEVEL_LOW:] = passed(table.spans)
    holds = rows[:, LEVEL_LOW] < rows[:, LEVEL_HIGH]
    if not parting:
        order = np.argsort(table.boxes[:, 4], kind="stable")
        return rows[order[holds[order]]]
    return rows if holds.all() else _one_after_another(rows[holds])


def _one_after_another(rows: Rows) -> Rows:
    """Rows that part levels, from the highest down, where those that follow on each other with the same box are one.

    >>> _one_after_another(np.array([[0, 0, 1, 1, 5, 7], [0, 0, 1, 1, 2, 5], [0, 0, 2, 1, 0, 2]], np.int32)).tolist()
    [[0, 0, 1, 1, 2, 7], [0, 0, 2, 1, 0, 2]]
    """
    changes = (rows[1:, :4] != rows[:-1, :4]).any(axis=1)
    starts = np.flatnonzero(np.append(True, changes)[: len(rows)])
    stops = np.append(starts[1:], len(rows))[: len(starts)]
    one = rows[starts]
    one[:, LEVEL_LOW] = rows[stops - 1, LEVEL_LOW]
    return one
