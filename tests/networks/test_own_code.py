"""Models whose layers and functions are nobody's but the user's: `code` defines them, and what lacks is named."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from configs import GOOD
from modelfiles import keras_file
from models import SIDE, keras, layers, seeded
from savedmodels import NAMES, OUTPUTS, build, explained, told
from wsol.errors import ConfigError, DataError, Missing
from wsol.experiment.config import check
from wsol.experiment.questions import notes
from wsol.networks.models import owncode

CODE = """
import keras


class Scaled(keras.layers.Layer):
    def __init__(self, by=2.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def build(self, shape):
        self.weight = self.add_weight(shape=(shape[-1],), initializer="random_normal")

    def call(self, x):
        return x * self.by * (1 + self.weight)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "by": self.by}


@keras.saving.register_keras_serializable("mine")
class Registered(Scaled):
    pass


def bent(x):
    return x * keras.ops.sigmoid(x)


@keras.saving.register_keras_serializable("mine")
def registered_bent(x):
    return x * keras.ops.tanh(x)


class Whole(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.late = keras.layers.Conv2D(4, 3, activation="relu", name="late")
        self.pooled = keras.layers.GlobalMaxPooling2D()
        self.head = keras.layers.Dense(3)

    def call(self, x):
        return self.head(self.pooled(self.late(x)))
"""
own: dict = {"__name__": "mine"}
exec(CODE, own)


def made(middle, classes=3):
    """A convolution, a layer of the user's, and a head."""

    def make():
        start = layers.Input((SIDE, SIDE, 3))
        x = layers.Conv2D(4, 3, strides=2, activation="relu", name="early")(start)
        x = layers.Conv2D(4, 3, padding="same", name="late")(middle()(x))
        return keras.Model(start, layers.Dense(classes)(layers.GlobalMaxPooling2D()(x)))

    return make


MADE = {
    "class": (made(lambda: own["Scaled"](3.0, name="mine")), "class 'Scaled'"),
    "registered": (made(lambda: own["Registered"](name="mine")), "class 'Registered'"),
    "activation": (made(lambda: layers.Conv2D(4, 1, activation=own["bent"], name="mine")), "function 'bent'"),
    "registered_activation": (
        made(lambda: layers.Activation(own["registered_bent"], name="mine")),
        "function 'registered_bent'",
    ),
    "named_lambda": (made(lambda: layers.Lambda(own["bent"], name="mine")), "function 'bent'"),
    "within": (made(lambda: layers.TimeDistributed(own["Scaled"](), name="mine")), "class 'Scaled'"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras.src.saving.object_registration.GLOBAL_CUSTOM_OBJECTS", {})
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MADE)
def test_code_makes_a_file_whole_and_without_it_the_name_is_said(folder, name, ending):
    make, lacking = MADE[name]
    model = seeded(make)
    model.save(f"own.{ending}")
    with pytest.raises(DataError) as error:
        build(f"own.{ending}", safe=False)
    assert str(error.value) == (
        f"model 'own.{ending}' needs the {lacking}; give `code: FILE` that defines it and `safe: false`."
    )
    predictions, found, network = explained(f"own.{ending}", code="mine.py", safe=False, layer="early")
    activations, gradients, outputs = told(model, "early")
    np.testing.assert_allclose(found["activations"], activations[:3], atol=1e-5)
    np.testing.assert_allclose(found["gradients"], gradients, atol=1e-5)
    np.testing.assert_allclose(predictions["logits"], outputs[:3], atol=1e-5)
    assert "mine" in [step.name for step in network.graph.steps]


def test_a_subclassed_model_is_explained_once_it_is_exported(folder):
    """As the line that refuses it says; the truth is a tape through its layers."""
    import tensorflow as tf

    model = own["Whole"](name="whole")
    images = np.zeros((1, SIDE, SIDE, 3), np.float32)
    model(images)
    model.save("own.keras")
    with pytest.raises(DataError, match=r"^model 'own.keras' needs the class 'Whole'; give `code: FILE`"):
        build("own.keras", safe=False)
    with pytest.raises(DataError) as error:
        build("own.keras", code="mine.py", safe=False)
    assert str(error.value) == (
        "model 'whole' is a subclassed one and has no graph of layers; write it with `model.export(FOLDER)` where it "
        "was made, and give that folder as `model`, with `safe: false`."
    )
    model.export("exported", input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))], verbose=False)
    predictions, found, network = explained("exported", safe=False, input=SIDE)
    assert network.layer[0].rpartition("/")[2].startswith("late")
    from models import picture

    for row, (name, (index,)) in enumerate(zip(NAMES, OUTPUTS, strict=True)):
        image = picture(name)[None].astype(np.float32) / 255
        with tf.GradientTape() as tape:
            tape.watch(activations := model.late(image))
            z = model.head(model.pooled(activations))
            score = z[0, index]
        np.testing.assert_allclose(found["gradients"][row], tape.gradient(score, activations)[0], atol=1e-5)
        if row < 3:
            np.testing.assert_allclose(predictions["logits"][row], z[0], atol=1e-5)
            np.testing.assert_allclose(found["activations"][row], activations[0], atol=1e-5)


