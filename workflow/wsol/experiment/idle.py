"""A setting that has no effect, or another than it says, is refused: the experiment is not what it says then.

A backbone's default spelt out is the same experiment as the default left out: what differs from it is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from wsol.errors import ConfigError, unknown
from wsol.experiment.decisions import IMPORTED
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.networks.models.architectures import ARCHITECTURES
from wsol.places import as_written
from wsol.regions.protocols import PROTOCOLS
from wsol.scores.metrics import metric
from wsol.settings import shown

SOURCES = ("architecture", "model", "keras_hub", "torch")  # what a backbone may be made of


def backbone(where: str, settings: Mapping[str, Any]) -> None:
    """A ConfigError for the first of a backbone's settings (all of them, defaults filled in) that does nothing."""
    sources = {"model": _of_model, "keras_hub": _of_hub, "torch": _of_torch}
    rules = next((rules for source, rules in sources.items() if settings[source] is not None), _of_architecture)
    for key, reason in rules(settings):
        raise ConfigError(f"{where}.{key}: {reason}")
    name, given = next((source, settings[source]) for source in SOURCES if settings[source] is not None)
    for key, usual in (("stride", None), ("head", {"method": "own"})):
        if name != "architecture" and settings[key] != usual:
            raise ConfigError(f"{where}.{key}: is of an architecture; {name} {shown(as_written(given))} has its own.")


