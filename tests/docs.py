"""Examples in docstrings: run them, and know which public functions have none."""

import doctest
import inspect
from types import ModuleType


def run(module: ModuleType) -> doctest.TestResults:
    """Run every example of a module; what fails is printed as doctest does."""
    return doctest.testmod(module)


def without_example(module: ModuleType) -> list[str]:
    """The public functions that a module defines and whose docstring has no example."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [(name, function) for name, function in found if function.__module__ == module.__name__]
    return [name for name, function in own if name[0] != "_" and ">>>" not in (function.__doc__ or "")]
