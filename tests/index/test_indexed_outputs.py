"""Which outputs the index finds for the classes of a data set."""

import json
from pathlib import Path

import pytest

from sources import write
from wsol.errors import DataError
from wsol.index import classmap
from wsol.index.indexing import index


def outputs(wsol, **settings) -> list:
    return (
        index(wsol | {"classes": str(Path(wsol["annotations"]).parent / "classes.txt")} | settings)
        .targets["outputs"]
        .tolist()
    )


@pytest.fixture
def mapped(wsol, tmp_path):
    write(tmp_path / "classes.txt", "n02 grey fox\nn07 kite\n")
    write(tmp_path / "outputs.txt", "n01 kite\nn02 grey fox, Urocyon\nn05 crane\nn07 toy kite, kite toy\nn09 crane\n")
    return wsol | {"output_names": str(tmp_path / "outputs.txt")}


def test_a_published_class_number_is_its_own_output_by_default(wsol, tmp_path):
    write(tmp_path / "classes.txt", "x\ny\n")
    assert outputs(wsol) == [[0], [1]]


def test_with_output_names_classes_find_their_synset(mapped):
    assert outputs(mapped) == [[1], [3]]


@pytest.mark.parametrize(
    "given",
    [
        {0: 4, 1: [2, 0]},
        {"0": 4, "1": [2, 0]},
        {"n02": "n09", "n07": ["n05", "n01"]},
        {"n02 grey fox": 4, "n07 kite": [2, "kite"]},
        {"n02": {"imagenet_indices": [4]}, "n07": {"outputs": ["2", 0, 0]}},
    ],
)
def test_maps_by_index_synset_and_name(mapped, given, tmp_path):
    assert outputs(mapped, class_map=given) == [[4], [2, 0]]
    path = write(tmp_path / "map.json", json.dumps({str(k): v for k, v in given.items()}))
    assert outputs(mapped, class_map=str(path)) == [[4], [2, 0]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", "class,outputs\nn02,4\nn07,2 0\n"),
        ("m.csv", "outputs,class,why\n4,n02,\n2;0,n07,because\n"),
        ("m.csv", "class,outputs\nn02,4\nn07,2\nn07,0\n"),
        ("m.yaml", "n02: 4\nn07: [2, n01]\n"),
    ],
)
def test_maps_in_files(mapped, name, text, tmp_path):
    assert outputs(mapped, class_map=str(write(tmp_path / name, text))) == [[4], [2, 0]]


def test_keras_class_index_names_outputs(wsol, tmp_path):
    path = write(tmp_path / "index.json", json.dumps({"0": ["n07", "kite"], "1": ["n02", "grey_fox"]}))
    write(tmp_path / "classes.txt", "n02\nn07\n")
    assert outputs(wsol, output_names=str(path)) == [[1], [0]]


def test_unmapped_classes_are_counted_and_kept(mapped):
    found = index(mapped | {"class_map": {0: 1}})
    assert found.targets["outputs"].tolist() == [[1], []]
    assert found.targets["status"].tolist() == ["ok", "ok"]
    assert found.problems.to_numpy().tolist() == [["unmapped", "", "class 1 (1): 1 targets"]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({0: "crane"}, "'crane' names outputs [2, 4]; use the index or the synset id."),
        ({0: "n99"}, "class_map: 0: 'n99' is no known output; give `output_names` or an index."),
        ({0: -1}, "class_map: 0: an output must be a whole number from 0"),
        ({0: 1.5}, "class_map: 0: an output must be a whole number from 0"),
        ({0: None}, "class_map: 0: an output must be a whole number from 0"),
        ({0: {"index": 3}}, "class_map: 0: an output must be a whole number from 0"),
        ({0: [[1]]}, "class_map: 0: an output must be a whole number from 0"),
    ],
)
def test_maps_that_are_wrong(mapped, given, words):
    with pytest.raises(DataError) as caught:
        index(mapped | {"class_map": given})
    assert words in str(caught.value)


def test_map_without_names_needs_indices():
    with pytest.raises(DataError, match="give `output_names` or an index"):
        classmap.outputs({0: "cat"}, {"cat": "n01"}, None)


def test_labels_beyond_the_names_are_reported(wsol, tmp_path):
    write(tmp_path / "classes.txt", "cat\n")
    found = index(wsol | {"classes": str(tmp_path / "classes.txt")})
    assert found.targets["class_name"].tolist() == ["cat", "1"]
    assert found.problems["kind"].tolist() == ["unknown_class"]
