"""How busy is what networks run on? Images a second, share of the bare forward pass, and of the device's time.

    python benchmarks/device.py [--gpus 1] [--architecture MobileNetV2] [--count 192] [--batch 32] [--threads 2]

- bare: the model's forward pass as a tf.function, on images that are ready;
- predict: decoding, resizing, the forward pass, gradients and the evidence on disk, as the stage does it.
Busy is, of a processor, the time of all its threads by the time of its cores; of a card, what nvidia-smi says of it,
asked every 0.1 s. Start-up (imports, building, tracing) is in neither.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

import numpy as np
import pandas as pd
from processes.pictures import photographs

from wsol.datasets import decoding, images
from wsol.errors import InputError
from wsol.files.predict import EVIDENCE
from wsol.networks import backbones, determinism, evidence

ASK = ("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


class Measured(NamedTuple):
    """Images a second, and the share of the device's time, in percent; None where nobody can say."""

    rate: float
    busy: float | None


def main() -> None:
    given = arguments()
    ran_on = determinism.deterministic(given.threads, "native", given.gpus, not given.loose)
    backbone = backbones.build({"architecture": given.architecture, "weights": "random", "batch": given.batch})
    with tempfile.TemporaryDirectory() as folder:
        found = measure(backbone, photographs(Path(folder), given.count), given, Path(folder) / "evidence.npz")
    print(f"{given.architecture}, {given.count} images, batch {given.batch}, {given.threads} threads; {ran_on}")
    for name, rounds in found.items():
        said = [each.busy for each in rounds if each.busy is not None]
        busy = f"busy {np.median(said):5.1f} %" if said else "busy: no nvidia-smi"
        print(f"  {name:8} {np.median([each.rate for each in rounds]):8.1f} images/s, {busy}")
    bare, ours = (np.median([each.rate for each in found[name]]) for name in ("bare", "predict"))
    print(f"  predict / bare: {ours / bare:.2f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpus", type=int, choices=(0, 1), default=0)
    parser.add_argument("--loose", action="store_true", help="as with `deterministic: false`")
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--count", type=int, default=192)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def measure(backbone: Any, names: list[str], given: argparse.Namespace, path: Path) -> dict[str, list[Measured]]:
    """Rounds take turns, so that a slow moment of the machine hits both; the first, which traces, does not count."""
    runs = {"bare": bare(backbone, names), "predict": predicting(backbone, names, given.threads, path)}
    found: dict[str, list[Measured]] = {name: [] for name in runs}
    for _ in range(given.rounds + 1):
        for name, run in runs.items():
            found[name].append(timed(run, len(names), given.gpus))
    return {name: rounds[1:] for name, rounds in found.items()}


def timed(run: Callable[[], None], count: int, gpus: int) -> Measured:
    """One run, and how busy the device was meanwhile."""
    card = Card() if gpus else None
    began, spent = time.perf_counter(), time.process_time()
    run()
    wall, spent = time.perf_counter() - began, time.process_time() - spent
    busy = card.mean() if card else 100 * spent / (wall * len(os.sched_getaffinity(0)))
    return Measured(count / wall, busy)


class Card:
    """A thread that asks how busy the card is, until the mean is asked for."""

    def __init__(self) -> None:
        self.seen: list[float] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        which = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0]
        while shutil.which(ASK[0]) and not self.ended.wait(0.1):
            said = subprocess.run([*ASK, *(["-i", which] if which else [])], capture_output=True, text=True)
            self.seen += [float(word) for word in said.stdout.split()[:1]]

    def mean(self) -> float | None:
        self.ended.set()
        self.thread.join()
        return float(np.mean(self.seen)) if self.seen else None


def bare(backbone: Any, names: list[str]) -> Callable[[], None]:
    import tensorflow as tf

    size = backbone.settings["batch"]
    ready = np.stack([images.fit(decoding.decode(name), backbone.size)[0] for name in names])
    model = tf.function(lambda x: backbone.model(x, training=False))
    batches = [backbone.preprocess(ready[start : start + size]) for start in range(0, len(ready), size)]

    def run() -> None:
        for batch in batches:
            model(batch).numpy()

    return run


def predicting(backbone: Any, names: list[str], threads: int, path: Path) -> Callable[[], None]:
    table = pd.DataFrame({"image": names, "outputs": [[0]] * len(names), "width": 0, "height": 0})
    explainer = backbone.explainer(backbone.settings["batch"])

    def run() -> None:
        with EVIDENCE.stream(path) as sink:
            evidence.predict(backbone, decoding.decode, table, sink, threads=threads, explainer=explainer)

    return run


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
