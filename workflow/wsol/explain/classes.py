"""Which classes are explained: by number, by name, or the most probable ones."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from wsol.errors import ConfigError, DataError
from wsol.files import text
from wsol.index.outputnames import IMAGENET, SYNSET, OutputNames, keras_index, plain
from wsol.networks.built import Backbone

TOP = re.compile(r"top(\d{1,6})")
NUMBER = re.compile(r"[+-]?\d{1,9}")
NEAR = 3  # names that are offered for one that is unknown


class Wanted(NamedTuple):
    """The outputs that are explained of each image, or, where there are none, its `top` most probable ones."""

    outputs: list[int]
    top: int = 0


class ClassNames:
    """What the `count` outputs of a network are called, as far as `path`, a file of output names, says so."""

    def __init__(self, count: int, path: str | Path | None = None):
        self.count = count
        self.called: dict[int, str] = {}  # the name of each output to print
        self.aliases: dict[str, list[int]] = {}
        for index, aliases in _listed(str(path)) if path else ():
            if not 0 <= index < count:
                raise DataError(f"{path}: names output {index}, and the model has 0..{count - 1}.")
            self.called[index] = next((name for name in aliases if not SYNSET.fullmatch(name)), next(iter(aliases), ""))
            for alias in dict.fromkeys(map(plain, aliases)):
                self.aliases.setdefault(alias, []).append(index)

    def of(self, output: int) -> str:
        """The name of an output, "" where it has none."""
        return self.called.get(output, "")

    def find(self, word: str) -> int:
        """The output of a name; a ConfigError where none or several are called so, with the nearest names."""
        if not self.called:
            raise ConfigError(
                f"classes: nothing says which output is called '{word}'; give its number, or --names FILE."
            )
        found = self._found(word)
        if len(found) > 1:
            raise ConfigError(f"classes: '{word}' names the outputs {', '.join(map(str, found))}; give the number.")
        if not found:
            raise ConfigError(f"classes: unknown '{word}'. {self._nearest(word)}")
        return found[0]

    def _found(self, word: str) -> list[int]:
        """By the whole name, or else by a synset id before it, or else by each of the synonyms between its commas."""
        first = word.split(" ")[0]
        for candidates in ([word], [first] if SYNSET.fullmatch(first) else [], word.split(",")):
            forms = [form for candidate in candidates for form in _forms(candidate)]
            if outputs := [index for form in forms for index in self.aliases.get(form, [])]:
                return list(dict.fromkeys(outputs))
        return []

    def _nearest(self, word: str) -> str:
        by_name = {plain(name): f"'{name}' ({index})" for index, name in self.called.items()}
        near = get_close_matches(plain(word), by_name, n=NEAR) or get_close_matches(_forms(word)[-1], by_name, n=NEAR)
        if not near:
            return f"None of the {len(by_name)} names is near it."
        return f"Did you mean {' or '.join(by_name[name] for name in near)}?"


def _listed(path: str) -> Iterable[tuple[int, list[str]]]:
    """Every output with what it is called: its name first, or its synset id, then its synonyms.

    The forms are those of `index.outputnames`, which refuses others. Here only a synset id is parted from the names
    behind it: of `tiger shark` the first word is another animal.
    """
    OutputNames(path)
    if path.endswith(".json"):
        for key, names in text.parse(path).items():
            yield int(key), [str(name) for name in (names if isinstance(names, list) else [names])]
        return
    for index, (_, line) in enumerate(text.lines(path)):
        first, _, rest = line.partition(" ")
        own = [first] if rest and SYNSET.fullmatch(first) else []
        name = rest if own else line
        yield index, [*own, name, *name.split(",")]


def _forms(name: str) -> list[str]:
    """As names are compared, and with Keras' `_` for spaces."""
    return [plain(name), plain(name).replace(" ", "_")]


def names_of(backbone: Backbone, file: str | None) -> ClassNames:
    """What a file says, or of an ImageNet network of Keras its own list, where Keras has that on this machine."""
    settings = backbone.settings
    if file is not None:
        return ClassNames(backbone.classes, file)
    is_imagenet = settings["model"] is None and settings["weights"] != "random" and backbone.classes == IMAGENET
    if is_imagenet and keras_index().is_file():
        return ClassNames(backbone.classes, keras_index())
    return ClassNames(backbone.classes)


def wanted(words: Sequence[str] | None, names: ClassNames) -> Wanted:
    """What `--classes` asks for: numbers and names, or `top3`; the most probable class unless it is given.

    A ConfigError names what the network has not.
    """
    if not words:
        return Wanted([], top=1)
    tops = [match for word in words if (match := TOP.fullmatch(word))]
    if tops:
        if len(words) > 1:
            raise ConfigError(f"classes: '{tops[0].group()}' stands alone, got {len(words)} words.")
        return Wanted([], top=_counted(int(tops[0].group(1)), names.count))
    outputs = [_output(word, names) for word in words]
    return Wanted(list(dict.fromkeys(outputs)))


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
