"""Both Snakefiles run, the linter has nothing to say, and the report has its words."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

SNAKEFILES = ("Snakefile", "workflow/Snakefile")


def snakemake(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess:
    """Snakemake with the default experiment, from a folder."""
    command = [sys.executable, "-m", "snakemake", "--configfile", str(ROOT / "config.yaml"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("snakefile", SNAKEFILES)
def test_snakemakes_linter_has_nothing_to_say(tmp_path, snakefile):
    done = snakemake("--snakefile", str(ROOT / snakefile), "--lint", folder=tmp_path)
    assert done.returncode == 0 and "good condition" in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.parametrize("snakefile", SNAKEFILES)
def test_both_snakefiles_plan_everything(tmp_path, snakefile):
    """From a folder of its own, where nothing lies yet: `Nothing to be done` would mean that no target was found."""
    done = snakemake("--snakefile", str(ROOT / snakefile), "--dry-run", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    planned = set(re.findall(r"^(\w+) +\d+$", done.stdout + done.stderr, re.MULTILINE))
    assert planned >= {"index", "plan", "score", "table", "report"}


def test_every_rule_names_the_users_environment():
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        text = path.read_text()
        assert text.count('conda:\n        "../../environment.yml"') == text.count("    script:\n"), path.name
    assert yaml.safe_load((ROOT / "environment.yml").read_text())["channels"] == ["conda-forge"]


def test_what_a_report_shows_has_its_words():
    captions = set()
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        captions |= {(path.parent / name).resolve() for name in re.findall(r'caption="([^"]+)"', path.read_text())}
    written = set((ROOT / "workflow/report").glob("*.rst")) - {ROOT / "workflow/report/workflow.rst"}
    assert captions == written and captions
