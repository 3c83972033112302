"""What refining a map costs, beside the plain map: milliseconds of one core, and bytes of a heatmaps file.

    python benchmarks/refine.py [--images FOLDER] [--count 20] [--side 112 224]

The plain map is Grad-CAM's of a layer of 7 x 7 x 1280. `image` is what all refiners need first: the image decoded (of
FOLDER; else scenes of the `shapes` are drawn beforehand, and nothing is decoded) and brought to the grid. Numbers are
medians of images, without the time that libraries take to be imported. What is refined is a blob at the image's middle.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.adapters import shapes
from wsol.affine import Affine
from wsol.datasets.decoding import cv2, decode
from wsol.maps.cams import CAMS
from wsol.maps.controls import center
from wsol.maps.grids import ImageGrid, shown
from wsol.maps.refiners import REFINERS
from wsol.maps.refining import refine, settings

INPUT = np.array([224, 224])
CELLS = Affine.stretch((7, 7), INPUT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="a folder of images")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--side", type=int, nargs="*", default=[112, 224])
    given = parser.parse_args()
    cv2.setNumThreads(1)
    images = list(opened(given.images, given.count))
    print(f"{len(images)} images; plain map {plain():.3f} ms, {4 * 7 * 7} bytes")
    for side in given.side:
        row(side, images)


def opened(folder: Path | None, count: int) -> Iterator[Callable[[], np.ndarray]]:
    """Functions that give an image [h w 3] each."""
    if folder is None:
        for number in range(count):
            scene = shapes.draw(f"report/{number:06d}.png", size=500).image
            yield lambda scene=scene: scene
    else:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        yield from (lambda path=path: decode(path) for path in paths[:count])


def plain() -> float:
    """The plain map's milliseconds."""
    random = np.random.default_rng(0)
    arrays = random.random((16, 7, 7, 1280), np.float32), random.random((16, 1, 1, 1280), np.float32)
    CAMS["gradcam"](*arrays)
    many = 100  # one takes less than the clock can tell
    return clocked(lambda: [CAMS["gradcam"](*arrays) for _ in range(many)])[0] / many / 16


def row(side: int, images: list[Callable[[], np.ndarray]]) -> None:
    """One line for each refiner on grids of this side."""
    heatmap = center(["a"], size=7)[0]
    made = [clocked(lambda read=read: on_grid(read(), side)) for read in images]
    print(f"side {side}: image {np.median([ms for ms, _ in made]):.1f} ms")
    for name in REFINERS:
        chosen = settings("refine", {"method": name, "side": side})
        refine(heatmap, *made[0][1], CELLS, chosen)  # imports
        found = [clocked(lambda on=on, to=chosen: refine(heatmap, *on, CELLS, to)) for _, on in made]
        size = np.median([result.nbytes for _, (result, _) in found])
        times = [ms for ms, _ in found]
        print(f"  {name:14s} {np.median(times):7.1f} ms a map (at most {max(times):.0f}), {size:,.0f} bytes")


def on_grid(image: np.ndarray, side: int) -> tuple[Any, Any]:
    size = image.shape[:2]
    grid = ImageGrid.of(Affine.stretch(INPUT, size), INPUT, side)
    return grid, shown(image, grid, size)


def clocked(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds of this process, and what was made."""
    start = time.process_time()
    found = work()
    return 1e3 * (time.process_time() - start), found


if __name__ == "__main__":
    main()
