"""The shape of a config: what the schema says of it, in the words that every other error has."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from wsol.errors import ConfigError, unknown
from wsol.maps.controls import NO_BACKBONE
from wsol.settings import shown

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
NAMED = ("datasets", "backbones", "cams", "thresholds")
SECTIONS = (*NAMED, "evaluations", "claims")
REQUIRED = ("datasets", "evaluations", "metrics")  # a list or section that cannot be left out
LISTS = (*SECTIONS, "exports", "plugins")
DEFAULTED = ("cams", "thresholds")  # where an entry without settings means something
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "nothing",
    "object": "a mapping",
    "string": "text",
}


def shaped(config: Mapping[str, Any]) -> dict:
    """`config` with the schema's defaults, or a ConfigError for the first thing that the schema has against it."""
    if not isinstance(config, Mapping):
        raise ConfigError(f"config: must be a mapping, got {shown(config)}.")
    _keys("config", config)
    for section in SECTIONS:
        entries = config.get(section)
        if isinstance(entries, Mapping):
            _names(section, entries)
    errors = sorted(_validator().iter_errors(dict(config)), key=lambda e: (len(e.path), str(e.path)))
    if errors:
        raise ConfigError(_complaint(errors[0]))
    shape = _validator().schema
    plain = _defaults(shape, config)
    named = {key: config.get(key) or {} for key in NAMED}
    evaluation = shape["$defs"]["evaluation"]
    evaluations = {name: _defaults(evaluation, given) for name, given in config["evaluations"].items()}
    claims = {name: _defaults(shape["$defs"]["claim"], given) for name, given in plain["claims"].items()}
    return plain | named | {"evaluations": evaluations, "claims": claims}


def _keys(where: str, given: Mapping) -> None:
    """A ConfigError for a key that is no text; YAML reads `yes:` as a truth and `1:` as a number."""
    for key in given:
        if not isinstance(key, str):
            raise ConfigError(f"{where}: the key {key!r} is no text; write it in quotes.")


def _names(section: str, entries: Mapping) -> None:
    """Names are names of folders and words of every table: two may not differ in case alone, and one is taken."""
    _keys(section, entries)
    for name, entry in entries.items():
        if isinstance(entry, Mapping):
            _keys(f"{section}.{name}", entry)
    for one, other in combinations(entries, 2):
        if one.lower() == other.lower():
            raise ConfigError(f"{section}: '{one}' and '{other}' differ in case only, which some file systems ignore.")
    if section == "backbones" and NO_BACKBONE in map(str.lower, entries):
        raise ConfigError(f"backbones: '{NO_BACKBONE}' stands for no backbone in every table; choose another name.")


def _defaults(schema: Mapping, given: Mapping) -> dict:
    """`given` with the defaults of the schema's properties for what it leaves out."""
    defaults = {key: kind["default"] for key, kind in schema["properties"].items() if "default" in kind}
    return defaults | dict(given)


@cache
def _validator() -> jsonschema.Draft202012Validator:
    """The schema's own validator, read once."""
    plain = jsonschema.Draft202012Validator
    # JSON has one kind of number, in which 2.0 is an integer; as a size it would fail later.
    whole = plain.TYPE_CHECKER.redefine("integer", lambda _, v: isinstance(v, int) and not isinstance(v, bool))
    strict = jsonschema.validators.extend(plain, type_checker=whole)
    return strict(yaml.safe_load(SCHEMA.read_text()))


def _complaint(error: jsonschema.ValidationError) -> str:
    """What the schema has against a config, as a line that begins with the place."""
    path = list(error.absolute_path)
    where = ".".join(map(str, path)) or "config"
    if error.validator == "type" and error.instance is None:
        return f"{where}: {_empty(path)}"
    if error.validator == "enum" and isinstance(error.instance, str):
        return unknown(where, error.instance, error.validator_value)
    words = WORDS.get(str(error.validator))
    return f"{where}: {words(error, path) if words else error.message + '.'}"


def _empty(path: list) -> str:
    """What is said of a place that has a key and nothing behind it."""
    if len(path) == 2 and path[0] in DEFAULTED:
        return "is empty; write {} for its defaults, or leave it out."
    if len(path) == 2 and path[0] in SECTIONS:
        return "is empty; give its settings, or leave it out."
    if path[-1] in REQUIRED:
        return "is empty; name at least one."
    return "is empty; leave it out or name some." if path[-1] in LISTS else "is empty; leave it out or give a value."


def _stranger(error: Any, path: list) -> str:
    """What is said of the first key that the schema does not know."""
    known = error.schema.get("properties", {})
    extra = next(key for key in error.instance if key not in known)
    return unknown("", extra, known).removeprefix(": ")


def _type(error: Any, path: list) -> str:
    """What is said of a value of another type."""
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return f"must be {' or '.join(TYPES[kind] for kind in kinds)}, got {shown(error.instance)}."


def _name(error: Any, path: list) -> str:
    """What is said of a key that can name no folder."""
    if len(error.instance) > 64:
        return f"a name has 64 characters at most, '{error.instance[:16]}…' has {len(error.instance)}."
    return f"{error.instance!r} is no name: letters, digits, '_', '.', '+' and '-', the first a letter or a digit."


def _twice(error: Any, path: list) -> str:
    """What is said of a list that holds a value twice."""
    again = next(value for place, value in enumerate(error.instance) if value in error.instance[:place])
    return f"'{again}' is given twice."


WORDS: dict[str, Callable[[Any, list], str]] = {
    "additionalProperties": _stranger,
    "maximum": lambda error, path: f"must be at most {error.validator_value}, got {shown(error.instance)}.",
    "minimum": lambda error, path: f"must be at least {error.validator_value}, got {shown(error.instance)}.",
    "minItems": lambda error, path: _empty(path),
    "minProperties": lambda error, path: _empty(path),
    "pattern": _name,
    "type": _type,
    "uniqueItems": _twice,
}
