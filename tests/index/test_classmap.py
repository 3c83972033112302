"""Which outputs of a model are right for a class: what is said, what numbers and names tell, and what nobody says."""

import json
from pathlib import Path

import pytest

import sources
from sources import write
from wsol.errors import ConfigError, DataError
from wsol.experiment.questions import sources as depends_on
from wsol.index import classmap
from wsol.index.indexing import index


def listed(root: Path, classes: list[str]) -> dict:
    """A table of an image a class."""
    rows = "".join(f"{i}.png,{name}\n" for i, name in enumerate(classes))
    return {"adapter": "table", "annotations": str(write(root / "t.csv", "image,class\n" + rows)), "classes": classes}


def line(found) -> str:
    """What the summary says of outputs."""
    return next(line for line in found.summary.splitlines() if line.startswith("outputs")).split(maxsplit=1)[1]


@pytest.fixture
def keras(tmp_path, monkeypatch):
    """A folder of Keras' with a list of six of ImageNet's classes, two of which are called alike."""
    names = ["tench", "great_white_shark", "crane", "Crane", "kite", "toy_poodle"]
    synsets = {str(i): [f"n0000000{i}", name] for i, name in enumerate(names)}
    write(tmp_path / "keras/models/imagenet_class_index.json", json.dumps(synsets))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def test_nothing_said_is_nothing_known(tmp_path):
    found = index(sources.voc(tmp_path))
    assert found.targets["outputs"].tolist() == [[], []]
    assert found.problems.empty
    assert line(found) == "none: say class_map before a network runs"


@pytest.mark.parametrize("form", ["wsol", "openimages"])
def test_published_class_numbers_are_outputs(form, tmp_path):
    found = index(sources.SOURCES[form](tmp_path))
    assert found.targets["outputs"].tolist() == [[0], [1]]
    assert line(found) == "by number: 2 of 2 classes"


def test_the_user_may_say_that_outputs_are_labels(tmp_path):
    found = index(sources.voc(tmp_path) | {"class_map": "labels", "classes": ["dog", "cat"]})
    assert found.targets["outputs"].tolist() == [[1], [0]]
    assert line(found) == "by number: 2 of 2 classes"


def test_the_word_labels_is_no_file_that_a_stage_depends_on(tmp_path):
    settings = sources.voc(tmp_path) | {"class_map": "labels", "output_names": None}
    assert depends_on(settings) == [settings["annotations"]]
    path = str(write(tmp_path / "m.json", "{}"))
    assert depends_on(settings | {"class_map": path}) == [settings["annotations"], path]


