"""Which layers of a network can be explained? Lists them with their maps' sizes and marks what `layer: auto` takes.

python scripts/layers.py MobileNetV2
python scripts/layers.py model.keras --input 224
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.errors import ConfigError, InputError
from wsol.networks import backbones, layers
from wsol.networks.architectures import ARCHITECTURES
from wsol.networks.backbones import ACTIVATIONS
from wsol.networks.graphs import Step
from wsol.networks.quiet import quiet


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "model", metavar="NAME|FILE", help="an architecture of keras.applications, a Keras file or a SavedModel folder"
    )
    parser.add_argument("--input", type=int, nargs="+", metavar="PIXELS", help="one number, or height and width")
    parser.add_argument("--output", help="the output to explain, where the model has several")
    parser.add_argument("--activation", choices=ACTIVATIONS, help="what makes probabilities of a model's outputs")
    parser.add_argument("--unsafe", action="store_true", help="run code that the model brings along")
    return parser.parse_args()


def chosen_by_auto(backbone: backbones.Backbone) -> tuple[Step | None, str]:
    """What `layer: auto` takes, or why there is no such layer."""
    try:
        return layers.automatic(backbone.graph, backbone.output, backbone.grids).step, ""
    except ConfigError as error:
        return None, str(error)


def show(given: argparse.Namespace) -> None:
    """Print every layer that can be explained, and which one is taken unless said."""
    size = given.input[0] if given.input and len(given.input) == 1 else given.input
    own = given.model not in ARCHITECTURES and (Path(given.model).suffix or Path(given.model).exists())
    source = {"model": given.model, "preprocessing": {}} if own else {"architecture": given.model, "weights": "random"}
    settings = {**source, "input": size, "output": given.output, "safe": not given.unsafe}
    backbone = backbones.build({**settings, "activation": given.activation, "layer": []})
    steps = layers.candidates(backbone.graph, backbone.output)
    chosen, why = chosen_by_auto(backbone)
    width = max(len(step.name) for step in steps)
    for step in steps:
        high, wide, channels = step.shape[1:]
        mark = "  <- auto" if step is chosen else ""
        print(f"{step.name:{width}}  {step.kind:22} {high:>4} x {wide:<4} x {channels}{mark}")
    if why:
        print(why)


if __name__ == "__main__":
    try:
        given = arguments()
        with quiet():
            show(given)
    except InputError as error:
        sys.exit(str(error))
