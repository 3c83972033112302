"""Which classes are explained: by number, by name, or the most probable ones."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

import numpy as np

from wsol.errors import ConfigError, DataError
from wsol.index.outputnames import IMAGENET, SYNSET, OutputNames, keras_index, plain
from wsol.networks.built import Backbone

TOP = re.compile(r"top(\d{1,6})")
NUMBER = re.compile(r"[+-]?\d{1,9}")
NEAR = 3  # names that are offered for one that is unknown


class Wanted(NamedTuple):
    """The outputs that are explained of each image, or, where `ranked`, their ranks from 0."""

    outputs: list[int]
    ranked: bool

    def choose(self, logits: np.ndarray, accepted: list[list[int]], explain: str) -> np.ndarray:
        """The output that explains each target, int [t], as `evidence.predict` asks; -1 where none is accepted."""
        order = np.argsort(-logits, axis=1, kind="stable")
        found = [
            (row[wanted[0]] if self.ranked else wanted[0]) if wanted else -1
            for row, wanted in zip(order, accepted, strict=True)
        ]
        return np.array(found, np.int64)


class ClassNames:
    """What the `count` outputs of a network are called, where anything says so."""

    def __init__(self, count: int, listed: OutputNames | None = None):
        self.count = count
        self.listed = listed
        self.called = listed.called if listed else {}
        if listed and (strangers := [index for index in listed.called if not 0 <= index < count]):
            raise DataError(f"{listed.path}: names output {strangers[0]}, and the model has 0..{count - 1}.")

    def of(self, output: int) -> str:
        """The name of an output, "" where it has none."""
        return self.called.get(output, "")

    def find(self, word: str) -> int:
        """The output of a name; a ConfigError where none or several are called so, with the nearest names."""
        if self.listed is None:
            raise ConfigError(
                f"classes: nothing says which output is called '{word}'; give its number, or --names FILE."
            )
        found = self._found(word, self.listed)
        if len(found) > 1:
            raise ConfigError(f"classes: '{word}' names the outputs {', '.join(map(str, found))}; give the number.")
        if not found:
            raise ConfigError(f"classes: unknown '{word}'. {self._nearest(word)}")
        return found[0]

    def _found(self, word: str, listed: OutputNames) -> list[int]:
        """By the whole name, or else by a synset id before it, or else by each of the synonyms between its commas."""
        first = word.split(" ")[0]
        for candidates in ([word], [first] if SYNSET.fullmatch(first) else [], word.split(",")):
            outputs = [index for candidate in candidates for form in _forms(candidate) for index in _at(listed, form)]
            if outputs:
                return list(dict.fromkeys(outputs))
        return []

    def _nearest(self, word: str) -> str:
        by_name = {plain(name): f"'{name}' ({index})" for index, name in self.called.items()}
        near = get_close_matches(plain(word), by_name, n=NEAR) or get_close_matches(_forms(word)[-1], by_name, n=NEAR)
        if not near:
            return f"None of the {len(by_name)} names is near it."
        return f"Did you mean {' or '.join(by_name[name] for name in near)}?"


def _forms(name: str) -> list[str]:
    """As names are compared, and with Keras' `_` for spaces."""
    return [plain(name), plain(name).replace(" ", "_")]


def _at(listed: OutputNames, name: str) -> list[int]:
    return listed.places.get(name, [])  # without `get` a name that was asked for would be known from then on


def names_of(backbone: Backbone, file: str | None) -> ClassNames:
    """What a file says, or of an ImageNet network of Keras its own list, where Keras has that on this machine."""
    settings = backbone.settings
    if file is not None:
        return ClassNames(backbone.classes, OutputNames(file))
    is_imagenet = settings["model"] is None and settings["weights"] != "random" and backbone.classes == IMAGENET
    if is_imagenet and keras_index().is_file():
        return ClassNames(backbone.classes, OutputNames(keras_index()))
    return ClassNames(backbone.classes)


def wanted(words: Sequence[str] | None, names: ClassNames) -> Wanted:
    """What `--classes` asks for: numbers and names, or `top3`; the most probable class unless it is given.

    A ConfigError names what the network has not.
    """
    if not words:
        return Wanted([0], ranked=True)
    tops = [match for word in words if (match := TOP.fullmatch(word))]
    if tops:
        if len(words) > 1:
            raise ConfigError(f"classes: '{tops[0].group()}' stands alone, got {len(words)} words.")
        return Wanted(list(range(_counted(int(tops[0].group(1)), names.count))), ranked=True)
    outputs = [_output(word, names) for word in words]
    return Wanted(list(dict.fromkeys(outputs)), ranked=False)


def _counted(count: int, classes: int) -> int:
    if not 1 <= count <= classes:
        raise ConfigError(f"classes: 'top{count}', and the model has {classes} outputs.")
    return count


def _output(word: str, names: ClassNames) -> int:
    if not NUMBER.fullmatch(word):
        return names.find(word)
    if not 0 <= int(word) < names.count:
        raise ConfigError(f"classes: unknown '{word}'. Known: 0..{names.count - 1}.")
    return int(word)
