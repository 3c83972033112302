"""Examples in docstrings: all run and print what they say, and what users call has one per function."""

import doctest
import inspect
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

LIBRARY = Path(__file__).parents[1] / "workflow"
SHOWN = (
    "wsol.boxes",
    "wsol.affine",
    "wsol.maps.cams",
    "wsol.maps.features",
    "wsol.maps.perturbed",
    "wsol.regions.thresholds",
    "wsol.scores.metrics",
    "wsol.statistics",
)
ALSO_SHOWN = ("wsol.scores.curves", "wsol.scores.example", "wsol.scores.levels", "wsol.scores.ranks")
MODULES = {
    str(path.relative_to(LIBRARY).with_suffix("")).replace("/", ".").removesuffix(".__init__"): path
    for path in sorted((LIBRARY / "wsol").rglob("*.py"))
}
WITH_EXAMPLES = [name for name, path in MODULES.items() if ">>> " in path.read_text(encoding="utf-8")]


def without_example(module: ModuleType) -> list[str]:
    """The public functions that a module defines and whose docstring has no example."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [(name, function) for name, function in found if function.__module__ == module.__name__]
    return [name for name, function in own if name[0] != "_" and ">>>" not in (function.__doc__ or "")]


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module):
    found = doctest.testmod(import_module(module), extraglobs={"np": np})
    assert found.attempted and not found.failed


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith(SHOWN)])
def test_every_public_function_has_an_example(module):
    assert not without_example(import_module(module))


def test_a_function_without_an_example_is_found():
    assert "without_example" in without_example(sys.modules[__name__])
