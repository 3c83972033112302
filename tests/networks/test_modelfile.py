"""Files that are no models, no weights, or lack a layer, are one line before Keras is imported."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest

from configs import GOOD as COUNTED_FROM_DATA
from conftest import ROOT
from modelfiles import MODEL, keras_file
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import notes

GOOD = COUNTED_FROM_DATA | {"data": "."}

MODEL["config"]["layers"][0]["config"]["dtype"]["config"]["name"] = "float32"


def hdf5(path, config=None, numbers=True):
    """An HDF5 file with a model's description, or with weights only."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        group = file.create_group("layers/conv1")
        if numbers:
            group["kernel"] = np.zeros(3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Files of every kind that someone may give for a model or for weights."""
    monkeypatch.chdir(tmp_path)
    keras_file("mine.keras")
    keras_file("no_config.keras", weights="other.h5")
    keras_file("broken.keras", config="{")
    keras_file("list.keras", config="[]")
    keras_file("deep.keras", config='{"a":' * 100_000)
    keras_file("bytes.keras", config=b"\xff")
    hdf5("whole.h5", MODEL)
    hdf5("broken.h5", "{")
    hdf5("only.weights.h5")
    hdf5("empty.weights.h5", numbers=False)
    for name in ("text.keras", "text.h5", "text.txt", "picture.png"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
    for name in ("zero.keras", "zero.h5"):
        (tmp_path / name).touch()
    whole = (tmp_path / "mine.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.h5").write_bytes((tmp_path / "whole.h5").read_bytes()[:200])
    (tmp_path / "nothing").mkdir()
    return tmp_path


def said(backbone: dict, cams: dict | None = None) -> str:
    """What is said against a backbone."""
    with pytest.raises(ConfigError) as error:
        check(GOOD | {"backbones": {"mine": backbone}, "cams": cams or {"gradcam": {}}})
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "model, line",
    [
        ("text.keras", "model 'text.keras' is no readable Keras file: File is not a zip file."),
        ("zero.keras", "model 'zero.keras' is no readable Keras file: File is not a zip file."),
        ("cut.keras", "model 'cut.keras' is no readable Keras file: File is not a zip file."),
        ("broken.keras", "model 'broken.keras' is no readable Keras file: Expecting property name"),
        ("list.keras", "model 'list.keras' is no readable Keras file: its description is no mapping."),
        ("deep.keras", "model 'deep.keras' is no readable Keras file: maximum recursion depth exceeded"),
        ("bytes.keras", "model 'bytes.keras' is no readable Keras file: 'utf-8' codec can't decode"),
        (
            "no_config.keras",
            "model 'no_config.keras' is no readable Keras file: a zip without config.json and model.weights.h5.",
        ),
        ("text.h5", "model 'text.h5' is no readable Keras file: it does not begin as HDF5 does."),
        ("zero.h5", "model 'zero.h5' is no readable Keras file: it does not begin as HDF5 does."),
        ("cut.h5", "model 'cut.h5' is no readable Keras file: Unable to"),
        ("broken.h5", "model 'broken.h5' is no readable Keras file: Expecting property name"),
        (
            "only.weights.h5",
            "model 'only.weights.h5' holds weights only; give it as 'weights', with its 'architecture'.",
        ),
        ("picture.png", "model 'picture.png' is no .keras, .h5 or .hdf5 file and no SavedModel folder."),
        ("nothing", "model 'nothing' is a folder without a saved_model.pb: no SavedModel."),
        ("nowhere.keras", "model 'nowhere.keras' does not exist."),
    ],
)
def test_a_file_that_is_no_model_is_one_line(folder, model, line):
    assert said({"model": model, "preprocessing": {}}).startswith(f"backbones.mine: {line}")


@pytest.mark.parametrize(
    "weights, line",
    [
        ("mine.keras", "'mine.keras' is a whole model; give it as 'model', with its 'preprocessing'."),
        ("text.txt", "'text.txt' is no .h5 or .hdf5 file."),
        ("picture.png", "'picture.png' is no .h5 or .hdf5 file."),
        ("text.h5", "'text.h5' is no readable HDF5 file: it does not begin as HDF5 does."),
        ("zero.h5", "'zero.h5' is no readable HDF5 file: it does not begin as HDF5 does."),
        ("cut.h5", "'cut.h5' is no readable HDF5 file: Unable to"),
        ("empty.weights.h5", "'empty.weights.h5' holds no weights."),
        ("nothing", "'nothing' is a folder, a file is meant."),
    ],
)
def test_a_file_that_holds_no_weights_is_one_line(folder, weights, line):
    assert said({"architecture": "MobileNetV2", "weights": weights}).startswith(f"backbones.mine.weights: {line}")


@pytest.mark.parametrize(
    "settings, line",
    [
        ({"weights": "imagenet"}, "weights: a model takes a file or {train: …}, 'imagenet' is an architecture's."),
        ({"weights": "random"}, "weights: a model takes a file or {train: …}, 'random' is an architecture's."),
        ({"weights": "nowhere.h5"}, "weights: must be {train: …} or a file; no file 'nowhere.h5'."),
        ({"weights": "empty.weights.h5"}, "weights: 'empty.weights.h5' holds no weights."),
        ({"weights": {"train": 3}}, "weights: must be a file or {train: …}, got {'train': 3}."),
        ({"weights": {"train": {"dataset": "c"}}}, "weights.train.dataset: unknown 'c'."),
        ({"activation": "tanh"}, "activation: unknown 'tanh'. Known: none, sigmoid, softmax."),
        ({"classes": 3}, "classes: a model file has its own; leave out 'classes'."),
        ({"seed": 1}, "seed: nothing of a model file is drawn; leave out 'seed'."),
        ({"layer": "convx"}, "layer: no layer 'convx'. Did you mean 'conv2' or 'conv1'?"),
        ({"layer": ["conv1", "base/conv3"]}, "layer: no layer 'base/conv3'. Did you mean 'conv2' or 'conv1'?"),
        ({"layer": "zz"}, "layer: no layer 'zz'. Its last layers are mine, conv1, base, conv2, head."),
        ({"layer": "float32"}, "layer: no layer 'float32'. Its last layers are"),
        ({"output": "haed"}, "output: no output 'haed'. Did you mean 'head'?"),
    ],
)
@pytest.mark.parametrize("model", ["mine.keras", "whole.h5"])
def test_what_a_model_does_not_have_is_one_line(folder, model, settings, line):
    found = said({"model": model, "preprocessing": {}, **settings})
    assert found.startswith(f"backbones.mine.{line}")


def test_a_cam_s_layer_is_looked_for_in_every_model(folder):
    found = said({"model": "mine.keras", "preprocessing": {}}, {"gradcam": {"layer": "convx"}})
    assert found == "cams.gradcam.layer (backbones.mine): no layer 'convx'. Did you mean 'conv2' or 'conv1'?"


@pytest.mark.parametrize("layer", ["auto", "conv1", "conv2", "base/conv2", ["conv1", "conv2"], ["auto", "conv1"]])
@pytest.mark.parametrize("model", ["mine.keras", "whole.h5"])
def test_what_a_model_has_is_taken(folder, model, layer):
    own = {"model": model, "preprocessing": {}, "layer": layer}
    settings = check(GOOD | {"backbones": {"mine": own}}).runs[0].backbone.settings
    assert settings["weights"] is None and settings["layer"] == layer


def test_a_savedmodel_takes_no_weights(folder):
    (folder / "nothing" / "saved_model.pb").touch()
    own = {"model": "nothing", "preprocessing": {}, "safe": False}
    for weights in ("only.weights.h5", {"train": {"dataset": "a"}}):
        line = "weights: a SavedModel keeps its own; leave out 'weights', or give the model as a Keras file."
        assert said(own | {"weights": weights}) == f"backbones.mine.{line}"


@pytest.mark.parametrize("weights", ["only.weights.h5", {"train": {"dataset": "a"}}])
def test_a_model_s_file_and_its_weights_are_both_noted(folder, weights):
    """A change of either is seen, by what predicts and, where it is trained, by what trains."""
    own = {"model": "mine.keras", "preprocessing": {}, "weights": weights}
    found = check(GOOD | {"backbones": {"mine": own}})
    noted = [sorted(read) for note, read in notes(found).items() if note.endswith("/weights")]
    trained = isinstance(weights, dict)
    assert noted == ([["mine.keras"], ["mine.keras"]] if trained else [["mine.keras", "only.weights.h5"]])
    assert len(found.trainings) == trained


@pytest.mark.parametrize("weights", ["only.weights.h5", "whole.h5"])
def test_weights_may_be_alone_or_in_a_whole_model_s_file(folder, weights):
    own = {"architecture": "MobileNetV2", "weights": weights}
    assert check(GOOD | {"backbones": {"mine": own}}).runs[0].backbone.settings["weights"] == weights


@pytest.mark.parametrize(
    "preprocessing, line",
    [
        ({"std": 0}, "preprocessing.std: must lie in [1e-09, 1e+09], got 0.0."),
        ({"std": -1}, "preprocessing.std: must lie in [1e-09, 1e+09], got -1.0."),
        ({"std": [1, 0, 1]}, "preprocessing.std[1]: must lie in [1e-09, 1e+09], got 0.0."),
        ({"std": float("nan")}, "preprocessing.std: must be a finite number, got nan."),
        ({"mean": float("inf")}, "preprocessing.mean: must be a finite number, got inf."),
        ({"mean": [1, 2, float("nan")]}, "preprocessing.mean[2]: must be a finite number, got nan."),
        ({"mean": 10**400}, "preprocessing.mean: must be a finite number, got inf."),
        ({"scale": 0}, "preprocessing.scale: 0 makes every image the same."),
        ({"scale": float("-inf")}, "preprocessing.scale: must be a finite number, got -inf."),
        ({"scale": "1/255"}, "preprocessing.scale: must be a number, got '1/255'."),
        ({"mean": [1, 2, 3, 4]}, "preprocessing.mean: rgb has one number or 3, got 4."),
        ({"mean": []}, "preprocessing.mean: rgb has one number or 3, got 0."),
        ({"order": "bgr", "std": [1, 2]}, "preprocessing.std: bgr has one number or 3, got 2."),
        ({"order": "gray", "mean": [1, 2, 3]}, "preprocessing.mean: gray has one number, got 3."),
    ],
)
def test_preprocessing_that_leaves_no_image_is_one_line(folder, preprocessing, line):
    assert said({"model": "mine.keras", "preprocessing": preprocessing}) == f"backbones.mine: {line}"


def test_preprocessing_may_turn_an_image_over(folder):
    own = {"model": "mine.keras", "preprocessing": {"order": "gray", "scale": -1 / 255, "mean": [-1]}}
    assert check(GOOD | {"backbones": {"mine": own}}).runs


def test_code_in_a_model_is_said_before_keras_meets_it(folder):
    code = {"class_name": "Lambda", "config": {"name": "twice", "function": {"class_name": "__lambda__"}}}
    keras_file("code.keras", {"class_name": "Sequential", "config": {"layers": [code]}})
    own = {"model": "code.keras", "preprocessing": {}}
    line = "model 'code.keras' brings code of its own, a Lambda layer; say `safe: false` if you trust who made it."
    assert said(own) == f"backbones.mine: {line}"
    assert check(GOOD | {"backbones": {"mine": own | {"safe": False}}}).runs


def test_files_are_looked_at_without_keras(folder):
    own = {"model": "mine.keras", "preprocessing": {}}, {"architecture": "MobileNetV2", "weights": "only.weights.h5"}
    config = GOOD | {"backbones": dict(zip("ab", own, strict=True))}
    seen = "print({'keras', 'tensorflow'} & set(sys.modules))"
    code = f"import sys; from wsol.experiment.config import check; check({config}); {seen}"
    run = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "workflow")}, capture_output=True)
    assert run.stdout.decode().strip() == "set()", run.stderr
