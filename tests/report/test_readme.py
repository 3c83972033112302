"""The README's tables: made from result files, and what the experiments claim, number for number."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from conftest import ROOT
from wsol.errors import ConfigError
from wsol.report.readme import SOURCE, bare, blocks, claimed, filled, numbers, spoken, table, with_values

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
SHIPPED = [*sorted((ROOT / "workflow/experiments").glob("*.yaml")), ROOT / "config.yaml"]
COLUMNS = ["evaluation", "backbone", "cam", "threshold", "metric", "choice", "value", "low", "high"]
EXPERIMENTS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in SHIPPED}


def as_scores(experiment: dict) -> pd.DataFrame:
    """The claims that an experiment makes of the README as scores without intervals."""
    rows = [
        (claim["evaluation"], *run.split("/")[:2], "sweep", claim["metric"], "oracle", float(value), None, None)
        for claim in experiment.get("claims", {}).values()
        for run, value in claim["values"].items()
        if claim["source"] == SOURCE
    ]
    return pd.DataFrame(rows, columns=COLUMNS).assign(spread=np.nan)


def unclaimed(page: str, experiments: dict) -> list[str]:
    """The experiments whose blocks say another thing than their claims, or not every one of these."""
    wrong = []
    for name, experiment in experiments.items():
        scores = as_scores(experiment)
        printed: dict = {}
        for block in (block for block in blocks(page) if block.experiment == name):
            if block.metrics and bare(block.body) != bare(table(block, scores)):
                wrong.append(name)
            for place, values in numbers(block, scores).items():
                printed.setdefault(place, {}).update(values)
        ours: dict = {}
        for row in scores.itertuples():
            ours.setdefault((row.evaluation, row.metric), {})[f"{row.backbone}/{row.cam}"] = f"{row.value:.1f}"
        if printed != ours:
            wrong.append(name)
    return wrong


def test_every_number_of_the_tables_is_claimed_and_every_claim_of_them_is_printed():
    assert {block.experiment for block in blocks(PAGE)} <= EXPERIMENTS.keys()
    assert len(blocks(PAGE)) >= 5
    assert unclaimed(PAGE, EXPERIMENTS) == []


@pytest.mark.parametrize("block", blocks(PAGE), ids=lambda block: f"{block.experiment} {' '.join(block.metrics)}")
def test_a_number_that_is_planted_in_a_table_is_found(block):
    """The last digit of the last value, which no interval holds."""
    value = list(numbers(block, as_scores(EXPERIMENTS[block.experiment])).values())[-1]
    printed = list(value.values())[-1]
    other = f"{printed[:-1]}{(int(printed[-1]) + 1) % 10}"
    at = bare(block.body).rindex(printed)
    assert bare(block.body)[at - 1] == " "
    planted = filled(PAGE, {block.said: block.body.replace(f" {printed}", f" {other}")})
    assert planted != PAGE and block.experiment in unclaimed(planted, EXPERIMENTS)


@pytest.mark.parametrize("name", sorted({block.experiment for block in blocks(PAGE)}))
def test_a_claim_that_no_table_prints_is_found(name):
    changed = yaml.safe_load(yaml.safe_dump(EXPERIMENTS[name]))
    first = next(key for key, _ in claimed(changed))
    changed["claims"][first]["values"]["none/random_2"] = 12.3
    assert unclaimed(PAGE, {name: changed}) != []


SCORES = pd.DataFrame(
    [
        ("e", "net", "gradcam", "sweep", "top1_acc", "none", 80.04, 75.0, 85.0),
        ("e", "net", "gradcam", "sweep", "pxap", "oracle", 60.0, 50.0, 70.0),
        ("e", "net", "gradcam", "sweep", "pxap", "selected", 55.06, 45.0, 65.0),
        ("e", "net", "mean_activation", "sweep", "top1_acc", "none", 80.04, 75.0, 85.0),
        ("e", "net", "mean_activation", "sweep", "pxap", "selected", 9.0, 8.0, 10.0),
        ("e", "other", "gradcam", "sweep", "top1_acc", "none", 70.0, 65.0, 75.0),
        ("e", "none", "center", "sweep", "pxap", "selected", 33.3, None, None),
        ("e", "none", "full", "sweep", "pxap", "selected", 30.0, 20.0, 40.0),
        ("f", "net", "gradcam", "sweep", "pxap", "oracle", 11.0, 10.0, 12.0),
        ("f", "none", "center", "sweep", "pxap", "oracle", 22.0, 20.0, 24.0),
    ],
    columns=COLUMNS,
).assign(spread=np.nan)
ONE = """before
<!-- table: mine.yaml; pxap, top1_acc; e; without full -->
| `pxap` | net | other |
|---|---|---|
| *`top1_acc`* | 80.0 [75.0 85.0] | 70.0 [65.0 75.0] |
| `gradcam` | 55.1 [45.0 65.0] | - |
| `mean_activation` (control) | 9.0 [8.0 10.0] | - |
| `center` (control) | 33.3 | |
<!-- end -->
after
"""
TWO = """<!-- table: mine.yaml; pxap; e: chosen, f: the best -->
| `pxap` | chosen | the best |
|---|---|---|
| `gradcam` | 55.1 [45.0 65.0] | 11.0 [10.0 12.0] |
| `mean_activation` (control) | 9.0 [8.0 10.0] | - |
| `center` (control) | 33.3 | 22.0 [20.0 24.0] |
| `full` (control) | 30.0 [20.0 40.0] | |
<!-- end -->"""


@pytest.mark.parametrize("page", [ONE, TWO], ids=["networks", "evaluations"])
def test_a_table_is_made_from_scores(page):
    (block,) = blocks(page)
    assert table(block, SCORES) == block.body
    emptied = filled(page, {block.said: ""})
    assert len(emptied) == len(page) - len(block.body)
    assert blocks(emptied)[0]._replace(body=block.body) == block


def test_the_numbers_of_a_table_are_those_that_it_prints():
    assert numbers(blocks(ONE)[0], SCORES) == {
        ("e", "top1_acc"): {"net/gradcam": "80.0", "other/gradcam": "70.0"},
        ("e", "pxap"): {"net/gradcam": "55.1", "net/mean_activation": "9.0", "none/center": "33.3"},
    }


def test_the_numbers_of_a_terminal_are_those_of_its_metrics():
    said = """e, reported on d
