"""A PyTorch network from its code and its state dict, and what does not fit."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

from torchnets import pictures  # noqa: E402
from wsol.errors import ConfigError  # noqa: E402
from wsol.networks import backbones  # noqa: E402

CODE = """
from torch import nn

def make(classes=3, width=4):
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), *head)

def nothing():
    return {"a": 1}

def failing():
    raise ValueError("no such width")

COUNT = 5
"""
NET = {"torch": "net.py:make", "safe": False, "input": 16, "preprocessing": {"scale": 1 / 255}, "batch": 4}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "net.py").write_text(CODE)
    (tmp_path / "wrong.py").write_text("import nowhere\n")
    return tmp_path


def logits(**change) -> np.ndarray:
    return backbones.build(NET | change).explainer(2).forward(pictures(2)).logits


def test_a_seed_draws_one_network_and_another_seed_another():
    np.testing.assert_array_equal(logits(seed=3), logits(seed=3))
    assert not np.allclose(logits(seed=3), logits(seed=4))


def test_a_state_dict_takes_the_place_of_what_is_drawn(here):
    torch.save(backbones.build(NET | {"seed": 3}).model.state_dict(), "net.pt")
    np.testing.assert_array_equal(logits(weights="net.pt"), logits(seed=3))
    module = {"torch": {"factory": "net:make", "arguments": {"classes": 3}}}
    np.testing.assert_array_equal(logits(**module, weights="net.pt"), logits(seed=3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"torch": "net.py:nothing"}, "torch: 'net.py:nothing' gives a dict, a torch.nn.Module is meant."),
        ({"torch": "net.py:failing"}, "torch: 'net.py:failing' raises ValueError: no such width"),
        ({"torch": "net.py:fake"}, "torch: 'net.py' has no function 'fake'."),
        ({"torch": "net.py:COUNT"}, "torch: 'net.py' has no function 'COUNT'."),
        ({"torch": "wrong.py:make"}, "torch: 'wrong.py' raises ModuleNotFoundError: No module named 'nowhere'"),
        ({"torch": {"factory": "net.py:make", "arguments": {"depth": 3}}}, "torch: 'net.py:make' raises TypeError: "),
        ({"classes": 7}, "classes: 'net.py:make' has 3 outputs, 7 are said."),
        ({"layer": "7"}, "layer: unknown '7'."),
        ({"preprocessing": {"order": "gray"}}, "input: 'net.py:make' does not take 16x16 with 1 channels: "),
        ({"score": "probability"}, "score: probability"),
        ({"activation": "softmax", "output": "1"}, "output: unknown '1'."),
        ({"weights": "net.py"}, "weights 'net.py' are no state dict: "),
        ({"weights": "list.pt"}, "weights 'list.pt' are a list, a state dict is meant."),
        (
            {"weights": "other.pt"},
            "weights 'other.pt' are not those of 'net.py:make': it lacks 4.weight, 4.bias; it alone has 5.bias; "
            "of another shape are 0.weight.",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(change, said):
    torch.save([1, 2], "list.pt")
    other = {"0.weight": torch.zeros(5, 3, 3, 3), "0.bias": torch.zeros(4), "5.bias": torch.zeros(3)}
    torch.save(other, "other.pt")
    with pytest.raises(ConfigError) as error:
        backbones.build(NET | change)
    assert str(error.value).startswith(said) and "\n" not in str(error.value)


def test_a_file_that_runs_code_when_it_is_read_is_no_state_dict(here):
    class Harm:
        def __reduce__(self):
            return (exec, ("open('harmed', 'w')",))

    torch.save({"0.weight": Harm()}, "harm.pt")
    with pytest.raises(ConfigError, match=r"weights 'harm.pt' are no state dict: "):
        backbones.build(NET | {"weights": "harm.pt"})
    assert not (here / "harmed").exists()


def test_layers_are_listed_and_tensorflow_is_left_alone(here, monkeypatch, capsys):
    import subprocess
    from pathlib import Path

    root = Path(__file__).parents[2]
    said = subprocess.run(
        [sys.executable, str(root / "scripts/layers.py"), "net.py:make", "--input", "16", "--unsafe"],
        capture_output=True,
        text=True,
        cwd=here,
    )
    assert said.returncode == 0, said.stderr
    (auto,) = [line for line in said.stdout.splitlines() if line.endswith("<- auto")]
    assert auto.split()[:6] == ["1", "ReLU", "14", "x", "14", "x"] and "reached 100%" in auto
    code = (
        "import sys; from wsol.networks import backbones, determinism; determinism.deterministic(1, torch=True)\n"
        f"b = backbones.build({NET!r}); import numpy as np\n"
        "b.explainer(1).forward(np.zeros((1, 16, 16, 3), np.uint8))\n"
        "print('tensorflow' in sys.modules, 'torch' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(root / "workflow")}
    )
    assert said.stdout.split() == ["False", "True"], said.stderr
