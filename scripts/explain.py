"""One image, one picture, no workflow: where does a network look?

python scripts/explain.py cat.jpg
python scripts/explain.py cat.jpg --architecture Xception --cam layercam --classes 281 285 --to cat-cam.png
python scripts/explain.py slide.png --model model.keras --preprocessing '{"scale": 0.00392157}' --system histology
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

import cv2
import numpy as np
import pandas as pd

from wsol.affine import Affine
from wsol.datasets import decoding
from wsol.errors import ConfigError, InputError, unknown
from wsol.experiment import idle
from wsol.index.outputs import class_probability
from wsol.maps import heatmaps
from wsol.maps.cams import CAMS
from wsol.networks import backbones, evidence, heads
from wsol.networks.backbones import ACTIVATIONS
from wsol.networks.quiet import quiet
from wsol.pictures import overlays
from wsol.pictures.presets import SYSTEMS, System
from wsol.settings import parameters


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("image")
    network = parser.add_argument_group("network")
    network.add_argument("--architecture", help="of keras.applications (default: MobileNetV2, or the system's own)")
    network.add_argument("--model", help="a Keras file or SavedModel folder of your own, with its --preprocessing")
    network.add_argument(
        "--preprocessing", type=json.loads, help='JSON: {"order": "rgb", "scale": 1, "mean": 0, "std": 1}'
    )
    network.add_argument(
        "--weights", help="imagenet (default), random or a weights file; of a --model its own, unless a file is given"
    )
    network.add_argument("--activation", choices=ACTIVATIONS, help="what makes probabilities of a --model's outputs")
    network.add_argument("--input", type=int, nargs="+", metavar="PIXELS", help="one number, or height and width")
    network.add_argument(
        "--layer", default=None, help="see scripts/layers.py (default: the last map before the pooling)"
    )
    network.add_argument("--output", help="the output to explain, where the model has several")
    network.add_argument("--unsafe", action="store_true", help="run code that the model brings along")
    parser.add_argument("--classes", type=int, nargs="+", help="outputs to explain (default: the most probable)")
    parser.add_argument("--cam", choices=CAMS, help="method (default: gradcam)")
    parser.add_argument("--system", choices=SYSTEMS, help="draw it as a known program does")
    parser.add_argument("--to", type=Path, help="picture to write (default: IMAGE-cam.png)")
    return parser.parse_args()


def network(given: argparse.Namespace, system: System, entry: dict) -> dict:
    """The backbone's settings: what was asked for, and what the cam asks of it."""
    cam = CAMS[entry["method"]]
    size = given.input[0] if given.input and len(given.input) == 1 else given.input
    architecture = None if given.model else given.architecture or system.architecture
    source = {"architecture": architecture, "model": given.model, "preprocessing": given.preprocessing}
    source |= {"weights": given.weights, "activation": given.activation}
    asked = {name: entry[name] for name in ("score", "layer") if name in entry}
    if cam.score is not None:
        asked["score"] = cam.score
    layer = {"layer": given.layer} if given.layer else {}
    trust = {"output": given.output, "safe": not given.unsafe}
    batch = 1 if cam.evidence == "gradient" else 32
    settings = {**source, "input": size, "batch": batch, "evidence": cam.evidence, **trust, **asked, **layer}
    idle.backbone("backbone", backbones.backbone(**settings))
    return settings


def confidence(chances: np.ndarray | None, index: int) -> list[float]:
    """The probability that a picture may show, where there is one."""
    return [] if chances is None else [float(chances[index])]


def evidence_of(backbone: backbones.Backbone, given: argparse.Namespace, image: np.ndarray) -> tuple[dict, dict]:
    """What the network predicts of the image, and what explains the classes that are asked for."""
    wanted = given.classes or [-1]
    if bad := [c for c in wanted if c >= backbone.classes]:
        raise ConfigError(unknown("classes", bad[0], [f"0..{backbone.classes - 1}"]))
    backbone.settings["explain"] = "labelled" if given.classes else "predicted"
    # Where the network chooses by itself, any output that it has marks the image as one to be explained.
    outputs = [[c] if given.classes else [0] for c in wanted]
    table = pd.DataFrame({"image": given.image, "outputs": outputs, "width": image.shape[1], "height": image.shape[0]})
    arrays = evidence.Collected()
    return evidence.predict(backbone, lambda _: image, table, arrays), arrays


def tell(logits: np.ndarray, chances: np.ndarray | None, explained: np.ndarray) -> None:
    """The five highest classes."""
    for index in np.argsort(-logits, kind="stable")[:5]:
        value = f"{logits[index]:8.3f}" if chances is None else f"{100 * chances[index]:6.2f} %"
        print(f"class {index:4d}  {value}{'  <- explained' if index in explained else ''}")
    if chances is None:
        print(
            "The numbers are the model's outputs as they are; --activation softmax or sigmoid makes them probabilities."
        )


def opened(given: argparse.Namespace, system: System, entry: dict) -> backbones.Backbone:
    """The network; a ConfigError where the method is not of it."""
    backbone = backbones.build(network(given, system, entry))
    found = heads.between(backbone.graph, backbone.output, backbone.layers) if entry["method"] == "cam" else []
    if found:
        raise ConfigError(f"--cam: {heads.refusal('this one', found)}")
    return backbone


def draw(given: argparse.Namespace) -> None:
    """Write the picture, one panel per class, and say what the network predicts."""
    system = SYSTEMS[given.system] if given.system else System({"method": "gradcam"}, "max", "linear", "blend")
    entry = {**system.cam, **({"method": given.cam} if given.cam else {})}
    cam = CAMS[entry["method"]]
    image = decoding.decode(given.image)
    backbone = opened(given, system, entry)
    predictions, arrays = evidence_of(backbone, given, image)
    maps = heatmaps.maps_from(cam, arrays, {name: entry[name] for name in parameters(cam) if name in entry})
    logits = predictions["logits"][0]
    chances = class_probability(logits[None], backbone.activation)[0] if backbone.activation else None
    input_to_image = Affine.of(predictions["input_to_image"][0])
    place = overlays.placer(image.shape[:2], input_to_image, backbone.size, system.upsampling)
    panels = []
    for heatmap, index in zip(maps, arrays["explained"], strict=True):
        values = overlays.normalized(heatmap, system.normalization)
        panels.append(overlays.PICTURES[system.picture](image, values, place, *confidence(chances, index)))
    to = given.to or Path(f"{Path(given.image).with_suffix('')}-cam.png")
    if not cv2.imwrite(str(to), np.concatenate(panels, axis=1)[..., ::-1]):
        raise ConfigError(f"--to: cannot write '{to}'.")
    print(f"layer {', '.join(backbone.layer)}, {entry['method']}, picture {to}")
    tell(logits, chances, arrays["explained"])


if __name__ == "__main__":
    try:
        given = arguments()
        with quiet():
            draw(given)
    except InputError as error:
        sys.exit(str(error))
