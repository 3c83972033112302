"""What an evaluation takes a target, stage by stage, and what that comes to: `python benchmarks/units.py`.

    python benchmarks/units.py [--sizes 1000 5000] [--network 256 1024] [--shard 2000] [--targets 1000 … 10000000]

Runs the workflow on generated data of two sizes, one shard each: boxes, a control and imported 7x7 maps, cut at every
thousandth; then drawn images through MobileNetV2 of random weights, with Grad-CAM. Each job's processor time and peak
memory come from its own process, bytes from the files. Two sizes give what a job takes at its start and what a target
adds; a dry run over few shards and one over many give what Snakemake takes a job. Everything past that is
multiplication, of ONE run: one network, one CAM, one threshold, one evaluation. Prints both tables in Markdown.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

ROOT = Path(__file__).parents[1]
STAGE = re.compile(r"\.(\w+)\.py$")  # of a script as Snakemake runs it
SNAKEMAKE = "snakemake"
SHARDED = ("predict", "heatmap", "imported", "control", "localize")
OF_NETWORK = ("predict", "heatmap")  # measured on images; whatever else is measured on annotations
AT_ONCE = 100  # jobs on a cluster, as its profile says
TEMPORARY = "evidence.npz"
# Every process says at its end who it was and what it took. VmHWM, since what getrusage says of a child begins with its
# parent's.
HOOK = """
import atexit, json, os, resource, sys

def tell():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    alone = used[:1] if sys.argv[0].endswith("__main__.py") else used
    seconds = sum(one.ru_utime + one.ru_stime for one in alone)
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
    with open(os.environ["UNITS"], "a") as file:
        file.write(json.dumps([sys.argv[0], seconds, peak / 1024]) + "\\n")

