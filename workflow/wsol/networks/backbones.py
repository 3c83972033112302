"""Backbones: the settings of a classifier, how its input is prepared and what of it is explained, and how it is built.

`backbone` names the settings; `build` makes a `Backbone` (`built`) of them. Keras is imported inside functions only.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from wsol.datasets.images import Interpolation, Resize
from wsol.errors import ConfigError, unknown
from wsol.networks import device
from wsol.networks.built import Backbone
from wsol.networks.models import heading, hub, opening, settling
from wsol.networks.models.architectures import ARCHITECTURES, IMAGENET, MODES, fitting, preprocessing
from wsol.networks.models.building import application
from wsol.networks.models.kerasmodel import KerasGraph
from wsol.networks.perturb import EVIDENCES
from wsol.networks.pytorch import code as torchcode
from wsol.networks.pytorch import network as torchnetwork
from wsol.networks.tokens import tokens
from wsol.places import as_written
from wsol.settings import Doc, Place, Range, Seed, Side, checked, known, shown

ACTIVATIONS = ("softmax", "sigmoid", "none")
PREPROCESSING, TOKENS = preprocessing, tokens  # `backbone` has parameters of these names


def backbone(
    *,
    architecture: Annotated[str | None, Doc("An architecture of Keras, by name.")] = None,
    model: Annotated[Place | None, Doc("A Keras file or a SavedModel folder, in place of an architecture.")] = None,
    keras_hub: Annotated[
        str | dict | None,
        Doc("A classifier of keras-hub: a preset's name, or {class: NAME, backbone: {…}, …}; needs the extra `hub`."),
    ] = None,
    torch: Annotated[
        str | dict | None,
        Doc(
            "A network in PyTorch: `my_file.py:factory` or `my_module:factory`, from the folder that the run starts "
            "in, a torchvision name, or `{factory: …, arguments: {…}}`. It runs code, and so needs `safe: false`."
        ),
    ] = None,
    preprocessing: Annotated[
        dict | None, Doc("How images become the network's input; a model needs it, an architecture has its own.")
    ] = None,
    weights: Annotated[
        Literal["imagenet", "random"] | Place | dict | None,
        Doc(
            "`imagenet` (an architecture's, unless said), `random`, a file, or `{train: {dataset: NAME, …}}`; a Keras "
            "file brings its own, unless others are given, and a SavedModel keeps its own. A torch network takes a "
            "file with its state dict; else they are as its factory draws them."
        ),
    ] = None,
    classes: Annotated[
        Annotated[int, Range(1, 10**6)] | None,
        Doc(
            "How many outputs an architecture with other weights than ImageNet's has; where it is trained the labels "
            "say it, but for 1: one output of two classes, with `activation: sigmoid`."
        ),
    ] = None,
    stride: Annotated[
        Literal[8, 16, 32] | None,
        Doc(
            "How many pixels of the input a cell of an architecture's last map takes: 8 makes maps of 28x28 of 224 "
            "pixels. Layers that would go further take their steps one by one. Unless given, the architecture's own."
        ),
    ] = None,
    head: Annotated[
        str | dict, Doc("What follows an architecture's last map, see below: a name, or a mapping.")
    ] = "own",
    input: Annotated[
        Side | list[Side] | None,
        Doc("The side of the network's input, or [height, width]; unless given, the network's own."),
    ] = None,
    layer: Annotated[
        str | list[str],
        Doc("The layer that is explained, or several; auto is the last one with a map larger than 1x1."),
    ] = "auto",
    tokens: Annotated[
        dict | None,
        Doc("How the tokens of a transformer lie on the image, where the network does not say it itself, see below."),
    ] = None,
    score: Annotated[
        Literal["logit", "probability"], Doc("What of the class is explained: its logit, or its probability.")
    ] = "logit",
    explain: Annotated[
        Literal["labelled", "predicted"], Doc("The class that is explained: the target's own, or the one predicted.")
    ] = "labelled",
    inputs: Annotated[
        dict | None,
        Doc(
            "Of a model with several inputs: what each but the image is given, a number or a list, `{age: 0.5, mask: "
            "[0, 1]}`. The image is the one of four axes, or is named: `{photo: image}`."
        ),
    ] = None,
    activation: Annotated[
        Literal["softmax", "sigmoid", "none"] | None,
        Doc(
            "What makes probabilities of the outputs of a model that ends in plain numbers. Without it, or with none, "
            "it has none, and what needs them (score: probability, scorecam, rise, training) is refused. An "
            "architecture's are of a softmax, unless it is trained, drawn or loaded with sigmoid."
        ),
    ] = None,
    evidence: Annotated[
        str | dict, Doc("What the network is asked for, see below: a name, or a mapping.")
    ] = "gradient",
    resize: Annotated[
        Resize, Doc("How an image becomes the input: stretched to it, cropped to its middle, or padded with zeros.")
    ] = "stretch",
    interpolation: Annotated[Interpolation, Doc("How pixels are computed when an image is resized.")] = "linear",
    output: Annotated[
        str | None,
        Doc("Which of a model's several outputs are the classes, by name or number; unless given, the only one."),
    ] = None,
    safe: Annotated[bool, Doc("Whether a model file that brings code of its own is refused.")] = True,
    code: Annotated[
        Place | None,
        Doc("A Python file that defines the layers and functions of a model that are not Keras' own; it is run."),
    ] = None,
    seed: Annotated[Seed, Doc("Seed of random weights; of a training, its own is added.")] = 0,
    batch: Annotated[int, Range(1, 4096), Doc("Images that the network is shown at once.")] = 32,
    **arguments: Any,
) -> dict:
    """The settings of a backbone, checked as far as that goes without Keras; ConfigError names what is wrong.

    Either `architecture`, a name in ARCHITECTURES, whose own arguments (alpha) pass through, or `model`, a Keras file
    or a SavedModel folder, with its `preprocessing`, or `keras_hub`, a preset or a class with its settings. A model
    brings its weights, unless others are to be loaded into it or trained; an architecture's are `imagenet` unless said.
    `activation` is what makes probabilities of the outputs of a model that ends in plain numbers; without it, or with
    `none`, it has no probabilities.
    """
    settings = {name: value for name, value in locals().items() if name != "arguments"} | {"head": heading.head(head)}
    if sum(source is not None for source in (architecture, model, keras_hub, torch)) != 1:
        raise ConfigError("backbone: needs one of `architecture`, `model`, `keras_hub` and `torch`.")
    if keras_hub is not None:
        hub.check_source(keras_hub, weights, classes)
    if isinstance(keras_hub, dict) and preprocessing is None:
        raise ConfigError("backbone: a class of keras-hub needs its `preprocessing`: order, scale, mean, std.")
    named = f"model '{as_written(model)}'" if model is not None else f"torch {shown(torch)}"
    if (model is not None or torch is not None) and preprocessing is None:
        raise ConfigError(f"backbone: {named} needs its `preprocessing`: order, scale, mean, std.")
    if torch is not None and input is None:
        raise ConfigError(f"backbone: {named} needs its `input`: 224 or [height, width].")
    if isinstance(input, list) and len(input) != 2:
        raise ConfigError(f"input: must be a side, or height and width, got {input!r}.")
    if architecture is not None and architecture not in ARCHITECTURES:
        raise ConfigError(unknown("architecture", architecture, ARCHITECTURES))
    if preprocessing is not None:
        settings["preprocessing"] = PREPROCESSING(**checked("preprocessing", PREPROCESSING, preprocessing))
    if tokens is not None:
        TOKENS(**checked("tokens", TOKENS, tokens))
    own = ARCHITECTURES[architecture].arguments if architecture else {}
    for name in arguments:
        if name not in own:
            source = architecture or model or torch or "keras_hub"
            raise ConfigError(unknown(f"backbone {source}", name, [*own, *settings]))
    if architecture is not None:
        settings["weights"] = "imagenet" if weights is None else weights
        sides = [input] if isinstance(input, int) else list(input or [])
        own_head = settings["head"]["method"] == "own"
        arguments = fitting(architecture, arguments, settings["weights"], sides, classes, own_head)
    if torch is not None:
        torchcode.factory(torch)
        settings["weights"] = "random" if weights is None else weights
        if _evidence(evidence)["method"] == "attention":
            raise ConfigError("evidence attention: is of a transformer of Keras' layers, and this one is in torch.")
    return settings | {"arguments": arguments, "evidence": _evidence(evidence)}


def _evidence(given: str | dict) -> dict:
    """`scorecam` or `{method: scorecam, channels: 64}` -> the method with all its settings."""
    asked = {"method": given} if isinstance(given, str) else dict(given)
    name = asked.pop("method", None)
    return {"method": name, **checked(f"evidence {name}", known("evidence", name, EVIDENCES), asked)}


def build(settings: Mapping[str, Any], weights: str | Path | None = None, classes: int | None = None) -> Backbone:
    """A Backbone of `settings` as a config gives them; `weights` are a trained file, `classes` its number."""
    settings = backbone(**settings)
    chosen: Any = str(weights) if weights else settings["weights"]
    if isinstance(chosen, dict) and "initial" not in chosen:
        raise ConfigError("weights: a backbone that is trained needs the file that training made.")
    if settings["torch"] is not None:
        return torchnetwork.build(settings)
    device.hide()
    if settings["keras_hub"] is not None:
        begun = chosen["initial"] if isinstance(chosen, dict) else chosen
        return _of_hub(settings, begun, classes or settings["classes"])
    if settings["model"] is None:
        return _of_architecture(settings, chosen, classes)
    graph = opening.opened(settings["model"], settings["safe"], chosen, settings["code"])
    settling.settle(graph, settings["inputs"])
    found = Backbone(graph, settings, _size(settings["input"], *graph.input_shapes[:1]), settings["preprocessing"])
    if classes and found.classes != classes:
        raise ConfigError(f"weights.train: its dataset has {classes} classes, the model {found.classes} outputs.")
    return found


def _of_architecture(settings: Mapping[str, Any], weights: str | dict[str, str], classes: int | None) -> Backbone:
    """`keras.applications` say of all of theirs that they end in a softmax; here they are built without it."""
    if settings["classes"] == 1 and classes not in (None, 2):
        raise ConfigError(f"classes: 1 is one output of two classes, and {classes} are trained.")
    kind = ARCHITECTURES[settings["architecture"]]
    size = _size(settings["input"] or kind.size)
    outputs = 1 if settings["classes"] == 1 else classes or settings["classes"] or IMAGENET
    graph = KerasGraph(application(settings, size, weights, outputs))
    settling.settle(graph, settings["inputs"])
    first = next(iter(graph.outputs)) if len(graph.outputs) > 1 else settings["output"]  # of a head with branches
    ending = settings["activation"] or "softmax"
    return Backbone(graph, {**settings, "output": first}, size, MODES[kind.mode], activation=ending)


def _of_hub(settings: Mapping[str, Any], weights: str | None, classes: int | None) -> Backbone:
    """A classifier of keras-hub; what it is prepared by is said, or a preset's own."""
    model, own = hub.classifier(settings["keras_hub"], weights, classes, settings["seed"])
    prepare = settings["preprocessing"] or own
    if prepare is None:
        raise ConfigError(
            f"keras_hub: '{settings['keras_hub']}' brings no preprocessing; say it: order, scale, mean, std."
        )
    graph = KerasGraph(model)
    return Backbone(graph, settings, _size(settings["input"], *graph.input_shapes[:1]), prepare)


def untrained(settings: Mapping[str, Any], seed: int = 0, initial: str | None = None) -> dict[str, Any]:
    """The settings of the network that a training starts from, with `initial` weights: `imagenet`, `random` or a file.

    Without them a model or a preset has its own, and an architecture is drawn, which has the same structure. A file's
    weights in an architecture, and published ones, are without the classifier. The training's `seed` is added to the
    backbone's own: one training is a sample of all that is drawn for it.
    """
    drawn = (settings.get("seed", 0) + seed) % 2**32
    own = settings.get("model") is not None or isinstance(settings.get("keras_hub"), str)
    weights: Any = initial or (None if own else "random")
    if not own and (settings.get("keras_hub") or weights != "random"):
        weights = {"initial": weights}
    return {**settings, "weights": weights, "seed": drawn}


def _size(given: int | list[int] | None, shape: tuple = ()) -> tuple[int, int]:
    """Height and width of the input: as given, else of the model's own `shape` [n h w c]."""
    if given is None and len(shape) == 4 and None not in shape[1:3]:
        return shape[1], shape[2]
    if given is None:
        raise ConfigError("input: the model's size is open; give `input: 224` or `[height, width]`.")
    high, wide = (given, given) if isinstance(given, int) else given
    return high, wide
