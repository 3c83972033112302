"""Which model outputs are right for a class of the data set: one, several (any of them is right) or none."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from wsol.datasets import text
from wsol.errors import DataError

OUTPUT_KEYS = ("outputs", "imagenet_indices", "indices")


def outputs(
    classes: Mapping[int, str], class_map: str | Mapping | None, output_names: str | None
) -> dict[int, list[int]]:
    """label -> the model outputs that are right, `[]` where the map has none.

    `classes` names each label. `class_map` is a mapping or a JSON, YAML or CSV file (columns class, outputs): from a
    class, by index, name or synset id, to an output or a list of them, each by index, synset id or name. Ids and names
    are looked up in `output_names`, a file with one output a line ("n01440764 tench, Tinca tinca") or Keras'
    JSON {"0": [id, name]}. With names and no map, classes find the output called like them; with neither, a class is
    the output of its own index.
    """
    known = Names(output_names) if output_names else None
    if class_map is None:
        return {label: known.find(name) if known else [label] for label, name in classes.items() if label >= 0}
    where = class_map if isinstance(class_map, str) else "class_map"
    given = load(class_map) if isinstance(class_map, str) else dict(class_map)
    wanted = {label: _entry(given, label, name) for label, name in classes.items()}
    return {label: _indices(entry, known, f"{where}: {label}") for label, entry in wanted.items()}


def load(path: str) -> dict:
    """A map's file, by its suffix."""
    if path.endswith(".csv"):
        found: dict[str, list] = defaultdict(list)
        for row in text.table(path):
            if not {"class", "outputs"} <= row.keys():
                raise DataError(f"{path}: needs the columns class, outputs; received {', '.join(row)}.")
            found[row["class"]] += row["outputs"].replace(";", " ").split()
        return dict(found)
    if path.endswith((".yaml", ".yml")):
        try:
            value = yaml.safe_load(text.read(path))
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise DataError(f"{path} is no readable YAML: {error}") from error
    else:
        value = text.parse(path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: must map classes to outputs; received a {type(value).__name__}.")
    return value


class Names:
    """The model's outputs by synset id, by whole name and by each of the name's synonyms."""

    def __init__(self, path: str):
        self.path = path
        self.places: dict[str, list[int]] = defaultdict(list)
        for index, aliases in _output_names(path):
            for alias in dict.fromkeys(a.strip().casefold() for a in aliases):
                self.places[alias].append(index)

    def find(self, name: str) -> list[int]:
        """The output of that name, `[]` for none; a name that several outputs bear is a DataError."""
        found = self.places.get(name.strip().casefold()) or self.places.get(name.split(" ")[0].casefold(), [])
        if len(found) > 1:
            raise DataError(f"{self.path}: {name!r} names outputs {found}; use the index or the synset id.")
        return found


def _output_names(path: str) -> Iterable[tuple[int, list[str]]]:
    if path.endswith(".json"):
        value = text.parse(path)
        if not isinstance(value, dict):
            raise DataError(f'{path}: must be of the form {{"0": ["n01440764", "tench"]}}.')
        for key, names in value.items():
            names = names if isinstance(names, list) else [names]
            yield text.integer(key, path, "an output"), [str(n) for n in names]
        return
    for index, (_, line) in enumerate(text.lines(path)):
        identity, _, name = line.partition(" ")
        yield index, [line, identity, name, *name.split(",")]


def _entry(given: Mapping, label: int, name: str) -> Any:
    for key in (name, name.split(" ")[0], label, str(label)):
        if key in given:
            return given[key]
    return []


def _indices(entry: Any, known: Names | None, where: str) -> list[int]:
    """An entry of a map -> output indices, in order, each once."""
    if isinstance(entry, Mapping):
        entry = next((entry[key] for key in OUTPUT_KEYS if key in entry), None)
    entries = entry if isinstance(entry, list) else [entry]
    found: list[int] = []
    for one in entries:
        if isinstance(one, str) and not one.isdecimal():
            if known is None or not known.find(one):
                raise DataError(f"{where}: {one!r} is no known output; give `output_names` or an index.")
            found += known.find(one)
        else:
            found.append(text.integer(one, where, "an output"))
    return list(dict.fromkeys(found))
