"""What is said of explained images: the words and the JSON, of results that are made by hand."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from wsol.errors import DataError
from wsol.explain import telling
from wsol.explain.classes import ClassNames
from wsol.explain.explaining import ExplainedImage

HEAT, FLAT = np.float32([[0, 1]]), np.ones((1, 2), np.float32)
LOGITS = np.float32([1, 7, 2, 3, 4, 5, 6])
CHANCES = np.array([0.001, 0.6, 0.01, 0.02, 0.04, 0.1, 0.229])


def explained(probabilities=CHANCES) -> ExplainedImage:
    return ExplainedImage(LOGITS, probabilities, [1, 0], {"gradcam": [HEAT, FLAT], "layercam": [HEAT, HEAT]})


BOXES = {"gradcam": [[0.0, 1.25, 9.0, 10.0], None], "layercam": [[1.0, 1.0, 2.0, 2.0], None]}
SAID = (Path("cat-cam.png"), ["late"])


def test_the_five_highest_classes_and_those_that_are_explained():
    assert list(telling.lines("cat.jpg", *SAID, explained(), BOXES, ClassNames(7))) == [
        "cat.jpg: layer late, gradcam, layercam, picture cat-cam.png",
        "class    1   60.00 %    <- explained",
        "            gradcam: box 0.0 1.2 9.0 10.0",
        "            layercam: box 1.0 1.0 2.0 2.0",
        "class    6   22.90 %",
        "class    5   10.00 %",
        "class    4    4.00 %",
        "class    3    2.00 %",
        "class    0    0.10 %    <- explained",
        "            gradcam: the map is flat",
        "            layercam: nothing passes the level",
    ]


def test_where_nothing_makes_probabilities_the_outputs_are_printed_as_they_are():
    lines = list(telling.lines("cat.jpg", *SAID, explained(None), {}, ClassNames(7)))
    assert lines[1] == "class    1     7.000    <- explained"


def test_a_row_of_json_for_each_method():
    rows = [json.loads(row) for row in telling.rows("cat.jpg", *SAID, explained(), BOXES, ClassNames(7))]
    assert [row["cam"] for row in rows] == ["gradcam", "layercam"]
    assert rows[0] == {
        "image": "cat.jpg",
        "cam": "gradcam",
        "layer": ["late"],
        "classes": [1, 0],
        "names": [None, None],
        "probabilities": [0.6, 0.001],
        "logits": [7.0, 1.0],
        "flat": [False, True],
        "box": [[0.0, 1.25, 9.0, 10.0], None],
        "picture": "cat-cam.png",
    }


def test_json_has_no_number_that_is_none():
    found = explained(None)._replace(logits=np.float32([np.nan, np.inf, 0, 0, 0, 0, 0]))
    row = json.loads(next(telling.rows("cat.jpg", *SAID, found, {}, ClassNames(7))))
    assert (row["logits"], row["probabilities"], row["box"]) == ([None, None], [None, None], None)


def told(count: int, as_json: bool = False) -> telling.Told:
    return telling.Told(count, io.StringIO(), as_json)


def test_of_several_images_each_failure_is_told_at_once_and_counted_at_the_end(capsys):
    three = told(3)
    for name in ("a", "b"):
        with three.of(name):
            raise DataError(f"{name}: is empty.")
    with three.of("c"):
        pass
    assert three.terminal.getvalue() == "a: is empty.\nb: is empty.\n"
    assert three.ending() == "2 of 3 images failed."
    assert capsys.readouterr().out == ""


def test_the_failure_of_an_only_image_is_the_end():
    one = told(1)
    one.fail("a", DataError("a: is empty."))
    assert (one.terminal.getvalue(), one.ending()) == ("", "a: is empty.")
    assert told(5).ending() == ""


def test_programs_are_told_of_failures_where_they_read(capsys):
    told(2, as_json=True).fail("a\udcff", DataError("a: is empty."))
    assert json.loads(capsys.readouterr().out) == {"image": "a\udcff", "error": "a: is empty."}


def test_what_is_no_input_error_is_not_swallowed():
    with pytest.raises(ZeroDivisionError), told(2).of("a"):
        raise ZeroDivisionError


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_shows_how_far_it_is_and_clears_the_line_for_words(capsys):
    three = telling.Told(3, Screen(), as_json=False)
    with three.bar as bar:
        bar.update(2)
        three.fail("a", DataError("a: is empty."))
        three.say("cat.jpg", *SAID, explained(), {}, ClassNames(7))
    shown = three.terminal.getvalue()
    assert "0/3" in shown and shown.index("a: is empty.\n") < shown.index("2/3")
    assert shown[shown.index("a: is") - 1] == "\r" and shown.endswith("\r")  # nothing of the bar is left
    assert capsys.readouterr().out.startswith("cat.jpg: layer late")
