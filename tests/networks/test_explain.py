"""The two scripts people start with: run as they are, on a small model of one's own."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import MODELS, picture, seeded
from wsol.errors import ConfigError
from wsol.networks.quiet import quiet

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


@pytest.mark.parametrize("script", ["explain.py", "layers.py"])
@pytest.mark.parametrize(("wrong", "said"), [((), ""), (("--output", "none"), "output: unknown 'none'. Known: ")])
def test_of_what_goes_to_standard_error_only_the_error_is_there(files, script, wrong, said):
    """TensorFlow's lines are C++'s: only a process of its own shows whether they are gone."""
    model, image = files
    arguments = [model] if script == "layers.py" else [image, "--model", model, *OWN]
    done = subprocess.run([sys.executable, SCRIPTS / script, *arguments, *wrong], capture_output=True, text=True)
    assert done.stderr.startswith(said) and len(done.stderr.splitlines()) == bool(said) == done.returncode
    assert bool(done.stdout) == (not said)


def test_a_failure_of_ours_shows_what_libraries_said_before_it(capfd):
    with pytest.raises(ZeroDivisionError), quiet():
        os.write(2, b"from below\n")
        raise ZeroDivisionError
    with pytest.raises(ConfigError), quiet():
        os.write(2, b"before an error of the user's\n")
        raise ConfigError("said by itself")
    assert capfd.readouterr().err == "from below\n"


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
