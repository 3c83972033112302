"""Both Snakefiles run, the linter has nothing to say, and the report has its words."""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

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


def test_the_plan_is_read_once_and_again_when_it_has_changed(tmp_path):
    """The rules' own functions, with a plan of shards and nothing around them."""
    text = (ROOT / "workflow/rules/common.smk").read_text()
    path, read = tmp_path / "plan.json", []
    path.write_text("000000-000019 000020-000029")
    known = {
        "functools": functools,
        "os": os,
        "PLAN": SimpleNamespace(read=lambda path: read.append(path) or Path(path).read_text()),
        "SHARDING": SimpleNamespace(shards=lambda plan, *_: plan.split()),
        "checkpoints": SimpleNamespace(plan=SimpleNamespace(get=lambda: SimpleNamespace(output=[str(path)]))),
    }
    exec(text[text.index("@functools") : text.index("def network")], known)
    asked = [known["sharded"]("{shard}.npz", *"abc") for _ in range(8)]
    assert asked == [["000000-000019.npz", "000020-000029.npz"]] * 8 and len(read) == 1
    path.write_text("000000-000029")
    os.utime(path, ns=(0, 1))
    assert known["sharded"]("{shard}.npz", *"abc") == ["000000-000029.npz"] and len(read) == 2


def test_what_a_report_shows_has_its_words():
    captions = set()
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        captions |= {(path.parent / name).resolve() for name in re.findall(r'caption="([^"]+)"', path.read_text())}
    written = set((ROOT / "workflow/report").glob("*.rst")) - {ROOT / "workflow/report/workflow.rst"}
    assert captions == written and captions


def test_the_clusters_groups_are_of_rules_and_no_wider_than_their_lanes(tmp_path):
    """The profile's own settings, without its executor: a chain of one shard is one job, and no two chains are."""
    profile = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
    rules = {
        rule
        for path in (ROOT / "workflow/rules").glob("*.smk")
        for rule in re.findall(r"rule (\w+):", path.read_text())
    }
    grouped = dict(pair.split("=") for pair in profile["groups"])
    assert grouped.keys() == {"heatmap", "control", "imported", "refine", "localize"} <= rules
    assert len(set(grouped.values())) == 1 and "group-components" not in profile
    assert profile["set-resources"].keys() <= rules
    assert profile["set-resource-scopes"] == ["lanes=local"] and profile["default-resources"]["lanes"] == 1
    assert profile["resources"] == ["lanes=2"]
