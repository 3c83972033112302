"""The library's README against its code: the rooms, the names that its words have there, and words that are no more."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_house import FLOORS

from conftest import ROOT

WSOL = ROOT / "workflow/wsol"
README = (WSOL / "README.md").read_text()
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py):(\w+)`", README)))
# What a word of the glossary was called before; none is an identifier, nor a key of a stage file, any more.
RETIRED = {
    *("rivals", "geometry", "unlabelled", "EVIDENCE_OF", "SCORE_OF", "FINISHED", "MADE_OF", "RUN", "Hits", "Result"),
    *("find_hits", "row_box", "region_count", "iou_rows", "COUNTS", "PIXEL_LEVEL", "CLASSIFICATION"),
}


def names(path: Path) -> list[str]:
    """What a module defines at its top."""
    found = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found += [target.id for target in targets if isinstance(target, ast.Name)]
    return found


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute, parameter, definition and quoted word of a module."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name"):
            if isinstance(word := getattr(node, field, None), str):
                yield word
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def retired(source: str) -> set[str]:
    return RETIRED & set(identifiers(ast.parse(source)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_name_of_the_readme_is_in_the_code(file, name):
    assert name in names(WSOL / file)


def test_the_readme_has_every_room_in_the_order_of_the_table():
    listed = [word for row in re.findall(r"^\| (`.*?`) \|", README, re.M) for word in re.findall(r"`(\w+)/?`", row)]
    there = {path.name for path in WSOL.iterdir() if (path / "__init__.py").is_file()}
    there |= {path.stem for path in WSOL.glob("*.py")} - {"__init__"}
    assert set(listed) == there and len(listed) == len(there)
    floor = {room: place for place, rooms in enumerate(FLOORS) for room in rooms}
    folders = [room for room in listed if (WSOL / room).is_dir()]
    assert folders == sorted(folders, key=floor.__getitem__)


def test_no_two_classes_have_one_name():
    counted = Counter(
        node.name
        for path in WSOL.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize(
    "path",
    [*sorted(WSOL.rglob("*.py")), *sorted((ROOT / "scripts").glob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_words_that_are_no_more_are_nowhere(path):
    assert not retired(path.read_text())


def test_a_word_that_is_no_more_is_found():
    assert retired("def scored(geometry): return status == 'unlabelled'") == {"geometry", "unlabelled"}
