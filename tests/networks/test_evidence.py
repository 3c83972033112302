"""Evidence: one pass against plain Keras and tf.GradientTape, image by image."""

import numpy as np
import pytest

from branched import complementary
from models import (
    MODELS,
    SIDE,
    backbone,
    base,
    explained,
    keras,
    layers,
    linear,
    open_picture,
    picture,
    plain,
    run,
    seeded,
    taped,
    targets,
)
from wsol.errors import ConfigError
from wsol.files.predict import ARRAYS, EVIDENCE, view
from wsol.index.outputs import class_probability
from wsol.maps.cams import CAMS
from wsol.networks import asking, evidence

LAYERS = ["early", "middle", "sum", "late"]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_batch_gives_what_eager_tapes_give_one_by_one(layer):
    model, names, classes = seeded(plain), list("123456"), [0, 1, 2, 2, 1, 0]
    predictions, found = run(model, targets(names, [[c] for c in classes]), layer=layer)
    for i, (name, index) in enumerate(zip(names, classes, strict=True)):
        activations, gradient, logits = taped(linear(model), name, layer, index)
        np.testing.assert_allclose(found["activations"][i], activations, atol=1e-6)
        np.testing.assert_allclose(np.broadcast_to(found["gradients"][i], gradient.shape), gradient, atol=1e-6)
        np.testing.assert_allclose(predictions["logits"][i], logits, atol=1e-6)
    assert found["gradients"].shape[1:3] == ((1, 1) if layer == "late" else found["activations"].shape[1:3])


@pytest.mark.parametrize("layer", ["sum", "late"])
def test_the_gradient_of_a_probability(layer):
    import tensorflow as tf

    model = seeded(plain)
    _, found = run(model, targets(["1", "2"], [[0], [2]]), layer=layer, score="probability")
    for i, (name, index) in enumerate([("1", 0), ("2", 2)]):
        _, gradient, _ = taped(linear(model), name, layer, index, tf.nn.softmax)
        np.testing.assert_allclose(np.broadcast_to(found["gradients"][i], gradient.shape), gradient, atol=1e-7)


