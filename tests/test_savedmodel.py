"""SavedModel folders, as Keras exports them, against the Keras models they were made from."""

import numpy as np
import pandas as pd
import pytest

from models import MODELS, SIDE, backbone, keras, layers, picture, plain, seeded
from wsol import backbones, evidence, explained
from wsol.errors import ConfigError, DataError
from wsol.files import HEATMAPS, PREDICTIONS

TABLE = pd.DataFrame({"image": list("1234"), "outputs": [[0], [1], [2], [0]], "width": 32, "height": 64})


def exported(model, path, **settings):
    """The same model by way of a SavedModel folder."""
    model.export(path, verbose=False)
    given = {"model": str(path), "preprocessing": {"scale": 1 / 255}, "batch": 4, "safe": False, "input": SIDE}
    return backbones.build(given | settings)


def predicted(network):
    found = evidence.Collected()
    return evidence.predict(network, picture, TABLE, found), found


def close(ours, theirs):
    (logits, arrays), (expected, wanted) = ours, theirs
    np.testing.assert_allclose(logits["logits"], expected["logits"], atol=1e-5)
    assert set(arrays) == set(wanted)
    for name in wanted:
        np.testing.assert_allclose(arrays[name], wanted[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_gives_what_its_keras_file_gives(name, tmp_path):
    model = seeded(MODELS[name])
    theirs, ours = backbone(model), exported(model, tmp_path / "saved")
    assert ours.activation == theirs.activation and ours.classes == theirs.classes
    assert ours.grids == theirs.grids
    reduced = [explained.pooled(b.graph, b.output, b.layers[0].outputs[0]) is not None for b in (ours, theirs)]
    assert reduced[0] == reduced[1]
    close(predicted(ours), predicted(theirs))


@pytest.mark.parametrize(
    "settings",
    [
        {"layer": "middle_1"},
        {"layer": ["early_1", "late_1"]},
        {"score": "probability"},
        {"evidence": "ablation"},
        {"evidence": {"method": "scorecam"}},
        {"layer": "middle_1", "evidence": {"method": "rise", "masks": 8}},
    ],
    ids=str,
)
def test_every_evidence_is_what_the_keras_file_gives(settings, tmp_path):
    model = seeded(plain)
    own = {key: _renamed(value) if key == "layer" else value for key, value in settings.items()}
    close(predicted(exported(model, tmp_path / "saved", **settings)), predicted(backbone(model, **own)))


def _renamed(layer):
    return [_renamed(name) for name in layer] if isinstance(layer, list) else layer.removesuffix("_1")


def test_one_of_several_outputs_is_chosen_by_name(tmp_path):
    inner = seeded(plain)
    second = layers.Dense(2, activation="sigmoid", name="second")(layers.GlobalMaxPooling2D()(inner.layers[-3].output))
    model = keras.Model(inner.input, {"zebra": inner.output, "apple": second})
    with pytest.raises(ConfigError, match="output: the model has several, name one of apple, zebra"):
        exported(model, tmp_path / "saved")
    assert exported(model, tmp_path / "saved", output="apple").activation == "sigmoid"
    assert exported(model, tmp_path / "saved", output="zebra").classes == 3


def test_the_workflow_takes_either(workflow, tmp_path):
    model = seeded(lambda: plain(classes=10))
    model.save(tmp_path / "own.keras")
    model.export(tmp_path / "own", verbose=False)
    same = {"preprocessing": {"scale": 1 / 255}, "input": SIDE}
    config = {
        "datasets": {"a": {"adapter": "shapes", "split": "report", "count": 12, "size": 32}},
        "backbones": {"file": {"model": "own.keras", **same}, "folder": {"model": "own", "safe": False, **same}},
        "cams": {"gradcam": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"all": {"report": "a", "metrics": ["top1_acc", "maxboxacc_v2"]}},
    }
    run = workflow(config)
    assert run.returncode == 0, run.stderr
    scores = pd.read_csv(tmp_path / "results/scores.csv").set_index("backbone")
    assert len(scores) == 4 and scores.loc["file", "value"].tolist() == scores.loc["folder", "value"].tolist()
    one, other = (next((tmp_path / "results").glob(f"a@*/{name}@*/*/*.heatmaps.npz")) for name in ("file", "folder"))
    np.testing.assert_allclose(HEATMAPS.read(one)["values"], HEATMAPS.read(other)["values"], atol=1e-5)
    _, header = PREDICTIONS.open(next((tmp_path / "results").glob("a@*/folder@*/*.predictions.npz")))
    parts = [f"weights{suffix}" for suffix in ("", "_1", "_2", "_3")]
    assert sorted(header["made_from"]) == ["targets", *parts]


def test_a_program_is_not_run_unless_it_is_trusted(tmp_path):
    with pytest.raises(
        DataError, match=r"is a SavedModel, a program .*; say `safe: false` if you trust who made it\.$"
    ):
        exported(seeded(plain), tmp_path / "saved", safe=True)


def test_folders_that_hold_no_model_are_refused_in_one_line(tmp_path):
    with pytest.raises(DataError, match="is a folder without a saved_model"):
        backbones.opened(str(tmp_path), safe=False)
    (tmp_path / "saved_model.pb").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="cannot be loaded: ") as caught:
        backbones.opened(str(tmp_path), safe=False)
    assert "\n" not in str(caught.value)
