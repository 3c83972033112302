"""An edit of the code reruns what uses it; a comment, a docstring and an adapter that nobody uses rerun nothing."""

import shutil
from pathlib import Path

import pytest

from conftest import ROOT, runner
from small import CONTROLS

RULES = ("index", "plan", "control", "localize", "score", "table", "report")
NOTHING = dict.fromkeys(RULES, 0)
# Two controls, two thresholds; a has one shard, b two.
SCORED = {"score": 4, "table": 1, "report": 1}
LOCALIZED = {"localize": 2 * 2 * 3} | SCORED
DRAWN = {"control": 2 * 3} | LOCALIZED


@pytest.fixture
def house(tmp_path):
    """A checkout that may be edited."""
    for name in ("scripts", "workflow"):
        shutil.copytree(ROOT / name, tmp_path / "house" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "config.yaml", "environment.yml"):
        shutil.copy(ROOT / name, tmp_path / "house" / name)
    return tmp_path / "house"


@pytest.fixture
def would_run(tmp_path, house):
    """`would_run()` -> how many jobs of each rule the next run has, once a first one is complete."""
    run = runner(tmp_path, house)
    profile = ("--workflow-profile", str(house / "workflow/profiles/default"))
    first = run(CONTROLS, *profile)
    assert first.returncode == 0, first.stderr

    def asked() -> dict[str, int]:
        dry = run(CONTROLS, *profile, "--dry-run")
        assert dry.returncode == 0, dry.stderr
        return {rule: (dry.stdout + dry.stderr).count(f"rule {rule}:") for rule in RULES if rule != "plan"} | {
            "plan": (dry.stdout + dry.stderr).count("checkpoint plan:")
        }

    return asked


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, (file, old)
    file.write_text(text.replace(old, new, 1))


def add(file: Path, line: str) -> None:
    file.write_text(f"{file.read_text()}{line}\n")


def reword(house: Path) -> None:
    """Comments and docstrings, in a script, a module and an adapter; and what prints."""
    for name in ("scripts/control.py", "workflow/wsol/maps/controls.py", "workflow/wsol/adapters/shapes.py"):
        add(house / name, "# a comment")
        edit(house / name, '"""', '"""In other words: ')
    add(house / "workflow/wsol/job.py", "MORE = 1")


def test_words_rerun_nothing_and_a_map_what_lies_below_it(house, would_run):
    reword(house)
    assert would_run() == NOTHING
    add(house / "workflow/wsol/maps/controls.py", "MORE = 1")
    assert would_run() == NOTHING | DRAWN


@pytest.mark.slow
def test_each_edit_reruns_what_uses_it(house, would_run):
    wsol = house / "workflow/wsol"
    add(wsol / "adapters/voc.py", "MORE = 1")
    add(wsol / "maps/cams.py", "MORE = 1")
    assert would_run() == NOTHING
    add(wsol / "page/browser/page.html", "<!-- more -->")
    assert would_run() == NOTHING | {"report": 1}
    add(wsol / "scores/metrics/boxes.py", "MORE = 1")
    assert would_run() == NOTHING | SCORED
    add(wsol / "regions/tree.py", "MORE = 1")
    assert would_run() == NOTHING | LOCALIZED
    add(house / "scripts/control.py", "MORE = 1")
    assert would_run() == NOTHING | DRAWN
    add(wsol / "adapters/shapes.py", "MORE = 1")
    assert would_run()["index"] == 2


@pytest.mark.slow
def test_an_edit_is_noticed_where_snakemakes_own_memory_is_lost(tmp_path, house, would_run):
    shutil.rmtree(tmp_path / ".snakemake")
    assert would_run() == NOTHING
    add(house / "workflow/wsol/regions/tree.py", "MORE = 1")
    shutil.rmtree(tmp_path / ".snakemake")
    assert would_run() == NOTHING | LOCALIZED


@pytest.mark.slow
def test_results_of_another_checkout_are_made_again_where_its_code_was_another(tmp_path, house, would_run):
    """Even where every file of that checkout is older than the results."""
    there = tmp_path / "there"
    shutil.copytree(house, there, copy_function=shutil.copy2)
    add(there / "workflow/wsol/regions/tree.py", "MORE = 1")
    (tmp_path / "elsewhere").mkdir()
    other = runner(tmp_path / "elsewhere", there)
    made = other(CONTROLS | {"results": str(tmp_path / "results")})
    assert made.returncode == 0, made.stderr
    assert would_run() == NOTHING | LOCALIZED
