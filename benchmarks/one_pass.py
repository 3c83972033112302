"""What do eight cams that differ in score, class and layer cost, against one? Ratios of one run, and bytes an image.

    python benchmarks/one_pass.py [--before FOLDER] [--architecture MobileNetV2] [--layers auto block_16_project_BN]

`one` is Grad-CAM of the label's logit at the first layer, `eight` every pair of two scores, two classes and two layers:
decoding, the network, evidence on disk, and the maps. Images are half right: the network's own choice is the label of
every other one. `--before` is a checkout of older code, which makes a pass for each of the eight. Start-up (imports,
building, tracing) is in none of it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from forward import explainer, generated_images, settle, settled
from processes.workers import LIBRARY, Worker, in_turns, rate, serve, settings_of_worker


def main() -> None:
    options = arguments()
    codes = {"now": LIBRARY} | ({"before": options.before / "workflow"} if options.before else {})
    with tempfile.TemporaryDirectory() as folder:
        given = {"folder": folder, "names": generated_images(Path(folder), options.count), "layers": options.layers}
        given["architecture"] = options.architecture
        for code, path in codes.items():
            worker = Worker(__file__, {**given, "code": str(path)})
            rates = in_turns({name: (worker, name) for name in ("one", "eight")}, options.rounds)
            bytes_ = {name: worker.asked(f"bytes {name}") for name in rates}
            worker.end()
            said(code, options, rates, bytes_)


def said(code: str, options: argparse.Namespace, rates: dict[str, np.ndarray], bytes_: dict[str, int]) -> None:
    print(
        f"{options.architecture}, {' and '.join(options.layers)}, {code}: images/s, median of {options.rounds} rounds"
    )
    for name, each in rates.items():
        print(f"  {name:6} {np.median(each[:, 0]):7.1f}   {bytes_[name] / 1e6:.3f} MB of evidence an image")
    ratio = np.median(rates["one"] / rates["eight"], axis=0)
    print(f"  eight take {ratio[0]:.2f} times the time of one, {ratio[1]:.2f} times its processor time", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, help="a checkout of older code")
    parser.add_argument("--architecture", default="MobileNetV2")
    parser.add_argument("--layers", nargs=2, default=["auto", "block_16_project_BN"])
    parser.add_argument("--count", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def work(given: dict[str, Any]) -> None:
    """Answers for one code."""
    sys.path.insert(0, given["code"])

    is_now = Path(given["code"]) == LIBRARY
    settle(1 if is_now else os.cpu_count())
    asked = {
        "/".join(each): dict(zip(("score", "explain", "layer"), each, strict=True))
        for each in product(("logit", "probability"), ("labelled", "predicted"), given["layers"])
    }
    wanted = {"one": dict([next(iter(asked.items()))]), "eight": asked}
    made: dict[str, Callable[[], int]] = {}
    sizes: dict[str, int] = {}

    def answer(question: str) -> Any:
        if question.startswith("bytes "):
            return sizes[question.removeprefix("bytes ")] / len(given["names"])
        if question not in made:
            made[question] = (together if is_now else apart)(given, wanted[question], question, sizes)
        return rate(made[question])

    serve(answer)


def built(given: dict[str, Any], **settings: Any) -> Any:
    from wsol.networks import backbones

    return settled(backbones.build({"architecture": given["architecture"], "weights": "random", **settings}))


def table(given: dict[str, Any], backbone: Any) -> Any:
    """The network's own choice is the label of every other image."""
    import pandas as pd

    from wsol.datasets import decoding
    from wsol.networks import evidence

    count = len(given["names"])
    found = pd.DataFrame({"image": given["names"], "outputs": [[0]] * count, "width": 0, "height": 0})
    own = evidence.predict(backbone, decoding.decode, found, evidence.Collected())["logits"].argmax(axis=1)
    return found.assign(outputs=[[int(best)] if i % 2 else [0] for i, best in enumerate(own)])


def together(given: dict[str, Any], asked: dict[str, dict], name: str, sizes: dict[str, int]) -> Callable[[], int]:
    """One pass for all."""
    from wsol.datasets import decoding
    from wsol.files.predict import EVIDENCE, view
    from wsol.networks import evidence

    backbone = built(given, layer=list(dict.fromkeys(each["layer"] for each in asked.values())))
    targets, ready, path = table(given, backbone), explainer(backbone), Path(given["folder"]) / f"{name}.npz"
    explanations = {key: {**each, "evidence": {"method": "gradient", "similar": 0}} for key, each in asked.items()}

    options = {"explanations": explanations, "explainer": ready, "threads": os.cpu_count()}

    def run() -> int:
        with EVIDENCE.stream(path) as sink:
            evidence.predict(backbone, decoding.decode, targets, sink, **options)
        sizes[name] = path.stat().st_size
        return mapped([view(EVIDENCE.map(path), key) for key in explanations], len(targets))

    return run


def apart(given: dict[str, Any], asked: dict[str, dict], name: str, sizes: dict[str, int]) -> Callable[[], int]:
    """A pass for each, as the older code has it."""
    from wsol.datasets import decoding
    from wsol.files.predict import EVIDENCE
    from wsol.networks import evidence

    backbones = {key: built(given, **each) for key, each in asked.items()}
    targets, path = table(given, next(iter(backbones.values()))), Path(given["folder"]) / f"{name}.before.npz"
    ready = {key: explainer(backbone) for key, backbone in backbones.items()}

    def run() -> int:
        sizes[name] = 0
        for key, backbone in backbones.items():
            with EVIDENCE.stream(path) as sink:
                evidence.predict(backbone, decoding.decode, targets, sink, explainer=ready[key], threads=os.cpu_count())
            sizes[name] += path.stat().st_size
            mapped([EVIDENCE.map(path)], len(targets))
        return len(targets)

    return run


def mapped(views: list[dict[str, np.ndarray]], count: int) -> int:
    from wsol.maps import heatmaps
    from wsol.maps.cams import CAMS

    for each in views:
        assert len(list(heatmaps.maps_from(CAMS["gradcam"], each, {}))) == count
    return count


if __name__ == "__main__":
    given = settings_of_worker()
    work(given) if given else main()
