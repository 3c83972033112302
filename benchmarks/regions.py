"""What a map's regions take on disk, and how long they take to write and to read, beside rows kept as floats.

    python benchmarks/regions.py [heatmaps.npz]

Maps of 7 x 7 cells, smooth ones and noise from a seed and those of a heatmaps file if one is named, are swept at step
.001. As floats a row takes 33 bytes: a box of float32, two levels of float64, a flag. Bytes are those of the whole file
a map; writing is what comes after the cut, from rows to the file; reading is from the file to the hit intervals at
three IoU, of the largest region and of all. Both run here, in one process, on the same rows; the floats are read by the
same kernel. A ratio is floats over ours.
"""

import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from sweep import smooth

from wsol.files.containers import Arrays
from wsol.files.heatmap import HEATMAPS
from wsol.files.npz import unpack
from wsol.regions.localize import localize
from wsol.regions.packed import Packing, rows_of_targets
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.regions import Regions
from wsol.scores import hits
from wsol.scores.hits import Flat, find_hit_intervals

GRID = np.arange(0, 1, 0.001)
COUNT = 600
DELTAS = np.array([0.3, 0.5, 0.7])
SIDE, TRUTH = 224, np.array([50.0, 40.0, 180.0, 200.0])
COLUMNS = ("boxes", "level_low", "level_high", "largest")
PLACES = ("offsets", "index", "canvas_to_image")
FLOATS = Arrays("floats", 1, "benchmark", (*COLUMNS, *PLACES))
OURS = Arrays("ours", 1, "benchmark", ("rows", "row_bytes", "row_counts", "levels", "level_starts", *PLACES[1:]))


def regions_of(maps: list[np.ndarray], protocol: str) -> tuple[list[Regions], dict]:
    """The rows of each map as it is cut, and what a file says of where they lie."""
    n = len(maps)
    how = {"protocol": protocol, "upsampling": PROTOCOLS[protocol].upsampling, "normalization": "minmax"}
    place = (["ok"] * n, np.tile([1.0, 1, 0, 0], (n, 1)), [SIDE, SIDE], np.full((n, 2), SIDE))
    arrays = localize(maps, *place, threshold={"method": "sweep", "step": 0.001}, **how)
    found = []
    for rows in rows_of_targets(arrays):
        order = np.concatenate([np.flatnonzero(rows.of_largest), np.flatnonzero(rows.of_all)])
        largest = np.arange(len(order)) < rows.of_largest.sum()
        found.append(Regions(rows.boxes[order], rows.level_low[order], rows.level_high[order], largest))
    return found, {name: arrays[name] for name in PLACES[1:]}


def write_ours(path: Path, found: list[Regions], where: dict) -> None:
    packing = Packing(GRID)
    for regions in found:
        packing.add(regions)
    OURS.write(path, **packing.arrays(), **where)


def write_floats(path: Path, found: list[Regions], where: dict) -> None:
    columns = {name: np.concatenate([getattr(regions, name) for regions in found]) for name in COLUMNS}
    columns["boxes"] = columns["boxes"].astype(np.float32)
    FLOATS.write(path, **columns, offsets=np.cumsum([0, *map(len, found)]), **where)


def read_ours(path: Path, protocol) -> list:
    found = []
    for largest in (True, False):
        arrays = OURS.read(path)  # once for each pass, as scores do
        n = len(arrays["index"])
        given = (np.tile(TRUTH, (n, 1)), np.arange(n + 1), np.full((n, 2), SIDE), DELTAS)
        found.append(find_hit_intervals(arrays, *given, largest=largest, protocol=protocol))
    return found


def read_floats(path: Path, protocol) -> list:
    found = []
    for largest in (True, False):
        arrays = FLOATS.read(path)
        n = len(arrays["index"])
        sizes = np.full((n, 2), SIDE)
        given = Flat(
            arrays["boxes"].astype(np.float64),
            arrays["largest"] == largest,
            *(arrays[name] for name in ("level_low", "level_high", "offsets", "index", "canvas_to_image")),
            sizes,
            protocol.truth_boxes(np.tile(TRUTH, (n, 1)), sizes),
            np.arange(n + 1),
            protocol.scored_in_image,
            float(protocol.inclusive),
        )
        which, low, high = hits._hits(given, DELTAS)
        rows = [np.flatnonzero(which[:, 1] == delta) for delta in range(len(DELTAS))]
        found.append([(which[own, 0], low[own], high[own]) for own in rows])
    return found


def seconds(*works) -> list[float]:
    """Processor time of each: the best of five rounds, in turns."""
    for work in works:
        work()  # compiles
    return np.min([[clocked(work) for work in works] for _ in range(5)], axis=0).tolist()


def clocked(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def report(name: str, maps: list[np.ndarray], folder: Path) -> None:
    for protocol in PROTOCOLS.values():
        found, where = regions_of(maps, protocol.name)
        ours, floats = folder / "ours.npz", folder / "floats.npz"
        written = seconds(partial(write_ours, ours, found, where), partial(write_floats, floats, found, where))
        read = seconds(partial(read_ours, ours, protocol), partial(read_floats, floats, protocol))
        for one, other in zip(read_ours(ours, protocol), read_floats(floats, protocol), strict=True):
            np.testing.assert_equal([tuple(columns) for columns in one], other)
        sizes = [path.stat().st_size for path in (ours, floats)]
        print(f"{name:14s} {protocol.name:9s}", end="")
        for what, unit, (one, other) in (
            ("bytes", 1, sizes),
            ("write µs", 1e6, written),
            ("read µs", 1e6, read),
        ):
            print(
                f"  {what} {unit * one / len(maps):6.0f} ({unit * other / len(maps):6.0f}, {other / one:4.1f})", end=""
            )
        print()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    noise = list(np.random.default_rng(1).random((COUNT, 7, 7), np.float32))
    print("a map: ours (floats, ratio)")
    with TemporaryDirectory() as folder:
        report("smooth 7 x 7", smooth(7, COUNT), Path(folder))
        report("noise 7 x 7", noise, Path(folder))
        for path in sys.argv[1:]:
            report(Path(path).name, unpack(HEATMAPS.read(path))[:COUNT], Path(folder))
