"""The README's example of a training is an experiment, and says what the text around it says."""

import re

import pytest
import yaml

from conftest import ROOT
from standin_files import chosen, picture, xml
from wsol.experiment.config import check
from wsol.settings import parameters
from wsol.training import recipe

SECTION = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Train it here")[2].partition("\n## ")[0]


@pytest.fixture
def experiment(tmp_path):
    """What its first block says, on a few images of the layout that it names."""
    for folder in ("learn", "judge"):
        for number in range(4):
            picture(tmp_path / f"birds/{folder}/{('owl', 'auk')[number % 2]}/{number}.jpg", number)
    for number, name in enumerate(chosen("{}.jpg", [(2, 0), (2, 1)])):
        picture(tmp_path / "birds/boxed" / name, number)
        xml(tmp_path / "birds/xml" / name.replace(".jpg", ".xml"), name, number, "owl")
    return check(yaml.safe_load(re.search(r"```yaml\n(.*?)```", SECTION, re.S)[1]) | {"data": str(tmp_path)})


def test_the_example_trains_three_networks_and_scores_them_on_other_images(experiment):
    own = [training.settings["train"] for training in experiment.trainings.values()]
    assert [each["seed"] for each in own] == [0, 1, 2]
    assert own[0]["method"] == {"method": "has", "grid_size": 56, "drop_rate": 0.5} and own[0]["initial"] == "imagenet"
    assert own[0]["validation"] == "judge" and own[0]["keep"] == "best"
    assert {run.report.name for run in experiment.runs} == {"report"}


def test_every_setting_that_the_text_names_is_one():
    known = {*parameters(recipe.settings), "initial", "stride", "head", "activation", "classes", "gpus", "method"}
    for name in ("dataset", "frozen", "fast_from", "balance", "label_smoothing", "augment", "patience", "crop_from"):
        assert f"`{name}`" in SECTION and name in known
    for said in re.findall(r"`(\w+): [^`]+`", SECTION):
        assert said in known, said


def test_the_defaults_are_those_that_the_text_says():
    """As the published code has them: its README's command line, and its configuration where that is silent."""
    found = {name: parameter.default for name, parameter in parameters(recipe.settings).items()}
    assert (found["learning_rate"], found["head_rate_factor"], found["epochs"], found["batch"]) == (0.01, 10, 50, 32)
    assert (found["weight_decay"], found["flip"], found["keep"]) == (1e-4, True, "last")
    filled = recipe.settings(dataset="x")
    assert filled["schedule"]["every"] == 15 and filled["schedule"]["factor"] == 0.1
    assert filled["optimizer"]["momentum"] == 0.9 and filled["optimizer"]["nesterov"] is True
    for words in ("momentum .9", "rate of .01", "every 15 epochs of 50", "batches of 32", "weight decay 1e-4"):
        assert words in " ".join(SECTION.split()), words
