"""What it costs that stages check the digests of the files they read: `python benchmarks/digests.py [--images 1000]`.

Runs the scripts of heatmap and localize on evidence of MobileNetV2's size, in turn as they are and as they were before:
without a look at any digest, and with the sha256 of every input taken for the header, which the digests have replaced.
Prints median seconds and ratios of one process.
"""

import argparse
import runpy
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from wsol.affine import Affine
from wsol.files import formats, seal
from wsol.files.index import TARGETS
from wsol.files.predict import EVIDENCE, PREDICTIONS

PREPARED = {"protocol": "exact", "upsampling": "linear", "normalization": "minmax", "canvas": "input"}
LEVELS = PREPARED | {"threshold": {"method": "sweep", "step": 0.001}, "alignment": "stretch", "masks": False}
CAM = {"method": "gradcam", "relu": True, "fusion": {}}


def write(folder: Path, images: int) -> None:
    """The files that a shard's heatmap stage reads."""
    random = np.random.default_rng(0)
    names = [f"{i:06d}.jpg" for i in range(images)]
    table = pd.DataFrame({"image": names, "label": 0, "class_name": "x", "width": 224, "height": 224, "mask": ""})
    table["boxes"] = [[0.0, 0.0, 9.0, 9.0]] * images
    table["outputs"] = [[0]] * images
    table = table.assign(ignore="", group=names, status="ok")
    TARGETS.write(folder / "targets.parquet", table)
    size, grid = np.array([224, 224]), Affine.stretch((7, 7), (224, 224)).array()
    with EVIDENCE.stream(folder / "evidence.npz") as sink:
        for _ in range(images // 50):
            sink.append("activations", random.random((50, 7, 7, 1280), np.float32), images)
        for name in ("gradients", "similar_class_gradients"):
            sink.put(name, np.arange(images), random.standard_normal((images, 1, 1, 1280)).astype(np.float32), images)
        sink.put("image_of", np.arange(images), np.arange(images), images)
        sink.put("explained", np.arange(images), np.zeros(images, np.int64), images)
        sink.put("cell_to_input", np.arange(4), grid, 4)
    PREDICTIONS.write(
        folder / "predictions.npz",
        image=np.array(names),
        logits=random.random((images, 1000), np.float32),
        readable=np.ones(images, bool),
        input_to_image=np.tile([1.0, 1, 0, 0], (images, 1)),
        input_size=size,
        names=np.empty(0, np.str_),
    )


def run(stage: str, folder: Path, images: int, params: dict, output: str, **files: str) -> float:
    """Seconds of a stage's script, without the start of Python."""
    given = {kind: str(folder / name) for kind, name in files.items()}
    snakemake = SimpleNamespace(
        input=SimpleNamespace(targets=str(folder / "targets.parquet"), **given),
        output=SimpleNamespace(**{output: str(folder / f"{output}.npz")}),
        params=SimpleNamespace(**params),
        wildcards=SimpleNamespace(shard=f"0-{images - 1}"),
        log=[str(folder / "stage.log")],
    )
    seal._whole.clear()  # as in a job of its own
    start = time.perf_counter()
    runpy.run_path(str(ROOT / "scripts" / f"{stage}.py"), init_globals={"snakemake": snakemake})
    return time.perf_counter() - start


def before(source: str | Path, path: str | Path) -> dict[str, str]:
    """How a header named a file it was made from: by its sha256, taken anew."""
    return {"digest": formats.sha256(source)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    images = parser.parse_args().images
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, images)
        stages = {
            "heatmap": ({"cam": CAM}, "heatmaps", {"predictions": "predictions.npz", "evidence": "evidence.npz"}),
            "localize": ({"threshold": LEVELS}, "regions", {"heatmaps": "heatmaps.npz"}),
        }
        for stage, (params, output, files) in stages.items():
            seconds: dict[str, list[float]] = {"checked": [], "before": []}
            for turn in range(9):
                # In turn, each first as often as the other: whoever comes second finds warmer caches.
                for kind in ("checked", "before") if turn % 2 else ("before", "checked"):
                    with ExitStack() as patches:
                        if kind == "before":
                            patches.enter_context(mock.patch.object(formats.Format, "whole", lambda self, path: ""))
                            patches.enter_context(mock.patch.object(formats, "origin", before))
                        took = run(stage, folder, images, params, output, **files)
                    if turn:  # the first one compiles
                        seconds[kind].append(took)
            medians = {kind: statistics.median(values) for kind, values in seconds.items()}
            ratio = medians["checked"] / medians["before"]
            print(f"{stage}: {medians['checked']:.2f} s, before {medians['before']:.2f} s, ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
