"""Classes by number, name or rank, and what the outputs are called."""

import json
from types import SimpleNamespace

import pytest

from wsol.errors import ConfigError, DataError
from wsol.explain.classes import ClassNames, Wanted, names_of, wanted
from wsol.index.outputnames import KERAS_INDEX

LINES = [
    "n1 cat",
    "tabby, tabby cat",
    "tiger",
    "tiger shark, Galeocerdo cuvieri",
    "crane",
    "crane",
    "n02123045 Persian",
]
KERAS = {"0": ["n01440764", "tench"], "1": ["n01491361", "tiger_shark"], "2": ["n02129604", "tiger"]}


@pytest.fixture
def names(tmp_path) -> ClassNames:
    (tmp_path / "names.txt").write_text("\n".join(LINES))
    return ClassNames(len(LINES), tmp_path / "names.txt")


@pytest.fixture
def keras(tmp_path) -> ClassNames:
    (tmp_path / "index.json").write_text(json.dumps(KERAS))
    return ClassNames(3, tmp_path / "index.json")


@pytest.mark.parametrize(
    ("word", "output"),
    [("tabby, tabby cat", 1), ("Tabby", 1), ("tabby cat", 1), ("tiger", 2), ("tiger shark", 3), ("n02123045", 6)],
)
def test_a_class_is_found_by_its_name_a_synonym_or_its_synset(names, word, output):
    assert wanted([word], names) == Wanted([output])


@pytest.mark.parametrize(
    ("word", "output"),
    [("tiger shark", 1), ("tiger_shark", 1), ("tiger", 2), ("tench, Tinca tinca", 0), ("n01440764 tench", 0)],
)
def test_keras_names_have_lines_for_spaces_and_one_synonym(keras, word, output):
    assert wanted([word], keras).outputs == [output]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tigger"], "classes: unknown 'tigger'. Did you mean 'tiger' (2)?"),
        (["crane"], "classes: 'crane' names the outputs 4, 5; give the number."),
        (["qqqqqqq"], "classes: unknown 'qqqqqqq'. None of the 6 names is near it."),
        (["7"], "classes: unknown '7'. Known: 0..6."),
        (["-1"], "classes: unknown '-1'. Known: 0..6."),
        (["top0"], "classes: 'top0', and the model has 7 outputs."),
        (["top8"], "classes: 'top8', and the model has 7 outputs."),
        (["top2", "3"], "classes: 'top2' stands alone, got 2 words."),
        (["tiger cub"], "classes: unknown 'tiger cub'. Did you mean 'tiger' (2)?"),
    ],
)
def test_what_the_network_has_not_is_named_with_what_is_near(names, words, line):
    with pytest.raises(ConfigError) as error:
        wanted(words, names)
    assert str(error.value) == line


def test_without_names_only_numbers_are_known():
    bare = ClassNames(5)
    assert bare.of(3) == "" and wanted(["3", "0", "3"], bare).outputs == [3, 0]
    with pytest.raises(ConfigError, match="nothing says which output is called 'cat'"):
        wanted(["cat"], bare)


def test_names_are_printed_without_their_synsets(names, keras):
    assert [names.of(i) for i in (1, 6, 99)] == ["tabby, tabby cat", "Persian", ""]
    assert keras.of(0) == "tench"


def test_more_names_than_outputs_are_another_network_s(tmp_path):
    (tmp_path / "names.txt").write_text("background\ncat\ndog")
    with pytest.raises(DataError, match=r"names\.txt: names output 2, and the model has 0\.\.1\."):
        ClassNames(2, tmp_path / "names.txt")


def test_the_most_probable_classes_are_asked_for_by_their_number():
    assert wanted(["top2"], ClassNames(3)) == Wanted([], top=2)
    assert wanted(None, ClassNames(3)) == Wanted([], top=1)


@pytest.mark.parametrize("content", ["[1]", '{"0": ["n1", "x"], "0": ["n2", "y"]}', "{"])
def test_a_list_of_another_form_is_refused_as_output_names_are(tmp_path, content):
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(DataError, match=r"index\.json"):
        ClassNames(3, tmp_path / "index.json")


@pytest.mark.parametrize(
    ("settings", "count", "called"),
    [
        ({"model": None, "weights": "imagenet"}, 1000, "tench"),
        ({"model": None, "weights": "file.weights.h5"}, 1000, "tench"),
        ({"model": None, "weights": "random"}, 1000, ""),
        ({"model": "mine.keras", "weights": None}, 1000, ""),
        ({"model": None, "weights": "imagenet"}, 10, ""),
    ],
)
def test_keras_own_list_is_of_its_imagenet_networks_alone(monkeypatch, tmp_path, settings, count, called):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    backbone = SimpleNamespace(settings=settings, classes=count)
    assert names_of(backbone, None).of(0) == ""  # Keras has none here, and nothing fetches it
    (tmp_path / KERAS_INDEX).parent.mkdir()
    (tmp_path / KERAS_INDEX).write_text(json.dumps(KERAS))
    assert names_of(backbone, None).of(0) == called
