"""Does `score` need more memory for more images? Peak and CPU of one process each, and the bytes a target costs.

    python benchmarks/score_memory.py [--counts 2000 20000] [--boxes]

Targets have masks, one an image, and maps of 7x7 that are swept at step .001; the metrics are of boxes, pointing and
pixels (`--boxes`: without those of pixels). One shard is cut and measured, and its files serve as every shard, so that
sizes differ in nothing else. Prints what the measures of a target take on disk too.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

from wsol.affine import Affine
from wsol.files import rle
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.localize import REGIONS
from wsol.files.measures import MEASURES
from wsol.files.npz import pack
from wsol.regions.localize import localize
from wsol.scores.evaluate import evaluate
from wsol.scores.load import viewed
from wsol.scores.measuring import Measuring
from wsol.scores.seen import as_seen
from wsol.scores.series import find_curves
from wsol.scores.strata import strata

SHARD = 500
SIZE = (375, 500)  # height, width of the images
INPUT = np.array([224, 224])
SETTINGS = {
    "threshold": {"method": "sweep", "step": 0.001},
    "protocol": "exact",
    "upsampling": "linear",
    "normalization": "minmax",
    "canvas": "input",
    "alignment": "stretch",
    "masks": False,
}
BOXES = ["maxboxacc@50", "maxboxacc_v2", "energy_pointing", "peak_on_object"]
PIXELS = ["pxap", "mask_iou", "pixel_recall"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs=2, default=[2000, 20000])
    parser.add_argument("--boxes", action="store_true", help="without the metrics of pixels")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--prepare", help=argparse.SUPPRESS)
    options = parser.parse_args()
    metrics = BOXES + PIXELS * (not options.boxes)
    if options.one:
        return print(*score(Path(options.one), options.counts[0], metrics))
    if options.prepare:
        return print(prepare(Path(options.prepare), options.counts, "" if options.boxes else "pixels"))
    peaks = []
    with TemporaryDirectory() as folder:
        # In processes of their own: the peak that a process is told begins with that of the one that started it.
        disk = float(told(["--prepare", folder, "--counts", *map(str, options.counts)], options.boxes))
        print(f"measures on disk: {disk / SHARD:.0f} bytes a target")
        for count in options.counts:
            found = told(["--one", folder, "--counts", str(count), "0"], options.boxes)
            peak, cpu = map(float, found.split())
            peaks.append(peak)
            print(f"{count} targets: peak {peak:.0f} MiB, {cpu:.1f} s of CPU")
    more = (peaks[1] - peaks[0]) * 2**20 / (options.counts[1] - options.counts[0])
    print(f"ratio {peaks[1] / peaks[0]:.2f}, {more:.0f} bytes a target")


def told(arguments: list[str], boxes: bool) -> str:
    """What this program prints in another process."""
    command = [sys.executable, __file__, *arguments, *["--boxes"] * boxes]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def prepare(folder: Path, counts: list[int], pixels: str) -> int:
    """The files of one shard, and the targets of as many as are counted; gives the bytes that its measures take."""
    random = np.random.default_rng(0)
    maps = [random.random((7, 7), np.float32) for _ in range(SHARD)]
    table = pd.concat([_targets(random)] * (max(counts) // SHARD), ignore_index=True)
    table["image"] = table["group"] = [f"{i:06d}.jpg" for i in range(len(table))]
    for count in counts:
        TARGETS.write(folder / f"{count}.parquet", table[:count])
    cells = Affine.stretch((7, 7), INPUT).array()
    to_image = np.tile(Affine.stretch(INPUT, SIZE).array(), (SHARD, 1))
    how = {"status": np.array(["ok"] * SHARD), "input_to_image": to_image, "input_size": INPUT, "cell_to_input": cells}
    sources = {"pointing", pixels} - {""}
    measuring = Measuring(table[:SHARD], how["status"], SETTINGS, sources)
    found = localize(maps, sizes=np.tile(SIZE, (SHARD, 1)), see=measuring.see, **how, **SETTINGS)
    HEATMAPS.write(folder / "heatmaps.npz", **pack(maps), **how)
    REGIONS.write(folder / "regions.npz", **found)
    MEASURES.write(folder / "measures.npz", **measuring.arrays(pack(maps) | how))
    return (folder / "measures.npz").stat().st_size


def _targets(random: np.random.Generator) -> pd.DataFrame:
    """Targets of SHARD images, each with a mask that has an outline as an object's and the box around it."""
    height, width = SIZE
    rows = []
    for i in range(SHARD):
        blob = cv2.resize(random.random((6, 6)), (width, height), interpolation=cv2.INTER_CUBIC) > 0.6
        mask = rle.encode(blob)
        known = {"label": i % 100, "class_name": f"class {i % 100}", "width": width, "height": height, "mask": mask}
        rows.append(known | {"boxes": rle.bounds(mask, height, width), "ignore": "", "outputs": [0], "status": "ok"})
    return pd.DataFrame(rows).assign(image="", group="")


def score(folder: Path, count: int, metrics: list[str]) -> tuple[float, float]:
    """Peak memory in MiB, and seconds of CPU, of what `scripts/score.py` does of so many targets."""
    began = time.process_time()
    shards = count // SHARD
    kinds = {kind: [folder / f"{kind}.npz"] * shards for kind in ("heatmaps", "regions", "measures")}
    view, stages = viewed({"targets": folder / f"{count}.parquet", "predictions": [], **kinds}, SETTINGS)
    found = evaluate(view.outcome, None, metrics)
    seen = found.targets.assign(**as_seen(view, stages))
    find_curves(view, None, seen["iou"].to_numpy(), found.scores["metric"].tolist())
    strata([found.targets], view.outcome.targets)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time() - began


if __name__ == "__main__":
    main()
