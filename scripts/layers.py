"""Which layers of a network can be explained? Lists them and marks what `layer: auto` takes.

Of each: its map's size, how much of the image a cell sees (the receptive field in pixels), and the share of its places
that gradients of the outputs reach, on one image of noise. A sequence of tokens has the size of its grid of patches.

python scripts/layers.py MobileNetV2
python scripts/layers.py model.keras --input 224
python scripts/layers.py my_network.py:make --input 224 --unsafe
python scripts/layers.py vit_base_patch16_224_imagenet --hub
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow"))

from wsol.errors import ConfigError, InputError
from wsol.networks import backbones, layers, listing
from wsol.networks.backbones import ACTIVATIONS
from wsol.networks.graphs import Step
from wsol.networks.models.architectures import ARCHITECTURES
from wsol.networks.quiet import quiet


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "model",
        metavar="NAME|FILE",
        help="an architecture of keras.applications, a Keras file, a SavedModel folder or a torch FILE.py:FACTORY",
    )
    parser.add_argument("--input", type=int, nargs="+", metavar="PIXELS", help="one number, or height and width")
    parser.add_argument("--output", help="the output to explain, where the model has several")
    parser.add_argument("--activation", choices=ACTIVATIONS, help="what makes probabilities of a model's outputs")
    parser.add_argument(
        "--grid", type=int, nargs=2, metavar="CELLS", help="rows and columns of a transformer's patches"
    )
    parser.add_argument("--skip", type=int, default=0, help="tokens before the patches, where --grid says them")
    parser.add_argument("--hub", action="store_true", help="NAME is a preset of keras-hub, or a folder that holds one")
    parser.add_argument("--unsafe", action="store_true", help="run code that the model brings along")
    return parser.parse_args()


def chosen_by_auto(backbone: backbones.Backbone) -> tuple[Step | None, str]:
    """What `layer: auto` takes and why, where that needs saying, or why there is no such layer."""
    try:
        choice = layers.automatic(backbone.graph, backbone.output, backbone.grids)
        return choice.step, choice.why and f"auto takes {choice.why}"
    except ConfigError as error:
        return None, str(error)


def settings(given: argparse.Namespace) -> dict:
    """Those of the backbone that is looked at."""
    size = given.input[0] if given.input and len(given.input) == 1 else given.input
    own = given.model not in ARCHITECTURES and (Path(given.model).suffix or Path(given.model).exists())
    if given.hub:
        source = {"keras_hub": given.model, "weights": "random", "preprocessing": {}}
    elif ":" in given.model:
        source = {"torch": given.model, "preprocessing": {}}
    elif own:
        source = {"model": given.model, "preprocessing": {}}
    else:
        source = {"architecture": given.model, "weights": "random"}
    asked = {"input": size, "output": given.output, "safe": not given.unsafe, "activation": given.activation}
    tokens = {"grid": given.grid, "skip": given.skip} if given.grid else None
    return {**source, **asked, "tokens": tokens, "layer": []}


def show(given: argparse.Namespace) -> None:
    """Print every layer that can be explained, and which one is taken unless said."""
    backbone = backbones.build(settings(given))
    chosen, why = chosen_by_auto(backbone)
    rows = listing.rows(backbone)
    width = max((len(row.step.name) for row in rows), default=0)
    for row in rows:
        mark = "  <- auto" if chosen and row.step.outputs == chosen.outputs else ""
        print(f"{row.step.name:{width}}  {row.step.kind:22} {listing.said(row)}{mark}")
    if why:
        print(why)


if __name__ == "__main__":
    try:
        given = arguments()
        with quiet():
            show(given)
    except InputError as error:
        sys.exit(str(error))
