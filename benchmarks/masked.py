"""How many images a second do the methods explain that run the network on masked inputs? Two codes, in turns.

    python benchmarks/masked.py [--before FOLDER] [--architecture MobileNetV2] [--rounds 3] [--methods rise,occlusion]

Each method with its defaults, and with the settings of `workflow/experiments/masked_inputs.yaml`. Beside it the bare
forward pass of as many inputs: of 32 at once in one thread that has all cores, and of 4 at once in a thread for each
core. `--before` is a checkout of older code, which is run in a process of its own, turn by turn. Images lie in memory;
start-up (imports, building, tracing) is in none of the numbers.
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
ROOT = Path(__file__).parent.parent
ARCHITECTURES = {"MobileNetV2": {}, "MobileNet": {"alpha": 0.25}, "MobileNetV3Small": {}}
# Asked of the network, and of how many images: some ten seconds of today's computers each.
METHODS = {
    "occlusion": ({"method": "occlusion"}, 4),
    "rise": ({"method": "rise"}, 1),
    "rise, 256 masks": ({"method": "rise", "masks": 256}, 4),
    "scorecam": ({"method": "scorecam"}, 1),
    "scorecam, 64 channels": ({"method": "scorecam", "channels": 64}, 8),
    "ablation": ({"method": "ablation"}, 8),
}


def main() -> None:
    options = arguments()
    if options.code:
        return serve(options.code)
    codes = {"before": options.before, "now": ROOT} if options.before else {"now": ROOT}
    for architecture in options.architecture or ARCHITECTURES:
        workers = {name: Worker(code, architecture) for name, code in codes.items()}
        print(f"{architecture}, {os.cpu_count()} cores, images/s, medians of {options.rounds} turns", flush=True)
        for method in options.methods:
            rates: dict[str, list[float]] = {name: [] for name in workers}
            for _ in range(options.rounds):
                for name, worker in workers.items():
                    rates[name].append(worker.asked(method))
            print(f"  {method:22}", line(rates), flush=True)
        for worker in workers.values():
            worker.end()


def line(rates: dict[str, list[float]]) -> str:
    medians = {name: statistics.median(values) for name, values in rates.items()}
    said = [f"{name} {medians[name]:9.3f} ({', '.join(f'{rate:.3f}' for rate in rates[name])})" for name in rates]
    ratio = f"  now / before {medians['now'] / medians['before']:.2f}" if "before" in rates else ""
    return "   ".join(said) + ratio


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of older code")
    parser.add_argument("--architecture", action="append", choices=ARCHITECTURES)
    parser.add_argument("--methods", type=lambda text: text.split(";"), default=list(METHODS) + ["bare"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--code", type=Path, help=argparse.SUPPRESS)  # what a worker is started with
    return parser.parse_args()


class Worker:
    """A process that has one code loaded and answers with images per second."""

    def __init__(self, code: Path, architecture: str):
        command = [sys.executable, __file__, "--code", str(code)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell({"architecture": architecture, **ARCHITECTURES[architecture], "weights": "random"})

    def tell(self, what: object) -> None:
        print(json.dumps(what), file=self.process.stdin, flush=True)

    def asked(self, method: str) -> float:
        self.tell(method)
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def serve(code: Path) -> None:
    sys.path.insert(0, str(code / "workflow"))
    from wsol.networks import backbones

    # Older code ran one chunk at a time with all cores, as its jobs did; now each of the threads has one.
    backbones.deterministic(1 if (code / "workflow/wsol/networks/kerasexplainer.py").exists() else os.cpu_count())
    settings = json.loads(sys.stdin.readline())
    ready = {}
    for text in sys.stdin:
        method = json.loads(text)
        if method not in ready:
            ready[method] = prepared(settings, method)
            ready[method](1)
        count = METHODS[method][1] if method in METHODS else 256
        began = time.perf_counter()
        done = ready[method](count)
        print(json.dumps(done / (time.perf_counter() - began)), flush=True)


def prepared(settings: dict, method: str):
    """What explains so many images by a method, or only shows them to the network."""
    import numpy as np
    import pandas as pd

    from wsol.networks import backbones, evidence

    random = np.random.default_rng(0)
    pictures = {str(i): random.integers(0, 256, (224, 224, 3), np.uint8) for i in range(8)}
    if method == "bare":
        return bare(backbones.build(settings), np.stack(list(pictures.values())))
    backbone = backbones.build({**settings, "evidence": METHODS[method][0], "batch": 32})
    explainer = explainer_of(backbone)

    def run(count: int) -> int:
        names = list(pictures)[:count]
        table = pd.DataFrame({"image": names, "outputs": [[0]] * count, "width": 0, "height": 0})
        sink = evidence.Collected()
        evidence.predict(backbone, pictures.__getitem__, table, sink, threads=os.cpu_count(), explainer=explainer)
        return count

    return run


def explainer_of(backbone):
    """The older code has a class of that name, which is given the batch."""
    if hasattr(backbone, "explainer"):
        return backbone.explainer(32)
    from wsol.networks.explainer import Explainer

    return Explainer(backbone, 32)


def bare(backbone, pictures):
    import tensorflow as tf

    try:
        from wsol.networks.folding import folding
    except ImportError:
        from wsol.networks.explainer import folding

    model = tf.function(folding(backbone.graph)(lambda x: backbone.model(x, training=False)))
    batch = backbone.preprocess(pictures.repeat(4, axis=0))

    def run(count: int) -> int:
        for _ in range(-(-count // 32)):
            model(batch).numpy()
        return -(-count // 32) * 32

    return run


if __name__ == "__main__":
    main()
