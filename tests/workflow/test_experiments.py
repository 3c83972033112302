"""Every shipped experiment reads a stand-in of its data, unchanged; what it says of itself at its top is complete."""

import re

import pandas as pd
import pytest

import standins
from conftest import ROOT, shipped
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import datasets
from wsol.fetching.sources import SOURCES
from wsol.index.indexing import index

KERAS_DOWNLOADS = {"gradcam_paper", "keras_accuracy"}  # weights: imagenet, which nothing here stands in for
OF_THEMSELVES = {"pseudo_boxes"}  # they read no file: what they are of is drawn
EXPERIMENTS = sorted(path.stem for path in (ROOT / "workflow/experiments").glob("*.yaml"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return standins.data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return standins.data(tmp_path_factory.mktemp("data"), real=True)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_is_right_on_its_stand_in_and_indexes_it(root, name):
    experiment = check(shipped(name) | {"data": str(root)})
    decisions = experiment.decisions()
    for dataset in datasets(experiment):
        found = index(decisions[dataset].settings)
        assert set(found.targets["status"]) == {"ok"} and len(found.targets) >= 3, dataset
        assert set(found.problems["kind"]) <= {"unreferenced"}, found.problems


@pytest.mark.parametrize("name", sorted({*EXPERIMENTS} - OF_THEMSELVES))
def test_an_experiment_without_its_data_says_what_it_wants_and_where(tmp_path, name):
    with pytest.raises(ConfigError, match=rf"'[\w./]+' \(looked for below '{tmp_path}'\)"):
        check(shipped(name) | {"data": str(tmp_path)})


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_no_experiment_says_where_data_lie(root, name):
    """What names a result is what the experiment says, wherever its data are."""
    other = root.with_name("elsewhere")
    if not other.exists():
        other.symlink_to(root)
    here, there = (check(shipped(name) | {"data": str(place)}) for place in (root, other))
    assert list(here.decisions()) == list(there.decisions())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_top_of_an_experiment_says_what_it_takes(name):
    text = (ROOT / "workflow/experiments" / f"{name}.yaml").read_text()
    top = text[: text.index("\nresults:")]
    for word in ("licence", "size", "commands", "time", "expected"):
        assert re.search(rf"^#   {word}: +\S", top, re.MULTILINE), word
    assert f"make run CONFIG=workflow/experiments/{name}.yaml" in top
    for names in re.findall(r'make data NAME=("[^"]+"|\S+)', top):
        for each in names.strip('"').split():
            assert each in SOURCES and name in SOURCES[each].serves
    for each, source in SOURCES.items():
        assert name not in source.serves or each in top


def scores(workflow, tmp_path, config: dict) -> pd.DataFrame:
    done = workflow(config)
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False)
    assert found["value"].between(0, 100).all()
    return found


def test_the_published_controls_run_on_their_stand_in(workflow, tmp_path, root):
    found = scores(workflow, tmp_path, shipped("published_controls") | {"data": str(root), "resamples": 100})
    assert set(found["evaluation"]) == {"ilsvrc", "cub", "ilsvrc_exact", "cub_exact"}
    assert set(found["n"]) == {6}
    perfect = found[(found["metric"] == "maxboxacc@30") & (found["choice"] == "oracle")]["value"]
    assert (perfect > 0).all()  # the objects lie near the middle


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*EXPERIMENTS} - KERAS_DOWNLOADS - {"published_controls"}))
def test_an_experiment_runs_unchanged_on_its_stand_in(workflow, tmp_path, whole, name):
    config = shipped(name)
    found = scores(workflow, tmp_path, config | {"data": str(whole)})
    assert set(found["evaluation"]) == set(config["evaluations"])
    assert (tmp_path / "results/report.html").exists()
