"""What a browser needs to draw a target again: a small photograph, and each map as the numbers that it is."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.files.heatmap import HEATMAPS

SIDE = 320  # pixels of a photograph's longer side
QUALITY = 70  # of its WebP


def photograph(image: NDArray[np.uint8]) -> dict[str, Any]:
    """RGB [h w 3] as WebP in a `data:` address, at most SIDE pixels on its longer side; sizes (width, height)."""
    factor = min(1.0, SIDE / max(image.shape[:2]))
    size = [max(1, round(side * factor)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image
    code = cv2.imencode(".webp", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1]
    address = "data:image/webp;base64," + base64.b64encode(code.tobytes()).decode()
    return {"uri": address, "pixels": size, "own": list(image.shape[1::-1])}


def numbers(values: NDArray) -> dict[str, Any]:
    """A map [h w] as little-endian floats: of 4 bytes where those hold its numbers, else of 8."""
    narrow = values.astype("<f4")
    kept = narrow if np.array_equal(narrow, values, equal_nan=True) else values.astype("<f8")
    text = base64.b64encode(np.ascontiguousarray(kept).tobytes()).decode()
    return {"shape": list(values.shape), "bytes": kept.itemsize, "values": text}


def size_of(entry: Any) -> int:
    """The bytes of an entry in the page."""
    return len(json.dumps(entry))


class Shelf:
    """Entries that many targets share, each kept once and known by its place."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._places: dict[str, int] = {}

    def put(self, entry: Any) -> tuple[int, int]:
        """The entry's place, and the bytes that it adds."""
        key = json.dumps(entry, sort_keys=True)
        if key in self._places:
            return self._places[key], 0
        self._places[key] = len(self.entries)
        self.entries.append(entry)
        return self._places[key], len(key)


class MapFiles:
    """The heatmaps of a run by target; a file is opened when a target of it is first asked for, and stays mapped.

    `starts` [shards + 1]: the first target of each file.
    """

    def __init__(self, paths: Sequence[str], starts: NDArray[np.int64]):
        self.paths = paths
        self.starts = starts
        self._open: dict[int, tuple[Mapping[str, NDArray], NDArray[np.int64]]] = {}

    def read(self, row: int) -> tuple[NDArray, dict[str, Any]]:
        """A target's map [h w], and where it lies."""
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        if number not in self._open:
            file = HEATMAPS.map(self.paths[number])
            self._open[number] = file, np.cumsum(np.prod(file["shapes"], axis=1, dtype=np.int64))
        lazy, ends = self._open[number]
        i = row - int(self.starts[number])
        place = int(lazy["index"][i])
        shape = lazy["shapes"][place]
        values = np.array(lazy["values"][ends[place] - np.prod(shape) : ends[place]]).reshape(shape)
        cells, into = lazy["cell_to_input"], lazy["input_to_image"][i]
        lies = {
            "cell_to_input": cells.tolist() if np.isfinite(cells).all() else None,
            "input_to_image": into.tolist() if np.isfinite(into).all() else None,
            "input_size": lazy["input_size"].tolist(),
        }
        return values, lies
