"""What a model's outputs are called: a file of the user's, or Keras' own list of ImageNet's classes."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from wsol.errors import DataError
from wsol.files import text

SYNSET = re.compile(r"n\d{8}")
KERAS_INDEX = "models/imagenet_class_index.json"  # below Keras' folder, once Keras has loaded it
IMAGENET = 1000


class OutputNames:
    """The model's outputs by synset id, by whole name and by each of the name's synonyms."""

    def __init__(self, path: str | Path):
        self.path = path
        self.places: dict[str, list[int]] = defaultdict(list)
        for index, aliases in _listed(str(path)):
            for alias in dict.fromkeys(plain(alias) for alias in aliases):
                self.places[alias].append(index)

    def find(self, name: str) -> list[int]:
        """The output of that name, `[]` for none; a name that several outputs bear is a DataError."""
        found = self.places.get(plain(name)) or self.places.get(plain(name.split(" ")[0]), [])
        if len(found) > 1:
            raise DataError(f"{self.path}: {name!r} names outputs {found}; use the index or the synset id.")
        return found


def plain(name: str) -> str:
    """A name as names are compared."""
    return name.strip().casefold()


def _listed(path: str) -> Iterable[tuple[int, list[str]]]:
    if path.endswith(".json"):
        value = text.parse(path, once=True)
        if not isinstance(value, dict):
            raise DataError(f'{path}: must be of the form {{"0": ["n01440764", "tench"]}}.')
        for key, names in value.items():
            names = names if isinstance(names, list) else [names]
            yield text.integer(key, path, "an output"), [str(n) for n in names]
        return
    for index, (_, line) in enumerate(text.lines(path)):
        identity, _, name = line.partition(" ")
        yield index, [line, identity, name, *name.split(",")]


def by_order(classes: Sequence[str]) -> list[int] | None:
    """ImageNet's thousand synsets -> the output of each, which networks have in the ids' sorted order; None where the
    classes are anything else."""
    synsets = [name.split(" ")[0] for name in classes]
    if len(set(synsets)) != len(classes) or len(classes) != IMAGENET or not all(map(SYNSET.fullmatch, synsets)):
        return None
    places = {synset: place for place, synset in enumerate(sorted(synsets))}
    return [places[synset] for synset in synsets]


def keras_index() -> Path:
    """Where Keras keeps its list of ImageNet's classes, once it has loaded it."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / KERAS_INDEX


def by_keras(classes: Sequence[str]) -> list[int] | None:
    """Classes that Keras' ImageNet networks know, all of them, by synset id or by Keras' name (spaces are its `_`) ->
    the output of each; None where one is unknown or two outputs are called so, or where Keras has no index here."""
    path = keras_index()
    if not classes or not path.is_file():
        return None
    places = OutputNames(path).places
    found = [places.get(_key(name), []) for name in classes]
    return [outputs[0] for outputs in found] if all(len(outputs) == 1 for outputs in found) else None


def _key(name: str) -> str:
    first = name.split(" ")[0]
    return first if SYNSET.fullmatch(first) else plain(name).replace(" ", "_")
