"""Whatever stands anywhere in a config, the answer is an experiment or one line."""

import copy
import math
from collections.abc import Iterator

import pytest

from configs import FOLDER, GOOD
from modelfiles import keras_file
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.decisions import Experiment
from wsol.experiment.questions import predicts, sources
from wsol.index.indexing import Common
from wsol.networks.backbones import backbone
from wsol.settings import parameters
from wsol.training.recipe import settings as training

FULL = {
    **copy.deepcopy(GOOD),
    **{"results": "results", "data": ".", "shard_size": 5, "threads": 2, "activations": "keep", "resamples": 200},
    **{"seed": 1, "overlays": 2, "instructions": "native"},
    "backbones": {
        "net": {"architecture": "MobileNet", "alpha": 0.25, "dropout": 0.1, "depth_multiplier": 1},
        "small": {"architecture": "MobileNetV3Small", "minimalistic": False, "weights": {"train": {"dataset": "a"}}},
        "own": {"model": "own.keras", "preprocessing": {"order": "rgb", "scale": 1.0, "mean": [1, 2, 3], "std": 1.0}},
        "maps": {"imported": {"a": FOLDER, "b": FOLDER}, "input": [7, 7]},
    },
    "cams": {
        "gradcam": {"layer": ["x", "y"], "fusion": {"how": "mean"}, "relu": True, "score": "logit"},
        "rise": {"evidence": {"method": "rise", "masks": 8, "seed": 3}},
        "center": {"sigma": 0.5},
        "random": {"seed": 3},
    },
    "thresholds": {"sweep": {"step": 0.1}, "x": {"method": "fixed", "level": 0.5}},
}
FULL["claims"] = {
    "own": {
        **{"evaluation": "e", "metric": "maxboxacc@50", "choice": "oracle", "tolerance": 0.1, "source": "here"},
        **{"subset": True, "values": {"none/center/x": 50, "net/gradcam/sweep": 50.5}},
    }
}
FULL["evaluations"]["e"] |= {"protocol": "exact", "canvas": "input", "exports": ["coco"]}
VALUES = [
    *(
        None,
        True,
        0,
        -1,
        1,
        3.5,
        10**30,
        math.nan,
        math.inf,
        "",
        " ",
        "x",
        "yes",
        "\n",
        "\0",
        "~",
        "$",
        "$X",
        "/",
        "x" * 5000,
    ),
    *(
        [],
        [[]],
        [None],
        ["x", 1],
        {},
        {1: 2},
        {None: {}},
        {"x": None},
        {"x": {}},
        {"method": 3},
        {"train": 3},
        {"x": {1: 2}},
    ),
    *(__file__, FOLDER, "é", "\udcff", (1, 2), {"a", "b"}, b"x", object()),
]


def places(config: dict, above: tuple = ()) -> Iterator[tuple]:
    """The path to every value of a config."""
    for key, value in config.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, (*above, key))


def put(place: tuple, value: object) -> dict:
    config = copy.deepcopy(FULL)
    here = config
    for key in place[:-1]:
        here = here.setdefault(key, {})
    here[place[-1]] = value
    return config


SETTINGS = [
    *(("datasets", "a", name) for name in parameters(Common)),
    *(("backbones", "net", name) for name in parameters(backbone)),
    *(("backbones", "small", "weights", "train", name) for name in parameters(training)),
    *(("evaluations", "e", name) for name in ("select", "upsampling", "alignment", "masks", "backbones", "thresholds")),
]


def asked(found: Experiment) -> list:
    """The decisions whose files the rules ask for."""
    networks = [run.backbone for run in found.runs if run.backbone and predicts(run.backbone.settings)]
    return [*found.settings["datasets"].values(), *networks]


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The file that the experiment names."""
    monkeypatch.chdir(tmp_path)
    keras_file("own.keras", {"class_name": "Functional", "config": {"layers": [{"name": "x"}, {"name": "y"}]}})


def test_the_experiment_itself_is_right(model):
    assert len(check(FULL).runs) == 2 * (3 + 3 + 1 + 1 + 1)


@pytest.mark.parametrize("place", [*places(FULL), *SETTINGS], ids=".".join)
def test_any_value_anywhere_is_an_experiment_or_one_line(model, place):
    for value in VALUES:
        try:
            found = check(put(place, value))
            assert all(len(folder) < 80 for folder in found.decisions())
            assert all(isinstance(sources(decision.settings), list) for decision in asked(found))
        except ConfigError as error:
            assert "\n" not in str(error) and len(str(error)) < 6000
