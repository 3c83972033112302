"""Tables of the page: what stands in them is what the CSV files say, and the same in every form."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from pages import names, tables, value_of
from wsol.page.contents import QUESTIONS, SHEETS, items
from wsol.page.seen import seen
from wsol.page.sheets import FORMS, Column, Entry, Sheet, comma_separated, latex, markdown


@pytest.fixture
def each():
    return next(seen(tables()))


def column(sheet, name):
    place = [found.name for found in sheet.columns].index(name)
    return [row[place] for row in sheet.rows]


def test_the_leaderboard_has_every_run_with_what_is_said_of_it(each):
    sheet = SHEETS["leaderboard"](each)
    assert [entry.text for entry in column(sheet, "run")] == [
        *("net/gradcam", "net/layercam", "slim/gradcam", "slim/layercam"),
        "none/center",
    ]
    assert [entry.words for entry in column(sheet, "maxboxacc@50")][:2] == ["90.0 [85.0 95.0]", "80.0 [75.0 85.0]"]
    assert column(sheet, "maxboxacc@50")[0].notes == ("selected · oracle 92.0",)
    assert [entry.words for entry in column(sheet, "below the best")] == [
        *("best", "−10.0 [−16.0 −4.0]", "−20.0 [−26.0 −14.0]", "−30.0 [−36.0 −24.0]", "")
    ]
    assert column(sheet, "over its best control")[0].words == "+70.0 [64.0 76.0]"
    assert list(sheet.kinds) == ["best", "equal", "", "", "control"]
    assert sheet.columns[-1].drawn is None and sheet.columns[1].drawn == (0, 100)  # a count has no span


def test_the_price_of_honesty_is_the_oracles_less_the_selected(each):
    found = column(SHEETS["prices"](each), "maxboxacc@50, price")
    assert [entry.words for entry in found] == ["+2.0"] * 5


def test_the_oracles_alone_has_no_price():
    given = tables()
    given = given._replace(scores=given.scores[given.scores["choice"] == "oracle"])
    assert SHEETS["prices"](next(seen(given))) is None


def test_the_iou_of_each_class_of_seeds_has_a_table_unless_it_orders_the_leaderboard():
    given = tables()
    own = given.strata[given.strata["table"] == "class"]
    seeds = own.assign(metric="voc_miou", value=own["value"] / 2, stratum=own["stratum"].replace("cat", "background"))
    each = next(seen(given._replace(strata=pd.concat([given.strata, seeds]))))
    sheet = SHEETS["class_ious"](each)
    assert sheet.caption == "voc_miou: IoU by class, e"
    assert [row[0].text for row in sheet.rows] == ["background", "dog", "fox"]
    assert [entry.value for entry in sheet.rows[2][2:]] == [40, 35, 30, 25, 5]
    assert SHEETS["class_ious"](each._replace(board=each.board._replace(ranking="voc_miou"))) is None
    assert SHEETS["class_ious"](next(seen(given))) is None


def test_strata_are_of_the_choice_shown_first_and_classes_are_rows(each):
    by_area = SHEETS["strata_area_fraction"](each)
    assert [found.name for found in by_area.columns] == ["run", "below 10 % (n 40)", "above 50 % (n 41)"]
    assert [entry.value for entry in by_area.rows[1][1:]] == [80, 75]
    by_class = SHEETS["strata_class"](each)
    assert [row[0].text for row in by_class.rows] == ["cat", "dog", "fox"]
    assert [entry.value for entry in by_class.rows[2][1:]] == [42, 80, 70, 60, 50, 10]


def test_each_run_of_two_thresholds_has_its_own_choice(each):
    given = tables()
    fixed = given.strata["cam"] == "layercam"
    given = given._replace(strata=given.strata[~fixed | (given.strata["choice"] == "oracle")])
    assert len(SHEETS["strata_objects"](next(seen(given))).rows) == 5


def test_a_row_of_failures_adds_up_and_leads_to_its_pictures(each):
    for rule in ("exact", "published", "class_and_place"):
        sheet = SHEETS[f"failures_{rule}"](each)
        assert all(sum(entry.value for entry in row[1:]) == pytest.approx(100) for row in sheet.rows)
    exact = SHEETS["failures_exact"](each)
    assert column(exact, "part")[1].link == "#gallery;list=exact:part;run=net/layercam/sweep"
    assert len(exact.rows) == 5 and len(SHEETS["failures_published"](each).rows) == 4  # a control predicts no class


def test_the_distribution_of_iou_is_what_the_accuracy_loses(each):
    """Of the first run 100 at IoU 0, 90 at .5, 0 at 1, on lines between the points."""
    row = SHEETS["overlap_distribution"](each).rows[0]
    assert [entry.value for entry in row[1:]] == pytest.approx([2, 4, 4, 36, 36, 18])
    at = [100 - 20 * 0.0, 100 - 20 * 0.1, 100 - 20 * 0.3, 90, 90 * 2 * 0.3, 90 * 2 * 0.1, 0]
    assert [entry.value for entry in row[1:]] == pytest.approx(-np.diff(at))


def test_precision_is_read_off_the_curve_at_every_tenth(each):
    row = SHEETS["precision_recall"](each).rows[0]
    assert [entry.value for entry in row[1:]] == pytest.approx([95, 90, 85, 80, 75, 70, 65, 60, 55])


def test_numbers_come_back_from_the_csv(each):
    rows = list(csv.DictReader(io.StringIO(comma_separated(SHEETS["leaderboard"](each)))))
    assert [float(row["maxboxacc@50"]) for row in rows] == [value_of(run) for run in names()]
    assert [float(row["maxboxacc@50 low"]) for row in rows] == [value_of(run) - 5 for run in names()]
    assert rows[4]["below the best"] == "" and rows[0]["below the best"] == "best"


def test_every_table_has_every_form_with_as_many_rows(each):
    found = [item.sheet for question in QUESTIONS for item in items(each, question) if item.sheet]
    assert len(found) > 8
    for sheet in found:
        assert len(markdown(sheet).splitlines()) == len(sheet.rows) + 2
        assert latex(sheet).count(r"\\") == len(sheet.rows) + 1
        assert len(pd.read_csv(io.StringIO(comma_separated(sheet)))) == len(sheet.rows)
        assert all(len(row) == len(sheet.columns) for row in sheet.rows)


def test_names_with_marks_of_a_form_are_escaped_in_it():
    sheet = Sheet("", [Column("a|b_c", False), Column("50 %")], [[Entry('x,"y"\n'), Entry("−1.0", -1.0)]])
    assert markdown(sheet).splitlines()[0] == "| a\\|b_c | 50 % |"
    assert "a|b\\_c & 50 \\%" in latex(sheet) and "$-$1.0" in latex(sheet)
    assert list(csv.reader(io.StringIO(comma_separated(sheet))))[1] == ['x,"y"\n', "-1"]
    assert FORMS.keys() == {"md", "tex", "csv"}
