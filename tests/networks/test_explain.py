"""The two scripts people start with: run as they are, on a small model of one's own."""

import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import MODELS, picture, seeded

SCRIPTS = Path(__file__).parents[2] / "scripts"


def run(monkeypatch, script: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    runpy.run_path(str(SCRIPTS / script), run_name="__main__")


@pytest.fixture
def files(tmp_path) -> tuple[Path, Path]:
    model, image = tmp_path / "model.keras", tmp_path / "image.png"
    seeded(MODELS["nested_twice"]).save(model)
    cv2.imwrite(str(image), picture("1", (30, 40)))
    return model, image


OWN = ("--preprocessing", '{"scale": 0.00392156862745098}')


def test_a_picture_for_each_class_asked(monkeypatch, capsys, files):
    model, image = files
    run(monkeypatch, "explain.py", image, "--model", model, *OWN, "--classes", 0, 2, "--system", "histology")
    said = capsys.readouterr().out
    assert "layer middle_model/deepest/late, gradcam" in said and said.count("<- explained") == 2
    assert cv2.imread(str(image.with_name("image-cam.png"))).shape == (30, 80, 3)


@pytest.mark.parametrize("method", ["layercam", "finercam", "ablationcam", "scorecam", "occlusion"])
def test_any_method(monkeypatch, files, method, tmp_path):
    model, image = files
    run(monkeypatch, "explain.py", image, "--model", model, *OWN, "--cam", method, "--to", tmp_path / "out.png")
    picture_ = cv2.imread(str(tmp_path / "out.png"))
    assert picture_.shape == (30, 40, 3) and np.unique(picture_).size > 10


def test_a_savedmodel_that_is_trusted(monkeypatch, capsys, files, tmp_path):
    model, image = files
    seeded(MODELS["nested_twice"]).export(tmp_path / "saved", verbose=False)
    run(monkeypatch, "explain.py", image, "--model", model, *OWN)
    first = cv2.imread(str(image.with_name("image-cam.png"))).astype(int)
    run(monkeypatch, "explain.py", image, "--model", tmp_path / "saved", *OWN, "--unsafe")
    assert np.abs(cv2.imread(str(image.with_name("image-cam.png"))) - first).max() <= 1
    run(monkeypatch, "layers.py", tmp_path / "saved", "--unsafe")
    assert "late_1" in next(line for line in capsys.readouterr().out.splitlines() if "<- auto" in line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--classes", "7"], "classes: unknown '7'. Known: 0..2."),
        (["--layer", "lat"], "layer: unknown 'lat'"),
        (["--to", "nowhere/a.png"], "cannot write 'nowhere/a.png'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(monkeypatch, files, arguments, said):
    model, image = files
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "explain.py", image, "--model", model, *OWN, *arguments)
    assert said in str(stopped.value) and "\n" not in str(stopped.value)


def test_a_model_needs_its_preprocessing(monkeypatch, files):
    with pytest.raises(SystemExit, match="needs its `preprocessing`"):
        run(monkeypatch, "explain.py", files[1], "--model", files[0])


def test_layers_are_listed_and_the_choice_is_marked(monkeypatch, capsys, files):
    run(monkeypatch, "layers.py", files[0])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "<- auto" in line] == ["middle_model/deepest/late"]
    assert any(line.split() == ["middle_model/deepest/sum", "Add", "8", "x", "8", "x", "6"] for line in lines)


def test_layers_of_what_is_no_model(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="unknown 'MobilNet'"):
        run(monkeypatch, "layers.py", "MobilNet")
    with pytest.raises(SystemExit, match="does not exist"):
        run(monkeypatch, "layers.py", tmp_path / "none.keras")
