"""How close to the bare forward pass is a whole matrix of CAMs? Medians of one run, and their ratios.

    python benchmarks/forward.py [--images FOLDER] [--weights FILE] [--architecture MobileNetV2] [--count 192]
                                 [--before FOLDER]

- bare: the model's forward pass as a tf.function, 32 images at once with all cores, on arrays that are ready;
- folded: the same with constant weights, so that TensorFlow folds batch normalisations into convolutions;
- chunked: the forward pass as ours runs it, small chunks in a thread each, normalisations folded whole;
- ours: decoding, resizing, the forward pass, gradients, the evidence on disk, and every first-group CAM of it;
- before: the same by the older code of the checkout `--before`;
- tape: an eager GradientTape for each image, one method, as most tools do.
Start-up (imports, building, tracing) is in none of them. Each runs in a process that has the threads that it is meant
to have. The normalisations of random weights are made anything but the identity that they begin as.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from processes.workers import LIBRARY, Worker, in_turns, rate, serve, settings_of_worker, told

BATCH = 32


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        names = found_images(options.images, options.count) or generated_images(Path(folder), options.count)
        given = {"architecture": options.architecture, "weights": options.weights, "names": names, "folder": folder}
        codes = {"whole": LIBRARY, "ours": LIBRARY} | (
            {"before": options.before / "workflow"} if options.before else {}
        )
        workers = {
            name: Worker(__file__, {**given, "code": str(code), "threads": 1 if name == "ours" else os.cpu_count()})
            for name, code in codes.items()
        }
        kinds = {"bare": "whole", "folded": "whole", "tape": "whole", "chunked": "ours", "ours": "ours"}
        asked = {kind: (workers[name], kind) for kind, name in kinds.items()}
        asked |= {"before": (workers["before"], "ours")} if options.before else {}
        found = in_turns(asked, options.rounds)
        sizes = {name: workers[name].asked("size") for name in codes if name != "whole"}
        for worker in workers.values():
            worker.end()
    print(f"{options.architecture}, {options.count} images, {os.cpu_count()} cores, medians of {options.rounds} rounds")
    told(found, "ours")
    for name, size in sizes.items():
        print(f"  evidence, {name}: {size / options.count / 1000:.1f} kB an image")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, help="a folder of images (default: generated ones)")
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--weights", default="random")
    parser.add_argument("--count", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="a checkout of older code")
    return parser.parse_args()


def found_images(folder: Path | None, count: int) -> list[str]:
    kinds = (".jpg", ".jpeg", ".png")
    return sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in kinds)[:count] if folder else []


def generated_images(folder: Path, count: int) -> list[str]:
    import cv2

    random = np.random.default_rng(0)
    for i in range(count):
        small = random.integers(0, 256, (30, 40, 3), np.uint8)
        cv2.imwrite(str(folder / f"{i}.jpg"), cv2.resize(small, (500, 375), interpolation=cv2.INTER_CUBIC))
    return [str(folder / f"{i}.jpg") for i in range(count)]


def work(given: dict[str, Any]) -> None:
    """Answers for one code with one number of threads for each operation."""
    sys.path.insert(0, given["code"])
    import pandas as pd

    from wsol.networks import backbones

    settle(given["threads"])
    backbone = settled(backbones.build({"architecture": given["architecture"], "weights": given["weights"]}))
    path = Path(given["folder"]) / f"{os.getpid()}.evidence.npz"
    count = len(given["names"])
    table = pd.DataFrame({"image": given["names"], "outputs": [[0]] * count, "width": 0, "height": 0})
    makers: dict[str, Callable[[], Callable[[], int]]] = {
        "bare": lambda: whole(backbone, given["names"], lambda function: function),
        "folded": lambda: whole(backbone, given["names"], folding(backbone.graph)),
        "tape": lambda: tape(backbone, ready(backbone, given["names"][:16])),
        "chunked": lambda: chunked(backbone, ready(backbone, given["names"]), count),
        "ours": lambda: everything(backbone, table, path),
    }
    made: dict[str, Callable[[], int]] = {}

    def answer(question: str) -> Any:
        if question == "size":
            return path.stat().st_size
        if question not in made:
            made[question] = makers[question]()
        return rate(made[question])

    serve(answer)


def settle(threads: int) -> None:
    """Before TensorFlow does anything; the older code has the function elsewhere."""
    try:
        from wsol.networks.determinism import deterministic
    except ImportError:
        from wsol.networks.backbones import deterministic

    deterministic(threads)


def settled(backbone: Any) -> Any:
    """Random weights begin with normalisations that change nothing, which no trained network has."""
    random = np.random.default_rng(0)
    for layer in backbone.model.layers if backbone.settings["weights"] == "random" else []:
        if type(layer).__name__ == "BatchNormalization":
            layer.set_weights([w + random.normal(0, 0.1, w.shape).astype(w.dtype) ** 2 for w in layer.get_weights()])
    return backbone


def folding(graph: Any) -> Callable[[Callable], Callable]:
    """As TensorFlow folds by itself, given constants; the older code has the function elsewhere."""
    try:
        from wsol.networks.folding import folding
    except ImportError:
        from wsol.networks.explainer import folding

    return folding(graph)


def ready(backbone: Any, names: list[str]) -> np.ndarray:
    from wsol.datasets import decoding, images

    return np.stack([images.fit(decoding.decode(name), backbone.size)[0] for name in names])


def whole(backbone: Any, names: list[str], fold: Callable[[Callable], Callable]) -> Callable[[], int]:
    import tensorflow as tf

    model = tf.function(fold(lambda x: backbone.model(x, training=False)))
    pixels = ready(backbone, names)
    batches = [backbone.preprocess(pixels[i : i + BATCH]) for i in range(0, len(pixels) - BATCH + 1, BATCH)]

    def run() -> int:
        for batch in batches:
            model(batch).numpy()
        return len(batches) * BATCH

    return run


def chunked(backbone: Any, pixels: np.ndarray, count: int) -> Callable[[], int]:
    asked = backbone.explainer(BATCH, os.cpu_count())

    def run() -> int:
        for start in range(0, count, BATCH):
            asked.forward(pixels.take(range(start, min(start + BATCH, count)), axis=0, mode="wrap"))
        return count

    return run


def everything(backbone: Any, table: Any, path: Path) -> Callable[[], int]:
    """Evidence of all methods of the first group, and their maps: settings and files as each code has them."""
    from threadpoolctl import threadpool_limits

    from wsol.datasets import decoding
    from wsol.files import predict as files
    from wsol.maps import heatmaps
    from wsol.maps.cams import CAMS
    from wsol.networks import evidence

    methods = [name for name, cam in CAMS.items() if cam.evidence == "gradient"]
    explained, extra = backbone.settings, {}
    if hasattr(files, "view"):
        explained = {**backbone.settings, "evidence": {"method": "gradient", "similar": 3}}
        extra = {"explanations": {"": explained}}
    asked = explainer(backbone)

    def maps(name: str) -> int:
        arrays = files.EVIDENCE.map(path)
        arrays = files.view(arrays, "") if extra else arrays
        return len(list(heatmaps.maps_from(CAMS[name], arrays, {})))

    def run() -> int:
        with files.EVIDENCE.stream(path) as sink:
            evidence.predict(backbone, decoding.decode, table, sink, explainer=asked, threads=os.cpu_count(), **extra)
        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:  # as jobs beside each other
            assert set(pool.map(maps, methods)) == {len(table)}
        return len(table)

    return run


def explainer(backbone: Any) -> Any:
    """The older code has a class of that name."""
    if hasattr(backbone, "explainer"):
        return backbone.explainer(BATCH, os.cpu_count())
    from wsol.networks.explainer import Explainer

    return Explainer(backbone, BATCH)


def tape(backbone: Any, pixels: np.ndarray) -> Callable[[], int]:
    import keras
    import tensorflow as tf

    from wsol.maps.cams import CAMS

    layer = backbone.model.get_layer(backbone.layer[0])
    both = keras.Model(backbone.model.input, [layer.output, backbone.model.output])

    def run() -> int:
        for image in pixels:
            with tf.GradientTape() as tape:
                activations, logits = both(backbone.preprocess(image[None]))
                score = logits[0, 0]
            CAMS["gradcam"](activations.numpy(), tape.gradient(score, activations).numpy())
        return len(pixels)

    return run


if __name__ == "__main__":
    given = settings_of_worker()
    work(given) if given else main()
