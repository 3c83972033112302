"""How close is a step of training to three forward passes, and to Keras' own fit? Medians of one run, and their ratios.

    python benchmarks/training.py [--architecture MobileNetV2] [--input 224] [--batch 32] [--steps 6] [--rounds 3]
                                  [--threads 2] [--precision float32]

- three forwards: the bare forward pass as a tf.function, in inference, on arrays that are ready; three for an image,
  as a backward pass takes about as long as two forward ones;
- keras: `model.fit` of the same network by the same optimizer, on arrays that are ready;
- step: a step of ours, on bytes that are ready;
- epoch: an epoch of ours: images decoded, resized, cut and mirrored, and the steps.
Rounds take turns; the first, which traces, does not count. Start-up is in none of them.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

import cv2
import numpy as np
from processes.pictures import photographs
from processes.workers import rate, told

from wsol.networks import backbones, determinism
from wsol.training import fitting, network, recipe
from wsol.training.labels import Labelled
from wsol.training.objective import TOP1
from wsol.training.reading import Source

CLASSES = 20


def main() -> None:
    given = arguments()
    determinism.deterministic(given.threads)
    backbone = backbones.build(
        {"architecture": given.architecture, "weights": "random", "input": given.input}, classes=CLASSES
    )
    count = given.batch * given.steps
    with tempfile.TemporaryDirectory() as folder:
        runs = measured(backbone, Path(folder), count, given)
        found: dict[str, list] = {name: [] for name in runs}
        for turn in range(given.rounds + 1):
            for name, run in runs.items():
                rates = rate(lambda run=run: run() or count)
                if turn:
                    found[name].append(rates)
    said = {name: np.array(rates) / (3 if name == "three forwards" else 1) for name, rates in found.items()}
    print(f"{given.architecture}, {given.input} px, {given.steps} batches of {given.batch}, {given.threads} threads")
    told(said, "step")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--input", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--precision", default="float32")
    return parser.parse_args()


def measured(backbone: Any, folder: Path, count: int, given: argparse.Namespace) -> dict[str, Callable[[], None]]:
    """By name, what runs `count` images through the network."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, given.input, given.input, 3), np.uint8)
    wanted = np.eye(CLASSES, dtype=np.float32)[random.integers(0, CLASSES, count)]
    chosen = recipe.settings(dataset="x", batch=given.batch, precision=given.precision)
    model = network.logits_model(backbone)
    fitted = fitting.Fit(backbone, model, chosen, wanted)
    fitted.begin(0)
    ready = np.concatenate([backbone.preprocess(part).numpy() for part in np.split(pixels, given.steps)])
    forward = tf.function(lambda batch: model(batch, training=False))
    places = range(0, count, given.batch)

    def forwards() -> None:
        for place in places:
            forward(tf.constant(ready[place : place + given.batch])).numpy()

    def steps() -> None:
        for place in places:
            part = slice(place, place + given.batch)
            fitted.step(tf.constant(pixels[part]), tf.constant(wanted[part]), [0, 0], 0.01)[0].numpy()

    return {
        "three forwards": forwards,
        "keras": by_keras(model, ready, wanted, given.batch),
        "step": steps,
        "epoch": epochs(fitted, photographs(folder, count), wanted, given.threads),
    }


def by_keras(model: Any, ready: np.ndarray, wanted: np.ndarray, batch: int) -> Callable[[], None]:
    """Keras' own fit; its model is another around the same layers."""
    import keras

    own = keras.Model(model.inputs, model.outputs)
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    own.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return lambda: own.fit(ready, wanted, batch_size=batch, epochs=1, shuffle=False, verbose=0) and None


def epochs(fitted: fitting.Fit, names: list[str], wanted: np.ndarray, threads: int) -> Callable[[], None]:
    how = {"resize": "stretch", "interpolation": "linear"}
    source = Source.of(lambda name: cv2.imread(name)[..., ::-1], fitted.backbone.size, how, fitted.recipe, threads)
    return lambda: fitting.trained(fitted, Labelled(names, wanted), source, 0, TOP1) and None


if __name__ == "__main__":
    main()
