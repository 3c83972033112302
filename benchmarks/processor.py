"""What bytes that are the same on another processor cost: `instructions: portable` against `native`, in one run.

    python benchmarks/processor.py [--architecture MobileNetV2] [--input 96] [--rounds 3]

Seconds of processor time, of all threads: `train`, an epoch of 128 images, and `predict`, of 128 images with the
gradients. Start-up (imports, building, tracing) is in neither. The two take turns, each in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

from wsol import processor

IMAGES = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--input", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=("portable", "native"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(seconds(given)))
        return
    found = {name: [one(name) for _ in range(given.rounds)] for name in ("portable", "native")}
    print(f"{given.architecture} at {given.input}, {processor.described()}")
    for stage in ("train", "predict"):
        times = {name: statistics.median(each[stage] for each in rounds) for name, rounds in found.items()}
        ratio = times["portable"] / times["native"]
        print(f"  {stage:8} portable {times['portable']:.2f} s, native {times['native']:.2f} s, ratio {ratio:.2f}")


def one(instructions: str) -> dict[str, float]:
    """A process of its own, since libraries choose when they are loaded."""
    command = [sys.executable, *sys.argv, "--one", instructions]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout.splitlines()[-1])


def seconds(given: argparse.Namespace) -> dict[str, float]:
    """Processor time of an epoch and of a pass over the images."""
    processor.settle(given.one)
    import numpy as np
    import pandas as pd

    from wsol.networks import backbones, determinism, evidence
    from wsol.training import fitting, network, recipe
    from wsol.training.labels import Labelled
    from wsol.training.reading import Source

    determinism.deterministic(2, given.one)
    backbone = backbones.build({"architecture": given.architecture, "weights": "random", "input": given.input}, None, 6)
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, given.input, given.input, 3), np.uint8)
    table = pd.DataFrame({"image": range(IMAGES), "outputs": [[0]] * IMAGES, "width": 0, "height": 0})
    explainer = backbone.explainer(backbone.settings["batch"])
    passes = [time.process_time()]
    for _ in range(4):
        evidence.predict(backbone, pixels.__getitem__, table, evidence.Collected(), explainer=explainer)
        passes.append(time.process_time())
    epochs: list[float] = []
    how = recipe.settings(dataset="x", epochs=4, batch=16, crop_from=given.input)
    told = Labelled([str(place) for place in range(IMAGES)], np.eye(6, dtype=np.float32)[np.arange(IMAGES) % 6])
    shown = {"resize": "stretch", "interpolation": "linear"}
    source = Source.of(lambda name: pixels[int(name)], backbone.size, shown, how, 2)

    def say(line: str) -> None:
        if line.startswith("epoch"):
            epochs.append(time.process_time())

    fitting.fit(backbone, network.logits_model(backbone), told, source, how, say)
    # The first of each traces.
    return {"train": float(np.median(np.diff(epochs))), "predict": float(np.median(np.diff(passes)[1:]))}


if __name__ == "__main__":
    main()
