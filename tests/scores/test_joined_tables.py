"""failures.csv and curves.csv from the stages' files: a row of the tables has the files of its own trainings."""

import numpy as np
import pandas as pd
import pytest
from test_failures import outcomes_of

from wsol.files.score import CURVES, OUTCOMES, RUN_COLUMNS
from wsol.report.tables import COLUMNS
from wsol.scores.failures import failure_shares
from wsol.scores.runs import ScoredRun
from wsol.scores.tables import joined_curves, joined_failures

CURVE = ["curve", "metric", "split", "x", "value"]


def names(backbone):
    return dict(zip(RUN_COLUMNS, ("e", "d", backbone, "gradcam", "sweep"), strict=True))


def trained(backbone, training=""):
    return ScoredRun("e", backbone, "gradcam", "sweep", False, "t", pd.DataFrame(), np.empty((0, 0)), training)


def written(folder, backbone, outcomes):
    path = folder / f"{backbone}.{len(list(folder.iterdir()))}.parquet"
    rest = {"image": outcomes["group"], "label": 0, "status": "ok", "box": [[]] * len(outcomes), "level": 0.5}
    OUTCOMES.write(path, outcomes.assign(**rest), settings={"run": names(backbone)})
    return str(path)


def test_failures_are_of_each_row_s_own_trainings(tmp_path):
    no_truth = outcomes_of(9).assign(kind="", published="", iou=np.nan)
    of = {"once": [outcomes_of(0)], "masks": [no_truth], "thrice": [outcomes_of(i) for i in (1, 2, 3)]}
    files = [written(tmp_path, backbone, own) for backbone, members in of.items() for own in members]
    rows = [
        [trained("once")],
        [trained("masks", "masks@1")],
        [trained("thrice", f"thrice@{i}") for i in range(3)],
    ]
    found = joined_failures(rows, files)[COLUMNS["failures"]]
    assert found["backbone"].drop_duplicates().tolist() == ["once", "thrice"]  # masks have no boxes to be missed
    for backbone, count in (("once", 0), ("thrice", 3)):
        own = found[found["backbone"] == backbone].reset_index(drop=True)
        expected = failure_shares(of[backbone])
        pd.testing.assert_frame_equal(own[expected.columns], expected)
        assert set(own["trainings"]) == {count} and set(own["evaluation"]) == {"e"} and set(own["dataset"]) == {"d"}
        assert own["spread"].isna().all() == (count == 0)
    nothing = joined_failures([[trained("masks")]], [files[1]])
    assert list(nothing[COLUMNS["failures"]]) == COLUMNS["failures"] and not len(nothing)


def test_curves_are_of_each_row_s_own_trainings(tmp_path):
    files = []
    for number, value in enumerate((10.0, 20, 40)):
        points = [("level", "maxboxacc@50", "report", x, value + x) for x in (0.0, 0.5)]
        own = pd.DataFrame(points, columns=CURVE).assign(**names("net" if number else "alone"))
        files.append(str(tmp_path / f"{number}.parquet"))
        CURVES.write(files[-1], own)
    nothing = pd.DataFrame(columns=CURVE).assign(**names("empty"))
    CURVES.write(tmp_path / "3.parquet", nothing)
    rows = [[trained("alone")], [trained("net", "net@0"), trained("net", "net@1")], [trained("empty")]]
    found = joined_curves(rows, [*files, str(tmp_path / "3.parquet")])[COLUMNS["curves"]]
    assert found["backbone"].tolist() == ["alone", "alone", "net", "net"]
    assert found["value"].tolist() == pytest.approx([10, 10.5, 30, 30.5]) and found["x"].tolist() == [0, 0.5] * 2
