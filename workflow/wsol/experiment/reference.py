"""config/README.md: every key of an experiment, with its type, default, range and meaning.

Nothing is said twice: the shape is the schema's, what a method takes is its function's signature, and what a setting
means is its `Doc`, or else the sentence of the function's docstring that names it.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml

from wsol.adapters import ADAPTERS
from wsol.errors import ConfigError
from wsol.experiment.kinds import kind, schema_kind, shown
from wsol.experiment.schema import SCHEMA
from wsol.exports.forms import EXPORTS
from wsol.index.indexing import Common
from wsol.maps import imported, refiners, refining
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.maps.fusion import fuse
from wsol.networks import backbones, scaling, tokens
from wsol.networks.models import architectures, heading
from wsol.networks.perturb import EVIDENCES
from wsol.regions.parting import SPLITS
from wsol.regions.thresholds import THRESHOLDS
from wsol.scores.metrics import FAMILIES, METRICS
from wsol.settings import Doc, parameters
from wsol.training import recipe
from wsol.training.methods import METHODS
from wsol.training.optimizing import OPTIMIZERS, SCHEDULES

TEMPLATE = Path(__file__).with_name("reference.md")

# What a setting means wherever a method has it, unless the method says something else.
EVERYWHERE = {
    "cells": "Cells on a side of the random binary grid that a mask is made of.",
    "channels": "How many channels are used, those that vary most; 0 is all of them.",
    "deviations": "How many standard deviations above its mean a channel has to be at a place to be marked there.",
    "fill": "The colour that hidden pixels show: `mean` (ImageNet's), a grey level in [0, 255], or [red, green, blue].",
    "gamma": "How much the similar classes count against the explained one.",
    "grid": "Cells on a side that the input is cut into.",
    "level": "The level, as a share of the normalised map.",
    "masks": "How many random masks are drawn for an image.",
    "patch": "Cells on a side of the patch that covers the input.",
    "q": "The share of the map's pixels, in percent, that stay below the level.",
    "relu": "Whether values of the map below zero become zero.",
    "shown": "The share of a mask's cells that show the image.",
    "sigma": "The standard deviation of the Gaussian, as a share of the map's side.",
    "similar": "How many classes, those of the nearest logits, the explained one is set against.",
    "size": "Pixels on a side of the map.",
    "step": "The distance of two levels of a grid; unless given, every distinct value of a map is a level.",
}


class Key(NamedTuple):
    """One row of a table."""

    name: str
    kind: str
    default: str
    meaning: str


def page() -> str:
    """The whole of config/README.md."""
    return TEMPLATE.read_text(encoding="utf-8").format_map(
        {
            "experiment": table(schema_keys(schema())),
            "evaluations": table(schema_keys(schema()["$defs"]["evaluation"])),
            "claims": table(schema_keys(schema()["$defs"]["claim"])),
            "common": table(keys(Common)),
            "adapters": "\n\n".join(map(adapter, ADAPTERS)),
            "backbone": table(keys(backbones.backbone)),
            "preprocessing": table(keys(architectures.preprocessing)),
            "tokens": table(keys(tokens.tokens)),
            "train": table(keys(recipe.settings)),
            "heads": methods(heading.HEADS),
            "training_methods": methods(METHODS),
            "optimizers": methods(OPTIMIZERS),
            "schedules": methods(SCHEDULES),
            "imported": table(keys(imported.settings)),
            "fusion": table(keys(fuse)),
            "augmentation": table(keys(scaling.augmentation)),
            "refine": table(keys(refining.common)),
            "refiners": methods(refiners.REFINERS),
            "architectures": listed(architectures.ARCHITECTURES),
            "arguments": own_arguments(),
            "evidence": methods(EVIDENCES),
            "cams": methods(CAMS),
            "controls": methods(CONTROLS),
            "thresholds": methods(THRESHOLDS),
            "splits": methods(SPLITS),
            "metrics": metrics(),
            "exports": listed(EXPORTS),
        }
    )


def schema() -> dict[str, Any]:
    """The schema of an experiment."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def schema_keys(shape: Mapping[str, Any]) -> list[Key]:
    """The keys of one mapping of the schema."""
    found = []
    for name, given in shape["properties"].items():
        default = "required" if name in shape.get("required", ()) else shown(given.get("default"))
        found.append(Key(name, schema_kind(given), default, given.get("description", "")))
    return found