backbone  cam      threshold  pxap              top1_acc  over best control  trainings
my_net    gradcam  sweep      60.0* [50.0 70.0]  -         +15.0 [5.0 25.0]   3 trainings, spread 2.1
none      center   sweep      9.1 [one group]    80.0      -                  -
over best control: pxap, paired; a true difference of 8.1 is found four times in five

f, reported on d
backbone  cam     threshold  pxap
none      center  sweep      7.0 [6.0 8.0]
"""
    first = {
        ("e", "pxap"): {"my_net/gradcam": "60.0", "none/center": "9.1"},
        ("e", "top1_acc"): {"none/center": "80.0"},
    }
    assert spoken(said) == first | {("f", "pxap"): {"none/center": "7.0"}}


def test_results_of_another_experiment_and_several_thresholds_are_refused():
    with pytest.raises(ConfigError, match=r"^tables: the results hold no evaluation 'e'; are they of mine.yaml\?$"):
        table(blocks(ONE)[0], SCORES[SCORES["evaluation"] == "f"])
    again = pd.concat([SCORES, SCORES.assign(threshold="otsu")])
    with pytest.raises(ConfigError, match=r"^tables: net/gradcam of 'e' has several thresholds;"):
        table(blocks(ONE)[0], again)


EXPERIMENT = """claims:
  paper:
    evaluation: e
    metric: pxap
    source: A paper.
    values: {none/center: 30}
  ours:
    evaluation: e
    metric: pxap
    source: README.md
    values: {}
    subset: true
  last:
    evaluation: f
    metric: pxap
    source: README.md
    values:
      net/gradcam: 1.0
      none/old: 2.0
"""


def test_the_values_of_one_claim_are_written_in_their_place():
    assert list(claimed(yaml.safe_load(EXPERIMENT))) == [("ours", ("e", "pxap")), ("last", ("f", "pxap"))]
    text = with_values(EXPERIMENT, "ours", {"net/gradcam++": "55.0", "none/center": "3.0"})
    text = with_values(text, "last", {"none/full": "60.0"})
    found = yaml.safe_load(text)["claims"]
    before = yaml.safe_load(EXPERIMENT)["claims"]
    assert found["ours"] == before["ours"] | {"values": {"net/gradcam++": 55.0, "none/center": 3.0}}
    assert found["last"] == before["last"] | {"values": {"none/full": 60.0}}
    assert found["paper"] == before["paper"]
    with pytest.raises(ConfigError, match=r"^claims.none: has no `values:` on a line of its own"):
        with_values(EXPERIMENT, "none", {})


@pytest.mark.parametrize(
    "path", [path for path in SHIPPED if path.name in {b.experiment for b in blocks(PAGE)}], ids=lambda p: p.stem
)
def test_the_values_of_shipped_claims_can_be_written_again(path: Path):
    text = path.read_text(encoding="utf-8")
    experiment = yaml.safe_load(text)
    for name, _ in claimed(experiment):
        values = {run: str(value) for run, value in experiment["claims"][name]["values"].items()}
        assert with_values(text, name, values) == text


def test_a_terminal_of_trained_networks_says_how_often():
    """The table is of what the experiment says: one training is marked, several have their spread."""
    for block in blocks(PAGE):
        backbones = EXPERIMENTS[block.experiment].get("backbones") or {}
        if not block.metrics and any(isinstance(given.get("weights"), dict) for given in backbones.values()):
            assert "training" in block.body


def test_a_claim_of_the_readme_is_of_what_tables_show_first():
    claim = {"evaluation": "e", "metric": "pxap", "source": SOURCE}
    assert list(claimed({"claims": {"one": claim}})) == [("one", ("e", "pxap"))]
    for wrong in ({"one": claim | {"choice": "oracle"}}, {"one": claim, "two": claim}):
        with pytest.raises(ConfigError, match=r"^claims\.(one|two): README\.md has one number of each metric"):
            list(claimed({"claims": wrong}))
