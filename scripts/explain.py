"""Where does a network look? A picture for each image, without the workflow.

python scripts/explain.py cat.jpg
python scripts/explain.py photos --classes top3 --cam gradcam layercam --box otsu --to pictures
python scripts/explain.py cat.jpg --architecture Xception --classes 281 "tiger cat" --to cat-cam.png
python scripts/explain.py slides/*.png --model model.keras --preprocessing '{"scale": 0.00392157}' --system histology
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TextIO

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.datasets import decoding
from wsol.errors import ConfigError, InputError
from wsol.experiment import idle
from wsol.explain import classes, cutting, drawing, files, telling
from wsol.explain.explaining import ChosenCam, Explaining
from wsol.job import STOPPED
from wsol.maps.cams import CAMS
from wsol.networks import backbones, heads
from wsol.networks.backbones import ACTIVATIONS
from wsol.networks.quiet import quiet
from wsol.pictures import panels
from wsol.pictures.overlays import STYLES
from wsol.pictures.presets import PLAIN, SYSTEMS, System

BATCH = 8  # images that are held, whole, at a time


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+", metavar="IMAGE|FOLDER", help="files, or folders with all that is in them")
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
    network.add_argument("--layer", help="see scripts/layers.py (default: the last map before the pooling)")
    network.add_argument("--output", help="the output to explain, where the model has several")
    network.add_argument("--unsafe", action="store_true", help="run code that the model brings along")
    asked = parser.add_argument_group("what is explained")
    asked.add_argument("--classes", nargs="+", help="numbers or names of outputs, or top3 (default: the most probable)")
    asked.add_argument("--names", help="a file with the outputs' names, a line each, or Keras' JSON")
    asked.add_argument("--cam", choices=CAMS, nargs="+", metavar="METHOD", help=f"(default: gradcam) {', '.join(CAMS)}")
    drawn = parser.add_argument_group("what is drawn and said")
    drawn.add_argument("--system", choices=SYSTEMS, help="make and draw the map as a known program does")
    drawn.add_argument("--box", help="box of the largest region: fixed:0.15, percentile:90 or otsu")
    drawn.add_argument("--alpha", type=float, help="how much heat, 0 to 1 (default: 0.6, or the system's own)")
    drawn.add_argument("--only", choices=["map"], help="the coloured map alone, as IMAGE-map.png")
    drawn.add_argument(
        "--to", help="a picture's name, or a folder for several (default: IMAGE-cam.png beside the image)"
    )
    drawn.add_argument("--json", action="store_true", help="one JSON object a line, for each image and method")
    given = parser.parse_args()
    if given.alpha is not None and given.only:
        parser.error("argument --alpha: the map alone has no image to be mixed with; leave one out")
    if given.alpha is not None and not 0 <= given.alpha <= 1:
        parser.error(f"argument --alpha: must be 0 to 1, got {given.alpha}")
    return given


def opened(given: argparse.Namespace, system: System) -> backbones.Backbone:
    """The network, built once; a ConfigError for what is not of it."""
    size = given.input[0] if given.input and len(given.input) == 1 else given.input
    settings = {name: getattr(given, name) for name in ("model", "preprocessing", "weights", "activation", "output")}
    settings["architecture"] = None if given.model else given.architecture or system.architecture
    layer = given.layer or system.cam.get("layer", "auto")
    settings |= {"input": size, "layer": layer, "safe": not given.unsafe}
    idle.backbone("backbone", backbones.backbone(**settings))
    found = backbones.build(settings)
    beyond = heads.between(found.graph, found.output, found.layers) if "cam" in (given.cam or []) else []
    if beyond:
        raise ConfigError(f"--cam: {heads.refusal('this one', beyond)}")
    return found


def explain(given: argparse.Namespace, terminal: TextIO) -> telling.Told:
    """Explain all images and write their pictures; what became of them."""
    folder = given.to is not None and files.into_folder(given.images, given.to)
    images, wrong = files.sources(given.images, given.to if folder else None)
    told = telling.Told(len(images) + len(wrong), terminal, given.json)
    with told.bar as bar:
        for path, problem in wrong.items():
            told.fail(path, problem)
        bar.update(len(wrong))
        if images:
            pictures = files.pictures(images, given.to, folder, "-map" if given.only else "-cam")
            if folder:
                files.make_folders(pictures)
            draw(given, list(zip([source.path for source in images], pictures, strict=True)), told)
    return told


def draw(given: argparse.Namespace, images: list[tuple[Path, Path]], told: telling.Told) -> None:
    """Through one network, a batch of images and their pictures at a time."""
    threshold = cutting.threshold(given.box) if given.box else None
    system, style = SYSTEMS.get(given.system, PLAIN), STYLES[given.system or "plain"]
    style = style if given.alpha is None else style._replace(alpha=given.alpha)
    backbone = opened(given, system)
    names = classes.names_of(backbone, given.names)
    wanted = classes.wanted(given.classes, names)
    methods = [ChosenCam.of(name, system.cam) for name in dict.fromkeys(given.cam or [system.cam["method"]])]
    explaining = Explaining(backbone, methods, min(BATCH, len(images)))
    for start in range(0, len(images), BATCH):
        part = dict(images[start : start + BATCH])
        decoded = {}
        for path in part:
            with told.of(path):
                decoded[path] = decoding.decode(path)
        seen = explaining.explain(list(decoded.values()), wanted)
        for (path, image), found in zip(decoded.items(), seen, strict=True):
            boxes = cutting.by_method(found, image, backbone.size, threshold, system) if threshold else {}
            with told.of(path):
                panels.write(part[path], drawing.picture(image, found, boxes, names, style, given.only is not None))
                told.say(str(path), part[path], backbone.layer, found, boxes, names)
        told.bar.update(len(part))


if __name__ == "__main__":
    try:
        given = arguments()
        with quiet() as terminal:
            told = explain(given, terminal)
        sys.exit(told.ending() or 0)
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(STOPPED)
