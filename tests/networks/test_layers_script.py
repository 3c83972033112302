"""scripts/layers.py: run as it is, on a small model of one's own; and what libraries say while a script runs."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from models import MODELS, seeded
from transformers import class_token
from wsol.errors import ConfigError
from wsol.networks.quiet import quiet

SCRIPT = Path(__file__).parents[2] / "scripts/layers.py"


def run(monkeypatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["layers.py", *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.fixture
def model(tmp_path) -> Path:
    seeded(MODELS["nested_twice"]).save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def test_layers_are_listed_and_the_choice_is_marked(monkeypatch, capsys, model):
    run(monkeypatch, model)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "<- auto" in line] == ["middle_model/deepest/late"]
    wanted = "middle_model/deepest/sum Add 8 x 8 x 6 sees 7 x 7 reached 100%"
    assert wanted in [" ".join(line.split()) for line in lines]


def test_tokens_are_listed_by_their_grid_and_the_choice_is_explained(monkeypatch, capsys, tmp_path):
    """The patch tokens behind the last attention are not reached: the class is read from a token of its own."""
    seeded(class_token).save(tmp_path / "model.keras")
    run(monkeypatch, tmp_path / "model.keras")
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "patch Conv2D 4 x 4 x 8 sees 4 x 4 reached 100%" in lines
    assert "first LayerNormalization 4 x 4 x 8 sees 4 x 4 reached 100% tokens, 1 to skip <- auto" in lines
    assert "last LayerNormalization 4 x 4 x 8 sees 16 x 16 reached 0% tokens, 1 to skip" in lines
    assert lines[-1].startswith("auto takes what 'attention' is given: the class is read from a token of its own")


def test_layers_of_a_savedmodel_that_is_trusted(monkeypatch, capsys, tmp_path):
    seeded(MODELS["nested_twice"]).export(tmp_path / "saved", verbose=False)
    run(monkeypatch, tmp_path / "saved", "--unsafe")
    assert "late_1" in next(line for line in capsys.readouterr().out.splitlines() if "<- auto" in line)


def test_layers_of_what_is_no_model(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="unknown 'MobilNet'"):
        run(monkeypatch, "MobilNet")
    with pytest.raises(SystemExit, match="does not exist"):
        run(monkeypatch, tmp_path / "none.keras")


@pytest.mark.parametrize(("wrong", "said"), [((), ""), (("--output", "none"), "output: unknown 'none'. Known: ")])
def test_of_what_goes_to_standard_error_only_the_error_is_there(model, wrong, said):
    """TensorFlow's lines are C++'s: only a process of its own shows whether they are gone."""
    done = subprocess.run([sys.executable, SCRIPT, model, *wrong], capture_output=True, text=True)
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


def test_what_is_ours_to_say_gets_past_the_silence(capfd):
    with quiet() as terminal:
        os.write(2, b"from below\n")
        print("one image failed", file=terminal, flush=True)
    assert capfd.readouterr().err == "one image failed\n"
