"""What the index says of a data set: a screen, and a line for the terminal."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from conftest import ROOT, run_stage
from wsol.datasets.annotations import KINDS
from wsol.index.indexing import index, split
from wsol.index.summary import told
from wsol.index.targets import part_of


def test_the_summary_fits_a_screen_and_counts(wsol):
    summary = index(wsol).summary.splitlines()
    assert summary == [
        "images      2",
        "targets     2 (2 ok)",
        "classes     2",
        "groups      2",
        "boxes       3, 1.50 a target, most 2; none in 0",
        "masks       0, with ignored pixels 0",
        "sizes       20-40 (median 30) x 20-30 (median 25)",
        "outputs     by number: 2 of 2 classes",
        "problems    none",
    ]


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ({}, ""),
        ({"set_aside": 9}, ""),
        ({"size": 1}, "1 problem (1 size), see P"),
        ({"size": 99}, "99 problems (99 size), see P"),
        ({"size": 2, "set_aside": 9}, "11 problems (9 set_aside, 2 size), see P"),
        (
            {"size": 2, "rotated": 3, "bad_box": 3, "missing": 1, "clipped": 2},
            "11 problems (3 bad_box, 3 rotated, 2 clipped, 2 size, …), see P",
        ),
    ],
)
def test_what_is_wrong_in_one_line(kinds, words):
    rows = [(kind, "", "") for kind, count in kinds.items() for _ in range(count)]
    assert told(pd.DataFrame(rows, columns=["kind", "image", "detail"]), "P") == words


def test_the_terminal_is_told_of_problems(wsol, tmp_path, capfd):
    (Path(wsol["images"]) / "a.png").unlink()
    output = {name: str(tmp_path / f"out/{name}") for name in ("targets", "labels", "problems", "summary", "size")}
    for settings in (wsol, wsol | {"part": {"of": 2, "take": part_of("b.png", 2)}}):
        run_stage(
            "index",
            params={"settings": settings},
            output=output,
            wildcards={"dataset": "birds@01234567"},
            log=[str(tmp_path / "log")],
        )
    assert capfd.readouterr().err == f"index birds: 1 problem (1 missing), see {output['problems']}\n"


def test_every_kind_of_problem_has_words():
    rooms = [ROOT / "workflow/wsol" / room for room in ("files", "datasets", "adapters", "index")]
    source = "".join(path.read_text() for room in rooms for path in room.glob("*.py"))
    unused = [kind for kind in KINDS if source.count(f'"{kind}"') < 2]
    assert unused == []


def test_what_the_readme_says_of_data_sets_is_taken(monkeypatch):
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Your own data")[1].split("\n## ")[0]
    blocks = [yaml.safe_load(text.split("```")[0]) for text in section.split("```yaml")[1:]]
    monkeypatch.setattr(Path, "exists", lambda self: True)
    adapters = [split(entry)[0].__module__ for block in blocks for entry in block["datasets"].values()]
    assert adapters == [f"wsol.adapters.{name}" for name in ("voc", "coco", "masks", "table")]
