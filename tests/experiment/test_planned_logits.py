"""A file of logits is held against its data set before anything is made of it."""

import numpy as np
import pandas as pd
import pytest

from configs import FOLDER, changed
from wsol.errors import ConfigError
from wsol.experiment import planning
from wsol.experiment.config import check
from wsol.experiment.questions import answered, logits, notes, plan
from wsol.index.splits import Split

IMAGES = ["a.jpg", "b.jpg", "c.jpg"]
SETTINGS = {"class_map": "labels", "output_names": None}


def split(outputs=([0], [4], [2]), **settings) -> Split:
    table = pd.DataFrame({"image": IMAGES, "label": [0, 4, 2], "class_name": ["cat", "dog", "cow"]})
    return Split("d", SETTINGS | settings, table.assign(outputs=list(outputs)))


def look(tmp_path, of: Split, outputs: int = 5, image=IMAGES, **arrays) -> str:
    path = str(tmp_path / "logits.npz")
    np.savez(path, image=image, logits=np.zeros((len(image), outputs)), **arrays)
    said: list[str] = []
    planning.look_at_logits(path, of, "theirs", said.append)
    return said[0]


def test_a_file_that_fits_is_described(tmp_path):
    assert look(tmp_path, split(), image=["x", "c.jpg"]) == "theirs: 2 images with logits of 5 outputs"
    named = look(tmp_path, split([[], [], []]), names=["x", "dog", "y", "z", "cow"])
    assert named == "theirs: 3 images with logits of 5 outputs"


@pytest.mark.parametrize(
    ("of", "given", "words"),
    [
        ({}, {"image": ["x.jpg", "y.jpg"]}, "backbones.theirs.logits: none of d's images (a.jpg, b.jpg, c.jpg) is in"),
        ({}, {"outputs": 4}, "datasets.d: a class is output 4, and theirs has 0 to 3."),
        ({"outputs": ([], [], [])}, {}, "datasets.d: nothing says which outputs of a model its 3 classes are"),
        ({}, {"outputs": 2, "names": ["Cat", "hen"]}, "none of d's classes (cat, dog, cow) is an output of"),
        ({"class_map": None}, {"outputs": 1000}, "its classes are numbers up to 4, and theirs has 1000 outputs."),
    ],
)
def test_a_file_of_something_else_is_refused_in_a_line(of, given, words, tmp_path):
    with pytest.raises(ConfigError) as caught:
        look(tmp_path, split(**of), **given)
    assert words in str(caught.value)


def test_logits_are_noted_shared_and_part_of_the_plan(tmp_path):
    """Two backbones of one file share its predictions; without one nothing of the plan's name is another."""
    path = tmp_path / "l.npz"
    np.savez(path, image=IMAGES, logits=np.zeros((3, 2)))
    plain = {name: {"imported": FOLDER} for name in ("one", "two", "three")}
    said = {name: entry | {"logits": str(path)} for name, entry in plain.items()}
    said["three"] = said["three"] | {"activation": "softmax"}
    before, found = (
        check(changed(*((f"backbones.{name}", entry) for name, entry in each.items()))) for each in (plain, said)
    )
    assert logits(before) == {} and answered(before) == []
    ids = {backbone.split("@")[0]: answers.id for (_, backbone), answers in logits(found).items()}
    assert ids["one"] == ids["two"] != ids["three"]
    assert {name: read for name, read in notes(found).items() if "logits@" in name}.popitem()[1] == [str(path)]
    assert {(file, name) for file, _, name in answered(found)} == {(str(path), "one")}
    assert plan(before) != plan(found)
    assert plan(before) == plan(
        check(changed(*((f"backbones.{n}", entry | {"logits": None}) for n, entry in plain.items())))
    )
