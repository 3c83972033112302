"""How many images a second do the methods explain that run the network on masked inputs? Two codes, in turns.

    python benchmarks/masked.py [--before FOLDER] [--architecture MobileNetV2 …] [--method rise …] [--rounds 3]

Each method with its defaults, and with the settings of `workflow/experiments/masked_inputs.yaml`. `bare` is the forward
pass alone, of as many inputs as there are cores to keep busy: before, 32 at once with all cores; now, in chunks. What a
method cannot beat is that, divided by its passes. `--before` is a checkout of older code, in a process of its own.
Images lie in memory; start-up (imports, building, tracing) is in none of the numbers.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from forward import chunked, explainer, folding, settle, settled
from processes.workers import LIBRARY, Worker, in_turns, rate, serve, settings_of_worker, told

ARCHITECTURES: dict[str, dict] = {"MobileNetV2": {}, "MobileNet": {"alpha": 0.25}, "MobileNetV3Small": {}}
# What is asked of the network, and of how many images: some ten seconds of two cores each.
METHODS: dict[str, tuple[dict, int]] = {
    "bare": ({}, 256),
    "occlusion": ({"method": "occlusion"}, 4),
    "rise": ({"method": "rise"}, 1),
    "rise, 256 masks": ({"method": "rise", "masks": 256}, 4),
    "scorecam": ({"method": "scorecam"}, 1),
    "scorecam, 64 channels": ({"method": "scorecam", "channels": 64}, 8),
    "ablation": ({"method": "ablation"}, 32),
}
PICTURES = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), np.uint8)


def main() -> None:
    options = arguments()
    codes = {"now": LIBRARY} | ({"before": options.before / "workflow"} if options.before else {})
    for architecture in options.architecture or ARCHITECTURES:
        workers = {
            name: Worker(__file__, {"code": str(code), "architecture": architecture}) for name, code in codes.items()
        }
        print(f"{architecture}, {os.cpu_count()} cores, medians of {options.rounds} rounds", flush=True)
        for method in options.method or METHODS:
            print(f" {method}")
            told(in_turns({name: (worker, method) for name, worker in workers.items()}, options.rounds), "now")
        for worker in workers.values():
            worker.end()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of older code")
    parser.add_argument("--architecture", nargs="*", choices=ARCHITECTURES)
    parser.add_argument("--method", nargs="*", choices=METHODS)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def work(given: dict[str, Any]) -> None:
    """Answers for one code."""
    sys.path.insert(0, given["code"])
    from wsol.networks import backbones

    # Older code runs one batch at a time with all cores; now each thread runs chunks of its own.
    is_now = Path(given["code"]) == LIBRARY
    settle(1 if is_now else os.cpu_count())
    settings = {"architecture": given["architecture"], **ARCHITECTURES[given["architecture"]], "weights": "random"}
    made: dict[str, Callable[[], int]] = {}

    def answer(method: str) -> list[float]:
        if method not in made:
            asked, count = METHODS[method]
            evidence = {"evidence": asked} if asked else {}
            backbone = settled(backbones.build({**settings, **evidence}))
            made[method] = explained(backbone, count) if asked else bare(backbone, count, is_now)
        return rate(made[method])

    serve(answer)


def explained(backbone: Any, count: int) -> Callable[[], int]:
    import pandas as pd

    from wsol.networks import evidence

    table = pd.DataFrame({"image": range(count), "outputs": [[0]] * count, "width": 0, "height": 0})
    asked = explainer(backbone)

    def run() -> int:
        sink = evidence.Collected()
        evidence.predict(backbone, PICTURES.__getitem__, table, sink, threads=os.cpu_count(), explainer=asked)
        return count

    return run


def bare(backbone: Any, count: int, is_now: bool) -> Callable[[], int]:
    if is_now:
        return chunked(backbone, PICTURES, count)
    import tensorflow as tf

    model = tf.function(folding(backbone.graph)(lambda x: backbone.model(x, training=False)))
    batch = backbone.preprocess(PICTURES)

    def run() -> int:
        for _ in range(count // len(PICTURES)):
            model(batch).numpy()
        return count

    return run


if __name__ == "__main__":
    given = settings_of_worker()
    work(given) if given else main()
