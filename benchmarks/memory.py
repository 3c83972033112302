"""Does `predict` need more memory for more images? Peak of one process each, and their ratio.

    python benchmarks/memory.py [--counts 1000 10000]

A small network looks at drawn images; evidence goes to disk as in a run. Prints the number of traces too.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs=2, default=[1000, 10000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(*predict(options.one))
    peaks = []
    for count in options.counts:
        command = [sys.executable, __file__, "--one", str(count)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        peaks.append(float(found[0]))
        print(f"{count} images: peak {peaks[-1]:.0f} MiB, {found[1]} traces (forward, gradients)")
    print(f"ratio {peaks[1] / peaks[0]:.3f}")


def predict(count: int) -> tuple[float, int]:
    """Peak memory in MiB of predicting `count` images, and how many functions were traced."""
    import numpy as np
    import pandas as pd

    from wsol.files.predict import EVIDENCE
    from wsol.networks import backbones, determinism, evidence

    determinism.deterministic(2)
    backbone = backbones.build({"architecture": "MobileNet", "alpha": 0.25, "weights": "random"})
    explainer = backbone.explainer(backbone.settings["batch"])
    names = [f"{i}.png" for i in range(count)]
    targets = pd.DataFrame({"image": names, "outputs": [[i % 1000] for i in range(count)], "width": 128, "height": 128})

    def noise(name: str) -> np.ndarray:
        return np.random.default_rng(int(name[:-4])).integers(0, 255, (128, 128, 3), np.uint8)

    with tempfile.TemporaryDirectory() as folder, EVIDENCE.stream(Path(folder) / "evidence.npz") as sink:
        evidence.predict(backbone, noise, targets, sink, explainer=explainer)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sum(explainer.traces.values())


if __name__ == "__main__":
    main()
