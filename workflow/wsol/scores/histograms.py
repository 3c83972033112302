"""Histograms of pixels, many targets together: packed as a file has them, and read from files a few at a time.

A histogram is kept as its counts one after another, each as bytes of seven bits, the lowest first, of which all but the
last have their highest bit set (LEB128). Most bins hold fewer pixels than fit into one byte, so that 1002 bins take
little more than 1 KB, and no count is too large.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, overload

import numpy as np
from numba import njit
from numpy.typing import NDArray

Reader = Callable[[], Mapping[str, NDArray]]
Rows = NDArray[np.int64]
OPEN = 4  # files that are kept open together
LONGEST = 10  # bytes of a count


class Counts(NamedTuple):
    """Pixels of each target at one level, float [n]; NaN where there is no mask."""

    hit: NDArray[np.float64]  # predicted and true
    false: NDArray[np.float64]  # predicted and not true
    true: NDArray[np.float64]  # true
    other: NDArray[np.float64]  # not true, and not ignored


def pack(histogram: NDArray[np.int64]) -> bytes:
    """The bytes of one histogram [bins].

    >>> pack(np.array([1, 127, 128])).hex()
    '017f8001'
    """
    into = np.empty(LONGEST * len(histogram), np.uint8)
    return into[: _pack(np.asarray(histogram, np.int64), into)].tobytes()


def unpack(packed: NDArray[np.uint8], starts: Rows, bins: int) -> NDArray[np.int32]:
    """The histograms [n bins] that begin at `starts` [n]; one that begins nowhere, below 0, is empty.

    >>> unpack(np.frombuffer(pack(np.array([1, 127, 128])), np.uint8), np.array([0, -1]), 3).tolist()
    [[1, 127, 128], [0, 0, 0]]
    """
    found = np.zeros((len(starts), bins), np.int32)
    _unpack(packed, starts, found)
    return found


class Packed:
    """Histograms [n bins] that lie in files, of which those are read that are asked for.

    It stands where an array [n bins] can: `packed[rows]` is one. `name` is that of the packed array in each file;
    a target without one (`there` [n]) has an empty histogram. Of each target a number is held, of each place that
    `above` was asked for four bytes more.
    """

    def __init__(self, name: str, readers: Sequence[Reader], there: NDArray[np.bool_], bins: int):
        self.name = name
        self.readers = readers
        self.shape = (len(there), bins)
        self._files = lru_cache(OPEN)(lambda file: readers[file]()[name])
        self._file = np.full(len(there), -1, np.int32)
        self._start = np.full(len(there), -1, np.int64)
        self._above: dict[int, NDArray[np.uint32]] = {}
        self._locate(there)

    def _locate(self, there: NDArray[np.bool_]) -> None:
        first = 0
        for file, read in enumerate(self.readers):
            shard = read()
            own = first + np.flatnonzero(there[first : first + len(shard["ok"])])
            ends = shard[f"{self.name}_ends"]
            self._file[own] = file
            self._start[own] = np.append(0, ends[:-1]) if len(own) else ends
            first += len(shard["ok"])

    def of(self, rows: Rows) -> "Packed":
        """Those of some targets."""
        found = object.__new__(Packed)
        found.__dict__ |= vars(self)
        found.shape = (len(rows), self.shape[1])
        found._file, found._start = self._file[rows], self._start[rows]
        found._above = {}
        return found

    def __getitem__(self, rows: slice | Rows) -> NDArray[np.int32]:
        found = np.zeros((len(self._start[rows]), self.shape[1]), np.int32)
        for packed, own, starts in self._parts(rows):
            found[own] = unpack(packed, starts, self.shape[1])
        return found

    def above(self, places: Sequence[int], expected: Collection[int] = ()) -> list[NDArray[np.uint32]]:
        """Of each target the pixels in the bins above each place, [n] a place; all of them above -1.

        What is above the places that are `expected` to be asked for is found in the same pass.
        """
        asked = np.array(sorted({*places, *expected} - {*self._above}), np.int64)
        if len(asked):
            found = np.zeros((len(asked), self.shape[0]), np.uint32)
            for packed, own, starts in self._parts(slice(None)):
                found[:, own] = _above(packed, starts, self.shape[1], asked)
            self._above |= dict(zip(asked.tolist(), found, strict=True))
        return [self._above[place] for place in places]

    def _parts(self, rows: slice | Rows) -> Iterator[tuple[NDArray[np.uint8], Rows, Rows]]:
        """Each file's packed array, which of `rows` are in it, and where they begin."""
        files, starts = self._file[rows], self._start[rows]
        for file in np.unique(files[files >= 0]).tolist():
            own = np.flatnonzero(files == file)
            yield self._files(file), own, starts[own]


