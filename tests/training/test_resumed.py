"""A training that is ended and goes on has an undisturbed one's bytes, which it owes to every part of its state."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import backbone, keras, layers, open_picture
from wsol.files.train import HISTORY
from wsol.training import fitting, network, recipe
from wsol.training.checkpoints import Checkpoint
from wsol.training.labels import Labelled
from wsol.training.reading import Source

EPOCHS = 4
IMAGES = [str(number) for number in range(10)]
PARTS = {"moving_mean": "statistics", "moving_variance": "statistics", "seed_generator_state": "seeds"}
WANTED = np.eye(3, dtype=np.float32)[np.arange(10) % 3]


class Ended(Exception):
    """A training's end before its time."""


def built():
    """A network whose training has every kind of state: weights, statistics of its images, seeds of dropout."""
    keras.utils.set_random_seed(3)
    start = layers.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2)(start)
    x = layers.Dropout(0.5)(layers.ReLU()(layers.BatchNormalization()(x)))
    inner = keras.Sequential([layers.Dropout(0.3), layers.GlobalAveragePooling2D()])
    return backbone(keras.Model(start, layers.Dense(3, "softmax")(inner(x))))


def trained(path: Path, optimizer: str = "sgd", ends: int | None = None) -> tuple[list, pd.DataFrame | None, list[str]]:
    """Weights, history and log of a training that goes on from `path`; it `ends` behind so many epochs."""
    own, said = built(), []
    given = recipe.settings(dataset="x", epochs=EPOCHS, batch=4, optimizer=optimizer, schedule="cosine", seed=5)

    def say(line: str) -> None:
        said.append(line)
        if line.startswith(f"epoch {ends}/"):
            raise Ended

    source = Source.of(open_picture, (16, 16), {"resize": "stretch", "interpolation": "linear"}, given, 1)
    kept = Checkpoint(path, {}, say)
    try:
        history = fitting.fit(own, network.logits_model(own), Labelled(IMAGES, WANTED), source, given, say, kept=kept)
    except Ended:
        return [], None, said
    return [np.asarray(each) for each in own.model.variables], history, [line for line in said if "epoch" in line]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """By optimizer: the weights and the history of a training that nothing ended."""
    root = tmp_path_factory.mktemp("undisturbed")
    return {name: trained(root / name, name)[:2] for name in ("sgd", "adam")}


def same(one: list, other: list) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("optimizer", "ends"), [("sgd", 1), ("adam", 2), ("sgd", EPOCHS)])
def test_a_training_goes_on_to_the_same_bytes(tmp_path, undisturbed, optimizer, ends):
    weights, history = undisturbed[optimizer]
    path = tmp_path / "checkpoint.npz"
    trained(path, optimizer, ends)
    found, again, said = trained(path, optimizer)
    assert said[0] == f"epochs {ends}/{EPOCHS} were done before" and len(said) == 1 + EPOCHS - ends
    assert same(found, weights)
    for name, frame in (("whole", history), ("again", again)):
        HISTORY.write(tmp_path / name, frame)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "again").read_bytes()
    assert again["epoch"].tolist() == list(range(EPOCHS)) and again["validation_loss"].isna().all()


@pytest.mark.parametrize("forgotten", ["weights", "statistics", "optimizer"])
def test_each_part_of_the_state_is_needed(tmp_path, undisturbed, forgotten, monkeypatch):
    """Without one of them the training ends elsewhere: so the equality above says something of each."""
    state = fitting.Fit.state

    def part(name: str, variable: keras.Variable) -> str:
        return "optimizer" if name.startswith("optimizer") else PARTS.get(variable.name, "weights")

    path = tmp_path / "checkpoint.npz"

    def lacking(fit: fitting.Fit) -> dict:
        return {name: each for name, each in state(fit).items() if part(name, each) != forgotten}

    monkeypatch.setattr(fitting.Fit, "state", lacking)
    trained(path, ends=2)
    found, _, said = trained(path)
    assert said[0].startswith("epochs 2/") and not same(found, undisturbed["sgd"][0])


def variables(seed: int) -> dict[str, keras.Variable]:
    """All of a network and of an optimizer that has begun, filled with noise."""
    random = np.random.default_rng(seed)
    model, optimizer = built().model, keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    found = {f"{place}": each for place, each in enumerate([*model.variables, *optimizer.variables])}
    for each in found.values():
        each.assign(random.integers(0, 2**20, each.shape).astype(np.asarray(each).dtype))
    return found


def test_every_variable_comes_back_of_whatever_type(tmp_path):
    one, other = variables(seed=1), variables(seed=2)
    names = [each.name for each in one.values()]
    assert names.count("seed_generator_state") == 2 and {"iteration", "learning_rate", "moving_mean"} <= set(names)
    kinds = {str(np.asarray(each).dtype) for each in one.values()}
    assert len(names) > 20 and len(kinds) > 1
    Checkpoint(tmp_path / "x", {}, print).keep(one, [])
    before = [np.asarray(each).tobytes() for each in one.values()]
    assert before != [np.asarray(each).tobytes() for each in other.values()]
    assert Checkpoint(tmp_path / "x", {}, print).restore(other) == []
    assert before == [np.asarray(each).tobytes() for each in other.values()]
