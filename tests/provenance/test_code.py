"""What a stage's code is: the script, what it reaches, and what of it counts."""

import ast
from pathlib import Path

import pytest

from wsol.provenance.code import Library, Reading

ROOT = Path(__file__).parents[2]
MODULE = '''"""A module."""
import numpy as np  # arrays


class Cut:
    """At a level."""

    level = 0.5


def cut(values, level=Cut.level):
    """Which values pass."""
    # a comment
    return np.asarray(values) >= level
'''


def digest(text: str) -> str:
    return Reading().digest(ast.parse(text))


@pytest.mark.parametrize(
    "old, new",
    [
        ('"""A module."""\n', ""),
        ('"""A module."""', '"""Another\nmodule."""'),
        ("  # arrays", ""),
        ("    # a comment\n", "\n\n\n"),
        ('    """Which values pass."""\n', ""),
        ('    """At a level."""\n\n', ""),
        ("level=Cut.level", "level = Cut.level"),
        (">= level", ">= (level)"),
    ],
)
def test_words_and_layout_do_not_count(old, new):
    assert old in MODULE and digest(MODULE.replace(old, new, 1)) == digest(MODULE)


@pytest.mark.parametrize(
    "old, new",
    [
        (">= level", "> level"),
        ("0.5", "0.50001"),
        ("level = 0.5", "level = '0.5'"),
        ("level = 0.5", "level = True"),
        ("values, level", "values, *, level"),
        ("import numpy as np", "import numpy"),
        ("return np", "yield np"),
        ("np.asarray(values) >= level", "level <= np.asarray(values)"),
        ("class Cut:", "@final\nclass Cut:"),
        ("    return", "    'no docstring, but a second'\n    return"),
    ],
)
def test_all_else_counts(old, new):
    assert old in MODULE and digest(MODULE.replace(old, new)) != digest(MODULE)


@pytest.fixture
def house(tmp_path):
    """A small house: a script that uses two rooms, and one that it does not use."""
    files = {
        "scripts/draw.py": "from wsol.maps import cams\nfrom wsol.job import job\n",
        "workflow/wsol/__init__.py": "__version__ = '1'\n",
        "workflow/wsol/job.py": "def job(): pass\n",
        "workflow/wsol/maps/__init__.py": "",
        "workflow/wsol/maps/cams.py": "def late():\n    import wsol.files.npz\n",
        "workflow/wsol/files/__init__.py": "",
        "workflow/wsol/files/npz.py": "PAGE = 'page.html'\nTEXT = 'no.such.file'\n",
        "workflow/wsol/files/page.html": "<p>",
        "workflow/wsol/files/other.html": "<p>",
        "workflow/wsol/scores/metrics.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def listing(house: Path) -> dict[str, str]:
    return Library(house / "workflow").listing(house / "scripts/draw.py")


def test_a_stage_is_its_script_and_what_it_reaches(house):
    assert set(listing(house)) == {
        "scripts/draw.py",
        "workflow/wsol/maps/__init__.py",
        "workflow/wsol/maps/cams.py",
        "workflow/wsol/files/__init__.py",
        "workflow/wsol/files/npz.py",
        "workflow/wsol/files/page.html",
    }


@pytest.mark.parametrize(
    "file, counts",
    {
        "scripts/draw.py": True,
        "workflow/wsol/maps/cams.py": True,
        "workflow/wsol/files/npz.py": True,
        "workflow/wsol/files/page.html": True,
        "workflow/wsol/files/other.html": False,
        "workflow/wsol/scores/metrics.py": False,
        "workflow/wsol/job.py": False,
        "workflow/wsol/__init__.py": False,
    }.items(),
)
def test_an_edit_is_seen_in_what_is_reached_alone(house, file, counts):
    before = listing(house)
    digest = Library(house / "workflow").digest(house / "scripts/draw.py")
    (house / file).write_text((house / file).read_text() + "more = 1\n")
    after = listing(house)
    assert {name for name in after if after[name] != before[name]} == ({file} if counts else set())
    assert (Library(house / "workflow").digest(house / "scripts/draw.py") != digest) is counts


def test_the_report_is_its_page_too_and_no_other_stage_is():
    library = Library(ROOT / "workflow")
    with_page = {
        stage
        for stage in ("index", "score", "table", "report")
        if any(path.name == "page.html" for path in library.reached(ROOT / f"scripts/{stage}.py"))
    }
    assert with_page == {"report"}


def test_no_stage_reaches_an_adapter_and_an_adapter_reaches_no_other_but_those_it_uses():
    library = Library(ROOT / "workflow")
    adapters = ROOT / "workflow/wsol/adapters"
    for script in (ROOT / "scripts").glob("*.py"):
        used = {path.stem for path in library.reached(script) if path.parent == adapters}
        assert used <= {"__init__"}, script
    voc = {path.stem for path in library.reached(adapters / "voc.py") if path.parent == adapters}
    assert not voc & {"shapes", "coco", "wsol"}
