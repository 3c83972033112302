"""SavedModel folders, as Keras exports them, against the Keras models they were made from."""

import numpy as np
import pandas as pd
import pytest

from models import MODELS, SIDE, backbone, explained, keras, layers, picture, plain, seeded
from wsol.errors import ConfigError, DataError
from wsol.files.heatmap import HEATMAPS
from wsol.files.predict import PREDICTIONS
from wsol.networks import backbones, evidence
from wsol.networks.layers import pooled
from wsol.networks.models import opening

TABLE = pd.DataFrame({"image": list("1234"), "outputs": [[0], [1], [2], [0]], "width": 32, "height": 64})


def exported(model, path, **settings):
    """The same model by way of a SavedModel folder."""
    model.export(path, verbose=False)
    given = {"model": str(path), "preprocessing": {"scale": 1 / 255}, "batch": 4, "safe": False, "input": SIDE}
    return backbones.build(given | settings)


def predicted(network):
    return explained(network, picture, TABLE)


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
    assert ours.cell_to_input == theirs.cell_to_input
    reduced = [pooled(b.graph, b.output, b.layers[0].outputs[0]) is not None for b in (ours, theirs)]
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
    """The head behind the explained layer has a swish, whose own gradient a SavedModel cannot hold."""
    model = seeded(swish)
    model.save(tmp_path / "own.keras")
    model.export(tmp_path / "own", verbose=False)
    same = {"preprocessing": {"scale": 1 / 255}, "input": SIDE, "evidence": {"method": "gradient"}}
    config = {
        "data": ".",
        "datasets": {"a": {"adapter": "shapes", "split": "report", "count": 12, "size": 32, "class_map": "labels"}},
        "backbones": {
            "file": {"model": "own.keras", "layer": "first", **same},
            "folder": {"model": "own", "layer": "first_1", "safe": False, **same},
        },
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
    _, header = PREDICTIONS.open(next((tmp_path / "results").glob("a@*/predict/folder@*/*.predictions.npz")))
    parts = [f"weights{suffix}" for suffix in ("", "_1", "_2", "_3")]
    assert list(header["made_from"]) == ["targets"] and sorted(header["given"]) == parts


def swish() -> "keras.Model":
    start = layers.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(6, 3, strides=2, activation="relu", name="first")(start)
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(6, 3, activation="silu")(x))
    return keras.Model(start, layers.Dense(10, activation="softmax")(x))


def saved(path, function, side: int | None = SIDE, rows: int | None = None, dtype="float32", **settings):
    """A SavedModel of TensorFlow alone: `function(module, images)`, with a kernel and a table at hand."""
    import tensorflow as tf

    module = tf.Module()
    module.kernel = tf.Variable(np.random.default_rng(0).normal(size=(3, 3, 3, 4)).astype(np.float32))
    pairs = tf.lookup.KeyValueTensorInitializer(tf.range(4, dtype=tf.int64), tf.constant(list("abcd")))
    module.table = tf.lookup.StaticHashTable(pairs, "?")
    signature = tf.TensorSpec((rows, side, side, 3), dtype, name="images")
    called = tf.function(lambda images: function(module, images), autograph=False).get_concrete_function(signature)
    tf.saved_model.save(module, str(path), {"serving_default": called})
    given = {"model": str(path), "preprocessing": {"scale": 1 / 255}, "batch": 4, "safe": False, "input": SIDE}
    return backbones.build(given | settings), called


def convolved(module, images):
    import tensorflow as tf

    return tf.nn.relu(tf.nn.conv2d(images, module.kernel, 2, "SAME"))


def test_a_branch_is_taken_as_the_data_say(tmp_path):
    import tensorflow as tf

    def network(module, images):
        x = convolved(module, images)
        x = tf.cond(tf.reduce_mean(images) > 0.4, lambda: x * 3, lambda: x - 1)
        return {"p": tf.reduce_mean(x, (1, 2))}

    found, called = saved(tmp_path / "a", network)
    run = tf.function(lambda x: found.logits(found.graph.run({found.graph.inputs[0]: x}, [found.output])))
    for level in (0.1, 0.9):
        images = np.full((2, SIDE, SIDE, 3), level, np.float32)
        np.testing.assert_allclose(run(images), called(images)["p"], rtol=1e-5)


