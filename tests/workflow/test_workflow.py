"""The workflow as a user runs it: what is made, what is made again and what is refused."""

import copy
import hashlib
import re
from pathlib import Path

import pandas as pd
import pytest

from small import CONTROLS, SMALL
from wsol.files.score import SCORES
from wsol.files.train import HISTORY
from wsol.provenance import products
from wsol.report.tables import COLUMNS as TABLES
from wsol.report.tables import read


def changed(config: dict, *keys: str, to) -> dict:
    config = copy.deepcopy(config)
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    return config


def done(run, rule: str) -> int:
    """How many jobs of a rule a run started."""
    return run.said.count(f"rule {rule}:")


def digests(folder: Path) -> dict[str, str]:
    """sha256 of every stage file by its path; logs, notes and costs tell of time."""
    timed = {"logs", "inputs", "costs.csv", "costs.html"}
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and not timed & set(p.parts)]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_controls_alone_run_from_annotations_to_the_report(workflow, once, tmp_path):
    run = once(CONTROLS, tmp_path)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False)
    assert "shapes, reported on b\nbackbone  cam     threshold  maxboxacc@50" in run.stdout
    columns = "evaluation dataset backbone cam threshold metric choice value low high n groups spread trainings each"
    assert list(scores.columns) == columns.split()
    assert set(scores["choice"]) == {"selected", "oracle", "fixed", "none"}
    assert set(scores["n"]) == {50} and set(scores["dataset"]) == {"b"} and set(scores["backbone"]) == {"none"}
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"])).all()
    assert len(pd.read_csv(tmp_path / "results/comparisons.csv")) > 0
    failures, curves = (read(tmp_path / f"results/{name}.csv") for name in ("failures", "curves"))
    assert list(failures) == TABLES["failures"] and list(curves) == TABLES["curves"]
    runs = ["cam", "threshold", "choice"]
    assert set(failures["rule"]) == {"exact"} and failures.groupby(runs)["value"].sum().round(2).eq(100).all()
    right = failures[failures["kind"] == "right"].set_index(runs)["value"].sort_index()
    score = scores[scores["metric"] == "maxboxacc@50"].set_index(runs)["value"]
    assert set(failures["choice"]) == {"selected", "fixed"} and (right == score[right.index]).all()
    chosen = curves[(curves["curve"] == "chosen") & (curves["metric"] == "maxboxacc@50")]
    assert set(chosen["threshold"]) == {"sweep"} and set(chosen["split"]) == {"selected", "oracle"}
    for row in chosen.itertuples():
        assert row.value == score[row.cam, row.threshold, row.split]
    assert "<table>" in (tmp_path / "results/report.html").read_text()
    # Whatever is written is known by name, so that `make verify` and the next start look at it.
    there = {name for name in digests(tmp_path / "results") if name != "SHA256SUMS"}
    assert there == set(products.files(tmp_path / "results"))

    again = workflow(CONTROLS)
    assert again.returncode == 0 and "Nothing to be done" in again.stderr + again.stdout

    lowered = workflow(changed(CONTROLS, "thresholds", "half", "level", to=0.4))
    assert lowered.returncode == 0, lowered.stderr
    started = {rule: done(lowered, rule) for rule in ("index", "control", "localize", "score", "table", "report")}
    # Two controls; one shard of a, two of b; of the sweep's files none.
    assert started == {"index": 0, "control": 0, "localize": 2 * (1 + 2), "score": 2, "table": 1, "report": 1}


def test_a_shard_split_changes_no_score(workflow, once, tmp_path):
    whole = changed(changed(CONTROLS, "shard_size", to=1000), "results", to="whole")
    assert once(CONTROLS, tmp_path).returncode == 0 and workflow(whole).returncode == 0
    assert (tmp_path / "results/scores.csv").read_bytes() == (tmp_path / "whole/scores.csv").read_bytes()
    assert (tmp_path / "results/comparisons.csv").read_bytes() == (tmp_path / "whole/comparisons.csv").read_bytes()


