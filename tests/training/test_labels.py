"""What a training is told of its images: against loops, and against data sets whose boxes and masks are garbage."""

import json

import numpy as np
import pandas as pd
import pytest

from wsol.errors import DataError
from wsol.files.index import LABELS
from wsol.index.indexing import index
from wsol.training import labels


def table(*found: tuple[str, int, str, str]) -> pd.DataFrame:
    """Rows of LABELS."""
    return pd.DataFrame(found, columns=list(LABELS.fields))


BIRDS = table(("a", 0, "owl", "ok"), ("b", 2, "jay", "ok"), ("c", 2, "jay", "missing"), ("b", 0, "owl", "ok"))
MORE = table(("a", 0, "jay", "ok"), ("d", 1, "emu", "ok"), ("e", 0, "jay", "unreadable"))


def told() -> list[pd.DataFrame]:
    return [labels.rows(BIRDS, "birds"), labels.rows(MORE, "more")]


def test_images_that_are_not_there_are_left_out_and_each_is_named_by_its_data_set():
    assert [found["image"].tolist() for found in told()] == [["birds/a", "birds/b", "birds/b"], ["more/a", "more/d"]]


def test_classes_are_joined_by_name_whatever_their_numbers():
    """Naively: a dictionary of sets, one column a name."""
    names = labels.names(told())
    assert names == ["owl", "(no class 1)", "jay", "emu"]
    assert labels.names(told()[::-1]) == ["jay", "emu", "owl"]
    found = labels.labelled(told(), names, "sigmoid")
    sets = {"birds/a": {"owl"}, "birds/b": {"owl", "jay"}, "more/a": {"jay"}, "more/d": {"emu"}}
    assert found.images == list(sets)
    assert found.wanted.toarray().tolist() == [[float(name in own) for name in names] for own in sets.values()]
    assert found.wanted.dtype == np.float32 and found.labels.tolist() == [0, 0, 2, 3]


def test_of_two_classes_and_one_output_the_second_is_what_it_says():
    found = labels.rows(table(("a", 1, "dog", "ok"), ("b", 0, "cat", "ok"), ("c", 1, "dog", "ok")), "d")
    told = labels.labelled([found], labels.names([found]), "sigmoid", binary=True)
    assert told.wanted.toarray().tolist() == [[1], [0], [1]]


@pytest.mark.parametrize(
    ("activation", "binary", "line"),
    [
        ("softmax", False, "ends in a softmax, which is for one an image; say activation: sigmoid, or target: single."),
        ("sigmoid", True, "has one output for two classes; give it an output a class, or target: single."),
    ],
)
def test_several_labels_need_a_sigmoid_for_each_class(activation, binary, line):
    with pytest.raises(DataError) as error:
        labels.labelled(told()[:1], labels.names(told()[:1]), activation, binary=binary)
    assert str(error.value) == f"train: 'birds/b' has 2 labels, and the network {line}"
    single = told()[1:]
    assert labels.labelled(single, labels.names(single), activation).wanted.sum() == 2


def test_a_class_that_was_not_trained_is_named():
    """As of a validation data set."""
    birds, more = told()
    with pytest.raises(DataError) as error:
        labels.labelled([more], labels.names([birds]), "sigmoid")
    assert str(error.value) == (
        "train: 'more/d' is of class 'emu', which is not trained; known: owl, (no class 1), jay."
    )


@pytest.mark.parametrize("status", ["missing", "unreadable"])
def test_a_data_set_without_labels_is_refused(status):
    with pytest.raises(DataError, match=r"^datasets\.d: every image needs a label to be trained on\.$"):
        labels.rows(table(("a", 0, "owl", status)), "d")
    with pytest.raises(DataError, match="every image needs a label"):
        labels.rows(table(("a", 0, "owl", "ok"), ("b", -1, "", "ok")), "d")


def coco(path, boxes: dict[str, tuple], **settings):
    """A data set of two images, one of which has two classes, with these boxes (x, y, width, height)."""
    objects = [("a.jpg", 1, "cat"), ("a.jpg", 2, "dog"), ("b.jpg", 2, "dog")]
    images = [{"id": i, "file_name": name, "width": 100, "height": 80} for i, name in enumerate(["a.jpg", "b.jpg"])]
    places = {image["file_name"]: image["id"] for image in images}
    entries = [
        {"image_id": places[image], "category_id": number, "bbox": boxes[f"{image} {name}"]}
        for image, number, name in objects
    ]
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    path.write_text(json.dumps({"images": images, "annotations": entries, "categories": categories}))
    return index({"adapter": "coco", "annotations": str(path), **settings}).labels


SMALL_CAT = {"a.jpg cat": (0, 0, 5, 5), "a.jpg dog": (10, 10, 50, 50), "b.jpg dog": (1, 1, 9, 9)}
LARGE_CAT = {"a.jpg cat": (0, 0, 90, 70), "a.jpg dog": (10, 10, 5, 5), "b.jpg dog": (-900, 3, 2, -1)}


def test_a_class_that_boxes_have_chosen_is_never_trained(tmp_path):
    for boxes in (SMALL_CAT, LARGE_CAT):
        found = coco(tmp_path / "c.json", boxes)
        assert found["status"].tolist() == ["by_area", "ok"]
        with pytest.raises(DataError) as error:
            labels.rows(found, "coco")
        assert str(error.value) == (
            "datasets.coco: 1 images, the first 'a.jpg', have several classes, of which that of the largest box or "
            "mask is taken; no training may see that: say target: all or target: single."
        )


@pytest.mark.parametrize(("target", "count"), [("all", 3), ("single", 1)])
def test_labels_do_not_know_of_boxes(tmp_path, target, count):
    """A box without area leaves its target without truth, and its label as it was."""
    first, second = (coco(tmp_path / "c.json", boxes, target=target) for boxes in (SMALL_CAT, LARGE_CAT))
    assert first.equals(second) and len(first) == count and set(first["status"]) == {"ok"}
    assert list(first.columns) == ["image", "label", "class_name", "status"]