@pytest.mark.parametrize("method", ["gradient", "ablation"])
def test_a_shape_that_is_worked_out_has_no_row_an_image(tmp_path, method):
    """Several targets an image, so that the cut is gathered; ablation repeats it."""
    import tensorflow as tf

    def network(module, images, rows=None):
        x = tf.reduce_mean(convolved(module, images), (1, 2), keepdims=True)
        return {"p": tf.reshape(x, [tf.shape(images)[0] if rows is None else rows, 4])}

    found, _ = saved(tmp_path / "a", network, evidence=method)
    plainly, _ = saved(tmp_path / "b", lambda module, images: network(module, images, -1), evidence=method)
    table = pd.DataFrame({"image": list("1121"), "outputs": [[0], [1], [2], [3]], "width": 32, "height": 64})
    (_, ours), (_, theirs) = (explained(each, picture, table) for each in (found, plainly))
    assert found.layers[0].shape == (None, 8, 8, 4)
    name = "score_drops" if method == "ablation" else "gradients"
    np.testing.assert_allclose(ours[name], theirs[name], atol=1e-6)


def test_outputs_beside_the_scores_are_left_alone(tmp_path):
    import tensorflow as tf

    def network(module, images):
        p = tf.nn.softmax(tf.reduce_mean(convolved(module, images), (1, 2)))
        return {"p": p, "names": tf.constant(list("abcd")), "best": module.table.lookup(tf.argmax(p, 1))}

    found, called = saved(tmp_path / "a", network, output="p")
    assert sorted(found.graph.outputs) == ["best", "p"] and found.activation == "softmax"
    predictions, _ = predicted(found)
    images = np.stack([picture(name) for name in TABLE["image"]]).astype(np.float32) / 255
    raised = np.exp(predictions["logits"])
    np.testing.assert_allclose(raised / raised.sum(1, keepdims=True), called(images)["p"], atol=1e-6)
    with pytest.raises(ConfigError, match="which is no image and no weight"):
        saved(tmp_path / "a", network, output="best")


def test_one_number_an_image_is_a_binary_head(tmp_path):
    import tensorflow as tf

    found, _ = saved(
        tmp_path / "a", lambda m, images: {"p": tf.sigmoid(tf.reduce_mean(convolved(m, images), (1, 2, 3)))}
    )
    table = TABLE.assign(outputs=[[0], [1], [0], [1]])
    predictions = evidence.predict(found, picture, table, evidence.Collected())
    assert found.binary and found.activation == "sigmoid"
    np.testing.assert_array_equal(predictions["logits"][:, 0], -predictions["logits"][:, 1])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"dtype": "uint8"}, "the model does not take 16x16: .*uint8"),
        ({"rows": 1}, "the model does not take 16x16: "),
        ({"side": 8}, "the model does not take 16x16: "),
    ],
    ids=str,
)
def test_what_an_input_cannot_be_is_said_in_one_line(tmp_path, how, said):
    import tensorflow as tf

    def network(module, images):
        x = convolved(module, tf.cast(images, tf.float32))
        rows, places = how.get("rows", -1), (how.get("side", SIDE) // 2) ** 2
        return {"p": tf.reduce_mean(tf.reshape(x, [rows, places, 4]), 1)}

    with pytest.raises(ConfigError, match=said) as caught:
        saved(tmp_path / "a", network, **how)
    assert "\n" not in str(caught.value)


def test_a_program_is_not_run_unless_it_is_trusted(tmp_path):
    with pytest.raises(
        DataError, match=r"is a SavedModel, a program .*; say `safe: false` if you trust who made it\.$"
    ):
        exported(seeded(plain), tmp_path / "saved", safe=True)


def test_folders_that_hold_no_model_are_refused_in_one_line(tmp_path):
    with pytest.raises(DataError, match="is a folder without a saved_model"):
        opening.opened(str(tmp_path), safe=False)
    (tmp_path / "saved_model.pb").write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="cannot be loaded: ") as caught:
        opening.opened(str(tmp_path), safe=False)
    assert "\n" not in str(caught.value)
