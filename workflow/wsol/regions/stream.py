"""The rows of one map as bytes, compiled both ways.

A row is a box and the positions of its levels in a table; rows ascend by the lower. A row of the largest region is
nearly always one of all regions too, and then stands once. Most rows go on from an earlier one: they begin where that
one ends, and their box differs from its in a side or two. So a row is

    1 byte    bits 0-3: which of x0 y0 x1 y1 differ from the earlier row's; 4: of all regions; 5: of the largest;
              6: the earlier row is not the one before; 7: the row does not begin where the earlier one ends
    varint    where bit 6 is set: how many rows the earlier one lies back
    varint    where bit 7 is set: how far it begins above the beginning of the row before
    varint    how far it reaches
    varints   by how much each of those sides differs, in zigzag: 0 -1 1 -2 2 .. are 0 1 2 3 4 ..

A varint has 7 bits a byte, the lowest first, bit 7 set in all but the last (LEB128). Before a map's first row stands
one of zeros. Nothing bounds a canvas or the number of levels but int32.

Every kernel that another calls stands in this file: compiled code is cached until its own file changes.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Table = NDArray[np.int32]  # rows `x0 y0 x1 y1 low high`
Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
LOW, HIGH = 4, 5
OF_ALL, OF_LARGEST, FAR_BACK, APART = 16, 32, 64, 128
LONGEST = 41  # bytes of a row: 8 varints of 5 at most
BACK = 32  # how many rows back the earlier one is looked for
NEAR = 4  # pixels of all sides together: near enough to look no further


@njit(cache=True, nogil=True)
def encode(rows: Table, largest: int) -> tuple[Bytes, int]:
    """Rows [m 6] of a map, the `largest` first, each part ascending by `low`: their bytes, and how many stand in them.

    Read again, the largest region's rows are in their order, and so are those of all regions.
    """
    table = np.zeros((len(rows) + 1, 6), np.int32)  # as they stand in the stream, after one of zeros
    stream = np.empty(256, np.uint8)
    size = 0
    count = 0
    i = 0
    j = largest
    while i < largest or j < len(rows):
        kinds = _next(rows, largest, i, j)
        table[count + 1] = rows[j if kinds & OF_ALL else i]
        i += kinds & OF_LARGEST != 0
        j += kinds & OF_ALL != 0
        count += 1
        if size + LONGEST > len(stream):
            stream = np.concatenate((stream, np.empty_like(stream)))
        size = _write(stream, size, table, count, _earlier(table, count), kinds)
    return stream[:size].copy(), count


@njit(cache=True, nogil=True)
def decode(
    stream: Bytes, levels: NDArray[np.floating], places: Places, starts: Places, offsets: Places
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], Bytes]:
    """The boxes [m 4], lower and higher levels and kinds [m] of the rows of some maps.

    The bytes of the i-th begin at `places` and its part of the levels at `starts`; it has rows
    offsets[i] : offsets[i + 1].
    """
    m = offsets[-1]
    boxes = np.empty((m, 4), np.int32)
    ends = np.empty((2, m))
    kinds = np.empty(m, np.uint8)
    highs = np.empty(m, np.int64)
    for i in range(len(places)):
        first = offsets[i]
        at = int(places[i])
        low = 0
        for row in range(first, offsets[i + 1]):
            flags = np.int64(stream[at])
            back, at = _take(stream, at + 1, flags >> 6 & 1)
            further, at = _take(stream, at, flags >> 7)
            reach, at = _take(stream, at, 1)
            earlier = row - max(back, 1)
            if not flags & APART:
                low = int(highs[earlier]) if earlier >= first else 0
            low += further
            highs[row] = low + reach
            for side in range(4):
                differs, at = _take(stream, at, flags >> side & 1)
                value = int(boxes[earlier, side]) if earlier >= first else 0
                boxes[row, side] = value + ((differs >> 1) ^ -(differs & 1))
            ends[0, row] = levels[starts[i] + low]
            ends[1, row] = levels[starts[i] + low + reach]
            kinds[row] = flags
    return boxes, ends[0], ends[1], kinds


@njit(cache=True, nogil=True)
def _next(rows: Table, largest: int, i: int, j: int) -> int:
    """What the next row is of: i is the next of the largest region, j of all."""
    if i == largest:
        return OF_ALL
    if j == len(rows):
        return OF_LARGEST
    for column in (LOW, HIGH):
        if rows[i, column] != rows[j, column]:
            return OF_LARGEST if rows[i, column] < rows[j, column] else OF_ALL
    for side in range(4):
        if rows[i, side] != rows[j, side]:
            return OF_ALL
    return OF_ALL | OF_LARGEST


@njit(cache=True, nogil=True)
def _earlier(table: Table, row: int) -> int:
    """The row that one goes on from: of those that end where it begins, else of all, that of the nearest box."""
    best = _nearest(table, row, True)
    return best if best >= 0 else _nearest(table, row, False)


@njit(cache=True, nogil=True)
def _nearest(table: Table, row: int, joined: bool) -> int:
    """The earlier row of the nearest box, `joined`: of those that end where the row begins; -1 if there is none."""
    best = -1
    least = np.int64(1) << 62
    for other in range(row - 1, max(row - 1 - BACK, -1), -1):
        if joined and table[other, HIGH] != table[row, LOW]:
            continue
        apart = np.int64(0)
        for side in range(4):
            apart += abs(np.int64(table[row, side]) - table[other, side])
        if apart < least:
            best = other
            least = apart
            if joined and apart <= NEAR:
                break
    return best


@njit(cache=True, nogil=True)
def _write(stream: Bytes, size: int, table: Table, row: int, earlier: int, kinds: int) -> int:
    """Append a row to a stream that has room for it; the stream's new size."""
    head = size
    size += 1
    flags = kinds
    if earlier != row - 1:
        flags |= FAR_BACK
        size = _put(stream, size, row - earlier)
    if table[earlier, HIGH] != table[row, LOW]:
        flags |= APART
        size = _put(stream, size, table[row, LOW] - table[row - 1, LOW])
    size = _put(stream, size, table[row, HIGH] - table[row, LOW])
    for side in range(4):
        differs = np.int64(table[row, side]) - table[earlier, side]
        if differs:
            flags |= 1 << side
            size = _put(stream, size, (differs << 1) ^ (differs >> 63))
    stream[head] = flags
    return size


@njit(cache=True, nogil=True)
def _put(stream: Bytes, size: int, value: int) -> int:
    """Append a varint; the stream's new size."""
    while value >= 128:
        stream[size] = value & 127 | 128
        value >>= 7
        size += 1
    stream[size] = value
    return size + 1


@njit(cache=True, nogil=True)
def _take(stream: Bytes, at: int, there: int | np.int64) -> tuple[int, int]:
    """A varint and where the next one is; 0 if none is `there` (0 or 1), without a branch that nothing foresees."""
    byte = np.int64(stream[min(at, len(stream) - 1)])
    if there * byte < 128:
        return int(there * byte), at + int(there)
    value = np.int64(0)
    shift = 0
    while stream[at] >= 128:
        value |= np.int64(stream[at] & 127) << shift
        shift += 7
        at += 1
    return int(value | np.int64(stream[at]) << shift), at + 1