atexit.register(tell)
"""


class Line(NamedTuple):
    """A quantity that grows with the targets: at the start, and for each."""

    fixed: float
    each: float

    def at(self, targets: float) -> float:
        return self.fixed + self.each * targets


class Measured(NamedTuple):
    """One run: (seconds, MB) of each job by stage, bytes by kind of file, how many files there are, a shard's apart."""

    jobs: dict[str, list[tuple[float, float]]]
    sizes: dict[str, int]
    files: int
    sharded: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs=2, default=[1000, 5000], help="images with annotations alone")
    parser.add_argument("--network", type=int, nargs=2, default=[256, 1024], help="images through a network")
    parser.add_argument("--shard", type=int, default=2000)
    parser.add_argument("--targets", type=int, nargs="+", default=[1000, 50_000, 1_000_000, 10_000_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run(root / "warm", annotated(root / "warm", 50))  # compiled code is compiled, and kept
        small, large = [run(root / str(n), annotated(root / str(n), n)) for n in options.sizes]
        planning = plan(root / str(options.sizes[1]), options.sizes[1])
        seen = [run(root / f"network{n}", drawn(n)) for n in options.network]
    stages, kinds = lines(options.sizes, small, large)
    more = lines(options.network, *seen)
    stages |= {stage: line for stage, line in more[0].items() if stage in OF_NETWORK}
    kinds |= {kind: line for kind, line in more[1].items() if kind not in kinds}
    show_units(stages, kinds, planning)
    show_totals(options.targets, options.shard, stages, kinds, planning, Line(seen[1].files, seen[1].sharded))


def annotated(folder: Path, count: int) -> dict:
    """An experiment of boxes, of a control and of a map from elsewhere for each of `count` images."""
    random = np.random.default_rng(0)
    (folder / "metadata").mkdir(parents=True)
    names = [f"{i:08d}.jpg" for i in range(count)]
    corner = random.integers(0, 200, (count, 2))
    boxes = np.concatenate([corner, corner + random.integers(40, 170, (count, 2))], axis=1)
    rows = {
        "image_ids": names,
        "class_labels": [f"{name},{i % 1000}" for i, name in enumerate(names)],
        "image_sizes": [f"{name},500,375" for name in names],
        "localization": [",".join(map(str, (name, *box))) for name, box in zip(names, boxes, strict=True)],
    }
    for name, text in rows.items():
        (folder / f"metadata/{name}.txt").write_text("\n".join(text) + "\n")
    np.savez(folder / "maps.npz", **{name: random.random((7, 7), np.float32) for name in names})
    return experiment({"adapter": "wsol", "annotations": "metadata"}, {"other": {"imported": "maps.npz"}}, "center")


def drawn(count: int) -> dict:
    """An experiment of drawn images and a network's Grad-CAM."""
    shapes = {"adapter": "shapes", "split": "report", "count": count, "size": 224, "class_map": "labels"}
    network = {"architecture": "MobileNetV2", "weights": "random"}
    return experiment(shapes, {"net": network}, "gradcam") | {"activations": "keep"}


def experiment(dataset: dict, backbones: dict, cam: str) -> dict:
    metrics = ["maxboxacc@50", "maxboxacc_v2", "peak_on_object", "energy_pointing"]
    return {
        "data": ".",
        "shard_size": 1_000_000,
        "overlays": 0,
        "datasets": {"d": dataset},
        "backbones": backbones,
        "cams": {cam: {}},
        "thresholds": {"sweep": {"step": 0.001}},
        "evaluations": {"e": {"report": "d", "protocol": "wsol2020", "metrics": metrics}},
    }


def run(folder: Path, config: dict, *arguments: str) -> Measured:
    """Run an experiment in `folder`, and measure every process that ends meanwhile."""
    (folder / "hook").mkdir(parents=True, exist_ok=True)
    (folder / "hook/sitecustomize.py").write_text(HOOK)
    (folder / "experiment.yaml").write_text(yaml.safe_dump(config))
    (folder / "said").unlink(missing_ok=True)
    given = os.environ | {
        "PYTHONPATH": str(folder / "hook"),
        "UNITS": str(folder / "said"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    where = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--configfile", folder / "experiment.yaml"]
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *map(str, where), *arguments]
    done = subprocess.run(command, env=given, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    jobs = defaultdict(list)
    for argv, seconds, peak in map(json.loads, (folder / "said").read_text().splitlines()):
        stage = SNAKEMAKE if argv.endswith("__main__.py") else (STAGE.search(argv) or [None, None])[1]
        if stage:
            jobs[stage].append((seconds, peak))
    sizes = defaultdict(int)
    files = [path for path in (folder / "results").rglob("*") if path.is_file()]
    for path in files:
        sizes[re.sub(r"^\d+-\d+\.", "", path.name) if path.suffix != ".log" else "logs"] += path.stat().st_size
    sharded = [path for path in files if re.match(r"\d+-\d+\.", path.name) and not path.name.endswith(TEMPORARY)]
    return Measured(dict(jobs), dict(sizes), len(files) - len(sharded), len(sharded))


def plan(folder: Path, targets: int) -> tuple[Line, Line]:
    """What Snakemake takes a job, in seconds and MB, to plan: dry runs of few shards and of many over one index."""
    for path in folder.glob("results/*"):  # what is there needs no job
        if path.is_file():
            path.unlink()
    for path in folder.glob("results/d@*/[!i]*"):
        shutil.rmtree(path)
    found = []
    for shards in (5, 100):
        config = yaml.safe_load((folder / "experiment.yaml").read_text()) | {"shard_size": ceil(targets / shards)}
        ((seconds, peak),) = run(folder, config, "--dry-run").jobs[SNAKEMAKE]
        found.append((shards * 4, seconds, peak))  # a control and an imported map, both localised
    (few, *first), (many, *second) = found
    return tuple(line((few, many), a, b) for a, b in zip(first, second, strict=True))


def line(targets: tuple[int, int], small: float, large: float) -> Line:
    each = max(large - small, 0) / (targets[1] - targets[0])
    return Line(max(small - each * targets[0], 0), each)


def lines(targets: tuple[int, int], small: Measured, large: Measured) -> tuple[dict, dict]:
    """(seconds, MB) of a job by stage, and bytes by kind of file a RUN, as they grow with the targets."""
    stages = {
        stage: tuple(
            line(targets, *(max(job[i] for job in run.jobs[stage]) for run in (small, large))) for i in range(2)
        )
        for stage in large.jobs
        if stage != SNAKEMAKE
    }
    runs = len(large.jobs["localize"])
    share = {kind: 1 if kind in ONE_A_DATASET else runs for kind in large.sizes}
    kinds = {
        kind: line(targets, small.sizes.get(kind, 0) / share[kind], size / share[kind])
        for kind, size in large.sizes.items()
    }
    return stages, kinds


ONE_A_DATASET = ("targets.parquet", "problems.csv", "predictions.npz", TEMPORARY)


def show_units(stages: dict, kinds: dict, planning: tuple[Line, Line]) -> None:
    print("| job of | CPU s at its start | CPU ms a target | MB at its start | KB of memory a target |")
    print("|---|---|---|---|---|")
    for stage, (seconds, peak) in [*stages.items(), ("Snakemake's plan, a job for a target", planning)]:
        numbers = (f"{seconds.fixed:.1f}", f"{1000 * seconds.each:.2f}", f"{peak.fixed:.0f}", f"{1024 * peak.each:.1f}")
        print(f"| {stage} | " + " | ".join(numbers) + " |")
    print("\n| file | bytes a target |\n|---|---|")
    for kind, size in sorted(kinds.items(), key=lambda item: -item[1].each):
        if size.each >= 1:
            print(f"| `{kind}` | {size.each:.0f} |")


def show_totals(
    counts: list[int], shard: int, stages: dict, kinds: dict, planning: tuple[Line, Line], files: Line
) -> None:
    """By multiplication, of one run of a network whose evidence is not kept."""
    print(f"\n| one run, shards of {shard:,} | " + " | ".join(f"{n:,} targets" for n in counts) + " |")
    print("|---" * (len(counts) + 1) + "|")
    once = [stage for stage in stages if stage not in SHARDED]
    sharded = ("predict", "heatmap", "localize")
    columns = []
    for n in counts:
        shards, width = ceil(n / shard), min(n, shard)
        jobs = len(once) + shards * len(sharded)
        disk = sum(size.at(n) for kind, size in kinds.items() if kind != TEMPORARY)
        waiting = kinds[TEMPORARY].each * width * min(shards, AT_ONCE)
        work = sum(stages[stage][0].at(n) for stage in once)
        work += sum(shards * stages[stage][0].fixed + n * stages[stage][0].each for stage in sharded)
        columns.append(
            {
                "jobs": f"{jobs:,}",
                "files": f"{files.at(shards):,.0f}",
                "disk, GB": f"{disk / 1e9:.3g}",
                f"evidence of {AT_ONCE} jobs at once, GB": f"{waiting / 1e9:.3g}",
                "CPU hours": f"{work / 3600:.3g}",
                # A job of the cluster's is one Snakemake that starts another.
                "and on SLURM, of starts": f"{2 * jobs * planning[0].fixed / 3600:.3g}",
                **{f"`{stage}`, MB": f"{stages[stage][1].at(width):,.0f}" for stage in sharded},
                **{f"`{stage}`, MB": f"{stages[stage][1].at(n):,.0f}" for stage in once},
                "Snakemake's plan, CPU s": f"{planning[0].at(jobs):,.0f}",
                "Snakemake, MB": f"{planning[1].at(jobs):,.0f}",
            }
        )
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")


if __name__ == "__main__":
    main()
