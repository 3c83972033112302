"""How much faster every level's boxes come from one pass than from one threshold after the other.

    python benchmarks/sweep.py [heatmaps.npz]

Both run here, in one process and on one thread, on the same maps: smooth ones made from a seed, and those of a
heatmaps file if one is named. Both find the boxes of the largest contour and of all contours at 1,000 thresholds of
the published protocol, and compare them with one true box at three IoU. A ratio is naive time over ours. The protocol
`exact` has every value of a map as a level, some 40,000: nothing naive does that here.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests")]

import naive
from prepared import prepare
from wsol.files.heatmap import HEATMAPS
from wsol.files.npz import unpack
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize
from wsol.regions.published import PUBLISHED
from wsol.regions.regions import cut
from wsol.scores.hits import find_hit_intervals

TAUS = np.arange(0, 1, 0.001)
DELTAS = [0.3, 0.5, 0.7]
TRUTH = np.array([[50.0, 40.0, 180.0, 200.0]])
HOW = {"upsampling": "cubic", "normalization": "minmax", "protocol": "wsol2020"}
EXACT_HOW = {"upsampling": "linear", "normalization": "minmax", "protocol": "exact"}


def smooth(side: int, count: int, seed: int = 0) -> list[np.ndarray]:
    """Maps like a network's: blurred noise with one bump."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[:side, :side] / side
    centres = rng.uniform(0.3, 0.7, (count, 2))
    bumps = [np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 0.08) for x, y in centres]
    blurred = [cv2.GaussianBlur(rng.random((side, side)), (0, 0), side / 7) for _ in centres]
    return [(bump + noise).astype(np.float32) for bump, noise in zip(bumps, blurred, strict=True)]


def seconds(ours, naives, maps) -> tuple[float, float]:
    """Processor time a map: the best of three rounds of ours on all maps, of the naive loop on some, in turns."""
    some = maps[:8]
    rounds = [(clocked(ours, maps) / len(maps), clocked(naives, some) / len(some)) for _ in range(3)]
    return tuple(np.min(rounds, axis=0))


def clocked(work, maps) -> float:
    start = time.process_time()
    work(maps)
    return time.process_time() - start


def our_boxes(maps):
    return [cut(prepared, TAUS, PUBLISHED) for prepared in maps]


def naive_boxes(maps):
    return [naive.published_boxes(prepared, TAUS, every) for prepared in maps for every in (False, True)]


def our_hits(maps, protocol=PUBLISHED, how=HOW):
    """As the workflow does: a shard at once."""
    n = len(maps)
    input_to_image, sizes = np.tile([1.0, 1.0, 0.0, 0.0], (n, 1)), np.full((n, 2), 224)
    regions = localize(maps, ["ok"] * n, input_to_image, [224, 224], sizes, threshold={"method": "sweep"}, **how)
    given = (regions, np.tile(TRUTH, (n, 1)), np.arange(n + 1), sizes, DELTAS)
    return [find_hit_intervals(*given, largest=largest, protocol=protocol) for largest in (True, False)]


def exact_hits(maps):
    return our_hits(maps, EXACT, EXACT_HOW)


def naive_hits(maps):
    truth = TRUTH - [0, 0, 1, 1]
    prepared = [naive.published_map(heatmap) for heatmap in maps]
    return [naive.published_hits(p, TAUS, truth, DELTAS, every) for p in prepared for every in (False, True)]


def report(name: str, maps: list[np.ndarray]) -> None:
    prepared = [prepare(heatmap, 224, 224, **HOW) for heatmap in maps]
    stages = {
        "map to boxes": seconds(our_boxes, naive_boxes, prepared),
        "heatmap to hits": seconds(our_hits, naive_hits, maps),
    }
    for stage, (ours, slow) in stages.items():
        print(f"{name:16s} {stage:16s} {1e3 * ours:6.2f} ms  naive {1e3 * slow:7.2f} ms  ratio {slow / ours:6.1f}")
    every = min(clocked(exact_hits, maps) for _ in range(3)) / len(maps)
    print(f"{name:16s} {'exact to hits':16s} {1e3 * every:6.2f} ms")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    our_hits(smooth(7, 20))  # compiles
    exact_hits(smooth(7, 2))
    for side in (7, 14):
        report(f"smooth {side} x {side}", smooth(side, 50))
    for path in sys.argv[1:]:
        report(Path(path).name, unpack(HEATMAPS.read(path))[:50])
