"""Every shipped experiment reads a stand-in of its data, unchanged; what it says of itself at its top is complete."""

import json
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

BENCHMARKS = {"cub_benchmark", "ilsvrc_benchmark", "openimages_benchmark"}
# weights: imagenet, or what a training starts from, which nothing here stands in for
KERAS_DOWNLOADS = {"gradcam_paper", "keras_accuracy", *BENCHMARKS}
DRAWN = {"objects", "pseudo_boxes"}  # all data are drawn, and none is looked for
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
    truth = {dataset.id for run in experiment.runs for dataset in (run.report, run.select) if dataset}
    for dataset in datasets(experiment):
        found = index(decisions[dataset].settings)
        known = {"ok"} if dataset in truth else {"ok", "no_ground_truth"}  # a training needs labels alone
        assert set(found.targets["status"]) <= known and len(found.targets) >= 3, dataset
        assert set(found.problems["kind"]) <= {"unreferenced"}, found.problems


@pytest.mark.parametrize("name", sorted({*EXPERIMENTS} - DRAWN))
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


def smaller(name: str) -> dict:
    """A shipped experiment on drawn objects, with a few of its images and a network that is soon trained."""
    config = shipped(name)
    for dataset in config["datasets"].values():
        dataset |= {"count": 12, "size": 64}
    train = {"dataset": "shapes_train", "initial": "random", "epochs": 1, "batch": 6}
    net = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "weights": {"train": train}}
    return config | {"backbones": {"net": net}, "claims": {}, "resamples": 100, "overlays": 2}


@pytest.mark.slow
def test_drawn_objects_run_small_and_every_class_of_an_image_has_its_map(workflow, tmp_path):
    config = smaller("objects")
    found = scores(workflow, tmp_path, config)
    report = index(config["datasets"]["objects_report"]).targets
    assert report["image"].nunique() == 12 < len(report)
    (metrics,) = (each["metrics"] for each in config["evaluations"].values())
    assert set(found["metric"]) == set(metrics) and set(found["cam"]) == {*config["cams"]}
    assert set(found["groups"]) == {12} and set(found["n"]) == {len(report)}
    page = (tmp_path / "results/report.html").read_text()
    gallery = json.loads(page.split('id="gallery-data">')[1].split("</script>")[0])["evaluations"][0]
    together = gallery["lists"][0]
    assert together["key"] == "together" and together["total"] == (report.groupby("image").size() > 1).sum()
    packed = gallery["targets"][together["targets"][0]]
    beside = [each for each in gallery["targets"] if each["image"] == packed["image"]]
    assert len({each["class_name"] for each in beside}) == len(beside) > 1
    network = next(i for i, run in enumerate(gallery["runs"]) if run["name"] == "net/gradcam/sweep")
    assert len({each["maps"][network]["map"] for each in beside}) == len(beside)  # of each class its own


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*EXPERIMENTS} - KERAS_DOWNLOADS - DRAWN - {"published_controls"}))
def test_an_experiment_runs_unchanged_on_its_stand_in(workflow, tmp_path, whole, name):
    config = shipped(name)
    found = scores(workflow, tmp_path, config | {"data": str(whole)})
    assert set(found["evaluation"]) == set(config["evaluations"])
    assert (tmp_path / "results/report.html").exists()