def keys(function: Callable) -> list[Key]:
    """The settings of a function: its keyword-only parameters."""
    found = []
    for name, parameter in parameters(function).items():
        needed = parameter.default is parameter.empty
        default = "required" if needed else shown(parameter.default)
        found.append(Key(name, kind(parameter.annotation), default, meaning(function, name)))
    return found


def meaning(function: Callable, name: str) -> str:
    """What a setting means: its Doc, what it means everywhere, or what the docstring says of it; "" where none does."""
    own = [mark.text for mark in get_args(parameters(function)[name].annotation) if isinstance(mark, Doc)]
    if own:
        return own[-1]
    said = [sentence for sentence in sentences(function) if re.search(rf"`{name}[`:]", sentence)]
    return EVERYWHERE.get(name) or " ".join(said)


def sentences(function: Callable) -> list[str]:
    """The sentences of a function's docstring."""
    text = " ".join((inspect.getdoc(function) or "").split())
    return re.split(r"(?<=[.:]) (?=[A-Z`])", text)


def table(rows: list[Key], columns: str = "key | type | default | meaning") -> str:
    """Rows as Markdown; a bar inside a cell is written so that it parts none."""
    lines = [f"| {columns} |", f"|{'---|' * (columns.count('|') + 1)}"]
    for row in map(complete, rows):
        name, *rest = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
        lines.append(f"| `{name}` | {' | '.join(rest)} |")
    return "\n".join(lines)


def complete(key: Key) -> Key:
    """A key with a meaning; a ConfigError for one without."""
    if not key.meaning:
        raise ConfigError(f"reference: '{key.name}' ({key.kind}) has no meaning; give it a Doc.")
    return key


def adapter(name: str) -> str:
    """The section of one adapter: what its module and its function say, and its settings."""
    read = ADAPTERS[name]
    said = " ".join([opening(sys.modules[read.__module__]), *sentences(read)])
    return f"#### `{name}`\n\n{said}\n\n{table(keys(read))}"


def methods(registry: Mapping[str, Any]) -> str:
    """Every method with what it does, and the settings of those that have some."""
    lines = []
    for name, entry in registry.items():
        function = behind(entry)
        lines.append(f"- `{name}`: {opening(function)}")
        for key in map(complete, keys(function)):
            default = "required" if key.default == "required" else f"default {key.default}"
            lines.append(f"  - `{key.name}` ({key.kind}; {default}): {key.meaning}")
    return "\n".join(lines)


def metrics() -> str:
    """Every metric with the first paragraph of what it says of itself; a family of any percent of IoU once."""
    lines: dict[str, str] = {}
    for name, entry in METRICS.items():
        family, _, percent = name.partition("@")
        lines.setdefault(f"- `{family}@PERCENT`" if percent.isdigit() else f"- `{name}`", opening(behind(entry)))
    for family, entry in FAMILIES.items():  # those of which no target has to have any
        lines.setdefault(f"- `{family}@PERCENT`", opening(behind(entry)))
    return "\n".join(f"{name}: {said}" for name, said in lines.items())


def behind(entry: Any) -> Callable:
    """The function of a registry's entry, which may be a record around it, or a partial of it."""
    function = getattr(entry, "function", entry)
    return getattr(function, "func", function)


def opening(documented: Any) -> str:
    """The first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


def own_arguments() -> str:
    """What some architectures take beside what every backbone does, each with those that take it."""
    takers: dict[str, list[str]] = {}
    for name, architecture in architectures.ARCHITECTURES.items():
        for argument, annotation in architecture.arguments.items():
            takers.setdefault(f"`{argument}` ({kind(annotation)})", []).append(name)
    return "; ".join(f"{argument} of {listed(names)}" for argument, names in takers.items())


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