def test_a_map_that_is_no_file_is_told_as_before(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset.class_map: no such file or folder: 'label'\."):
        index(sources.voc(tmp_path) | {"class_map": "label"})


def test_output_names_beside_labels_would_do_nothing(tmp_path):
    names = str(write(tmp_path / "n.txt", "cat\ndog\n"))
    with pytest.raises(ConfigError, match="output_names: has no effect beside class_map: labels; leave one out"):
        index(sources.voc(tmp_path) | {"class_map": "labels", "output_names": names})


def test_the_summary_counts_mapped_classes(tmp_path):
    settings = sources.voc(tmp_path) | {"classes": ["cat", "dog"]}
    assert line(index(settings | {"class_map": {"dog": 207}})) == "by class_map: 1 of 2 classes"
    names = str(write(tmp_path / "n.txt", "cat\nkite\n"))
    assert line(index(settings | {"output_names": names})) == "by output_names: 1 of 2 classes"


def test_a_thousand_synsets_are_outputs_in_sorted_order(tmp_path):
    synsets = [f"n{10**7 + 7 * i:08d} class {i}" for i in range(1000)]
    found = index(listed(tmp_path, list(reversed(synsets))))
    assert found.targets["outputs"].tolist() == [[999 - i] for i in range(1000)]
    assert line(found) == "by ImageNet's order of synsets: 1000 of 1000 classes"
    assert line(index(listed(tmp_path, synsets[:999]))) == "none: say class_map before a network runs"


@pytest.mark.parametrize(
    ("classes", "outputs"),
    [
        (["n00000004", "n00000000"], [[4], [0]]),
        (["n00000004 whatever it is called", "n00000000 x"], [[4], [0]]),
        (["Tench", "great white shark", "Toy_Poodle"], [[0], [1], [5]]),
        (["tench", "heron"], [[], []]),  # all or none
        (["tench", "crane"], [[], []]),  # two outputs are called so
        (["n00000009", "n00000000"], [[], []]),
    ],
)
def test_classes_called_as_keras_calls_them(keras, classes, outputs, tmp_path):
    found = index(listed(tmp_path, classes))
    assert found.targets["outputs"].tolist() == outputs
    known = f"by Keras' ImageNet names: {len(classes)} of {len(classes)} classes"
    assert line(found) == (known if outputs[0] else "none: say class_map before a network runs")


def test_a_class_without_targets_counts_as_a_class(keras, tmp_path):
    settings = listed(tmp_path, ["tench", "kite"])
    assert index(settings | {"classes": ["tench", "kite", "heron"]}).targets["outputs"].tolist() == [[], []]


def test_numbers_and_maps_come_before_keras_names(keras, tmp_path):
    write(tmp_path / "classes.txt", "kite\ntench\n")
    settings = sources.wsol(tmp_path) | {"classes": str(tmp_path / "classes.txt")}
    assert index(settings).targets["outputs"].tolist() == [[0], [1]]
    assert index(settings | {"class_map": {"kite": 9}}).targets["outputs"].tolist() == [[9], []]


def test_a_part_may_lack_a_class_of_the_map(tmp_path):
    settings = {"adapter": "table", "annotations": str(write(tmp_path / "t.csv", "image,class\na,0\nb,1\nc,3\n"))}
    for take in (0, 1):
        found = index(settings | {"class_map": {0: 5, 1: 6, 2: 7, "3": 8}, "part": {"of": 2, "take": take}})
        assert [o[0] for o in found.targets["outputs"]] == [{0: 5, 1: 6, 3: 8}[t] for t in found.targets["label"]]
    coco = sources.coco(tmp_path)
    content = json.loads(Path(coco["annotations"]).read_text())
    content["categories"].append({"id": 90, "name": "toothbrush"})
    write(Path(coco["annotations"]), json.dumps(content))
    assert index(coco | {"class_map": {"cat": 1, "dog": 2, "toothbrush": 3}}).problems.empty


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cta": 1}, "class_map: no class is called 'cta'. Known: n02 grey fox, n07 kite."),
        ({2: 1, "b": 1, "c": 1, "d": 1}, "class_map: no class is called 2, 'b', 'c', …. Known: "),
        ({True: 1}, "class_map: no class is called True. Known: n02 grey fox, n07 kite."),
        ({0: 1, "n02": 2}, "class_map: 0 and 'n02' are the same class; say it once."),
        ({0: 1, "0": 1}, "class_map: 0 and '0' are the same class; say it once."),
        ({"n02 grey fox": 1, "n02": 1}, "class_map: 'n02 grey fox' and 'n02' are the same class; say it once."),
    ],
)
def test_keys_of_a_map_mean_one_class_each(given, words, tmp_path):
    with pytest.raises(DataError) as caught:
        classmap.outputs({0: "n02 grey fox", 1: "n07 kite"}, given, None)
    assert str(caught.value).startswith(words)


def test_a_key_may_not_mean_two_classes():
    with pytest.raises(DataError, match=r"class_map: 'crane' means the classes 1 and 2; say their numbers."):
        classmap.outputs({0: "fox", 1: "crane", 2: "crane"}, {"crane": 5}, None)
    assert classmap.outputs({0: "crane", 1: "crane bird"}, {"crane": 5}, None).right == {0: [5], 1: []}


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (["kangaroo"], "its 1 classes are (kangaroo). Say class_map: {kangaroo: OUTPUT}, or"),
        (["a", "b", "c"], "its 3 classes are (a, b, c). Say class_map: {a: OUTPUT}, or"),
        (["a", "b", "c", "d"], "its 4 classes are (a, b, c, …). Say class_map: {a: OUTPUT}, or"),
    ],
)
def test_what_to_say_where_nothing_is_said(classes, words):
    said = classmap.unsaid("kangaroos", classes)
    assert said == (
        f"datasets.kangaroos: nothing says which outputs of a model {words} output_names: FILE with the outputs' "
        "names, or class_map: labels where output i is class i."
    )
