"""Layers that an earlier reading of the same network left beside a new one: what was added needs no image."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsol.errors import FileError
from wsol.files.augmentations import PLAIN, augmentations
from wsol.files.containers import header
from wsol.files.formats import digest
from wsol.files.predict import EVIDENCE, PREDICTIONS
from wsol.networks.perturb import PERTURBATIONS
from wsol.networks.seeing import KeptLayers

OF_LAYERS = ("gradient", *(name for name, each in PERTURBATIONS.items() if not each.of_input))


def kept(
    predictions: str | Path, reading: Mapping[str, Any], layers: Sequence[str], inputs: Iterable[str | Path]
) -> KeptLayers | None:
    """What serves the `reading` whose `predictions` are to be made, from files that are newer than all its `inputs`.

    `layers` are the explained ones, by their names in the network. None where images have to be shown.
    """
    asked = reading["explanations"].values()
    if any(each["evidence"]["method"] not in OF_LAYERS or augmentations(each) != [PLAIN] for each in asked):
        return None
    mine = Path(predictions)
    since = max((Path(path).stat().st_mtime_ns for path in inputs), default=0)
    for folder in sorted(mine.parent.parent.glob(f"{mine.parent.name.rpartition('@')[0]}@*")):
        files = folder / mine.name, folder / mine.name.replace("predictions", "evidence")
        if folder != mine.parent and all(_since(file, since) for file in files):
            found = _of_network(*files, digest(reading["network"]), layers)
            if found is not None:
                return found
    return None


def _since(file: Path, since: int) -> bool:
    return file.is_file() and file.stat().st_mtime_ns > since


def _of_network(predictions: Path, evidence: Path, network: str, layers: Sequence[str]) -> KeptLayers | None:
    """The layers of one reading, where it is of this network and has them all."""
    about = header(evidence).get("settings") or {}
    if digest((about.get("reading") or {}).get("network")) != network:
        return None
    try:
        arrays = EVIDENCE.map(evidence)
        found = [_layer(arrays, about["layer"], name) for name in layers]
        if any(layer is None for layer in found):
            return None
        return KeptLayers(PREDICTIONS.read(predictions), {p: each for p, each in enumerate(found) if each is not None})
    except FileError:  # it is named, and made anew, by whoever needs it
        return None


def _layer(arrays: Mapping[str, np.ndarray], names: Sequence[str], name: str) -> np.ndarray | None:
    return arrays.get(f"activations.{names.index(name)}") if name in names else None
