"""One run's exported boxes as the truth of another's select split: levels are chosen without a true box."""

import shutil

import pandas as pd
import pytest

SELECT = {"adapter": "shapes", "split": "select", "count": 24}
REPORT = {"adapter": "shapes", "split": "report", "count": 12}
COMMON = {"cams": {"center": {}}, "resamples": 100}
LEVELS = {"low": 0.3, "high": 0.7}


def exported(workflow, tmp_path):
    """The boxes of a control on the select split, cut at one level and at another: the higher, the smaller."""
    config = COMMON | {
        "datasets": {"select": SELECT},
        "thresholds": {name: {"method": "fixed", "level": level} for name, level in LEVELS.items()},
        "evaluations": {"boxes": {"report": "select", "metrics": ["maxboxacc@50"], "exports": ["csv"]}},
        "results": "first",
    }
    done = workflow(config)
    assert done.returncode == 0, done.said
    found = {name: next((tmp_path / "first").rglob(f"{name}@*/**/boxes.csv")) for name in LEVELS}
    assert [len(pd.read_csv(path)) for path in found.values()] == [24, 24]
    return found


@pytest.mark.slow
def test_levels_are_chosen_on_boxes_that_a_run_made(workflow, tmp_path):
    """The level that the boxes were cut at is the one that finds them; another table in its place is seen at once."""
    truth = tmp_path / "pseudo_boxes.csv"
    config = COMMON | {
        "datasets": {"pseudo": SELECT | {"boxes_from": str(truth)}, "report": REPORT},
        "thresholds": {"sweep": {"step": 0.05}},
        "evaluations": {"realistic": {"select": "pseudo", "report": "report", "metrics": ["maxboxacc@95"]}},
    }
    for name, path in exported(workflow, tmp_path).items():
        shutil.copy(path, truth)
        done = workflow(config)
        assert done.returncode == 0, done.said
        (scores,) = (tmp_path / "results").rglob("scores.parquet")
        assert float(pd.read_parquet(scores).set_index("choice")["levels"]["selected"]) == LEVELS[name]