Column = NDArray[np.int32] | Packed


@overload
def of_rows(column: NDArray, rows: Rows) -> NDArray: ...
@overload
def of_rows(column: Packed, rows: Rows) -> Packed: ...
def of_rows(column: Column, rows: Rows) -> Column:
    """The histograms of some targets, wherever they lie."""
    return column.of(rows) if isinstance(column, Packed) else column[rows]


def above(column: Column, places: Sequence[int], expected: Collection[int] = ()) -> Sequence[NDArray]:
    """Of each target the pixels in the bins above each place, [n] a place; all of them above -1.

    >>> above(np.array([[1, 2, 4]]), [0, -1])
    [array([6]), array([7])]
    """
    if isinstance(column, Packed):
        return column.above(places, expected)
    return [column[:, place + 1 :].sum(axis=1) for place in places]


def average_precision(inside: NDArray, outside: NDArray) -> NDArray[np.float64]:
    """Sum of precision times gain of recall from the top bin down, without interpolation; ties are one step.

    Histograms [... b] of true and of other pixels -> [...]; NaN without true pixels.
    """
    hit = from_top(inside)
    predicted = hit + from_top(outside)
    total = inside.sum(axis=-1)
    precision = np.divide(hit, predicted, out=np.zeros(hit.shape), where=predicted > 0)
    gained = (precision * inside[..., :0:-1]).sum(axis=-1)
    return np.divide(gained, total, out=np.full(np.shape(gained), np.nan), where=total > 0)


def from_top(histogram: NDArray) -> NDArray[np.float64]:
    """Pixels predicted at each level, the highest level first; bin 0 never is. [... b] -> [... b - 1]"""
    return np.cumsum(histogram[..., :0:-1], axis=-1, dtype=np.float64)


@njit(cache=True, nogil=True)
def _pack(histogram: NDArray, into: NDArray) -> int:
    """How many bytes a histogram takes, which are written from the start of `into`."""
    at = 0
    for count in histogram:
        while count >= 128:
            into[at] = 128 | (count & 127)
            count >>= 7
            at += 1
        into[at] = count
        at += 1
    return at


@njit(cache=True, nogil=True)
def _count(packed: NDArray, at: int) -> tuple[Any, int]:
    """The count that begins at a byte, and the byte after it."""
    count = np.int64(packed[at] & 127)
    shift = 0
    while packed[at] & 128:
        at += 1
        shift += 7
        count |= np.int64(packed[at] & 127) << shift
    return count, at + 1


@njit(cache=True, nogil=True)
def _unpack(packed: NDArray, starts: NDArray, found: NDArray) -> None:
    for row in range(len(starts)):
        at = starts[row]
        if at >= 0:
            for each in range(found.shape[1]):
                found[row, each], at = _count(packed, at)


@njit(cache=True, nogil=True)
def _above(packed: NDArray, starts: NDArray, bins: int, places: NDArray) -> NDArray:
    """Pixels above each of the ascending places, [places n]."""
    found = np.zeros((len(places), len(starts)), np.uint32)
    for row in range(len(starts)):
        at = starts[row]
        passed = 0  # the places that lie below this bin
        total = 0
        for each in range(bins):
            while passed < len(places) and places[passed] < each:
                found[passed, row] = total
                passed += 1
            count, at = _count(packed, at)
            total += count
        for place in range(len(places)):
            found[place, row] = total - found[place, row] if place < passed else 0
    return found
