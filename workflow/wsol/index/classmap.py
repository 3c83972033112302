"""Which model outputs are right for a class of the data set: one, several (any of them is right) or none."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wsol.errors import ConfigError, DataError, few
from wsol.files import text, yamlfile
from wsol.index.outputnames import OutputNames, by_keras, by_order

LABELS = "labels"  # the class map that says: output i is class i
OUTPUT_KEYS = ("outputs", "imagenet_indices", "indices")


class Outputs(NamedTuple):
    """`right`: label -> the model outputs that are right, `[]` for none; `how` they are known, "" for not at all."""

    right: dict[int, list[int]]
    how: str


def outputs(
    classes: Mapping[int, str], class_map: str | Mapping | None, output_names: str | None, numbered: bool = False
) -> Outputs:
    """The model outputs of every class.

    `classes` names each label. `class_map` is a mapping or a JSON, YAML or CSV file (columns class, outputs): from a
    class, by index, name or synset id, to an output or a list of them, each by index, synset id or name; or the word
    `labels`, where output i is class i. Ids and names are looked up in `output_names`, a file with one output a line
    ("n01440764 tench, Tinca tinca") or Keras' JSON {"0": [id, name]}. With names and no map, classes find the output
    called like them. With neither, class numbers that are `numbered` as a publication has them are the outputs;
    ImageNet's thousand synsets are, sorted; and where Keras has its list of ImageNet's classes, those of a data set
    that are all in it are found there. Otherwise nothing is known, and no class is guessed to be an output.
    """
    if class_map == LABELS and output_names:
        raise ConfigError("output_names: has no effect beside class_map: labels; leave one out.")
    known = OutputNames(output_names) if output_names else None
    if class_map is not None and class_map != LABELS:
        return Outputs(_mapped(classes, class_map, known), "class_map")
    if known:
        return Outputs({label: known.find(name) for label, name in classes.items()}, "output_names")
    if numbered or class_map == LABELS:
        return Outputs({label: [label] for label in classes}, "number")
    if found := by_order(list(classes.values())):
        return Outputs({label: [one] for label, one in zip(classes, found, strict=True)}, "ImageNet's order of synsets")
    if found := by_keras(list(classes.values())):
        return Outputs({label: [one] for label, one in zip(classes, found, strict=True)}, "Keras' ImageNet names")
    return Outputs({label: [] for label in classes}, "")


def unsaid(name: str, classes: Sequence[str]) -> str:
    """What to tell before a network of fixed outputs runs on data set `name`, none of whose targets has an output.

    `classes` are the names of its classes.
    """
    example = classes[0] if classes else "CLASS"
    return (
        f"datasets.{name}: nothing says which outputs of a model its {len(classes)} classes are ({few(classes)}). "
        f"Say class_map: {{{example}: OUTPUT}}, or output_names: FILE with the outputs' names, or class_map: labels "
        "where output i is class i."
    )


def load(path: str) -> dict:
    """A map's file, by its suffix; a class that it has twice is a DataError."""
    if path.endswith(".csv"):
        return _csv(path)
    value = yamlfile.read(path) if path.endswith((".yaml", ".yml")) else text.parse(path, once=True)
    if not isinstance(value, dict):
        raise DataError(f"{path}: must map classes to outputs; received a {type(value).__name__}.")
    return value


def _csv(path: str) -> dict[str, list[str]]:
    """The outputs of each class; rows of one class are its several outputs, each of them once."""
    found: dict[str, list[str]] = defaultdict(list)
    for number, row in enumerate(text.table(path), 2):
        if not {"class", "outputs"} <= row.keys():
            raise DataError(f"{path}: needs the columns class, outputs; received {', '.join(row)}.")
        mine = found[row["class"].strip()]
        for output in row["outputs"].replace(";", " ").split():
            if output in mine:
                raise DataError(f"{path}: row {number} gives {row['class']!r} the output {output!r} again.")
            mine.append(output)
    return dict(found)


def _mapped(classes: Mapping[int, str], class_map: str | Mapping, known: OutputNames | None) -> dict[int, list[int]]:
    """What a map says of each class; a key that is no class, or a class again, is a DataError."""
    where = class_map if isinstance(class_map, str) else "class_map"
    given = load(class_map) if isinstance(class_map, str) else class_map
    keys = _keys(given, classes, where)
    return {
        label: _indices(given[keys[label]], known, f"{where}: {label}") if label in keys else [] for label in classes
    }


def _keys(given: Mapping, classes: Mapping[int, str], where: str) -> dict[int, Any]:
    """label -> the key that means it."""
    labels = _by_word(classes)
    keys: dict[int, Any] = {}
    strangers = []
    for key in given:
        meant = _meant(key, labels, classes)
        if len(meant) > 1:
            raise DataError(f"{where}: {key!r} means the classes {meant[0]} and {meant[1]}; say their numbers.")
        if not meant:
            strangers.append(key)
        elif meant[0] in keys:
            raise DataError(f"{where}: {keys[meant[0]]!r} and {key!r} are the same class; say it once.")
        else:
            keys[meant[0]] = key
    if strangers:
        names = [classes[label] for label in sorted(classes)]
        raise DataError(f"{where}: no class is called {few(map(repr, strangers))}. Known: {few(names)}.")
    return keys


def _by_word(classes: Mapping[int, str]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Labels by the class's whole name, and by the name's first word, which may be a synset id."""
    whole: dict[str, list[int]] = defaultdict(list)
    first: dict[str, list[int]] = defaultdict(list)
    for label, name in classes.items():
        whole[name].append(label)
        first[name.split(" ")[0]].append(label)
    return whole, first


def _meant(key: Any, labels: tuple[Mapping, Mapping], classes: Mapping[int, str]) -> list[int]:
    """The labels that a map's key means: by whole name before first word before number."""
    whole, first = labels
    if isinstance(key, str):
        number = int(key) if key.isdecimal() and len(key) < 10 else -1
        return whole.get(key) or first.get(key) or ([number] if number in classes else [])
    return [key] if isinstance(key, int) and not isinstance(key, bool) and key in classes else []


def _indices(entry: Any, known: OutputNames | None, where: str) -> list[int]:
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
