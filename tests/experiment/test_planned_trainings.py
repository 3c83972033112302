"""What would end a training before its first step is refused by the plan, before other trainings take their hours."""

import pandas as pd
import pytest

from models import keras
from wsol.errors import ConfigError
from wsol.experiment import planning
from wsol.experiment.config import check
from wsol.experiment.questions import planned
from wsol.index.splits import Split

NAMES = ["ant", "bee"]
NETWORK = {"architecture": "MobileNet", "alpha": 0.25, "input": 32, "layer": "conv_pw_2_relu"}
VGG = {"architecture": "VGG16", "head": {"method": "conv", "filters": [4]}, "input": 32}
SPLIT = {"class_map": None, "output_names": None}


def look(training=None, **network) -> dict:
    """What the plan finds of a network that learns two classes."""
    train = {"dataset": "learn", "initial": "random", "epochs": 2, **(training or {})}
    shapes = {"adapter": "shapes", "count": 4}
    experiment = check(
        {
            "datasets": {"learn": shapes | {"split": "train"}, "report": shapes | {"split": "report"}},
            "backbones": {"net": (network or NETWORK) | {"weights": {"train": train}}},
            "cams": {"gradcam": {}},
            "thresholds": {"sweep": {}},
            "evaluations": {"e": {"report": "report", "metrics": ["maxboxacc@50"]}},
        }
    )
    (asked,) = planned(experiment)
    rows = pd.DataFrame({"image": ["0", "1"], "label": [0, 1], "class_name": NAMES, "status": "ok"})
    targets = rows.assign(outputs=[[0], [1]])
    splits = {dataset: Split("report", SPLIT, targets) for dataset in asked["datasets"]}
    return planning.look(asked, splits, lambda *words: None, dict.fromkeys(asked["training"]["images"], rows))


def test_a_training_that_can_be_is_planned():
    found = look({"frozen": {"until": "conv_pw_2_relu"}, "method": {"method": "adl", "layers": ["conv_pw_5_relu"]}})
    assert found["outputs"] == 2 and found["layer"] == ["conv_pw_2_relu"]


REFUSED = {
    "frozen": ({"frozen": {"until": "conv_pw_99"}}, r"train\.frozen\.until: the network has no layer 'conv_pw_99'"),
    "all frozen": ({"frozen": {"until": "predictions"}}, r"train\.frozen\.until: 'predictions' leaves no weights"),
    "fast": ({"fast_from": "nope"}, r"train\.fast_from: the network has no layer 'nope'"),
    "adl": ({"method": {"method": "adl", "layers": ["nope"]}}, r"train\.method adl\.layers: no layer 'nope'"),
    "has": ({"method": {"method": "has", "grid_size": 32}}, r"train\.method has\.grid_size: must be below .* 32, got"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_network_has_not_is_refused_in_a_line(name):
    training, said = REFUSED[name]
    with pytest.raises(ConfigError, match=rf"^backbones\.net: weights\.{said}"):
        look(training)


def test_a_normalisation_that_a_network_has_not_is_refused():
    with pytest.raises(ConfigError, match=r"^backbones\.net: weights\.train\.bn_momentum: the network has no batch"):
        look({"bn_momentum": 0.5}, **VGG)


def test_a_file_of_another_shape_to_start_from_is_refused(tmp_path):
    path = str(tmp_path / "half.weights.h5")
    keras.applications.MobileNet(alpha=0.5, weights=None, input_shape=(32, 32, 3)).save_weights(path)
    with pytest.raises(ConfigError, match=r"^backbones\.net: "):
        look({"initial": path})
