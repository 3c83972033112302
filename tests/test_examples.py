"""Every example in a docstring of the library runs, and says what it prints."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "workflow"
WITH_EXAMPLES = sorted(
    str(path.relative_to(LIBRARY).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (LIBRARY / "wsol").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_run(module):
    found = doctest.testmod(import_module(module))
    assert found.attempted and not found.failed
