"""What the report is told of each training: its seed, what it learns from, and what is other than usual."""

from configs import changed
from wsol.experiment.config import check
from wsol.experiment.described import trainings

NETWORK = {"architecture": "MobileNet", "alpha": 0.25, "input": 64}


def told(**train):
    network = NETWORK | {"weights": {"train": {"dataset": "c", **train}}}
    experiment = check(changed(("backbones.net", network), ("datasets.c", {"adapter": "shapes", "split": "train"})))
    return experiment, trainings(experiment)


def test_each_training_is_told_with_the_data_sets_that_it_learns_from():
    experiment, found = told(seeds=[4, 7])
    assert [each["id"] for each in found] == list(experiment.trainings)
    assert [(each["name"], each["seed"]) for each in found] == [("net", 4), ("net", 7)]
    assert [each["on"] for each in found] == [[experiment.dataset("c").id]] * 2
    assert found[0]["settings"] == experiment.trainings[found[0]["id"]].settings


def test_a_setting_is_unusual_where_it_is_not_its_default():
    given = {"epochs": 3, "batch": 32, "label_smoothing": 0.1, "flip": False}
    unusual = set(told(**given)[1][0]["unusual"])
    assert {"epochs", "label_smoothing", "flip"} <= unusual and not {"batch", "balance", "learning_rate"} & unusual


def test_without_a_training_nothing_is_told():
    assert trainings(check(changed())) == []
