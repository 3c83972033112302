"""One line per job: what it names, and what time it tells."""

import doctest

import pytest

from wsol.terminal import lines


def test_the_examples_of_the_docstrings_are_right():
    assert doctest.testmod(lines).failed == 0


def test_a_job_is_named_by_what_the_user_called_its_decisions():
    found = {"dataset": "d@12345678", "backbone": "none", "cam": "center@12345678", "threshold": "half@12345678"}
    assert lines.names({**found, "evaluation": "e@12345678", "form": "coco"}) == ["center", "half", "e", "coco", "d"]
    assert lines.names({}) == []


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_the_live_line_never_fills_the_terminal(columns):
    for done in range(8):
        text = lines.bar(done, 7, ["predict " + "x" * 90], columns)
        assert len(text) < columns and text.endswith("…")
    assert lines.bar(0, 0, ["0 of 0"], 80).startswith("[····")


@pytest.mark.parametrize("seconds", [0, 0.4, 54, 56, 59.6, 61, 3599, 3600, 100_000])
def test_a_time_to_come_is_rough_and_never_nothing(seconds):
    assert lines.left(seconds).endswith(" left") and not lines.left(seconds).startswith("0 ")
