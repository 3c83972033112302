"""The types and defaults of settings in the words of config/README.md."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml

from wsol.settings import Exists, Expands, Length, Range, describe, span

PLURAL: dict[Any, str] = {int: "whole numbers", float: "numbers", str: "text"}
UNSAID = "–"  # in a table, where there is nothing to say


def schema_kind(given: Mapping[str, Any]) -> str:
    """The type of a key of the schema, with its range, in words."""
    if "enum" in given:
        return words(given["enum"])
    if given.get("$ref", "").endswith("/names"):
        return "a list of text"
    if "then" in given:  # a number, or one of these words
        number = {"type": "integer", "minimum": given["minimum"], "maximum": given["maximum"]}
        return f"{schema_kind(number)} or {words(given['then']['enum'])}"
    kind = given.get("type", "object")
    kinds = [kind] if isinstance(kind, str) else [name for name in kind if name != "null"]
    names = {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}
    more = {"array": "a list of text", "object": "a mapping by name"}
    said = " or ".join((names | more)[name] for name in kinds)
    if "maximum" in given:
        return f"{said} in [{given['minimum']}, {given['maximum']}]"
    return f"{said} from {given['minimum']}" if "minimum" in given else said


def kind(annotation: Any) -> str:
    """A setting's type and range in words; that it may be left out is said by its default."""
    origin = get_origin(annotation)
    args = get_args(annotation)
    if origin is Annotated:
        return marked(args[0], args[1:])
    if origin is Literal:
        return words(args)
    if origin is list:
        return f"a list of {PLURAL[args[0]]}" if args[0] in PLURAL else f"a list, each {kind(args[0])}"
    if origin is dict or not args:
        return describe(annotation)
    return " or ".join(kind(option) for option in args if option is not type(None))


def marked(plain: Any, marks: tuple) -> str:
    """A type in words with what its marks say of it: a file, a range, a length."""
    if any(isinstance(mark, Exists) for mark in marks):
        return "a file or folder"
    if any(isinstance(mark, Expands) for mark in marks):
        return "a path"
    said = kind(plain)
    for mark in marks:
        if isinstance(mark, Range):
            said += f" in {span(mark)}"
        if isinstance(mark, Length):
            said = said.replace("a list of", f"a list of {mark.size}").replace("a list,", f"a list of {mark.size},")
    return said


def words(options: Iterable[Any]) -> str:
    """Words that are meant literally."""
    return ", ".join(f"`{option}`" for option in options)


def shown(default: Any) -> str:
    """A default as it is written in YAML."""
    if default is None or default == "":
        return UNSAID
    text = yaml.safe_dump(default, default_flow_style=True, width=1000)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"