def said(given: dict) -> str:
    with pytest.raises(ConfigError) as error:
        check(GOOD | {"data": ".", "backbones": {"mine": given}, "cams": {"gradcam": {}}})
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_is_wrong_is_said_before_anything_is_computed(folder):
    seeded(MADE["class"][0]).save("own.keras")
    given = {"model": "own.keras", "preprocessing": {}}
    lacking = "model 'own.keras' needs the class 'Scaled'; give `code: FILE` that defines it and `safe: false`."
    assert said(given) == f"backbones.mine: {lacking}"
    code = given | {"code": "mine.py"}
    assert said(code).startswith("backbones.mine.code: 'mine.py'")
    assert said(code).endswith("is a program; say `safe: false` if you trust who wrote it.")
    with pytest.raises(Missing, match=r"^backbones.mine.code: no file 'other.py'"):
        check(GOOD | {"data": ".", "backbones": {"mine": given | {"code": "other.py", "safe": False}}})
    assert said({"architecture": "MobileNetV2", "code": "mine.py"}) == (
        "backbones.mine.code: MobileNetV2 names no code of others; leave out 'code'."
    )
    run = check(GOOD | {"data": ".", "backbones": {"mine": code | {"safe": False}}, "cams": {"gradcam": {}}})
    (noted,) = [files for name, files in notes(run).items() if name.startswith("mine@") and name.endswith("/weights")]
    assert [path.rpartition("/")[2] for path in noted] == ["own.keras", "mine.py"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def broken(:", "code: mine.py:1: is no Python: "),
        ("raise ValueError('no')", "code: mine.py: raises on import: ValueError: no."),
        ("import keras\nclass Other(keras.layers.Layer): pass", "code: mine.py defines nothing that the model names"),
    ],
)
def test_code_that_does_not_do_is_one_line(folder, text, line):
    seeded(MADE["class"][0]).save("own.keras")
    (folder / "mine.py").write_text(text)
    with pytest.raises(ConfigError) as error:
        build("own.keras", code="mine.py", safe=False)
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


def test_the_innermost_error_is_said_and_who_saved_the_file(folder):
    """A setting that this Keras does not have, in a file of another version."""
    seeded(made(lambda: layers.ReLU(name="mine"))).save("own.keras")
    with zipfile.ZipFile("own.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    described = json.loads(files["config.json"])
    described["config"]["layers"][1]["config"]["sparkle"] = 3
    files["config.json"] = json.dumps(described).encode()
    files["metadata.json"] = json.dumps({"keras_version": "9.1.0"}).encode()
    with zipfile.ZipFile("own.keras", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(DataError) as error:
        build("own.keras")
    start = f"model 'own.keras' cannot be loaded, saved by Keras 9.1.0, by the Keras {keras.__version__} here: "
    assert str(error.value).startswith(start) and "sparkle" in str(error.value).removeprefix(start)[:200]


def test_operations_of_keras_2_are_sent_to_export(folder):
    refused = owncode.refusal("old.h5", ValueError("Unknown layer: 'TFOpLambda'. Please ensure you are using"))
    assert str(refused).startswith("model 'old.h5' needs 'TFOpLambda', which Keras 2 alone has; write it there with")


def test_a_package_that_is_not_here_is_named(folder, monkeypatch):
    monkeypatch.setattr(owncode, "PACKAGES", ("keras_nowhere",))
    layer = {"module": "keras_nowhere.layers", "class_name": "A", "config": {}, "registered_name": "keras_nowhere>A"}
    keras_file("own.keras", {"class_name": "Sequential", "config": {"layers": [layer]}})
    assert said({"model": "own.keras", "preprocessing": {}}) == (
        "backbones.mine: model 'own.keras' needs the package 'keras_nowhere', which is not installed."
    )


@pytest.mark.slow
def test_an_edit_of_the_code_makes_its_maps_anew(workflow, tmp_path):
    """And the file's digest stands with what was made of it."""
    from wsol.files.formats import sha256
    from wsol.files.predict import PREDICTIONS

    seeded(made(lambda: own["Scaled"](name="mine"), classes=10)).save(tmp_path / "own.keras")
    (tmp_path / "mine.py").write_text(CODE)
    config = {
        "data": ".",
        "datasets": {"a": {"adapter": "shapes", "split": "report", "count": 4, "size": 32, "class_map": "labels"}},
        "backbones": {
            "own": {"model": "own.keras", "preprocessing": {"scale": 1 / 255}, "code": "mine.py", "safe": False}
        },
        "cams": {"gradcam": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"all": {"report": "a", "metrics": ["maxboxacc_v2"]}},
    }
    seen = []
    for text in (CODE, CODE, CODE.replace("self.by *", "self.by * 5 *")):
        if (tmp_path / "mine.py").read_text() != text:
            (tmp_path / "mine.py").write_text(text)
        run = workflow(config)
        assert run.returncode == 0, run.stderr
        path = next((tmp_path / "results").glob("a@*/predict/own@*/*.predictions.npz"))
        arrays, header = PREDICTIONS.open(path)
        assert header["given"]["code"] == sha256(tmp_path / "mine.py")
        seen.append((path.stat().st_mtime_ns, np.array(arrays["logits"])))
    assert seen[0][0] == seen[1][0] < seen[2][0]
    assert np.abs(seen[2][1] - seen[1][1]).max() > 0.01
    assert len(pd.read_csv(tmp_path / "results/scores.csv"))
