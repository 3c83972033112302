"""Several trainings of one backbone: each is the decision that it would be alone, and all are one row."""

import pytest

from configs import changed
from wsol.experiment.config import check
from wsol.experiment.questions import called, pictured, planned, rows

NET = {"architecture": "MobileNetV2", "input": 64}


def experiment(**train):
    """Two cams of a network trained so, at two thresholds, with a control."""
    trained = NET | {"weights": {"train": {"dataset": "c", **train}}}
    more = (("datasets.c", {"adapter": "shapes", "split": "train"}), ("cams.layercam", {"layer": "out_relu"}))
    return check(changed(("backbones.net", trained), ("thresholds.otsu", {}), *more))


def of_networks(found):
    return [run for run in found.runs if run.backbone]


@pytest.mark.parametrize("seeds", [3, [0, 1, 2]])
def test_each_training_is_the_decision_that_it_would_be_alone(seeds):
    found = of_networks(experiment(seeds=seeds))
    for seed in range(3):
        alone = of_networks(experiment(seed=seed))
        assert found[seed::3] == alone
        # As Snakemake compares the parameters of jobs.
        assert repr([run.training for run in found[seed::3]]) == repr([run.training for run in alone])
        assert [run.folder(run.report, "backbone") for run in found[seed::3]] == [
            run.folder(run.report, "backbone") for run in alone
        ]
    assert of_networks(experiment(seeds=[0])) == of_networks(experiment(seeds=1)) == of_networks(experiment())
    assert "seeds" not in found[0].training.settings["train"]


def test_a_seed_more_changes_nothing_of_the_others():
    two, three = experiment(seeds=[5, 0]), experiment(seeds=[5, 0, 7])
    assert set(two.trainings) < set(three.trainings) and len(three.trainings) == 3
    assert set(two.decisions()) < set(three.decisions())
    assert planned(two) == planned(three)


def test_the_trainings_of_a_row_stand_together():
    found = rows(experiment(seeds=3))
    assert [len(trainings) for trainings in found] == [3, 3, 1, 1, 3, 3]  # gradcam, center, layercam
    assert len({run.names for trainings in found for run in trainings}) == 6
    seeds = [[run.training.settings["train"]["seed"] for run in trainings if run.training] for trainings in found]
    assert seeds == [[0, 1, 2], [0, 1, 2], [], [], [0, 1, 2], [0, 1, 2]]


def test_several_are_called_by_their_seeds_and_the_first_is_pictured():
    found = experiment(seeds=[2, 9])
    names = called(found)
    # A cam with a layer of its own makes another decision of the network, and needs no other training.
    assert sorted(names.values()) == ["net seed 2"] * 3 + ["net seed 9"] * 3
    assert {names[training] for training in found.trainings} == {"net seed 2", "net seed 9"}
    of_networks = [names[run.backbone.id] for run in pictured(found) if run.backbone]
    assert of_networks == ["net seed 2"] * 2 and len(pictured(found)) == 3  # and the control
    assert called(experiment(seed=2)) == {} and len(pictured(experiment(seed=2))) == 3
