"""Definitions: every name that the page can open has an entry, with what it was made with."""

from pages import tables
from wsol.page.contents import QUESTIONS, items
from wsol.page.definitions import definitions
from wsol.page.seen import seen

DESCRIBED = {
    "command": "make run CONFIG=mine.yaml",
    "runs": [
        {
            "evaluation": "e",
            "name": "net/gradcam/sweep",
            "decisions": [
                ("backbone", "net@1"),
                ("backbone", "net@2"),
                ("cam", "gradcam@3"),
                ("threshold", "sweep@4"),
                ("evaluation", "e@5"),
            ],
        }
    ],
    "settings": {
        "net@1": {"alpha": 1},
        "net@2": {"alpha": 2},
        "gradcam@3": {"method": "gradcam", "relu": True},
        "e@5": {"protocol": "exact"},
    },
}


def entries():
    return {entry.about: entry for entry in definitions(seen(tables()), DESCRIBED)}


def test_every_heading_and_every_run_has_an_entry():
    found = entries()
    for each in seen(tables()):
        for question in QUESTIONS:
            for item in items(each, question):
                headings = item.sheet.columns if item.sheet else []
                assert {column.about for column in headings} - {""} <= found.keys()
        assert {f"run:e:{run}" for run in each.runs} <= found.keys()


def test_a_metric_says_what_its_docstring_says_with_its_settings():
    entry = entries()["metric:maxboxacc@50"]
    assert entry.text.startswith("The largest region's box reaches IoU >= delta") and "Choe et al. 2020" in entry.text
    assert ("delta", "0.5") in entry.facts and ("unit", "%") in entry.facts and entry.code.startswith(">>> ")


def test_a_run_has_its_decisions_the_command_and_of_trainings_the_first_ones_settings():
    entry = entries()["run:e:net/gradcam"]
    assert ("backbone", "net@2") in entry.facts and ("made by", "make run CONFIG=mine.yaml") in entry.facts
    assert set(entry.includes) == {"decision:net@1", "decision:gradcam@3", "decision:sweep@4"}
    cam = entries()["decision:gradcam@3"]
    assert '"relu": true' in cam.code and cam.text.startswith("Channels weighted")
    assert entries()["run:e:none/center"].includes == ()


def test_an_evaluation_has_its_protocol_and_the_command():
    entry = entries()["evaluation:e"]
    assert ("made by", "make run CONFIG=mine.yaml") in entry.facts and entry.includes == ("decision:e@5",)
    protocol = entries()["decision:e@5"]
    assert '"protocol": "exact"' in protocol.code and "half-open boxes" in protocol.text
