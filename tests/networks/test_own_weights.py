"""Weights for a model of one's own, from a file or trained in the run: those are what is explained and scored."""

import cv2
import numpy as np
import pandas as pd
import pytest

from models import SIDE, base, keras, layers, picture, plain, seeded, targets
from wsol.errors import ConfigError, DataError
from wsol.files.formats import sha256
from wsol.files.predict import PREDICTIONS
from wsol.files.train import WEIGHTS
from wsol.index import indexing
from wsol.networks import backbones, evidence
from wsol.networks.models import opening

OWN = {"preprocessing": {"scale": 1 / 255}}
SHAPES = {"adapter": "shapes", "size": 32, "class_map": "labels"}


@pytest.fixture
def files(tmp_path):
    """A model and, of another training of it, the weights."""
    model = seeded(plain)
    model.save(tmp_path / "mine.keras")
    model.set_weights([0.8 * weight + 0.01 for weight in model.get_weights()])
    model.save_weights(tmp_path / "mine.weights.h5")
    model.save(tmp_path / "whole.h5")
    return tmp_path, model


@pytest.mark.parametrize("name", ["mine.weights.h5", "whole.h5"])
@pytest.mark.parametrize("how", ["setting", "trained"])
def test_the_loaded_weights_are_the_explained_ones(files, name, how):
    """Also in the dense layer whose softmax is taken off, which is a copy."""
    folder, model = files
    settings, path = {"model": str(folder / "mine.keras"), **OWN}, str(folder / name)
    given = settings | {"weights": path if how == "setting" else {"train": "id"}}
    own = backbones.build(given, path if how == "trained" else None)
    logits = evidence.predict(own, picture, targets(["1"], [[0]]), evidence.Collected())["logits"][0]
    expected = model(picture("1")[None].astype(np.float32) / 255).numpy()[0]
    np.testing.assert_allclose(np.exp(logits) / np.exp(logits).sum(), expected, atol=1e-6)
    untouched = backbones.build(settings)
    before = evidence.predict(untouched, picture, targets(["1"], [[0]]), evidence.Collected())["logits"][0]
    assert np.abs(before - logits).max() > 0.02


def test_weights_of_another_model_are_one_line(files):
    folder, _ = files
    seeded(lambda: plain(classes=5)).save_weights(folder / "five.weights.h5")
    small = keras.Sequential([layers.Input((SIDE, SIDE, 3)), layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()])
    small.save_weights(folder / "small.weights.h5")
    for name in ("five", "small"):
        settings = {"model": str(folder / "mine.keras"), "weights": str(folder / f"{name}.weights.h5"), **OWN}
        with pytest.raises(DataError, match=rf"^weights '.*{name}.weights.h5' are not those of model '.*mine.keras': "):
            backbones.build(settings)


def test_a_savedmodel_keeps_its_weights(files):
    folder, model = files
    model.export(folder / "saved", verbose=False)
    with pytest.raises(ConfigError, match=r"^weights: the SavedModel '.*saved' keeps its own"):
        opening.opened(str(folder / "saved"), safe=False, weights=str(folder / "mine.weights.h5"))


def test_a_training_needs_as_many_classes_as_there_are_outputs(files):
    settings = {"model": str(files[0] / "mine.keras"), **OWN}
    with pytest.raises(ConfigError, match=r"^weights\.train: its dataset has 4 classes, the model 3 outputs\."):
        backbones.build(backbones.untrained(settings), classes=4)
    assert backbones.build(backbones.untrained(settings), classes=3).classes == 3


def test_a_model_trained_in_the_run_is_the_one_that_is_scored(workflow, tmp_path):
    """Its accuracy is that of Keras, which has the model, the trained weights and the images."""

    def make():
        inner = base(side=32)
        x = layers.Dropout(0.1)(layers.GlobalAveragePooling2D()(inner.output))
        return keras.Model(inner.input, layers.Dense(6, activation="softmax", name="head")(x))

    model = seeded(make)
    model.save(tmp_path / "own.keras")
    model.set_weights([weight * 0.5 for weight in model.get_weights()])
    model.save_weights(tmp_path / "half.weights.h5")
    train = {"dataset": "train", "epochs": 12, "batch": 16, "learning_rate": 0.02}
    common = {"model": "own.keras", "preprocessing": {"scale": 1 / 255}}
    config = {
        "data": ".",
        "datasets": {
            "train": {**SHAPES, "split": "train", "count": 160},
            "test": {**SHAPES, "split": "report", "count": 60},
        },
        "backbones": {
            "trained": {**common, "weights": {"train": train}},
            "loaded": {**common, "weights": "half.weights.h5"},
            "plain": common,
        },
        "cams": {"gradcam": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"all": {"report": "test", "metrics": ["top1_acc"]}},
    }
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv").set_index("backbone")["value"]
    trained = next((tmp_path / "results/weights").rglob("*.weights.h5"))
    files = {"trained": [trained], "loaded": [tmp_path / "half.weights.h5"], "plain": []}
    expected = {}
    for name, weights in files.items():
        network = keras.models.load_model(tmp_path / "own.keras")
        for path in weights:
            network.load_weights(path)
        expected[name] = accuracy(network, WEIGHTS.read(trained)["names"] if name == "trained" else None)
    assert scores.to_dict() == pytest.approx(expected, abs=1e-3)  # printed to four digits
    assert expected["trained"] > 40 > expected["plain"]
    provenance(tmp_path, trained)


def accuracy(network, names: list[str] | None) -> float:
    """Top-1 on the scored images, in percent, by Keras and NumPy."""
    settings = {**SHAPES, "split": "report", "count": 60}
    found = indexing.index(settings).targets
    read = indexing.opener(settings)
    pixels = np.stack([cv2.resize(read(image), (32, 32)) for image in found["image"]]).astype(np.float32) / 255
    labels = found["label"].tolist() if names is None else [names.index(name) for name in found["class_name"]]
    return 100 * float((network.predict(pixels, verbose=0).argmax(axis=1) == labels).mean())


def provenance(folder, trained) -> None:
    """Each prediction lists the weights that were used, and the model that they were loaded into."""
    headers = {
        name: PREDICTIONS.open(next((folder / "results").glob(f"test@*/predict/{name}@*/*.predictions.npz")))[1]
        for name in ("trained", "loaded", "plain")
    }
    model, half = (sha256(folder / name) for name in ("own.keras", "half.weights.h5"))
    assert {name: header["given"] for name, header in headers.items()} == {
        "trained": {"model": model},
        "loaded": {"weights": half, "model": model},
        "plain": {"weights": model},
    }
    assert [list(header["made_from"]) for header in headers.values()] == [
        ["targets", "weights"],
        ["targets"],
        ["targets"],
    ]
    assert headers["trained"]["made_from"]["weights"]["file"].endswith(f"{trained.parent.name}/model.weights.h5")
    assert WEIGHTS.read(trained)["given"] == {"model": model}


def test_weights_of_another_shape_are_said_in_one_line(tmp_path):
    made = backbones.build({"architecture": "MobileNet", "alpha": 0.25, "weights": "random", "input": 32, "classes": 2})
    made.model.save_weights(tmp_path / "two.weights.h5")
    settings = {"architecture": "MobileNet", "alpha": 0.5, "input": 32, "classes": 2}
    for path in (tmp_path / "two.weights.h5", tmp_path / "none.weights.h5"):
        with pytest.raises(ConfigError, match="backbone MobileNet, input 32x32") as error:
            backbones.build({**settings, "weights": str(path)})
        assert "\n" not in str(error.value)
