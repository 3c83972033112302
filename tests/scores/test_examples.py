"""Every public function of these modules has an example in its docstring, and it gives what it says."""

from importlib import import_module

import pytest

import docs

MODULES = [
    "scores.metrics",
    "scores.metrics.boxes",
    "scores.metrics.classes",
    "scores.metrics.maps",
    "scores.metrics.masks",
    "scores.metrics.record",
    "scores.curves",
    "scores.example",
    "scores.levels",
    "scores.ranks",
    "statistics.intervals",
    "statistics.resampling",
    "statistics.testing",
]
SOME = ["scores.comparisons", "scores.outcome", "exports.coco", "exports.scoremaps", "experiment.renamed"]


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_has_an_example(name):
    assert not docs.without_example(import_module(f"wsol.{name}"))


@pytest.mark.parametrize("name", MODULES + SOME)
def test_examples_give_what_they_say(name):
    found = docs.run(import_module(f"wsol.{name}"))
    assert found.attempted and not found.failed


def test_a_function_without_an_example_is_found():
    assert docs.without_example(docs) == ["run", "without_example"]
