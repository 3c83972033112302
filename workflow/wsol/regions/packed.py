"""The layout of a regions file: written map by map, read some targets at a time; nothing else knows it.

Each map's rows are bytes of `stream`, with levels counted in the map's part of a table of the very numbers: nothing is
rounded, and of a grid all maps have one part.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.regions.regions import Regions
from wsol.regions.stream import OF_ALL, OF_LARGEST, decode, encode

CHUNK = 256  # targets whose rows are unpacked at a time, or fewer:
ROWS = 1 << 20  # of theirs, unless one alone has more


class RegionRows(NamedTuple):
    """Rows of one map or of several, those of each ascending by level_low."""

    boxes: NDArray[np.int32]  # [m 4], canvas pixels
    level_low: NDArray[np.float64]  # [m]: a row holds at levels level_low < level <= level_high
    level_high: NDArray[np.float64]  # [m]
    of_all: NDArray[np.bool_]  # [m]: whether a row is one of all regions
    of_largest: NDArray[np.bool_]  # [m]: whether it is one of the largest; it may be both

    def holding(self, level: float | None, *, largest: bool) -> NDArray[np.bool_]:
        """Which of the largest region's rows, or of all regions', hold at a level; None: each map had one alone."""
        rows = self.of_largest if largest else self.of_all
        return rows if level is None else rows & (self.level_low < level) & (level <= self.level_high)

    def part(self, own: slice) -> "RegionRows":
        boxes, low, high, of_all, of_largest = self
        return RegionRows(boxes[own], low[own], high[own], of_all[own], of_largest[own])


class Chunk(NamedTuple):
    """Some targets of a file, a slice of them, and the rows of their maps."""

    targets: slice
    rows: RegionRows
    offsets: NDArray[np.int64]  # the rows of map i are offsets[i] : offsets[i + 1]
    map_of: NDArray[np.int64]  # of each target; targets that share a map share its rows


class Packing:
    """Takes the regions of one map after another; `arrays` are what a file keeps of them.

    `grid`: the levels that are the same for every map, where there are such.
    """

    def __init__(self, grid: NDArray[np.float64] | None = None):
        self._common = np.concatenate([[-np.inf], np.empty(0) if grid is None else np.unique(grid), [np.inf]])
        self._tables = [self._common]
        self._size = len(self._common)  # of all tables
        self._starts: list[int] = []
        self._streams: list[NDArray[np.uint8]] = []
        self._counts: list[int] = []

    def add(self, regions: Regions) -> None:
        start, places = self._counted(np.concatenate([regions.level_low, regions.level_high]))
        rows = np.column_stack([regions.boxes, *places.reshape(2, -1)]).astype(np.int32)
        stream, count = encode(rows, int(regions.largest.sum()))
        self._starts.append(start)
        self._streams.append(stream)
        self._counts.append(count)

    def _counted(self, levels: NDArray[np.float64]) -> tuple[int, NDArray]:
        """Where a map's part of the table starts, and the place of each of its levels there."""
        places = np.searchsorted(self._common, levels).clip(max=len(self._common) - 1)
        if np.array_equal(self._common[places], levels):
            return 0, places
        own, places = np.unique(levels, return_inverse=True)
        start = self._size
        self._tables.append(own)
        self._size += len(own)
        return start, places

    def arrays(self) -> dict[str, NDArray]:
        levels = np.concatenate(self._tables)
        with np.errstate(over="ignore"):  # what is too large for float32 is not equal then
            short = levels.astype(np.float32)
        return {
            "rows": np.concatenate([np.empty(0, np.uint8), *self._streams]),
            "row_bytes": _ends([len(stream) for stream in self._streams]),
            "row_counts": np.array(self._counts, np.int64),
            "levels": short if np.array_equal(short, levels) else levels,
            "level_starts": np.array(self._starts, np.int64),
        }


def chunks(arrays: Mapping[str, NDArray]) -> Iterator[Chunk]:
    """The rows of a file's targets, some targets at a time: as floats all rows would take twenty times the file."""
    index = arrays["index"]
    so_far = _ends(arrays["row_counts"][index])
    first = 0
    while first < len(index):
        few = int(np.searchsorted(so_far, so_far[first] + ROWS, side="right")) - 1
        targets = slice(first, min(first + CHUNK, max(few, first + 1), len(index)))
        first = targets.stop
        numbers, map_of = np.unique(index[targets], return_inverse=True)
        offsets = _ends(arrays["row_counts"][numbers])
        yield Chunk(targets, _rows(arrays, numbers, offsets), offsets, map_of)


def _rows(arrays: Mapping[str, NDArray], numbers: NDArray, offsets: NDArray[np.int64]) -> RegionRows:
    """Of distinct maps, in the order of their numbers."""
    where = (arrays["row_bytes"][numbers], arrays["level_starts"][numbers], offsets)
    boxes, low, high, kinds = decode(arrays["rows"], arrays["levels"], *where)
    return RegionRows(boxes, low, high, kinds & OF_ALL != 0, kinds & OF_LARGEST != 0)


def rows_of_targets(arrays: Mapping[str, NDArray]) -> Iterator[RegionRows]:
    """The rows of each target of a file."""
    for chunk in chunks(arrays):
        for number in chunk.map_of.tolist():
            own = slice(chunk.offsets[number], chunk.offsets[number + 1])
            yield chunk.rows.part(own)


def pack_masks(masks: Sequence[bytes]) -> dict[str, NDArray]:
    """Bytes of any length, one after another, and where each of them ends.

    >>> found = pack_masks([b"abc", b"", b"d"])
    >>> found["mask_bytes"].tolist()
    [0, 3, 3, 4]
    >>> unpack_masks(found)
    [b'abc', b'', b'd']
    """
    joined = np.frombuffer(b"".join(masks), np.uint8).copy()
    return {"masks": joined, "mask_bytes": _ends([len(mask) for mask in masks])}


def unpack_masks(arrays: Mapping[str, NDArray]) -> list[bytes]:
    """Each target's mask, as it was given."""
    joined = arrays["masks"].tobytes()
    return [joined[start:end] for start, end in pairwise(arrays["mask_bytes"].tolist())]


def _ends(lengths: Sequence[int] | NDArray) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.asarray(lengths, np.int64))]).astype(np.int64)
