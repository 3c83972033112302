"""`make reproduce` as a user runs it: what holds, what differs, what cannot be run here, and what fails."""

import copy
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from conftest import ROOT
from wsol.errors import UNREACHABLE, ConfigError
from wsol.report.claims import read

CLAIM = {"evaluation": "e", "metric": "pointing_game", "tolerance": 0.1, "source": "by hand"}
SMALLEST = {
    **{"resamples": 100, "overlays": 0},
    "datasets": {"b": {"adapter": "shapes", "split": "report", "count": 12, "size": 32}},
    "cams": {"center": {}},
    "thresholds": {"half": {"method": "fixed", "level": 0.5}},
    "evaluations": {"e": {"report": "b", "metrics": ["pointing_game", "peak_within_15px"]}},
    "claims": {"wrong": CLAIM | {"values": {"none/center": 12.3}, "subset": True}},
}


def reproduce(folder: Path, config: dict, *command: str, head: str = "") -> subprocess.CompletedProcess:
    """scripts/reproduce.py in a folder, as a command of its own."""
    asked = [sys.executable, str(ROOT / "scripts/reproduce.py"), *written(folder, config, *command, head=head)]
    plain = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    return subprocess.run(asked, cwd=folder, env=plain, capture_output=True, text=True, timeout=300)


def written(folder: Path, config: dict, *command: str, head: str = "") -> list[str]:
    """A command with the experiment's file, which is written; without one Snakemake's own."""
    (folder / "experiment.yaml").write_text(head + yaml.safe_dump(config))
    snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    return [*(command or snakemake), "--configfile", str(folder / "experiment.yaml")]


@pytest.fixture
def main(tmp_path, monkeypatch):
    """The script's own function, in a folder of its own, as if nothing else had been imported."""
    monkeypatch.chdir(tmp_path)
    return runpy.run_path(str(ROOT / "scripts/reproduce.py"))["main"]


def test_a_planted_wrong_claim_differs_and_a_right_one_is_reproduced(tmp_path):
    run = reproduce(tmp_path, SMALLEST)
    assert run.returncode == 1, run.stderr
    assert "claims: 1 differs\nwrong: pointing_game of e, from by hand\n  none/center/half  12.3 ± 0.1  " in run.stdout
    row = read(tmp_path / "results/reproduction.csv").iloc[0]
    assert row["verdict"] == "differs (subset)" and row["expected"] == "12.3"
    scores = pd.read_csv(tmp_path / "results/scores.csv", dtype=str)
    assert row["got"] == scores[scores["metric"] == "pointing_game"]["value"].item()
    assert "<b>differs (subset)</b>" in (tmp_path / "results/report.html").read_text()

    right = copy.deepcopy(SMALLEST)
    right["claims"]["wrong"]["values"]["none/center"] = float(f"{float(row['got']):.1f}")
    again = reproduce(tmp_path, right)
    assert again.returncode == 0, again.stderr
    assert "claims: 1 reproduced\n" in again.stdout
    # Of what was there nothing but the verdict, and the page that shows it, is made anew.
    assert {line.split()[0] for line in again.stderr.splitlines() if " of " in line} <= {"reproduction", "report"}
    assert "2 jobs in " in again.stderr or "3 jobs in " in again.stderr


def test_without_the_data_no_claim_is_run_and_none_differs(tmp_path, main, capsys):
    gone = copy.deepcopy(SMALLEST)
    gone["datasets"]["b"] = {"adapter": "wsol", "annotations": "nowhere"}
    assert main(written(tmp_path, gone, "false", head='# Birds.\n#   make data NAME="birds more"\n')) == 0
    found = read(tmp_path / "results/reproduction.csv")
    assert found["verdict"].str.startswith("not run (datasets.b.annotations: no such file or folder: ").all()
    assert found["verdict"].str.endswith('; make data NAME="birds more")').all() and found["run"].tolist() == [
        "none/center"
    ]
    assert "claims: 1 not run\n" in capsys.readouterr().out


FAILS = """
import sys
from pathlib import Path
log = Path("results/logs/plan.log")
log.parent.mkdir(parents=True)
log.write_text("some words\\n" + sys.argv[1] + "\\n")
sys.exit(7)
"""


