"""How close to the bare forward pass is a whole matrix of CAMs? Medians of one run, and their ratios.

    python benchmarks/forward.py [--images FOLDER] [--weights FILE] [--architecture MobileNetV2] [--count 192]

- bare: the model's forward pass as a tf.function, on arrays that are ready;
- folded: the same with its batch normalisations folded into convolutions, as ours runs it;
- ours: decoding, resizing, the forward pass, gradients, the evidence on disk, and every first-group CAM of it;
- tape: an eager GradientTape for each image, one method, as most tools do.
Start-up (imports, building, tracing) is in none of them.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

import cv2
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from wsol.datasets import decoding, images
from wsol.files.predict import EVIDENCE
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import backbones, evidence
from wsol.networks.explainer import Explainer
from wsol.networks.kerasexplainer import folding

METHODS = [name for name, cam in CAMS.items() if cam.evidence == "gradient"]


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        names = found_images(options.images, options.count) or generated_images(Path(folder), options.count)
        backbone = backbones.build({"architecture": options.architecture, "weights": options.weights})
        speeds = measure(backbone, names, options.rounds, Path(folder))
    print(f"{options.architecture}, {options.count} images, {os.cpu_count()} cores, images/s, median (all rounds)")
    for name, rates in speeds.items():
        print(f"  {name:6} {np.median(rates):8.1f}   ({', '.join(f'{rate:.1f}' for rate in rates)})")
    ours = np.median(speeds.pop("ours"))
    ratios = [f"/ {name}: {ours / np.median(rates):.2f}" for name, rates in speeds.items()]
    print(f"  ours, {len(METHODS)} methods together", *ratios, "(tape: one method)")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="a folder of images (default: generated ones)")
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--weights", default="random")
    parser.add_argument("--count", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def found_images(folder: Path | None, count: int) -> list[Path]:
    kinds = (".jpg", ".jpeg", ".png")
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in kinds)[:count] if folder else []


def generated_images(folder: Path, count: int) -> list[Path]:
    random = np.random.default_rng(0)
    for i in range(count):
        small = random.integers(0, 256, (30, 40, 3), np.uint8)
        cv2.imwrite(str(folder / f"{i}.jpg"), cv2.resize(small, (500, 375), interpolation=cv2.INTER_CUBIC))
    return [folder / f"{i}.jpg" for i in range(count)]


def measure(backbone: backbones.Backbone, names: list[Path], rounds: int, folder: Path) -> dict[str, list[float]]:
    """Rounds take turns, so that a slow moment of the machine hits all of them."""
    table = pd.DataFrame({"image": [str(n) for n in names], "outputs": [[0]] * len(names), "width": 0, "height": 0})
    explainer = backbone.explainer(backbone.settings["batch"])
    few = table[: backbone.settings["batch"] // 2]
    evidence.predict(backbone, decoding.decode, few, evidence.Collected(), explainer=explainer)
    ready = np.stack([images.fit(decoding.decode(n), backbone.size)[0] for n in names])
    runs: dict[str, Callable[[], int]] = {
        "bare": forward(backbone, ready, lambda x: backbone.model(x, training=False)),
        "folded": forward(backbone, ready, folding(backbone.graph)(lambda x: backbone.model(x, training=False))),
        "ours": lambda: ours(backbone, table, explainer, folder / "evidence.npz"),
        "tape": tape(backbone, ready[:16]),
    }
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.perf_counter()
            done = run()
            speeds[name].append(done / (time.perf_counter() - began))
    return speeds


def forward(backbone: backbones.Backbone, ready: np.ndarray, function: Callable) -> Callable[[], int]:
    import tensorflow as tf

    model, size = tf.function(function), backbone.settings["batch"]
    batches = [backbone.preprocess(ready[i : i + size]) for i in range(0, len(ready) - size + 1, size)]
    model(batches[0])

    def run() -> int:
        for batch in batches:
            model(batch).numpy()
        return len(batches) * size

    return run


def ours(backbone: backbones.Backbone, table: pd.DataFrame, explainer: Explainer, path: Path) -> int:
    with EVIDENCE.stream(path) as sink:
        evidence.predict(backbone, decoding.decode, table, sink, explainer=explainer)
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:  # as jobs beside each other
        maps = pool.map(lambda name: list(heatmaps.maps_from(CAMS[name], EVIDENCE.map(path), {})), METHODS)
        assert all(len(found) == len(table) for found in maps)
    return len(table)


def tape(backbone: backbones.Backbone, ready: np.ndarray) -> Callable[[], int]:
    import keras
    import tensorflow as tf

    layer = backbone.model.get_layer(backbone.layer[0])
    both = keras.Model(backbone.model.input, [layer.output, backbone.model.output])

    def run() -> int:
        for image in ready:
            with tf.GradientTape() as tape:
                activations, logits = both(backbone.preprocess(image[None]))
                score = logits[0, 0]
            CAMS["gradcam"](activations.numpy(), tape.gradient(score, activations).numpy())
        return len(ready)

    run()
    return run


if __name__ == "__main__":
    main()