def _of_model(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    weights = settings["weights"]
    if weights in ("imagenet", "random"):
        yield "weights", f"a model takes a file or {{train: …}}, '{weights}' is an architecture's."
    if weights is not None and Path(settings["model"]).is_dir():
        yield "weights", "a SavedModel keeps its own; leave out 'weights', or give the model as a Keras file."
    if settings["classes"] is not None:
        yield "classes", "a model file has its own; leave out 'classes'."
    if settings["code"] is not None and Path(settings["model"]).is_dir():
        yield "code", "a SavedModel has its own; leave out 'code'."
    if settings["seed"]:
        yield "seed", "nothing of a model file is drawn; leave out 'seed'."


def _of_hub(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _of_an_image_alone(settings, "keras-hub")
    if not settings["safe"]:
        yield "safe", "keras-hub brings no code of others; leave out 'safe'."
    if settings["seed"] and settings["weights"] != "random" and not isinstance(settings["weights"], dict):
        yield "seed", "nothing is drawn where weights are given; leave out 'seed'."
    if settings["classes"] is not None and isinstance(settings["weights"], dict):
        yield "classes", "training takes their number from the labels; leave out 'classes'."


def _of_an_image_alone(settings: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """What only a Keras file may have beside what it says itself."""
    if settings["inputs"] is not None:
        yield "inputs", f"{name} takes an image and nothing else; leave out 'inputs'."
    if settings["code"] is not None:
        yield "code", f"{name} names no code of others; leave out 'code'."


def _of_torch(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _of_an_image_alone(settings, "a torch network")
    weights = settings["weights"]
    if weights == "imagenet":
        yield "weights", "a torch network takes a file with its state dict, 'imagenet' is an architecture's."
    if settings["seed"] and isinstance(weights, str) and weights != "random":
        yield "seed", "nothing is drawn where weights are of a file; leave out 'seed'."


def _of_architecture(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name, weights = settings["architecture"], settings["weights"]
    if settings["preprocessing"] is not None:
        yield "preprocessing", f"{name} has its own; leave out 'preprocessing', or give a 'model'."
    yield from _of_head(name, settings)
    if settings["output"] is not None:
        yield "output", f"{name} has one output; leave out 'output'."
    yield from _of_an_image_alone(settings, name)
    if not settings["safe"]:
        yield "safe", f"{name} brings no code of others; leave out 'safe'."
    if settings["seed"] and isinstance(weights, str) and weights != "random":
        yield "seed", f"nothing is drawn where weights are '{weights}'; leave out 'seed'."
    if settings["classes"] not in (None, 1) and isinstance(weights, dict):
        yield "classes", "training takes their number from the labels; leave out 'classes'."


def _of_head(name: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """An architecture's head is its own where weights are published, and so is its softmax."""
    published, activation, head = settings["weights"] == "imagenet", settings["activation"], settings["head"]["method"]
    if published and activation == "sigmoid":
        yield "activation", f"{name}'s published weights are of a softmax; train it, or give other weights."
    if activation not in (None, "sigmoid"):
        yield "activation", f"{name} ends in a softmax; leave out 'activation', or say sigmoid."
    if settings["classes"] == 1 and activation != "sigmoid":
        yield "classes", "1 is one output of two classes, by a sigmoid; say activation: sigmoid, or classes: 2."
    if published and head != "own":
        yield "head", f"{name}'s published weights have none for '{head}'; train it, or give a file."
    dense = ARCHITECTURES[name].fixed and head == "own"
    if dense and settings["stride"] in (8, 16):
        yield "stride", f"{name}'s dense layers read maps of its own size; say head: conv."


def cam(name: str, method: str, given: Mapping[str, Any], of_network: tuple[str, ...], backbones: Mapping) -> None:
    """A ConfigError for what a cam's entry says of a network that the cam never meets, or of layers it lacks."""
    if method in CONTROLS:
        for key in (*of_network, "fusion", "backbones"):
            if key in given:
                raise ConfigError(f"cams.{name}.{key}: '{method}' is a control and ignores the model; leave it out.")
    if method == IMPORTED != name:
        _of_imported(name, given, backbones)
    if method in CONTROLS or method == IMPORTED:
        refine = given.get("refine")
        if isinstance(refine, dict) and refine.get("alignment", "stretch") != "stretch":
            raise ConfigError(f"cams.{name}.refine.alignment: '{method}' has no layer; leave it out.")
    for key, reason in CAMS[method].unused(method) if method in CAMS else ():
        if key in given:
            raise ConfigError(f"cams.{name}.{key}: {reason}; leave it out.")
    if given.get("fusion"):
        layers = [given["layer"]] if "layer" in given else [entry.get("layer") for entry in backbones.values()]
        if not any(isinstance(layer, list) and len(layer) > 1 for layer in layers):
            raise ConfigError(f"cams.{name}.fusion: joins the maps of several layers, and one layer is explained.")


def _of_imported(name: str, given: Mapping[str, Any], backbones: Mapping[str, Any]) -> None:
    """A ConfigError for a cam of maps made elsewhere that does anything but refine them, or that has none to refine."""
    if other := [key for key in given if key not in ("method", "refine")]:
        raise ConfigError(unknown(f"cams.{name}", other[0], ["method", "refine"]))
    if not any(IMPORTED in entry for entry in backbones.values()):
        raise ConfigError(f"cams.{name}: refines '{IMPORTED}' maps, and no backbone has any.")


def paired(name: str, given: Mapping[str, Any], evidence: Mapping[str, Any], methods: set[str]) -> None:
    """A ConfigError for what a backbone's entry says for cams, all of which are of these methods and do not ask for it.

    `evidence`: the backbone's own, with its method.
    """
    where, named = f"backbones.{name}", ", ".join(sorted(methods))
    cams = [CAMS[method] for method in methods]
    if given.get("score", "logit") != "logit" and not any(cam.takes_score for cam in cams):
        raise ConfigError(f"{where}.score: none of its cams asks for it ({named}).")
    if "similar" in evidence and not any(cam.sees_similar for cam in cams):
        raise ConfigError(f"{where}.evidence.similar: none of its cams has rivals ({named}).")
    kind = evidence["method"]
    if kind != "gradient" and all(cam.evidence != kind for cam in cams):
        known = ", ".join(sorted(name for name, cam in CAMS.items() if cam.evidence == kind))
        raise ConfigError(f"{where}.evidence: '{kind}' is for {known}, and it has none of these.")


def evaluation(where: str, given: Mapping[str, Any]) -> None:
    """A ConfigError for what an evaluation's protocol does not ask for."""
    protocol = PROTOCOLS[given["protocol"]]
    for key, default in (("alignment", "stretch"), ("canvas", "input")):
        if given[key] != default and key in protocol.refuses:
            raise ConfigError(f"{where}.{key}: protocol {protocol.name} {protocol.refuses[key].format(given[key])}")


def levels(where: str, given: Mapping[str, Any], methods: Sequence[str]) -> None:
    """A ConfigError where levels are chosen for each class, and no threshold leaves a level to be chosen.

    >>> levels("evaluations.e", {"levels": "per_class"}, ["otsu", "sweep"])
    """
    if given["levels"] == "per_class" and methods and "sweep" not in methods:
        reason = f"per_class chooses among the levels of a sweep; {methods[0]} leaves none to choose."
        raise ConfigError(f"{where}.levels: {reason}")


def classes(where: str, metrics: Iterable[str], datasets: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """A ConfigError where a metric asks for every class of an image, and a data set has one of them as its target.

    >>> classes("evaluations.e.metrics", ["ece"], [("birds", {"adapter": "coco", "target": "all"})])
    """
    asking = next((name for name in metrics if metric(name).every_class), None)
    for name, settings in datasets:
        if asking and settings.get("target") == "largest":
            raise ConfigError(
                f"{where}: {asking} needs every class of an image, and '{name}' has the largest alone. Say target: all."
            )
