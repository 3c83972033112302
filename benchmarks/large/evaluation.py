"""Fifty thousand images evaluated from annotations and imported maps, against five thousand.

    python benchmarks/large/evaluation.py FOLDER [--images 5000 50000] [--cores 2]

Two networks by four cams and three controls, V1, V2, peaks, energy and top-1, from an empty results folder to the
report (`annotated.py` makes the data below FOLDER, which is kept). Prints, of each size: seconds by the clock, of them
those of another run that finds nothing to do, the stages' own costs, the highest memory of a job, what a run's regions
take on disk; then the ratios of memory and of processor time an image.
"""

import argparse
import shutil
from pathlib import Path

import annotated
from runs import Took, megabytes, run, told

RUNS = len(annotated.NETWORKS) * len(annotated.CAMS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, nargs="+", default=[5_000, 50_000])
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    found = [evaluated(options.folder, count, options.cores) for count in options.images]
    if len(found) > 1:
        first, last = found[0], found[-1]
        print(f"highest memory of a job, {options.images[-1]} / {options.images[0]} images: {last[0] / first[0]:.3f}")
        print(f"processor time an image, {options.images[-1]} / {options.images[0]} images: {last[1] / first[1]:.3f}")


def evaluated(folder: Path, count: int, cores: int) -> tuple[float, float]:
    """The highest memory of a job, MB, and seconds of the processor an image."""
    data, results = folder / f"{count}", folder / f"{count}.results"
    experiment = data / "experiment.yaml"
    if not experiment.exists():
        annotated.write(data, count)
    shutil.rmtree(results, ignore_errors=True)
    took = run(experiment, results, cores)
    again = run(experiment, results, cores)
    print(f"{count} images: {took.wall:.1f} s by the clock, {took.cpu:.1f} s of processor; again {again.wall:.1f} s")
    told(took.stages)
    return _memory(took, results), took.cpu / count


def _memory(took: Took, results: Path) -> float:
    peak = float(took.stages["peak_mb"].max())
    regions, measures = (megabytes(results, f"*.{kind}.npz") / RUNS for kind in ("regions", "measures"))
    print(
        f"highest memory of a job {peak:.0f} MB; regions {regions:.1f} MB, measures {measures:.1f} MB a network's run"
    )
    return peak


if __name__ == "__main__":
    main()
