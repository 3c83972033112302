"""A regions file's rows the slow way: its bytes read one after the other, as `regions/packed.py` describes them."""

import numpy as np


def varint(stream):
    """LEB128 from an iterator of bytes."""
    value, place = 0, 1
    for byte in stream:
        value += byte % 128 * place
        place *= 128
        if byte < 128:
            return value


def map_rows(data, count):
    """[(box, low, high, of all, of the largest)] of one map, levels counted in its table."""
    stream, rows, low = iter(data), [((0, 0, 0, 0), 0, 0, False, False)], 0
    for _ in range(count):
        head = next(stream)
        box, _, end, *_ = rows[-varint(stream) if head & 64 else -1]
        low = low + varint(stream) if head & 128 else end
        high = low + varint(stream)
        moved = [varint(stream) if head >> side & 1 else 0 for side in range(4)]
        box = tuple(side + (-(by + 1) // 2 if by % 2 else by // 2) for side, by in zip(box, moved, strict=True))
        rows.append((box, low, high, bool(head & 16), bool(head & 32)))
    assert next(stream, None) is None, "bytes are left"
    return rows[1:]


def rows_of(found):
    """The arrays of a regions file as one table of floats: `boxes level_low level_high largest offsets`.

    A row a level span; those of the largest region first in each map.
    """
    table, offsets = [], [0]
    for number, count in enumerate(found["row_counts"].tolist()):
        start, stop = found["row_bytes"][number : number + 2]
        levels = found["levels"][found["level_starts"][number] :].astype(float).tolist()
        rows = map_rows(found["rows"][start:stop].tolist(), count)
        for place, largest in ((4, True), (3, False)):
            table += [(row[0], levels[row[1]], levels[row[2]], largest) for row in rows if row[place]]
        offsets.append(len(table))
    boxes, low, high, largest = zip(*table, strict=True) if table else ((), (), (), ())
    columns = {"boxes": np.array(boxes, float).reshape(-1, 4), "largest": np.array(largest, bool)}
    columns |= {"level_low": np.array(low, float), "level_high": np.array(high, float)}
    return {**found, **columns, "offsets": np.array(offsets)}
