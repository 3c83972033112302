"""What is read off a network in one pass over the images: explanations that share it, and the file that they lie in.

All explanations of a network that only need its layers and its head share one reading of a data set. One added later
has a reading of its own, and those that were read before stay where they are. Masked inputs cost hundreds of passes:
each such method has a reading to itself, so that nothing else that is made again makes it again. So have, together,
those that are shown images at several scales or mirrored: that is many passes too.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from wsol.experiment.decisions import Decision, Experiment
from wsol.experiment.questions import explained, predicts, seen
from wsol.files.augmentations import PLAIN, augmentations
from wsol.files.formats import atomic
from wsol.files.npz import BROKEN
from wsol.files.predict import EVIDENCE, PREDICTIONS
from wsol.networks.perturb import PERTURBATIONS

FOLDER = "predict"  # below a data set's, beside `index`
Readings = dict[tuple[str, str], Decision]


def readings(experiment: Experiment, results: str | Path) -> Readings:
    """By the ids of a data set and of a backbone: the reading that has the backbone's evidence, there or to be made."""
    found: Readings = {}
    for dataset, asked in _asked(experiment).items():
        found |= {(dataset, id): reading for id, reading in _of(Path(results) / dataset / FOLDER, asked).items()}
    return found


def note(path: str | Path, found: Readings) -> None:
    """Write down which readings a run is of: while it makes some of them anew, their files do not tell."""
    known: dict[str, dict[str, Any]] = {}
    for (dataset, backbone), reading in found.items():
        known.setdefault(dataset, {})[backbone] = reading.settings["explanations"]
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(known, sort_keys=True), encoding="ascii")


def noted(experiment: Experiment, path: str | Path) -> Readings:
    """The readings that `note` wrote down, of the same experiment."""
    known = json.loads(Path(path).read_text(encoding="ascii"))
    return {
        (dataset, id): _of_network(backbone, known[dataset][id])
        for dataset, asked in _asked(experiment).items()
        for id, backbone in asked.items()
    }


def layers(explanations: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every layer that explanations name, each once."""
    named = [each["layer"] for each in explanations]
    found = [layer for layers in named for layer in ([layers] if isinstance(layers, str) else layers)]
    return list(dict.fromkeys(found))


def _asked(experiment: Experiment) -> dict[str, dict[str, Decision]]:
    """The backbones that each data set is shown to, by id."""
    found: dict[str, dict[str, Decision]] = {}
    for run in experiment.runs:
        if run.backbone and predicts(run.backbone.settings):
            for dataset in seen(run):
                found.setdefault(dataset.id, {})[run.backbone.id] = run.backbone
    return found


def _of(folder: Path, asked: Mapping[str, Decision]) -> dict[str, Decision]:
    """For each backbone on one data set its reading: one that is there and has it, else one of all that are left."""
    found: dict[str, Decision] = {}
    for reading in _there(folder, {backbone.name for backbone in asked.values()}):
        for id in reading.settings["explanations"]:
            if id in asked:
                found.setdefault(id, _of_network(asked[id], reading.settings["explanations"]))
    left: dict[str, list[Decision]] = {}
    for id, backbone in sorted(asked.items()):
        if id not in found:
            left.setdefault(_shared(backbone), []).append(backbone)
    for backbones in left.values():
        found |= dict.fromkeys((backbone.id for backbone in backbones), _reading(backbones))
    return found


def _shared(backbone: Decision) -> str:
    """What backbones that share a reading have in common."""
    method = backbone.settings["evidence"]["method"]
    alone = method in PERTURBATIONS and PERTURBATIONS[method].of_input
    plain = augmentations(backbone.settings) == [PLAIN]
    return f"{explained(backbone).network.id} {method if alone else ''} {'' if plain else 'augmented'}"


def _reading(backbones: Iterable[Decision]) -> Decision:
    backbones = list(backbones)
    return _of_network(backbones[0], {backbone.id: explained(backbone).asked for backbone in backbones})


def _of_network(backbone: Decision, explanations: Mapping[str, Any]) -> Decision:
    """The reading of a backbone's network, whose paths are where they lie."""
    settings = {"network": explained(backbone).network.settings, "explanations": explanations}
    return Decision(backbone.name, _sorted(settings), (PREDICTIONS, EVIDENCE))


def _sorted(value: Any) -> Any:
    """In one order, as files have it: Snakemake compares a job's parameters as text."""
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, Mapping) else value


def _there(folder: Path, names: set[str]) -> Iterator[Decision]:
    """The readings that a data set has of networks of these names, as their own files describe them, in their order."""
    for place in sorted(folder.glob("*@*")):
        if place.name.rpartition("@")[0] in names:
            for file in sorted(place.glob("*.predictions.npz")):
                reading = _described(file, place.name)
                if reading:
                    yield reading
                    break


def _described(file: Path, name: str) -> Decision | None:
    """The reading that a file of predictions says it is of; None where that is not its folder's."""
    try:
        settings: Any = PREDICTIONS.peek(file)["settings"]
        found = Decision(name.rpartition("@")[0], settings["reading"], (PREDICTIONS, EVIDENCE))
    except (*BROKEN, KeyError, TypeError):
        return None
    return found if found.id == name else None
