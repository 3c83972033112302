"""YAML as a user writes it: a key stands once in a mapping, aliases stay small, and what is wrong is one line.

PyYAML keeps the last of two equal keys without a word, and a file of a kilobyte can name itself into gigabytes.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from shutil import SpecialFileError
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from wsol.errors import DataError, InputError

# What is said of a file, by what is wrong. A kind of OSError may have words of its own, under its name.
WORDS = {
    "OSError": "{name} cannot be read: {reason}.",
    "bytes": "{name} is not UTF-8 text (byte {start}). Save it as UTF-8.",
    "broken": "{name}:{line}: is no readable YAML: {problem}.",
    "tab": "{name}:{line}: is no readable YAML: {problem}.",
    "deep": "{name} is no readable YAML: it is nested too deeply.",
    "value": "{name}:{line}: is no readable YAML: {shown} is no {kind}.",
    "itself": "{name}:{line}: is no readable YAML: an alias lies inside of what it names.",
    "aliases": "{name}:{line}: is no readable YAML: its aliases stand for more than {limit} values.",
    "twice": "{name}:{line}: key {key!r:.60} is given twice (first in line {first}).",
}


class Refused(ConstructorError):
    """What PyYAML would let pass, or says badly; `problem` is a key of WORDS, `details` fill the words in."""

    def __init__(self, problem: str, mark: Any, **details: Any):
        super().__init__(None, None, problem, mark)
        self.details = details


class Strict(yaml.SafeLoader):
    """SafeLoader that refuses equal keys and aliases that stand for too much.

    Both are looked at while nodes are composed: later, merged keys (`<<: *other`) have joined a mapping's own, which
    may override them.
    """

    words: Mapping[str, str] = WORDS
    limit = 10_000_000  # nodes and characters that all aliases of a file together may stand for

    def __init__(self, stream: Any):
        super().__init__(stream)
        self._sizes: dict[int, int] = {}  # node -> nodes and characters in it, aliases written out
        self._expanded = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        node: Any = super().compose_node(parent, index)
        if not isinstance(event, yaml.AliasEvent):
            self._sizes[id(node)] = self.size(node)
            return node
        if id(node) not in self._sizes:
            raise Refused("itself", event.start_mark, anchor=event.anchor)
        self._expanded += self._sizes[id(node)]
        if self._expanded > self.limit:
            raise Refused("aliases", event.start_mark, limit=self.limit)
        return node

    def size(self, node: Any) -> int:
        """What a node counts in an alias, given the sizes of those in it."""
        if isinstance(node, yaml.MappingNode):
            return 1 + sum(self._sizes[id(key)] + self._sizes[id(value)] for key, value in node.value)
        if isinstance(node, yaml.SequenceNode):
            return 1 + sum(self._sizes[id(entry)] for entry in node.value)
        return 1 + len(node.value)

    def compose_mapping_node(self, anchor: Any) -> Any:
        node: Any = super().compose_mapping_node(anchor)
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            key = self.key(key_node)
            if key in lines:
                raise Refused("twice", key_node.start_mark, key=key, first=lines[key])
            lines[key] = key_node.start_mark.line + 1
        return node

    def key(self, node: yaml.ScalarNode) -> Hashable:
        """What a key is told from others by: its value; `<<` and `=` have none."""
        plain = node.tag in ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")
        return node.value if plain else self.construct_object(node)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """A value; what Python cannot make of a number or a date is an error with its line, as any other."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as cause:
            kind = node.tag.rpartition(":")[2]
            shown = repr(node.value)[:60] if isinstance(node, yaml.ScalarNode) else "this"
            raise Refused("value", node.start_mark, shown=shown, kind=kind, cause=cause) from cause


def read(path: str | Path, error: type[InputError] = DataError) -> Any:
    """A file's value, of plain Python types; `error` (DataError or ConfigError) says what and in which line."""
    return parse(content(path, str(path), error), str(path), error)


def content(path: str | Path, name: str, error: type[InputError], words: Mapping[str, str] = WORDS) -> str:
    """A file's text; `name` is what errors call it."""
    file = Path(path)
    try:
        if file.exists() and not (file.is_file() or file.is_dir()):
            raise SpecialFileError(0, "it is no regular file")  # reading a pipe or a device may never end
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = cause.object.count(b"\n", 0, cause.start) + 1
        byte = cause.object[cause.start]
        raise error(words["bytes"].format(name=name, line=line, start=cause.start, byte=byte)) from cause
    except (OSError, ValueError) as cause:
        said = words.get(type(cause).__name__, words["OSError"])
        raise error(said.format(name=name, reason=getattr(cause, "strerror", None) or cause)) from cause


def parse(text: str, name: str, error: type[InputError] = DataError, loader: type[Strict] = Strict) -> Any:
    """The value of one YAML document; `name` is what errors call it, in the loader's words."""
    words = loader.words
    try:
        return yaml.load(text, loader)
    except Refused as cause:
        said = words[str(cause.problem)]
        raise error(said.format(name=name, line=_line(cause), **cause.details)) from cause
    except yaml.MarkedYAMLError as cause:
        problem = str(cause.problem or cause.context)
        said = words["tab" if "'\\t'" in problem else "broken"]
        raise error(said.format(name=name, line=_line(cause), problem=problem)) from cause
    except yaml.reader.ReaderError as cause:
        line = text.count("\n", 0, cause.position) + 1
        raise error(words["broken"].format(name=name, line=line, problem=cause.reason)) from cause
    except RecursionError as cause:
        raise error(words["deep"].format(name=name)) from cause


def _line(cause: yaml.MarkedYAMLError) -> int:
    mark = cause.problem_mark or cause.context_mark
    return mark.line + 1 if mark else 1
