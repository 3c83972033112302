"""What a training starts from is said in full, lies below the data root, and is an input that is noted."""

import h5py
import numpy as np
import pytest

from configs import changed
from wsol.errors import ConfigError, Missing
from wsol.experiment.config import check
from wsol.experiment.questions import notes, sources
from wsol.experiment.starting import initial


def trained(root: str = "data", **train):
    """The experiment of a network that is trained so, and its training."""
    net = {"architecture": "MobileNet", "alpha": 0.25, "weights": {"train": {"dataset": "c", **train}}}
    config = changed(("datasets.c", {"adapter": "shapes", "split": "train"}), ("backbones.net", net), ("data", root))
    found = check(config)
    (training,) = found.trainings.values()
    return found, training


@pytest.fixture
def root(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with h5py.File(tmp_path / name / "start.weights.h5", "w") as file:
            file["numbers"] = np.zeros(3)
    return tmp_path


def test_published_weights_are_what_an_architecture_starts_from():
    (_, usual), (_, said), (_, drawn) = (
        trained(**given) for given in ({}, {"initial": "imagenet"}, {"initial": "random"})
    )
    assert usual.settings["train"]["initial"] == "imagenet" and drawn.settings["train"]["initial"] == "random"
    assert usual.id == said.id != drawn.id
    assert sources(usual.settings) == sources(drawn.settings) == []


def test_a_file_is_noted_and_named_as_it_is_written(root):
    experiment, training = trained(str(root / "one"), initial="start.weights.h5")
    path = str(root / "one" / "start.weights.h5")
    assert sources(training.settings) == [path]
    assert notes(experiment)[f"{training.id}/weights"] == [path]
    assert trained(str(root / "two"), initial="start.weights.h5")[1].id == training.id


def test_a_file_that_is_not_there_is_missing(root):
    with pytest.raises(
        Missing, match=r"^backbones\.net\.weights\.train\.initial: must be imagenet or random or a file;"
    ):
        trained(str(root / "one"), initial="other.weights.h5")


MODEL = {"architecture": None, "model": "mine.keras", "keras_hub": None}
PRESET = {"architecture": None, "model": None, "keras_hub": "resnet_18_imagenet"}
KIND = {"architecture": None, "model": None, "keras_hub": {"class": "A"}}


@pytest.mark.parametrize(("settings", "found"), [(MODEL, None), (PRESET, None), (KIND, "random")], ids=str)
def test_a_model_and_a_preset_start_from_their_own(settings, found):
    assert initial("here", None, settings) == found


@pytest.mark.parametrize("word", ["imagenet", "random"])
def test_a_model_takes_no_word(word):
    with pytest.raises(ConfigError, match=rf"^here: must be a file here, got {word}; left out, the network's own\.$"):
        initial("here", word, MODEL)


def test_a_plugins_architecture_is_drawn(monkeypatch):
    from wsol.networks.models.architectures import ARCHITECTURES, Architecture

    monkeypatch.setitem(ARCHITECTURES, "Mine", Architecture(64, "none", build=lambda size, classes: None))
    settings = {"architecture": "Mine", "model": None, "keras_hub": None}
    assert initial("here", None, settings) == "random"
    with pytest.raises(ConfigError, match=r"^here: must be random or a file here, got imagenet"):
        initial("here", "imagenet", settings)
