"""A user's own methods, from their file to the report."""

import copy

import pandas as pd
import pytest

from small import CONTROLS, SMALL
from wsol.experiment import plugins
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.predict import PREDICTIONS
from wsol.files.score import SCORES
from wsol.files.train import WEIGHTS

MINE = '''"""Maps, levels and numbers of my own."""
import numpy as np


def corner(names, *, size: int = 8):
    found = np.zeros((size, size), np.float32)
    found[:4, :4] = np.arange(16).reshape(4, 4)  # a comment
    return [found] * len(names)


def half(prepared, *, of: float = 1.0):
    return np.array([float(prepared.max()) * of / 2])


CONTROLS = {"corner": corner}
THRESHOLDS = {"half_of": half}
'''
NUMBERS = '''
from wsol.adapters import shapes


def hit_twice(view):
    """Both at once."""
    return view.hit(0.3) * view.hit(0.5)


def read(*, count: int):
    return shapes.read(split="report", count=count, size=64)


METRICS = {"hit_twice": hit_twice}
ADAPTERS = {"drawn": read}
'''
NETWORK = """
def tiny(size, classes, *, width: int = 4):
    import keras

    steps = [
        keras.layers.Input((*size, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(width, 3, strides=4, activation="relu"),
        keras.layers.Conv2D(2 * width, 3, strides=2, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(classes),
    ]
    return keras.Sequential(steps)


def squared(activations, gradients, *, power: float = 2.0):
    return (activations * gradients**power).sum(axis=3)


CAMS = {"squared": squared}
BUILDERS = {"tiny": tiny}
"""

METHOD = """
from wsol.training.methods.method import Method


class Dark(Method):
    \"\"\"Every image as darkness, from which nothing can be learned.\"\"\"

    def __init__(self, *, light: float = 0.0):
        self.light = light

    def shown(self, batch, seed):
        return batch._replace(images=batch.images * self.light)  # of every image


METHODS = {"dark": Dark}
"""


def started(run) -> dict[str, int]:
    said = run.stdout + run.stderr
    rules = ("index", "predict", "train", "heatmap", "control", "localize", "score", "table", "report")
    return {rule: said.count(f"rule {rule}:") for rule in rules if f"rule {rule}:" in said}


@pytest.fixture
def config(tmp_path):
    """Controls, of which one, a threshold, a metric and a data set are of two plugins."""
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "numbers.py").write_text(NUMBERS)
    found = copy.deepcopy(CONTROLS) | {"plugins": ["mine.py", "numbers.py"]}
    found["cams"] = {"center": {}, "corner": {"size": 9}}
    found["thresholds"] = {"sweep": {}, "half_of": {}}
    found["datasets"]["c"] = {"adapter": "drawn", "count": 10}
    found["evaluations"]["own"] = {"report": "c", "metrics": ["maxboxacc@50"], "cams": ["center"]}
    found["evaluations"]["own"]["thresholds"] = ["sweep"]
    found["evaluations"]["shapes"]["metrics"] += ["hit_twice"]
    return found


def test_entries_of_a_plugin_are_scored_and_named_where_they_were_used(workflow, tmp_path, config):
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv")
    assert {"corner", "center"} <= set(scores["cam"]) and "hit_twice" in set(scores["metric"])
    assert "c" in set(scores["dataset"]) and "half_of" in set(scores["threshold"])
    heatmaps = next((tmp_path / "results").glob("b@*/none/corner@*/*.heatmaps.npz"))
    assert list(HEATMAPS.open(heatmaps)[1]["settings"]["plugins"]) == ["mine.py"]
    center = next((tmp_path / "results").glob("b@*/none/center@*/*.heatmaps.npz"))
    assert "plugins" not in HEATMAPS.open(center)[1]["settings"]
    assert list(TARGETS.open(next((tmp_path / "results").glob("c@*/index/targets.parquet")))[1]["settings"]["plugins"])
    scored = next((tmp_path / "results").glob("b@*/none/corner@*/half_of@*/*/scores.parquet"))
    settings = SCORES.open(scored)[1]["settings"]
    assert list(settings["evaluation"]["plugins"]) == ["numbers.py"]
    assert list(settings["threshold"]["plugins"]) == ["mine.py"]

    (tmp_path / "mine.py").write_text(MINE.replace("# a comment", "# in other words").replace("of my own", "of mine"))
    again = workflow(config)
    assert again.returncode == 0 and "Nothing to be done" in again.stderr + again.stdout

    (tmp_path / "mine.py").write_text(MINE.replace("np.arange(16)", "np.arange(1, 17)"))
    edited = workflow(config, "--dry-run")
    # Of the corner every map, region and score; of the centre what is cut at half_of. a has one shard, b two.
    assert started(edited) == {"control": 3, "localize": 3 * (2 + 1), "score": 2 + 1, "table": 1, "report": 1}

    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "numbers.py").write_text(NUMBERS.replace("0.3", "0.35"))
    edited = workflow(config, "--dry-run")
    # Of c, ten images and one shard, everything; of the others the scores.
    scored = {"index": 1, "score": 4 + 1, "table": 1, "report": 1}
    assert started(edited) == scored


