"""Models with inputs beside the image, each given a constant, against plain Keras given the same."""

import numpy as np
import pytest

import fits
from configs import GOOD
from models import SIDE, base, keras, layers, picture, seeded
from savedmodels import NAMES, agree, build, explained
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.networks.models.inputs import constants, image

GIVEN = {"age": 0.5, "place": [1, 3], "mask": 0.25}
OTHERS = {
    "age": np.full((1,), 0.5, np.float32),
    "place": np.array([[1, 3]], np.int32),
    "mask": np.full((1, SIDE, SIDE, 1), 0.25, np.float32),
}


def several():
    """A number, two whole numbers and a mask of the image's size, some before the explained layer and some behind."""
    inner = base()
    start, mask = layers.Input((SIDE, SIDE, 3), name="photo"), layers.Input((SIDE, SIDE, 1), name="mask")
    age, place = layers.Input((), name="age"), layers.Input((2,), dtype="int32", name="place")
    x = layers.Conv2D(4, 3, activation="relu", padding="same", name="late")(inner(layers.Multiply()([start, mask])))
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.Flatten()(layers.Embedding(5, 3)(place))])
    x = layers.Multiply()([layers.Dense(6, "tanh")(x), layers.Reshape((1,))(age)])
    return keras.Model({"photo": start, "age": age, "place": place, "mask": mask}, layers.Dense(3, name="head")(x))


def with_age():
    inner = base()
    age = layers.Input((1,), name="age")
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(inner.output), age])
    return keras.Model([age, inner.input], layers.Dense(3)(x))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("several")
    for name, make in (("several", several), ("with_age", with_age)):
        model = seeded(make)
        model.save(path / f"{name}.keras")
        model.export(path / name, verbose=False)
    seeded(several).save(path / "several.h5")
    return path


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_maps_and_gradients_are_those_of_plain_keras(folder, ending):
    network = agree(folder / f"several.{ending}", "late", others=OTHERS, inputs={**GIVEN, "photo": "image"})
    assert network.graph.input_names[network.graph.feeds.index(network.graph.inputs[0])] == "photo"


def test_the_one_input_of_four_axes_is_the_image(folder):
    agree(folder / "with_age.keras", "late", others={"age": np.full((1, 1), 0.5, np.float32)}, inputs={"age": 0.5})
    some, other = (explained(folder / "with_age.keras", inputs={"age": age})[0]["logits"] for age in (0.5, 2))
    assert np.abs(some - other).max() > 0.1


@pytest.mark.parametrize(
    "evidence", ["gradient", "ablation", {"method": "rise", "masks": 8}, {"method": "scorecam"}], ids=str
)
def test_every_evidence_has_the_constants_and_a_savedmodel_too(folder, evidence):
    settings = {"inputs": {"age": [0.5]}, "activation": "softmax", "evidence": evidence}
    theirs = explained(folder / "with_age.keras", **settings)
    ours = explained(folder / "with_age", safe=False, input=SIDE, **settings)
    np.testing.assert_allclose(ours[0]["logits"], theirs[0]["logits"], atol=1e-5)
    assert set(ours[1]) == set(theirs[1])
    for name in ours[1]:
        np.testing.assert_allclose(ours[1][name], theirs[1][name], atol=1e-5, err_msg=name)


def test_whole_numbers_reach_a_savedmodel_as_such(folder):
    settings = {"inputs": {**GIVEN, "photo": "image"}, "input": SIDE}
    ours = explained(folder / "several", safe=False, **settings)[0]
    np.testing.assert_allclose(ours["logits"], explained(folder / "several.keras", **settings)[0]["logits"], atol=1e-5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "inputs: mask and photo may each be the image, say which: `mask: image`; the model's are"),
        ({}, "inputs: mask and photo may each be the image"),
        (
            {"photo": "image"},
            "inputs: 'age' needs a constant, as in `inputs: {age: 0}`; the model's inputs are age [], "
            "mask [16, 16, 1], photo [16, 16, 3], place [2].",
        ),
        ({"phto": "image"}, "inputs: unknown 'phto'. Did you mean 'photo'? Known: age, mask, photo, place."),
        (GIVEN | {"place": 1, "photo": 0}, "inputs: none is left for the image; it has four axes, or is named by"),
        (GIVEN | {"place": [1, 2, 3]}, "inputs.place: takes [2], got a list of [3]."),
        (GIVEN | {"age": [1]}, "inputs.age: takes [], got a list of [1]."),
        (GIVEN | {"age": "old"}, "inputs.age: must be a number or a list of numbers, got 'old'."),
        (GIVEN | {"place": [[1], [2, 3]]}, "inputs.place: must be a number or a list of numbers, got"),
    ],
    ids=str,
)
def test_inputs_that_do_not_fit_are_one_line_before_keras_and_in_it(folder, monkeypatch, given, said):
    monkeypatch.chdir(folder)
    own = {"model": "several.keras", "preprocessing": {}, "inputs": given}
    with pytest.raises(ConfigError) as planned:
        check(GOOD | {"data": ".", "backbones": {"mine": own}, "cams": {"gradcam": {}}})
    with pytest.raises(ConfigError) as built:
        build(folder / "several.keras", inputs=given)
    assert str(planned.value) == f"backbones.mine.{built.value}" and str(built.value).startswith(said)


def test_inputs_where_there_are_none_are_refused(folder, monkeypatch):
    monkeypatch.chdir(folder)
    seeded(base).save("base.keras")
    for own, said in (
        ({"model": "base.keras", "preprocessing": {}, "inputs": {"other": 1}}, "inputs: unknown 'other'."),
        ({"architecture": "MobileNetV2", "inputs": {"age": 1}}, "inputs: MobileNetV2 takes an image and nothing else"),
    ):
        with pytest.raises(ConfigError, match=f"^backbones.mine.{said}"):
            check(GOOD | {"data": ".", "backbones": {"mine": own}, "cams": {"gradcam": {}}})


def test_the_only_input_needs_no_name():
    with pytest.raises(ConfigError, match="takes an image and nothing else, 'x'; leave out 'inputs'"):
        image({"x": (None, 8, 8, 3)}, {"x": "image"})
    assert constants({"a": (None, None, 2)}, {"a": [[1, 2], [3, 4], [5, 6]]})["a"].shape == (1, 3, 2)
    assert constants({"a": (None, None, 2)}, {"a": 3})["a"].tolist() == [[[3, 3]]]


def test_training_gives_the_constants_too(folder):
    network = build(folder / "several.keras", inputs={**GIVEN, "photo": "image"}, activation="softmax")
    assert len(fits.fitted_to(network, np.stack([picture(name) for name in NAMES]), epochs=1)) == 1
