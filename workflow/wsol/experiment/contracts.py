"""What an entry of a plugin's table must be like, so that the registry's users can call it."""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from wsol.errors import ConfigError
from wsol.settings import shown

OF_CAMS = ("method", "backbones", "fusion", "refine", "scales", "flip", "layer", "score", "explain", "evidence")


class Contract(NamedTuple):
    """How an entry is called: with so many arrays or other arguments by position, and whether it has settings."""

    given: str  # what it is called with, in words
    least: int
    most: int
    settings: bool = True
    reserved: tuple[str, ...] = ()  # what an entry of the config says itself, so that no setting can be called so


CONTRACTS = {
    "ADAPTERS": Contract("its settings alone", 0, 0),
    "BUILDERS": Contract("size and classes", 2, 2),
    "CAMS": Contract("activations, and other arrays of the evidence by their names", 1, 9, reserved=OF_CAMS),
    "CONTROLS": Contract("the images' names", 1, 1),
    "METHODS": Contract("its settings alone", 0, 0, reserved=("method",)),
    "METRICS": Contract("a view", 1, 1, settings=False),
    "REFINERS": Contract("a map and its image", 2, 2, reserved=("method", "side", "alignment")),
    "THRESHOLDS": Contract("a prepared map", 1, 1, reserved=("method", "split")),
}
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def check(where: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """A ConfigError for the first entry of the tables that breaks its contract; `where` names the plugin."""
    for table, entries in tables.items():
        for name, entry in entries.items():
            if not isinstance(name, str) or not name:
                raise ConfigError(f"{where}: {table}: a name must be text, got {shown(name)}.")
            if complaint := _complaint(CONTRACTS[table], entry):
                raise ConfigError(f"{where}: {table} '{name}': {complaint}")


def _complaint(contract: Contract, entry: Any) -> str:
    """What is wrong with an entry, "" for nothing."""
    if not callable(entry):
        return f"must be a function, got {shown(entry)}."
    try:
        # Types that are written as text, or put off by an import from __future__, are looked up.
        known = list(inspect.signature(entry, eval_str=True).parameters.values())
    except (TypeError, ValueError, NameError) as error:
        return f"its parameters cannot be read: {error}."
    positional = [p for p in known if p.kind in POSITIONAL]
    required = [p for p in positional if p.default is p.empty]
    if not (len(required) <= contract.most and len(positional) >= contract.least):
        return f"is called with {contract.given}, and takes {_named(positional)}."
    settings = [p for p in known if p.kind is p.KEYWORD_ONLY]
    if not contract.settings:
        needed = [p for p in settings if p.default is p.empty]
        return f"takes no settings, and needs {_named(needed)}." if needed else ""
    if bare := [p for p in settings if p.annotation is p.empty]:
        return f"its setting '{bare[0].name}' needs a type, as in `{bare[0].name}: float`."
    if taken := [p.name for p in settings if p.name in contract.reserved]:
        return f"no setting of it can be called '{taken[0]}', which means something else there."
    return ""


def _named(parameters: list[inspect.Parameter]) -> str:
    return ", ".join(p.name for p in parameters) or "nothing"
