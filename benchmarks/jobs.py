"""What a job costs beside its work: the imports of each stage's script, and the memory of `localize` by its targets.

    python benchmarks/jobs.py [--maps 1000 4000]

Every line is of a process of its own. An empty job is the CPU time and the peak memory of a stage's import statements,
without what functions import when they are called (TensorFlow, in train and predict). The bytes of a target are the
slope between the two numbers of maps: `experiment/sharding.py:OF_A_TARGET` must not be less.
"""

import argparse
import ast
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))
# The library is imported in functions, for an empty job imports what its stage does and nothing more.
STAGES = "index plan train predict logits heatmap control imported refine localize score table export report"
SETTINGS = {
    "threshold": {"method": "sweep"},
    "protocol": "exact",
    "upsampling": "linear",
    "normalization": "minmax",
    "canvas": "input",
    "alignment": "stretch",
    "masks": False,
}


def main() -> None:
    from wsol.experiment.sharding import OF_A_TARGET

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--maps", type=int, nargs=2, default=(1000, 4000))
    options = parser.parse_args()
    print(f"{'empty job':14} {'CPU s':>6} {'MB':>6}")
    for stage in STAGES.split():
        seconds, megabytes = apart(empty, stage)
        print(f"{stage:14} {seconds:6.2f} {megabytes:6.0f}")
    few, many = options.maps
    found = [apart(localized, str(count)) for count in (few, many)]
    for count, (seconds, megabytes) in zip((few, many), found, strict=True):
        print(f"localize of {count} maps: {seconds:.1f} s, {megabytes:.0f} MB")
    slope = (found[1][1] - found[0][1]) * 1e6 / (many - few)
    print(f"{slope / 1000:.0f} KB a target; shards are cut for {OF_A_TARGET / 1000:.0f} KB")


def apart(work: Callable[[str], None], argument: str) -> tuple[float, float]:
    """CPU seconds and peak MB of a piece of work in a fresh process."""
    command = [sys.executable, __file__, work.__name__, argument]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"WSOL_PIECE": "1"})
    seconds, megabytes = map(float, said.stdout.split())
    return seconds, megabytes


def empty(stage: str) -> None:
    """A stage's import statements, and nothing else of it."""
    path = ROOT / f"scripts/{stage}.py"
    tree = ast.parse(path.read_text())
    tree.body = [line for line in tree.body if isinstance(line, ast.Import | ast.ImportFrom)]
    exec(compile(tree, path, "exec"), {})


def localized(count: str) -> None:
    """Regions of so many random 14x14 maps, at every level: the default, of which a target takes most."""
    import numpy as np

    from wsol.files.localize import REGIONS
    from wsol.regions.localize import localize

    number = int(count)
    maps = list(np.random.default_rng(0).random((number, 14, 14), np.float32))
    lies = np.tile([1.0, 1.0, 0.0, 0.0], (number, 1))
    size = np.full((number, 2), 224)
    regions = localize(maps, np.full(number, "ok"), lies, np.array([224, 224]), size, **SETTINGS)
    with TemporaryDirectory() as folder:
        REGIONS.write(Path(folder) / "regions.npz", **regions)


if __name__ == "__main__":
    if os.environ.get("WSOL_PIECE"):
        {"empty": empty, "localized": localized}[sys.argv[1]](sys.argv[2])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        print(time.process_time(), peak)
    else:
        main()
