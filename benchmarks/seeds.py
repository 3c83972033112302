"""Segmentation seeds at 60 background levels, in one pass and in a loop over the levels; and what 10,000 images take.

    python benchmarks/seeds.py [images]

Both run here, in one process and on one thread, on the same images of 500 x 375 pixels with three of VOC's
classes: smooth maps of 14 x 14 and masks made from a seed. The loop does what the field's programs do for each level:
the background beside the maps, an argmax, a confusion matrix. Both give the same numbers, or this fails. First the pass
over pixels alone is timed, from prepared maps and the truth's labelling; then everything, from heatmaps and RLE. A
ratio is the loop's time over ours. Then the memory of a tenth of the images and of all of them, each in a process of
its own, and the bootstrap with the level chosen again; all in processor time.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as Snakemake's jobs of one thread have it; before NumPy is imported

import cv2
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.files import rle
from wsol.regions.drawing import drawing
from wsol.scores.evaluate import evaluate
from wsol.scores.outcome import Outcome
from wsol.scores.seedmaps import DRAWN, LEVELS, by_image, count, labelled, stacked
from wsol.scores.seeds import measure

SIZE = (375, 500)
FEW = 20  # images that the loop sees
CLASSES = 21
GRID = 14


def made(images: int, seed: int = 0) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Targets and heatmaps: of each image three classes, a blob of each, maps that see it and noise."""
    random = np.random.default_rng(seed)
    shapes = [blob(random) for _ in range(100)]  # of which all are: their RLE once
    rows, maps = [], []
    for image in range(images):
        for label in np.sort(random.choice(CLASSES - 1, 3, replace=False)).tolist():
            mask, small = shapes[random.integers(len(shapes))]
            rows.append((f"{image:06d}", label, mask, "", *SIZE, f"{image:06d}", str(label)))
            maps.append(small + 0.5 * random.random((GRID, GRID), np.float32))
    return pd.DataFrame(
        rows, columns=["image", "label", "mask", "ignore", "height", "width", "group", "class_name"]
    ), maps


def blob(random: np.random.Generator) -> tuple[str, np.ndarray]:
    ys, xs = np.mgrid[: SIZE[0], : SIZE[1]]
    y, x, reach = random.uniform(60, 310), random.uniform(60, 440), random.uniform(30, 120)
    mask = (ys - y) ** 2 + (xs - x) ** 2 < reach**2
    return rle.encode(mask), cv2.resize(mask.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)


def prepared(targets: pd.DataFrame, maps: list[np.ndarray]):
    n = len(maps)
    sizes = np.tile(SIZE, (n, 1))
    to_image = np.tile([SIZE[1] / 224, SIZE[0] / 224, 0.0, 0.0], (n, 1))
    settings = {**DRAWN, "alignment": "stretch"}
    return drawing(maps, to_image, np.array([224, 224]), sizes, None, settings).maps(np.ones(n, bool))


def naive(maps: np.ndarray, truth: np.ndarray, labels: np.ndarray, matrices: np.ndarray) -> None:
    """One image at one level after the other, into confusion matrices [levels 21 21]."""
    kept = truth >= 0
    of_truth = labels[truth[kept]]
    for level, matrix in zip(LEVELS, matrices, strict=True):
        stack = np.pad(maps, ((1, 0), (0, 0), (0, 0)), constant_values=level)
        predicted = labels[np.argmax(stack, axis=0)][kept]
        matrix += np.bincount(CLASSES * of_truth + predicted, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def ious(matrices: np.ndarray) -> np.ndarray:
    hit = np.diagonal(matrices, axis1=1, axis2=2)
    union = matrices.sum(axis=1) + matrices.sum(axis=2) - hit
    return np.divide(hit, union, out=np.full(union.shape, np.nan), where=union > 0)


def compare() -> None:
    targets, maps = made(FEW)
    images = [(own, stacked(own, drawn), labelled(own)) for _, own, drawn in by_image(targets, prepared(targets, maps))]
    count(images[0][1], images[0][2], LEVELS)  # compiles
    best = []
    for _ in range(3):
        start = time.process_time()
        for _, values, truth in images:
            count(values, truth, LEVELS)
        ours = time.process_time() - start
        matrices = np.zeros((len(LEVELS), CLASSES, CLASSES), np.int64)
        start = time.process_time()
        for own, values, truth in images:
            naive(values, truth, np.array([0, *(row.label + 1 for row in own)]), matrices)
        slow = time.process_time() - start
        start = time.process_time()
        seeds = measure(targets, prepared(targets, maps))
        best.append((ours, slow, time.process_time() - start))
    ours, slow, whole = np.min(best, axis=0) / FEW * 1e3
    # The loop's levels are float32, as the field's are: a pixel on a level can come out on its other side.
    assert np.allclose(seeds.curve(), np.nanmean(ious(matrices), axis=1), atol=1e-3)
    print(f"pixels of an image, 60 levels  {ours:7.2f} ms   loop {slow:8.1f} ms   ratio {slow / ours:6.1f}")
    print(f"heatmaps to counts             {whole:7.2f} ms   loop {whole - ours + slow:8.1f} ms   "
          f"ratio {(whole - ours + slow) / whole:6.1f}")  # fmt: skip


def large(images: int) -> None:
    """All of it for many images: processor seconds, the bootstrap, and the peak of this process."""
    targets, maps = made(images)
    start = time.process_time()
    seeds = measure(targets, prepared(targets, maps))
    took = time.process_time() - start
    outcome = Outcome(targets, np.full(len(targets), "ok"), find_seeds=lambda: seeds)
    start = time.process_time()
    row = evaluate(outcome, outcome, ["voc_miou"]).scores.iloc[-1]
    boot = time.process_time() - start
    kept = sum(each.nbytes for each in seeds.rows) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"{images:6d} images, {len(targets)} targets: {took:6.1f} s, {1e3 * took / images:.1f} ms an image;")
    print(f"       kept {kept:.1f} MiB, peak {peak:.0f} MiB; bootstrap of two rows {boot:.1f} s; {row['value']:.2f}")


if __name__ == "__main__":
    cv2.setNumThreads(1)
    if sys.argv[1:2] == ["--one"]:
        large(int(sys.argv[2]))
    else:
        compare()
        total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
        for images in (total // 10, total):
            subprocess.run([sys.executable, __file__, "--one", str(images)], check=True)
