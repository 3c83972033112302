"""A config's file, read strictly: what YAML lets pass in silence is said, with the file and the line.

Snakemake's own loader keeps the last of two equal keys, reads `yes:` as `True:` and names neither file nor line where
a file is broken. So each file is read here too, before what Snakemake made of it is believed.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from wsol.errors import ConfigError

# What a plain key turns into that looks like a name and is none. The tag's last part -> what it is read as.
NO_NAMES = {"bool": "true or false", "null": "nothing", "int": "a number", "float": "a number", "timestamp": "a date"}
NUMBERS = ("int", "float")
DEPTH = 3  # section, name, setting; deeper down a key may be a class's number
LARGEST = 10**6  # values of a file once its aliases are filled in: a few lines of aliases can make billions


def check_files(paths: Iterable[str | Path]) -> None:
    """A ConfigError, `config: FILE:LINE: …`, for the first of the files that cannot be read strictly."""
    for path in paths:
        read(path)


def read(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML or JSON file; a ConfigError where it is none, is broken or says something twice."""
    shown = _shown(path)
    text = _text(Path(path), shown)
    try:
        plain = _json(text)
        # Tabs may indent JSON and nothing else; the second reading is for the keys.
        found = load(text if plain is None else text.replace("\t", " "))
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"config: {shown}{_line(error)}: {_problem(error)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"config: {shown}:{line}: is no readable YAML: {error.reason}.") from error
    except RecursionError:
        raise ConfigError(f"config: {shown}: is nested too deeply.") from None
    except ValueError as error:  # a date or a number that looks like one and is none
        raise ConfigError(f"config: {shown}: is no readable YAML: {error}.") from error
    if found is None:
        raise ConfigError(f"config: {shown}: is empty.")
    if not isinstance(found, dict):
        raise ConfigError(f"config: {shown}: is {_kind(found)}, a mapping of keys is meant.")
    return found if plain is None else plain


def load(text: str) -> Any:
    """What a YAML text says; a yaml.YAMLError where a key is given twice, is no name, or holds itself."""
    return yaml.load(text, Strict)


class Refused(yaml.MarkedYAMLError):
    """Readable YAML that means something else than it seems to."""


class Strict(yaml.SafeLoader):
    """A safe loader that looks at mappings as they are written, before merges (`<<`) are filled in."""

    def __init__(self, stream: Any):
        super().__init__(stream)
        self.depth = 0
        self.open: list[str | None] = []  # anchors whose content is being read

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None and _size(node, {}) > LARGEST:
            raise Refused(problem=f"holds over {LARGEST} values once its aliases are filled in.")
        return node

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        anchor = getattr(event, "anchor", None)
        mark = event.start_mark
        if not isinstance(event, yaml.AliasEvent):
            self.open.append(anchor)
            node = super().compose_node(parent, index)
            self.open.pop()
            return node
        if anchor in self.open:
            raise Refused(problem=f"'{anchor}' holds itself.", problem_mark=mark)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        self.depth += 1
        node = super().compose_mapping_node(anchor)
        self.depth -= 1
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                self._check(key, lines)
        return node

    def _check(self, key: yaml.ScalarNode, lines: dict[str, int]) -> None:
        """A key of a mapping, given the lines of those before it."""
        kind = key.tag.rsplit(":", 1)[-1]
        if kind in NO_NAMES and not (kind in NUMBERS and self.depth >= DEPTH):
            problem = f"the key {key.value} is read as {NO_NAMES[kind]}; write it in quotes."
            raise Refused(problem=problem, problem_mark=key.start_mark)
        if key.value in lines:
            problem = f"key '{key.value}' is given twice (first in line {lines[key.value]})."
            raise Refused(problem=problem, problem_mark=key.start_mark)
        lines[key.value] = key.start_mark.line + 1


def _size(node: Any, known: dict[int, int]) -> int:
    """How many values a node stands for; `known` are those counted, by identity."""
    if id(node) not in known:
        inner = [] if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.MappingNode):
            inner = [value for _, value in node.value]
        known[id(node)] = 1 + sum(_size(value, known) for value in inner)
    return known[id(node)]


def _text(path: Path, shown: str) -> str:
    """A file's text."""
    try:
        if path.is_dir():
            raise ConfigError(f"config: {shown}: is a folder, a file is meant.")
        if path.exists() and not path.is_file():
            raise ConfigError(f"config: {shown}: is no regular file.")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"config: {shown}: no such file.") from None
    except OSError as error:
        raise ConfigError(f"config: {shown}: cannot be read: {error.strerror}.") from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"config: {shown}:{line}: is no UTF-8 text: byte 0x{raw[error.start]:02x}.") from error


def _json(text: str) -> Any:
    """What a text says as JSON, None where it is none. Numbers are read otherwise there than in YAML: 1e3 is one."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _shown(path: str | Path) -> str:
    """As a user would write it: from where they are, if it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _line(error: yaml.MarkedYAMLError) -> str:
    return f":{error.problem_mark.line + 1}" if error.problem_mark else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, in a sentence."""
    problem = str(error.problem or error.context)
    if isinstance(error, Refused):
        return problem
    if "'\\t'" in problem:
        return "is no readable YAML: a tab; indent with spaces."
    return f"is no readable YAML: {problem}."


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else f"'{value}'"
