"""How long indexing takes: `python benchmarks/index.py [--images 50000] [--masks]`.

Writes that many JPEGs with the published metadata (1.6 boxes an image, as ILSVRC has; or a mask an image) into a
temporary folder, notes what they are like (as every start of a run does), indexes them and prints seconds. Half of
the files share their length with others, so that the search for duplicates has something to hash.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from wsol.index.indexing import index
from wsol.provenance import fingerprints

WIDTH, HEIGHT, CLASSES = 500, 375, 1000


def write(root: Path, count: int, masks: bool) -> dict:
    """A data set of `count` images; its entry in a config."""
    random = np.random.default_rng(0)
    names = [f"val/{i:08d}.JPEG" for i in range(count)]
    for folder in ("images/val", "masks/val", "metadata"):
        (root / folder).mkdir(parents=True)
    encoded = [_jpeg(random) for _ in range(20)]
    for i, name in enumerate(names):
        tail = random.bytes(8 if i % 2 else int(random.integers(8, 4000)))
        (root / "images" / name).write_bytes(encoded[i % len(encoded)] + tail)
    corners = np.sort(random.integers(0, [[WIDTH], [HEIGHT]], (round(1.6 * count), 2, 2)), axis=2) + [0, 1]
    rows = [f"{names[i % count]},{x0},{y0},{x1},{y1}" for i, ((x0, x1), (y0, y1)) in enumerate(corners)]
    if masks:
        rows = [_mask(root, name, random) for name in names]
    metadata = {
        "image_ids": names,
        "class_labels": [f"{name},{i % CLASSES}" for i, name in enumerate(names)],
        "image_sizes": [f"{name},{WIDTH},{HEIGHT}" for name in names],
        "localization": rows,
    }
    for file, lines in metadata.items():
        (root / "metadata" / f"{file}.txt").write_text("\n".join(lines))
    settings = {"adapter": "wsol", "annotations": str(root / "metadata"), "images": str(root / "images")}
    return settings | ({"masks": str(root / "masks")} if masks else {})


def _jpeg(random: np.random.Generator) -> bytes:
    blotches = cv2.resize(random.integers(0, 256, (9, 12, 3), np.uint8), (WIDTH, HEIGHT))
    return cv2.imencode(".jpg", blotches)[1].tobytes()


def _mask(root: Path, name: str, random: np.random.Generator) -> str:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    centre, axes = random.integers(50, 300, 2).tolist(), random.integers(10, 150, 2).tolist()
    cv2.ellipse(mask, centre, axes, float(random.uniform(0, 180)), 0, 360, 255, -1)
    cv2.imwrite(str(root / "masks" / f"{name}.png"), mask)
    return f"{name},{name}.png,"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--masks", action="store_true", help="a mask an image in place of boxes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = write(Path(folder), options.images, options.masks)
        start = time.perf_counter()
        seen = fingerprints.listing([settings["annotations"], settings["images"]], False, skip=folder)
        fingerprints.note(Path(folder) / "note.txt", seen)
        noted = time.perf_counter() - start
        found = index(settings)
        seconds = time.perf_counter() - start
    print(found.summary)
    print(f"{seconds:.1f} s for {options.images} images, {1e6 * seconds / options.images:.0f} us each; of these")
    print(f"{noted:.1f} s to note what {len(seen)} files are like, which every start of a run costs")


if __name__ == "__main__":
    main()