def test_several_layers_at_once_are_what_each_gives_alone():
    model, table = seeded(plain), targets(list("123"), [[0], [1], [2]])
    _, together = run(model, table, layer=LAYERS)
    for place, layer in enumerate(LAYERS):
        _, alone = run(model, table, layer=layer)
        for name in ("activations", "gradients"):
            np.testing.assert_allclose(together[name + asking.suffix(place)], alone[name], atol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model_gives_evidence(name):
    predictions, found = run(seeded(MODELS[name]), targets(list("12345"), [[0], [1], [2], [0], [1]]))
    assert predictions["logits"].shape == (5, 3) and np.isfinite(predictions["logits"]).all()
    assert all(found["gradients"][i].any() for i in range(5))
    assert np.isfinite(CAMS["gradcam"](found["activations"], found["gradients"])).all()


def test_the_batch_size_moves_nothing():
    model, table = seeded(plain), targets(list("12345"), [[0], [1], [2], [0], [1]])
    for method in ("gradient", "ablation", "scorecam"):
        (one, alone), (five, together) = (run(model, table, batch=b, evidence=method, layer="sum") for b in (1, 5))
        np.testing.assert_allclose(one["logits"], five["logits"], atol=1e-6)
        assert set(alone) == set(together) > set(ARRAYS[method]) - {"similar_class_gradients"}
        for name in alone:
            np.testing.assert_allclose(alone[name], together[name], atol=1e-6)


@pytest.mark.parametrize("layer", ["late", "sum"])
def test_an_input_that_is_not_square(layer):
    """37 x 53, a bright blob on black: the map's peak is where the blob is."""
    model, size = seeded(plain), (37, 53)
    image = np.zeros((*size, 3), np.uint8)
    image[4:12, 40:48] = 255
    split = backbone(model, size=size, layer=layer)
    _, found = explained(split, lambda _: image, targets(["1"], [[0]]))
    peak = np.abs(found["activations"][0] - found["activations"][0, -1, 0]).sum(axis=-1)
    y, x = np.unravel_index(peak.argmax(), peak.shape)
    assert found["activations"].shape[1:3] == split.layers[0].shape[1:3]
    assert 4 <= (y + 0.5) * 37 / peak.shape[0] <= 12 and 40 <= (x + 0.5) * 53 / peak.shape[1] <= 48


def test_several_targets_an_image_in_any_order():
    names, outputs = list("121321"), [[0], [1], [2], [0], [2], [0]]
    model = seeded(plain)
    predictions, found = run(model, targets(names, outputs), layer="sum")
    assert predictions["image"].tolist() == ["1", "2", "3"] and found["image_of"].tolist() == [0, 1, 0, 2, 1, 0]
    for i, (name, index) in enumerate(zip(names, outputs, strict=True)):
        np.testing.assert_allclose(found["gradients"][i], taped(linear(model), name, "sum", index[0])[1], atol=1e-6)


def test_of_several_right_outputs_the_highest_explains():
    model = seeded(plain)
    predictions, found = run(model, targets(["1", "2", "3"], [[0, 1], [1, 2], []]))
    z = predictions["logits"]
    assert found["explained"].tolist() == [int(z[0, :2].argmax()), 1 + int(z[1, 1:].argmax()), -1]
    assert not found["gradients"][2].any()


def test_the_predicted_class_explains_where_that_is_asked():
    predictions, found = run(seeded(plain), targets(list("1234"), [[0], [1], [2], []]), explain="predicted")
    assert found["explained"].tolist() == [*predictions["logits"][:3].argmax(axis=1).tolist(), -1]


def test_geometry_ends_in_the_annotations_pixels():
    predictions, _ = run(seeded(plain), targets(["1"], [[0]]))
    assert predictions["input_to_image"].tolist() == [[2.0, 4.0, 0.0, 0.0]]
    assert predictions["input_size"].tolist() == [SIDE, SIDE]


def test_an_unreadable_image_stays_in_place_and_says_nothing():
    predictions, found = run(seeded(plain), targets(["1", "broken", "2"], [[0], [1], [2]]))
    assert predictions["readable"].tolist() == [True, False, True]
    assert np.isnan(predictions["logits"][1]).all() and np.isfinite(predictions["logits"][[0, 2]]).all()
    assert not found["activations"][1].any() and not found["gradients"][1].any()
    assert found["explained"].tolist() == [0, -1, 2]


def test_a_class_the_model_lacks_is_named():
    with pytest.raises(ConfigError, match="class index 7, the model has"):
        run(seeded(plain), targets(["1"], [[7]]))


@pytest.mark.parametrize("method", [method for method in ARRAYS if method != "attention"])  # of transformers
@pytest.mark.parametrize("names", [list("123456"), list("121321"), []])
def test_a_stream_writes_what_memory_collects(tmp_path, names, method):
    table = targets(names, [[i % 3] for i in range(len(names))])
    of_acol = {"model": seeded(lambda: complementary(side=SIDE)), "output": "acol_a"}
    asked = {"method": method, **({"masks": 8} if method == "rise" else {})}
    asked = {**(of_acol if method == "acol" else {"model": seeded(plain)}), "evidence": asked}
    collected = evidence.Collected()
    evidence.predict(backbone(**asked), open_picture, table, collected)
    for path in (tmp_path / "a.npz", tmp_path / "b.npz"):
        with EVIDENCE.stream(path) as sink:
            evidence.predict(backbone(**asked), open_picture, table, sink)
    read, mapped = EVIDENCE.read(path), EVIDENCE.map(path)
    assert set(read) == set(collected) and len(read["image_of"]) == len(names)
    own = {*ARRAYS[method], "image_of", "explained", "row_of", "cell_to_input"} - {"similar_class_gradients"}
    assert set(view(read, "")) == own
    for name in read:
        np.testing.assert_array_equal(read[name], collected[name])
        np.testing.assert_array_equal(mapped[name], collected[name])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def sigmoid_model(classes: int) -> "keras.Model":
    inner = base()
    x = layers.GlobalAveragePooling2D()(inner.output)
    return keras.Model(inner.input, layers.Dense(classes, activation="sigmoid", name="head")(x))


def test_a_single_sigmoids_first_class_is_minus_its_second():
    model = seeded(lambda: sigmoid_model(1))
    predictions, found = run(model, targets(["1", "1"], [[0], [1]]))
    z = predictions["logits"][0]
    expected = model(picture("1")[None].astype(np.float32) / 255).numpy()[0, 0]
    assert z[0] == -z[1] and 1 / (1 + np.exp(-z[1])) == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(found["gradients"][0], -found["gradients"][1])
    assert found["gradients"].any()


def test_a_multi_label_head_scores_each_class_by_itself():
    import tensorflow as tf

    model = seeded(lambda: sigmoid_model(3))
    _, found = run(model, targets(["1", "1"], [[0], [2]]), layer="late", score="probability")
    for i, index in enumerate((0, 2)):
        _, gradient, _ = taped(linear(model), "1", "late", index, tf.nn.sigmoid)
        np.testing.assert_allclose(np.broadcast_to(found["gradients"][i], gradient.shape), gradient, atol=1e-7)


def test_one_of_several_outputs_is_chosen_by_name():
    def make():
        inner = base()
        x = layers.GlobalAveragePooling2D()(inner.output)
        heads = {n: layers.Dense(c, activation="softmax", name=n)(x) for n, c in (("kind", 3), ("breed", 5))}
        return keras.Model(inner.input, list(heads.values()))

    model = seeded(make)
    predictions, _ = run(model, targets(["1"], [[4]]), output="breed")
    expected = model(picture("1")[None].astype(np.float32) / 255)[1].numpy()
    np.testing.assert_allclose(class_probability(predictions["logits"], "softmax"), expected, atol=1e-6)
    with pytest.raises(ConfigError, match="name one of kind, breed"):
        backbone(model)
    with pytest.raises(ConfigError, match="output: unknown 'bred'"):
        backbone(model, output="bred")


@pytest.mark.parametrize("score", ["logit", "probability"])
def test_one_pass_has_the_gradients_of_a_class_and_of_similar_ones(score):
    model, table = seeded(plain), targets(["1"], [[0]])
    options = {"score": score, "evidence": {"method": "gradient", "similar": 2}}
    _, found = run(model, table, **options)
    own = run(model, targets(["1"], [[0]]), score=score)[1]["gradients"]
    each = [
        run(model, targets(["1"], [[c]]))[1]["gradients"] for c in range(3)
    ]  # similar classes' are of logits, whatever the score
    np.testing.assert_allclose(found["gradients"], own, atol=1e-7)
    z = run(model, table)[0]["logits"][0, 1:].astype(np.float64)
    shares = np.exp(z) / np.exp(z).sum()
    weights = shares * (1 + z - shares @ z)
    np.testing.assert_allclose(found["similar_class_gradients"], weights[0] * each[1] + weights[1] * each[2], atol=1e-6)
