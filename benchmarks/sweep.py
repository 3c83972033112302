"""How much faster every level's boxes come from one pass than from one threshold after the other.

    python benchmarks/sweep.py [heatmaps.npz]

Both run here, in one process and on one thread, on the same maps: smooth ones made from a seed, and those of a
heatmaps file if one is named. Both find the boxes of the largest contour and of all contours at 1,000 thresholds of
the published protocol, and compare them with one true box at three IoU. A ratio is naive time over ours.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests")]

import naive  # noqa: E402
from wsol.files import HEATMAPS, unpack  # noqa: E402
from wsol.hits import hits  # noqa: E402
from wsol.localize import localize  # noqa: E402
from wsol.protocols import prepare  # noqa: E402
from wsol.regions import cut  # noqa: E402

TAUS = np.arange(0, 1, 0.001)
DELTAS = [0.3, 0.5, 0.7]
TRUTH = np.array([[50.0, 40.0, 180.0, 200.0]])
HOW = {"upsampling": "cubic", "normalization": "minmax", "protocol": "wsol2020"}


def smooth(side: int, count: int, seed: int = 0) -> list[np.ndarray]:
    """Maps like a network's: blurred noise with one bump."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[:side, :side] / side
    centres = rng.uniform(0.3, 0.7, (count, 2))
    bumps = [np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 0.08) for x, y in centres]
    blurred = [cv2.GaussianBlur(rng.random((side, side)), (0, 0), side / 7) for _ in centres]
    return [(bump + noise).astype(np.float32) for bump, noise in zip(bumps, blurred, strict=True)]


def seconds(ours, naives, maps) -> tuple[float, float]:
    """Processor time a map of both, taken in turns: the best of three for each map, then the mean."""
    best = np.full((2, len(maps)), np.inf)
    for _ in range(3):
        for i, given in enumerate(maps):
            for which, work in enumerate((ours, naives)):
                start = time.process_time()
                work(given)
                best[which, i] = min(best[which, i], time.process_time() - start)
    return tuple(best.mean(axis=1))


def naive_boxes(prepared):
    return [naive.published_boxes(prepared, TAUS, every) for every in (False, True)]


def naive_hits(heatmap):
    prepared, truth = naive.published_map(heatmap), TRUTH - [0, 0, 1, 1]
    return [naive.published_hits(prepared, TAUS, truth, DELTAS, every) for every in (False, True)]


def our_hits(heatmap):
    regions = localize(
        [heatmap], ["ok"], [[1, 1, 0, 0]], [224, 224], [[224, 224]], threshold={"method": "sweep"}, **HOW
    )
    given = (regions, TRUTH, [0, 1], [[224, 224]], DELTAS)
    return [hits(*given, largest=largest, protocol="wsol2020") for largest in (True, False)]


def report(name: str, maps: list[np.ndarray]) -> None:
    prepared = [prepare(heatmap, 224, 224, **HOW) for heatmap in maps]
    stages = {
        "map to boxes": seconds(lambda p: cut(p, TAUS, "wsol2020"), naive_boxes, prepared),
        "heatmap to hits": seconds(our_hits, naive_hits, maps),
    }
    for stage, (ours, slow) in stages.items():
        print(f"{name:16s} {stage:16s} {1e3 * ours:6.2f} ms  naive {1e3 * slow:7.2f} ms  ratio {slow / ours:6.1f}")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    our_hits(smooth(7, 1)[0])  # compiles
    for side in (7, 14):
        report(f"smooth {side} x {side}", smooth(side, 20))
    for path in sys.argv[1:]:
        report(Path(path).name, unpack(HEATMAPS.read(path))[:20])
