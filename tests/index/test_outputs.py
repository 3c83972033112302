"""Which outputs are right: the index's word, or of a network trained here the class of the same name."""

import pandas as pd
import pytest

from wsol.errors import ConfigError, DataError, InputError
from wsol.experiment.planning import look
from wsol.index.outputs import names_of, right
from wsol.index.splits import Split
from wsol.training.recipe import settings as settings_of

FOUND = pd.DataFrame({"image": ["a", "b"], "label": [0, 1], "class_name": ["cat", "dog"], "outputs": [[281, 282], []]})


def test_a_network_from_elsewhere_has_the_outputs_that_the_index_found():
    assert right(FOUND) == [[281, 282], []]


def test_a_network_trained_here_has_the_output_that_was_trained_for_the_class_of_that_name():
    assert right(FOUND, ["ant", "dog", "cat"]) == [[2], [1]]
    assert right(FOUND, ["dog"]) == [[], [0]]


def test_an_output_is_called_like_the_class_it_is_trained_for():
    assert names_of(FOUND) == ["cat", "dog"]
    assert names_of(FOUND.assign(label=[2, 0])) == ["dog", "(no class 1)", "cat"]
    with pytest.raises(DataError, match=r"train: two classes are called 'cat'; an output needs a name of its own\."):
        names_of(FOUND.assign(class_name="cat"))


ANTS = pd.DataFrame({"image": ["1"], "label": [0], "class_name": ["ant"], "status": ["ok"]})
NETWORK = {"architecture": "MobileNet", "alpha": 0.25, "input": 64, "weights": "random"}
NETWORK |= {"score": "logit", "evidence": {"method": "gradient"}}


def looked(
    targets: pd.DataFrame,
    trained_on: pd.DataFrame | None = None,
    mapped="labels",
    cams=None,
    recipe={},
    more={},
    **settings,
) -> dict:
    network = {"id": "net@00000000", "settings": NETWORK | settings, "datasets": ["d@00000000"], "training": None}
    network["cams"] = cams or []
    splits = {"d@00000000": Split("d", {"class_map": mapped}, targets)}
    if trained_on is not None:
        ids = {"images": ["t@00000000"], "judged_on": []}
        network["training"] = settings_of(dataset="t", **recipe) | ids | more
    return look(network, splits, lambda *words: None, {"t@00000000": trained_on, "v@00000000": ANTS})


def test_cam_is_refused_of_a_network_whose_head_is_more_than_one_dense_layer():
    assert looked(FOUND, cams=["cam"])["between"] == []
    assert looked(FOUND, architecture="MobileNetV3Small", alpha=0.75)["between"]
    said = (
        r"cams.mine: CAM is .* one dense layer; net has conv_2 \(Conv2D\), .* Leave the pair out: cams.mine.backbones"
    )
    with pytest.raises(ConfigError, match=said):
        looked(FOUND, cams=["mine"], architecture="MobileNetV3Small", alpha=0.75)


def test_a_network_is_looked_at_before_it_sees_an_image():
    about = {"layer": ["conv_pw_13_relu"], "outputs": 1000, "input": [64, 64], "activation": "softmax", "between": []}
    about |= {"binary": False}
    assert looked(FOUND) == about
    trained = looked(FOUND, FOUND.assign(status="ok"), weights={"train": "t@00000000"})
    assert trained["outputs"] == 2


@pytest.mark.parametrize(
    ("targets", "settings", "line"),
    [
        ({"outputs": [[], []]}, {}, "datasets.d: nothing says which outputs of a model its 2 classes are (cat, dog)."),
        (
            {"outputs": [[3], [1000]]},
            {},
            "datasets.d: a class is output 1000, and net has 0 to 999.",
        ),
        ({}, {"layer": "conv_pw_14_relu"}, "backbones.net: layer: unknown 'conv_pw_14_relu'. Did you mean"),
    ],
)
def test_what_cannot_be_explained_is_refused_at_once(targets, settings, line):
    with pytest.raises(ConfigError) as error:
        looked(FOUND.assign(**targets), **settings)
    assert str(error.value).startswith(line)


def test_numbers_that_nobody_mapped_are_not_the_first_outputs_of_more():
    birds = FOUND.assign(label=[0, 199], outputs=[[0], [199]])
    with pytest.raises(ConfigError) as error:
        looked(birds, mapped=None)
    assert str(error.value) == (
        "datasets.d: its classes are numbers up to 199, and net has 1000 outputs. "
        "Say class_map: labels where output i is class i, or which outputs they are."
    )
    assert looked(birds, mapped="labels")["outputs"] == 1000
    assert looked(birds.assign(label=[3, 899], outputs=[[3], [899]]), mapped=None)["outputs"] == 1000
    assert looked(birds, mapped=None, classes=200)["outputs"] == 200


def test_classes_known_by_imagenets_names_are_outputs_of_a_thousand_only():
    named = FOUND.assign(outputs=[[281], [207]])
    assert looked(named, mapped=None)["outputs"] == 1000
    with pytest.raises(ConfigError, match=r"known as ImageNet's 1000, and net has 300 outputs\. Say class_map or"):
        looked(named, mapped=None, classes=300)


def test_a_network_trained_on_other_classes_is_refused():
    other = FOUND.assign(class_name=["ant", "bee"], status="ok")
    with pytest.raises(ConfigError, match=r"none of its classes \(cat, dog\) is one that was trained \(ant, bee\)\."):
        looked(FOUND, other, weights={"train": "t@00000000"})


@pytest.mark.parametrize(
    ("labels", "recipe", "line"),
    [
        (
            {"image": "a.jpg"},
            {},
            "train: 't/a.jpg' has 2 labels, and the network ends in a softmax, which is for one an",
        ),
        ({"status": "by_area"}, {}, "datasets.t: 2 images, the first '1', have several classes, of which that of the"),
        ({}, {"crop_from": 63}, "backbones.net.weights.train.crop_from: must be 64 or more, the input's side, got 63."),
        ({}, {"augment": [{"RandAugmnt": {}}]}, "backbones.net.weights.train.augment: unknown 'RandAugmnt'. Did you"),
        ({}, {"fast_from": "conv_prd"}, "backbones.net: weights.train.fast_from: the network has no layer 'conv_prd'."),
        ({}, {"frozen": {"until": "x"}}, "backbones.net: weights.train.frozen.until: the network has no layer 'x'."),
        ({}, {"method": "adl"}, "backbones.net: weights.train.method adl.layers: is required of this network;"),
    ],
)
def test_what_no_training_could_begin_with_is_refused_before_it_is_started(labels, recipe, line):
    told = FOUND.assign(status="ok", image=["1", "2"]).assign(**labels)
    with pytest.raises(InputError) as error:
        looked(FOUND, told, recipe=recipe, weights={"train": "t@00000000"})
    assert str(error.value).startswith(line)


def test_classes_that_are_only_validated_are_refused_before_a_training_is_started():
    told, line = FOUND.assign(status="ok", image=["1", "2"]), r"^train: 'v/1' is of class 'ant', which is not trained; "
    with pytest.raises(InputError, match=line + r"known: cat, dog\.$"):
        looked(FOUND, told, more={"judged_on": ["v@00000000"]}, weights={"train": "t@00000000"})
