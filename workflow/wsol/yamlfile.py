"""YAML as a user writes it: a key stands once in a mapping, aliases stay small, and what is wrong is one line.

PyYAML keeps the last of two equal keys without a word, and a file of a kilobyte can name itself into gigabytes.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from wsol.errors import DataError, InputError

EXPANDED = 10_000_000  # nodes and characters that all aliases of a file together may stand for


def read(path: str | Path, error: type[InputError] = DataError) -> Any:
    """A file's value, of plain Python types; `error` (DataError or ConfigError) says what and in which line."""
    try:
        content = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise error(f"{path} is not UTF-8 text (byte {cause.start}). Save it as UTF-8.") from cause
    except (OSError, ValueError) as cause:
        raise error(f"{path} cannot be read: {getattr(cause, 'strerror', None) or cause}.") from cause
    return parse(content, str(path), error)


def parse(text: str, name: str, error: type[InputError] = DataError) -> Any:
    """The value of one YAML document; `name` is what errors call it."""
    try:
        return yaml.load(text, _Loader)
    except _Twice as cause:
        raise error(f"{name}:{_line(cause)}: {cause.problem}.") from cause
    except yaml.MarkedYAMLError as cause:
        raise error(f"{name}:{_line(cause)}: is no readable YAML: {cause.problem or cause.context}.") from cause
    except yaml.reader.ReaderError as cause:
        line = text.count("\n", 0, cause.position) + 1
        raise error(f"{name}:{line}: is no readable YAML: {cause.reason}.") from cause
    except RecursionError as cause:
        raise error(f"{name} is no readable YAML: it is nested too deeply.") from cause


def _line(cause: yaml.MarkedYAMLError) -> int:
    mark = cause.problem_mark or cause.context_mark
    return mark.line + 1 if mark else 1


class _Twice(ConstructorError):
    """Two equal keys in a mapping."""


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses equal keys and aliases that stand for too much.

    Both are looked at while nodes are composed: later, merged keys (`<<: *other`) have joined a mapping's own, which
    may override them.
    """

    def __init__(self, stream: Any):
        super().__init__(stream)
        self._sizes: dict[int, int] = {}  # node -> nodes and characters in it, aliases written out
        self._expanded = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        mark = self.peek_event().start_mark
        alias = self.check_event(yaml.AliasEvent)
        node: Any = super().compose_node(parent, index)
        if not alias:
            self._sizes[id(node)] = self._size(node)
            return node
        if id(node) not in self._sizes:
            raise ConstructorError(None, None, "an alias lies inside of what it names", mark)
        self._expanded += self._sizes[id(node)]
        if self._expanded > EXPANDED:
            raise ConstructorError(None, None, f"its aliases stand for more than {EXPANDED} values", mark)
        return node

    def _size(self, node: Any) -> int:
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
            # `<<` has no value of its own.
            merges = key_node.tag == "tag:yaml.org,2002:merge"
            key = "<<" if merges else self.construct_object(key_node)
            line = key_node.start_mark.line + 1
            if key in lines:
                words = f"key {key!r:.60} is given twice (first in line {lines[key]})"
                raise _Twice(None, None, words, key_node.start_mark)
            lines[key] = line
        return node

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """A value; what Python cannot make of a number or a date is an error with its line, as any other."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as cause:
            kind = node.tag.rpartition(":")[2]
            shown = repr(node.value)[:60] if isinstance(node, yaml.ScalarNode) else "this"
            raise ConstructorError(None, None, f"{shown} is no {kind}", node.start_mark) from cause