@pytest.mark.parametrize("reason", [f"backbones.x: weights 'imagenet' {UNREACHABLE}: no network", "a disk is full"])
def test_weights_that_cannot_be_had_are_no_failure_and_another_reason_is_its_own(tmp_path, main, reason):
    (tmp_path / "fails.py").write_text(FAILS)
    ended = main(written(tmp_path, SMALLEST, sys.executable, "fails.py", reason))
    if UNREACHABLE in reason:
        assert ended == 0
        assert read(tmp_path / "results/reproduction.csv")["verdict"].tolist() == [f"not run ({reason})"]
    else:
        assert ended == 7 and not (tmp_path / "results/reproduction.csv").exists()


def test_what_claims_nothing_and_what_is_wrong_are_one_line(tmp_path, main):
    silent = {key: value for key, value in SMALLEST.items() if key != "claims"}
    with pytest.raises(ConfigError, match=r"^reproduce: .*/experiment.yaml claims nothing\.$"):
        main(written(tmp_path, silent, "false"))
    with pytest.raises(ConfigError, match=r"^config: unknown 'shard_sise'\."):
        main(written(tmp_path, SMALLEST | {"shard_sise": 3}, "false"))


def test_what_the_command_says_of_the_config_counts(tmp_path, main):
    gone = copy.deepcopy(SMALLEST)
    gone["datasets"]["b"] = {"adapter": "wsol", "annotations": "nowhere"}
    assert main([*written(tmp_path, gone, "false"), "--config", "results=elsewhere", "seed=1"]) == 0
    assert (tmp_path / "elsewhere/reproduction.csv").exists() and not (tmp_path / "results").exists()


def test_tables_of_the_readme_are_made_by_one_command(tmp_path):
    results = tmp_path / "results/logs"
    results.mkdir(parents=True)
    (results / "table.log").write_text(
        "e, reported on d\nbackbone  cam     threshold  pxap\nnone      center  s  7.0\n"
    )
    names = "evaluation,dataset,backbone,cam,threshold,metric,choice,value,low,high,n,groups,spread,trainings,each"
    (results.parent / "scores.csv").write_text(f"{names}\ne,d,none,center,s,pxap,oracle,7.0400,6.0000,8.0000,9,9,,0,\n")
    readme, config = tmp_path / "README.md", tmp_path / "mine.yaml"
    blocks = ["<!-- table: mine.yaml; pxap; e: here, e: there -->", "<!-- table: mine.yaml; terminal -->"]
    readme.write_text("\n".join(f"words\n{block}\n<!-- end -->" for block in blocks))
    claim = "  one:\n    evaluation: e\n    metric: pxap\n    tolerance: 0\n    source: README.md\n    values: {}\n"
    config.write_text(f"claims:\n{claim}")
    make = runpy.run_path(str(ROOT / "scripts/tables.py"))["main"]
    make(str(config), str(results.parent), readme)
    assert "| `center` (control) | 7.0 [6.0 8.0] |\n<!-- end -->" in readme.read_text()
    assert "```\ne, reported on d\n" in readme.read_text()
    assert yaml.safe_load(config.read_text())["claims"]["one"]["values"] == {"none/center": 7.0}
    before = readme.read_text(), config.read_text()
    make(str(config), str(results.parent), readme)
    assert (readme.read_text(), config.read_text()) == before
    config.write_text("claims: {}\n")
    with pytest.raises(ConfigError, match=r"^claims: none with source: README.md of evaluation e, metric pxap\.$"):
        make(str(config), str(results.parent), readme)
    assert readme.read_text() == before[0]


def test_verdicts_of_old_are_none_of_this_command(tmp_path, main):
    """A dry run makes no verdicts; those that lie there are of other claims, or say that nothing was run."""
    target = tmp_path / "results/reproduction.csv"
    gone = copy.deepcopy(SMALLEST)
    gone["datasets"]["b"] = {"adapter": "wsol", "annotations": "nowhere"}
    assert main(written(tmp_path, gone, "false")) == 0 and target.exists()
    with pytest.raises(ConfigError, match=r"^reproduce: the command made no verdict of these claims"):
        main(written(tmp_path, SMALLEST, "true"))
    assert not target.exists()
