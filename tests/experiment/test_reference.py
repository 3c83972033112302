"""config/README.md: every key is in it with a meaning, and it is what the code says today."""

from pathlib import Path
from typing import Annotated, Literal

import pytest

from wsol.adapters import ADAPTERS
from wsol.errors import ConfigError
from wsol.experiment import kinds, reference
from wsol.experiment.schema import SECTIONS
from wsol.index.indexing import Common
from wsol.maps import imported
from wsol.maps.cams import CAMS
from wsol.maps.controls import CONTROLS
from wsol.maps.fusion import fuse
from wsol.networks import backbones
from wsol.networks.models import architectures, heading
from wsol.networks.perturb import EVIDENCES
from wsol.regions.thresholds import THRESHOLDS
from wsol.settings import Doc, File, Length, Range
from wsol.training import recipe
from wsol.training.methods import METHODS
from wsol.training.optimizing import OPTIMIZERS, SCHEDULES

ROOT = Path(__file__).parents[2]
ALONE = {
    "a data set": Common,
    "a backbone": backbones.backbone,
    "preprocessing": architectures.preprocessing,
    "training": recipe.settings,
    "imported maps": imported.settings,
    "fusion": fuse,
}
REGISTERED = {
    f"{what} {name}": reference.behind(registry[name])
    for what, registry in (
        ("adapter", ADAPTERS),
        ("evidence", EVIDENCES),
        ("cam", CAMS),
        ("control", CONTROLS),
        ("threshold", THRESHOLDS),
        ("head", heading.HEADS),
        ("training method", METHODS),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
    )
    for name in registry
}


def test_the_reference_is_what_the_code_says():
    written = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert written == reference.page(), "config/README.md is stale: make reference"


@pytest.mark.parametrize("function", (ALONE | REGISTERED).values(), ids=(ALONE | REGISTERED).keys())
def test_every_setting_has_a_meaning(function):
    rows = reference.keys(function)
    assert [row.name for row in rows if not row.meaning.endswith(".")] == []
    assert all(row.kind and row.default for row in rows)


def test_every_key_of_the_schema_has_a_meaning():
    shape = reference.schema()
    rows = [*reference.schema_keys(shape), *reference.schema_keys(shape["$defs"]["evaluation"])]
    assert [row.name for row in rows if not row.meaning.endswith(".")] == []
    assert {row.name for row in rows} >= {*SECTIONS, "metrics", "protocol"}


def test_every_entry_of_a_registry_says_what_it_is():
    assert [name for name, function in REGISTERED.items() if not reference.opening(function)] == []


def documented(maps, *, own: Annotated[int, Range(1, 5), Doc("Its own.")] = 3, told: float = 0.5, other: str = "x"):
    """What it does. `told` is told here: the docstring says it. Nothing is said of the last."""


def test_a_meaning_comes_from_the_doc_or_the_docstring():
    own, told, other = reference.keys(documented)
    assert own == ("own", "a whole number in [1, 5]", "`3`", "Its own.")
    assert told == ("told", "a number", "`0.5`", "`told` is told here: the docstring says it.")
    assert other.meaning == ""
    with pytest.raises(ConfigError, match=r"^reference: 'other' \(text\) has no meaning; give it a Doc\.$"):
        reference.table([own, told, other])


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (File | None, "a file or folder"),
        (Annotated[File | None, Doc("x")], "a file or folder"),
        (list[int], "a list of whole numbers"),
        (Annotated[list[float], Length(3)], "a list of 3 numbers"),
        (Literal["a", "b"], "`a`, `b`"),
        (bool | list[str], "true or false or a list of text"),
        (dict | None, "a mapping"),
    ],
)
def test_a_type_is_said_in_words(annotation, words):
    assert kinds.kind(annotation) == words


def test_a_bar_in_a_cell_parts_no_column():
    row = reference.Key("key", "a | b", "`x`", "One or\nthe other.")
    assert reference.table([row]).splitlines()[-1] == "| `key` | a \\| b | `x` | One or the other. |"
