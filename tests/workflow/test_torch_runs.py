"""A network in PyTorch from its file to the report, and what makes it run again."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is an extra: make test-torch")

from small import CONTROLS  # noqa: E402
from wsol.files.predict import PREDICTIONS  # noqa: E402

CODE = '''"""A network that somebody wrote."""

from torch import nn

from parts import WIDTH


def make(classes):
    body = nn.Sequential(nn.Conv2d(3, WIDTH, 5, 2, 2), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True))
    return nn.Sequential(body, nn.Conv2d(WIDTH, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, classes))
'''
TINY = CONTROLS | {
    "activations": "keep",
    "overlays": 0,
    "datasets": {"b": {"adapter": "shapes", "split": "report", "count": 12, "size": 32, "class_map": "labels"}},
    "backbones": {
        "mine": {
            "torch": {"factory": "net.py:make", "arguments": {"classes": 6}},
            "safe": False,
            "weights": "net.pt",
            "input": 32,
            "preprocessing": {"scale": 1 / 255},
            "activation": "softmax",
        }
    },
    "cams": {"cam": {}, "gradcam": {"layer": "0"}, "ablationcam": {}, "center": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"shapes": {"report": "b", "metrics": ["maxboxacc_v2"]}},
}


@pytest.fixture
def network(tmp_path, monkeypatch) -> Path:
    """The code of a network, a module that it imports, and weights, where the run starts."""
    (tmp_path / "net.py").write_text(CODE)
    (tmp_path / "parts.py").write_text("WIDTH = 6\n")
    (tmp_path / "data").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    torch.manual_seed(5)
    names: dict = {}
    exec(CODE, names)
    torch.save(names["make"](6).state_dict(), tmp_path / "data/net.pt")
    return tmp_path


def places(log: str) -> list[str]:
    """Where the cells of each layer lie, as far as the scale, of a log's lines."""
    return [line.partition(" + ")[0] for line in log.splitlines() if ": input = map * " in line]


def test_the_whole_chain_runs_and_an_edit_of_its_code_makes_it_anew(network, workflow):
    run = workflow(TINY)
    assert run.returncode == 0, run.said
    scores = pd.read_csv(network / "results/scores.csv", keep_default_na=False)
    assert set(scores["cam"]) == set(TINY["cams"]) and scores["value"].between(0, 100).all()
    assert (network / "results/report.html").is_file()
    made = sorted((network / "results").glob("b@*/predict/*/*.predictions.npz"))
    first = PREDICTIONS.read(made[0])
    assert first["logits"].shape == (12, 6)
    said = "".join(path.read_text() for path in (network / "results/logs/predict").rglob("*.log"))
    assert "6 outputs" in said and {"0: input = map * (2 2)", "2: input = map * (4 4)"} <= set(places(said))
    # A module that the network's file imports is its code too.
    (network / "parts.py").write_text("WIDTH = 7\n")
    run = workflow(TINY)
    assert run.returncode == 1 and "inputs: mine/weights: 1 changed (parts.py)" in run.said
    assert "weights 'net.pt' are not those of 'net.py:make': of another shape are 0.0.weight" in run.said
    (network / "parts.py").write_text("WIDTH = 6\n")
    (network / "net.py").write_text(CODE.replace("nn.ReLU()", "nn.Tanh()"))
    run = workflow(TINY)
    assert run.returncode == 0, run.said
    assert not np.allclose(PREDICTIONS.read(made[0])["logits"], first["logits"])


def test_what_is_wrong_is_one_line_before_anything_is_computed(network, workflow):
    for change, line in (
        ({"safe": True}, "backbones.mine.torch: 'net.py:make' is code that can read and write files"),
        ({"torch": "nit.py:make"}, "backbones.mine.torch: no such file: 'nit.py'."),
        ({"weights": {"train": {"dataset": "b"}}}, "backbones.mine.weights: a torch network is not trained here"),
    ):
        config = TINY | {"backbones": {"mine": TINY["backbones"]["mine"] | change}}
        run = workflow(config)
        lines = [said for said in run.stderr.splitlines() if said.startswith("config: ")]
        assert run.returncode == 1 and lines[0].startswith(f"config: {line}"), run.said
    assert not any(name.endswith(".npz") for _, _, names in os.walk(network / "results") for name in names)