def test_a_network_is_trained_and_explained(workflow, tmp_path):
    run = workflow(SMALL)
    assert run.returncode == 0, run.stderr
    found = sorted((tmp_path / "results").rglob("scores.parquet"))
    assert len(found) == 4
    _, header = SCORES.open(found[0])
    assert header["settings"]["run"]["evaluation"] == "shapes" and set(header["versions"]) >= {"tensorflow", "numpy"}
    (folder,) = (tmp_path / "results/weights").iterdir()
    history = HISTORY.read(folder / "history.parquet")
    assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "history.parquet", "model.weights.h5"]
    assert history["epoch"].tolist() == [0] and pd.read_csv(folder / "history.csv").equals(history)

    level = workflow(changed(SMALL, "thresholds", "half", "level", to=0.3), "--dry-run")
    assert {rule: done(level, rule) for rule in ("train", "predict", "heatmap", "control")} == dict.fromkeys(
        ("train", "predict", "heatmap", "control"), 0
    )
    other = workflow(changed(SMALL, "cams", "gradcam", to={"relu": False}), "--dry-run")
    assert done(other, "heatmap") == 1 + 2 and done(other, "predict") == 0 and done(other, "train") == 0

    # Another training is one network more, and touches nothing of the first.
    again = workflow(changed(SMALL, "backbones", "mobilenet", "weights", "train", "seeds", to=[0, 1]), "--dry-run")
    jobs = {rule: done(again, rule) for rule in ("index", "control", "train", "predict", "heatmap", "score")}
    assert jobs == {"index": 0, "control": 0, "train": 1, "predict": 3, "heatmap": 3, "score": 2}


@pytest.mark.slow
def test_one_core_and_two_make_the_same_bytes(workflow, tmp_path):
    for cores in (1, 2):
        run = workflow(changed(SMALL, "results", to=f"on{cores}"), cores=cores)
        assert run.returncode == 0, run.stderr
    first, second = digests(tmp_path / "on1"), digests(tmp_path / "on2")
    assert len(first) > 30 and first == second


def test_editing_a_cam_reruns_heatmap_and_below_never_predict(workflow, tmp_path):
    """The modules that a stage's script reaches are what its note is of."""
    from wsol.provenance.code import library

    root = Path(__file__).parents[2]
    used = {}
    for stage in STAGES:
        reached = library(root / f"scripts/{stage}.py", root / "workflow")
        used[stage] = {str(path.relative_to(root / "workflow/wsol")) for path in reached}
    assert {stage for stage in STAGES if "maps/cams.py" in used[stage]} == {
        "heatmap",
        "report",
    }  # which says what each is
    assert {stage for stage in STAGES if "networks/backbones.py" in used[stage]} == {"train", "predict"}
    assert "scores/metrics/boxes.py" in used["score"] and "regions/tree.py" in used["localize"]
    assert not {"job.py", "errors.py"} & set.union(*used.values())


STAGES = ("index", "train", "predict", "heatmap", "control", "localize", "score", "table", "report")


@pytest.mark.parametrize(
    "keys, to, line",
    [
        (("shard_sise",), 3, "config: unknown 'shard_sise'. Did you mean 'shard_size'?"),
        (("cams", "gradcamm"), {}, "cams: unknown 'gradcamm'. Did you mean 'gradcam'?"),
        (("cams", "gradcam"), {}, "'gradcam' explains a model, and the config names no backbones."),
        (("datasets",), 7, "datasets: must be a mapping, got 7."),
    ],
)
def test_a_wrong_config_is_one_line_and_computes_nothing(workflow, tmp_path, keys, to, line):
    """Every other way to be wrong is in test_config.py."""
    run = workflow(changed(CONTROLS, *keys, to=to))
    assert run.returncode != 0
    said = [text for text in run.stderr.splitlines() if text.startswith("config: ")]
    assert len(said) == 1 and line in said[0]
    assert "Traceback" not in run.stderr and not (tmp_path / "results").exists()


def test_overlapping_splits_are_refused_before_anything_is_scored(workflow, tmp_path):
    overlapping = changed(CONTROLS, "datasets", "a", to={**CONTROLS["datasets"]["b"], "count": 20})
    run = workflow(overlapping)
    assert run.returncode != 0
    assert re.search(r"splits overlap: 20 images are both in [ab] \(\d+\) and in [ab] \(\d+\), the", run.stderr)
    assert not list((tmp_path / "results").rglob("*.npz"))


def test_a_failing_job_says_why(workflow, tmp_path):
    table = tmp_path / "boxes.csv"
    table.write_text("image,class\na.png\n")
    run = workflow(changed(CONTROLS, "datasets", "a", to={"adapter": "table", "annotations": str(table)}))
    assert run.returncode != 0
    assert f"\n! index a: {table}: row 2 has 1 fields, the header 2.\n" in run.stderr
    logs = [line for line in run.stderr.splitlines() if line.startswith("  log: results/logs/index/a@")]
    assert len(logs) == 1
    log = tmp_path / logs[0].removeprefix("  log: ")
    assert log.read_text().splitlines()[-1].endswith("row 2 has 1 fields, the header 2.")