def test_a_wrong_plugin_is_one_line_of_the_run(workflow, tmp_path, config):
    (tmp_path / "mine.py").write_text("CONTROLS = {'center': max}")
    run = workflow(config)
    assert run.returncode != 0 and "Traceback" not in run.stderr and not (tmp_path / "results").exists()
    said = [line for line in run.stderr.splitlines() if line.startswith("config: ")]
    assert len(said) == 1 and said[0].startswith("config: plugins: mine.py: CONTROLS 'center'")


@pytest.mark.slow
def test_a_network_and_a_cam_of_a_plugin_are_trained_and_explained(workflow, tmp_path):
    (tmp_path / "net.py").write_text(NETWORK)
    config = copy.deepcopy(SMALL) | {"plugins": ["net.py"], "cams": {"squared": {"power": 3}, "gradcam": {}}}
    config["backbones"] = {
        "tiny": {"architecture": "tiny", "width": 6, "input": 64, "weights": SMALL["backbones"]["mobilenet"]["weights"]}
    }
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv", keep_default_na=False)
    assert set(scores["backbone"]) == {"tiny"} and set(scores["cam"]) == {"squared", "gradcam"}
    predictions = next((tmp_path / "results").glob("b@*/predict/tiny@*/*.predictions.npz"))
    settings = PREDICTIONS.open(predictions)[1]["settings"]
    assert settings["plugins"] == {"net.py": plugins.digest(str(tmp_path / "net.py"))} and settings["width"] == 6

    (tmp_path / "net.py").write_text(NETWORK.replace("import keras\n", "import keras  # inside\n"))
    again = workflow(config)
    assert again.returncode == 0 and "Nothing to be done" in again.stderr + again.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "builder, line",
    {
        "return 3": "backbone tiny: its builder must return a keras.Model, got int.",
        "raise ValueError('no')": "input 64x64, weights 'random': no",
    }.items(),
)
def test_a_builder_that_builds_no_network_is_one_line_of_the_plan(workflow, tmp_path, builder, line):
    (tmp_path / "net.py").write_text(NETWORK.replace("import keras\n", f"{builder}\n"))
    config = copy.deepcopy(SMALL) | {"plugins": ["net.py"]}
    config["backbones"] = {"tiny": {"architecture": "tiny", "input": 64, "weights": "random"}}
    config["datasets"] = {name: entry | {"class_map": "labels"} for name, entry in config["datasets"].items()}
    run = workflow(config)
    assert run.returncode != 0 and line in run.stderr and "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_network_is_trained_by_a_method_of_a_plugin(workflow, tmp_path):
    """With full light it is a plain fit, in the dark another."""
    (tmp_path / "dark.py").write_text(METHOD)
    config = copy.deepcopy(SMALL) | {"plugins": ["dark.py"], "cams": {"gradcam": {}}}
    train = SMALL["backbones"]["mobilenet"]["weights"]["train"]
    methods = {"plain": "plain", "dark": "dark", "lit": {"method": "dark", "light": 1.0}}
    config["backbones"] = {
        name: SMALL["backbones"]["mobilenet"] | {"weights": {"train": train | {"initial": "random", "method": method}}}
        for name, method in methods.items()
    }
    run = workflow(config, "--until", "train")
    assert run.returncode == 0, run.stderr
    weights = {name: WEIGHTS.read(trained(tmp_path, name)) for name in methods}
    assert "plugins" not in weights["plain"]["settings"]
    assert weights["dark"]["settings"]["plugins"] == {"dark.py": plugins.digest(str(tmp_path / "dark.py"))}
    histories = {name: pd.read_csv(trained(tmp_path, name).with_name("history.csv")) for name in methods}
    assert histories["plain"].equals(histories["lit"]) and not histories["plain"].equals(histories["dark"])

    (tmp_path / "dark.py").write_text(METHOD.replace("# of every image", "# of all"))
    assert "train" not in started(workflow(config, "--until", "train", "--dry-run"))
    (tmp_path / "dark.py").write_text(METHOD.replace("images * self", "images / 2 * self"))
    assert started(workflow(config, "--until", "train", "--dry-run"))["train"] == 2


def trained(root, name):
    return next((root / "results/weights").glob(f"{name}@*/model.weights.h5"))
