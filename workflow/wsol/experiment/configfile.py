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
from wsol.files import yamlfile

# What a plain key turns into that looks like a name and is none. The tag's last part -> what it is read as.
NO_NAMES = {"bool": "true or false", "null": "nothing", "int": "a number", "float": "a number", "timestamp": "a date"}
NUMBERS = ("int", "float")
DEPTH = 3  # section, name, setting; deeper down a key may be a class's number

# A config's own words among those of yamlfile.
WORDS = {
    "OSError": "{name}: cannot be read: {reason}.",
    "FileNotFoundError": "{name}: no such file.",
    "IsADirectoryError": "{name}: is a folder, a file is meant.",
    "SpecialFileError": "{name}: is no regular file.",
    "bytes": "{name}:{line}: is no UTF-8 text: byte 0x{byte:02x}.",
    "tab": "{name}:{line}: is no readable YAML: a tab; indent with spaces.",
    "deep": "{name}: is nested too deeply.",
    "value": "{name}: is no readable YAML: {cause}.",
    "itself": "{name}:{line}: '{anchor}' holds itself.",
    "aliases": "{name}: holds over {limit} values once its aliases are filled in.",
    "no name": "{name}:{line}: the key {key} is read as {meant}; write it in quotes.",
}


def check_files(paths: Iterable[str | Path]) -> None:
    """A ConfigError, `config: FILE:LINE: …`, for the first of the files that cannot be read strictly."""
    for path in paths:
        read(path)


def read(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML or JSON file; a ConfigError where it holds none, is broken or says something twice."""
    name = f"config: {_shown(path)}"
    text = yamlfile.content(path, name, ConfigError, PlainNames.words)
    plain = _json(text)
    # Tabs may indent JSON and nothing else; the second reading is for the keys.
    found = yamlfile.parse(text if plain is None else text.replace("\t", " "), name, ConfigError, PlainNames)
    if found is None:
        raise ConfigError(f"{name}: is empty.")
    if not isinstance(found, dict):
        raise ConfigError(f"{name}: is {_kind(found)}, a mapping of keys is meant.")
    return found if plain is None else plain


class PlainNames(yamlfile.Strict):
    """A strict loader of mappings whose keys are names."""

    words = yamlfile.WORDS | WORDS
    limit = 10**6  # values that all aliases of a file together may stand for

    def __init__(self, stream: Any):
        super().__init__(stream)
        self.depth = 0

    def compose_mapping_node(self, anchor: Any) -> Any:
        self.depth += 1
        node = super().compose_mapping_node(anchor)
        self.depth -= 1
        return node

    def key(self, node: yaml.ScalarNode) -> str:
        """A key as text: 1 and '1' are the same."""
        kind = node.tag.rpartition(":")[2]
        if kind in NO_NAMES and not (kind in NUMBERS and self.depth > DEPTH):
            raise yamlfile.Refused("no name", node.start_mark, key=node.value, meant=NO_NAMES[kind])
        return str(super().key(node))

    def size(self, node: Any) -> int:
        """Values are counted, not their characters."""
        return 1 if isinstance(node, yaml.ScalarNode) else super().size(node)


def _json(text: str) -> Any:
    """What a text says as JSON, None where it is no JSON. It has numbers that YAML reads as text: 1e3."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shown(path: str | Path) -> str:
    """A path as a user would write it: from the folder that they are in, if it lies below that."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else f"'{value}'"
