"""Photographs through networks at the size of a validation set: projected from few, and measured.

    python benchmarks/large/photographs.py FOLDER --source ilsvrc1300 --weights WEIGHTS.h5 [--images 50000]

`--source` is a folder with `images/` and published metadata (`--metadata`), whose photographs are repeated under other
names until there are as many as asked. One network with one cam, from JPEG to scores: two small runs, of once and three
times the source, give what starting costs and what an image costs; the large run is projected from them and then
measured. Two more, of twelve cams, are multiplied out to `--networks` such networks and `--images`. The bare forward
pass of the network is timed on arrays that are ready.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import yaml
from runs import ROOT, Took, run, told

sys.path.insert(0, str(ROOT / "benchmarks"))
from processes.workers import LIBRARY, Worker, in_turns

FILES = ("image_ids", "class_labels", "image_sizes", "localization")
FEW, MORE = 1, 3  # times the source's photographs
TWELVE = ["cam", "gradcam", "gradcam++", "xgradcam", "hirescam", "gradcam_elementwise", "layercam", "eigencam"]
TWELVE += ["eigencam_centred", "eigengradcam", "fem", "fem_share"]
METRICS = ["top1_acc", "maxboxacc@50", "maxboxacc_v2", "top1_loc", "peak_on_object", "energy_pointing"]


def main() -> None:
    options = arguments()
    names = [line for line in _lines(options, "image_ids") if line]
    once = len(names)
    measured(options, FEW * once, ["gradcam"])  # compiles what an edit of the code has not left compiled
    small = [measured(options, times * once, ["gradcam"]) for times in (FEW, MORE)]
    start, each = line(small, once)
    print(f"{options.architecture}: {start[0]:.1f} s to start, {1e3 * each[0]:.2f} ms an image, ", end="")
    print(f"of processor {start[1]:.1f} s and {1e3 * each[1]:.2f} ms", flush=True)
    bare = bare_rate(options)
    print(
        f"bare forward pass {bare:.1f} images/s; from JPEG to scores {1 / each[0]:.1f}, {1 / each[0] / bare:.2f} of it"
    )
    twelve = [measured(options, times * once, TWELVE) for times in (FEW, MORE)]
    of_twelve = line(twelve, once)[1][0]
    hours = options.networks * options.images * of_twelve / 3600
    print(f"twelve cams {1e3 * of_twelve:.2f} ms an image; {options.networks} such networks: {hours:.2f} h", flush=True)
    whole = measured(options, options.images, ["gradcam"])
    told(whole.stages)
    for what, took, projected in zip(("clock", "processor"), whole[:2], start + each * options.images, strict=True):
        ratio = f"projected {projected:.0f} s, measured {took:.0f} s, {took / projected:.3f}"
        print(f"{options.images} images, {what}: {ratio}")
    print(f"{options.images / whole.wall:.1f} images/s")


def line(small: list[Took], once: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds by the clock and of the processor that starting costs, and that an image costs."""
    few, more = (np.array(took[:2]) for took in small)
    each = (more - few) / ((MORE - FEW) * once)
    return few - FEW * once * each, each


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--metadata", default="metadata_227", help="below the source: that of the stored files")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--networks", type=int, default=4, help="how many networks to multiply out to")
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--cores", type=int, default=2)
    return parser.parse_args()


def _lines(options: argparse.Namespace, file: str) -> list[str]:
    return (options.source / options.metadata / f"{file}.txt").read_text().splitlines()


def measured(options: argparse.Namespace, count: int, cams: list[str]) -> Took:
    """A run over `count` photographs."""
    data = repeated(options, count)
    experiment = data / f"{len(cams)}.yaml"
    experiment.write_text(yaml.safe_dump(settings(options, data, cams), sort_keys=False))
    results = options.folder / f"{count}x{len(cams)}.results"
    shutil.rmtree(results, ignore_errors=True)
    return run(experiment, results, options.cores)


def repeated(options: argparse.Namespace, count: int) -> Path:
    """A data set of `count` images: the source's, again and again under other names."""
    data = options.folder / f"{count}"
    if (data / "metadata").exists():
        return data
    (data / "metadata").mkdir(parents=True)
    names = [line for line in _lines(options, "image_ids") if line]
    times = [count // len(names) + (i < count % len(names)) for i in range(len(names))]
    often = dict(zip(names, times, strict=True))
    for file in FILES:
        rows = [line.split(",", 1) for line in _lines(options, file) if line]
        lines = [",".join([again(row[0], k), *row[1:]]) for row in rows for k in range(often[row[0]])]
        (data / "metadata" / f"{file}.txt").write_text("\n".join(lines) + "\n")
    for name, many in often.items():
        for k in range(many):
            path = data / "images" / again(name, k)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(options.source / "images" / name, path)
    return data


def again(name: str, k: int) -> str:
    path = Path(name)
    return str(path.with_name(f"{path.stem}_{k}{path.suffix}"))


def settings(options: argparse.Namespace, data: Path, cams: list[str]) -> dict:
    return {
        "results": "results",
        "data": str(data.resolve()),
        "datasets": {"val": {"adapter": "wsol", "annotations": "metadata", "images": "images"}},
        "backbones": {"net": {"architecture": options.architecture, "weights": str(options.weights.resolve())}},
        "cams": {cam: {} for cam in cams} | {"center": {}},
        "thresholds": {"sweep": {"step": 0.001}},
        "evaluations": {"published": {"report": "val", "protocol": "wsol2020", "metrics": METRICS}},
    }


def bare_rate(options: argparse.Namespace) -> float:
    """Images a second of the model alone, 32 at once on all cores (`forward.py`)."""
    names = sorted(map(str, (options.source / "images").rglob("*.JPEG")))[:192]
    given = {"architecture": options.architecture, "weights": str(options.weights), "names": names}
    given |= {"folder": str(options.folder), "code": str(LIBRARY), "threads": os.cpu_count()}
    worker = Worker(str(ROOT / "benchmarks" / "forward.py"), json.loads(json.dumps(given)))
    found = in_turns({"bare": (worker, "bare")}, 3)
    worker.end()
    return float(sorted(found["bare"][:, 0])[1])


if __name__ == "__main__":
    main()
