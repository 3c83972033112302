"""The leaderboard in words: the honest number first, and what it is of."""

import numpy as np
import pandas as pd

from wsol.report.leaderboard import boards, text
from wsol.report.tables import printed, read
from wsol.scores.comparisons import COLUMNS
from wsol.scores.metrics import METRICS
from wsol.scores.metrics.record import Metric


def scores(backbone="mobilenetv2", trainings=0):
    rows = [
        ("e", "d", backbone, "gradcam", "sweep", "top1_acc", "none", 80.0, 75.0, 85.0, 10, 10),
        ("e", "d", backbone, "gradcam", "sweep", "boxes_per_target", "oracle", 1.0, 0.5, 1.5, 10, 10),
        ("e", "d", backbone, "gradcam", "sweep", "maxboxacc@50", "oracle", 60.0, 50.0, 70.0, 10, 10),
        ("e", "d", backbone, "gradcam", "sweep", "maxboxacc@50", "selected", 55.0, 45.0, 65.0, 10, 10),
        ("e", "d", "none", "center", "sweep", "boxes_per_target", "oracle", 3.0, 2.5, 3.5, 10, 10),
        ("e", "d", "none", "center", "sweep", "maxboxacc@50", "oracle", 90.0, 30.0, 50.0, 10, 10),
        ("e", "d", "none", "center", "sweep", "maxboxacc@50", "selected", 40.0, 30.0, 50.0, 10, 10),
        ("e", "d", "none", "full", "sweep", "maxboxacc@50", "selected", 30.0, 20.0, 40.0, 10, 10),
    ]
    names = "evaluation dataset backbone cam threshold metric choice value low high n groups"
    return pd.DataFrame(rows, columns=names.split()).assign(spread=np.nan, trainings=trainings, each="")


def compared(backbone="mobilenetv2"):
    a = f"{backbone}/gradcam/sweep"
    rows = [
        ("e", "maxboxacc@50", "oracle", "control", a, "none/center/sweep", -30.0, -40, -20, 8.0, 1e-9, 1e-9, 10, 10),
        ("e", "maxboxacc@50", "selected", "control", a, "none/center/sweep", 15.0, 5.0, 25.0, 7.0, 0.01, 0.02, 10, 10),
        ("e", "maxboxacc@50", "selected", "control", a, "none/full/sweep", 25.0, 15.0, 35.0, 9.0, 1e-7, 2e-7, 10, 10),
    ]
    return pd.DataFrame(rows, columns=COLUMNS[:14]).assign(a_trainings=0, b_trainings=0)


def test_the_selected_number_ranks_and_the_oracle_stands_beside_it():
    board = boards(scores(), compared())[0]
    assert [row.run["cam"] for row in board.rows] == ["gradcam", "center", "full"]
    cell = board.rows[0].cells["maxboxacc@50"]
    assert (cell.value, cell.level_from, cell.oracle) == (55, "selected", 60)
    assert "55.0 [45.0 65.0]" in text(scores(), compared()) and "-" in text(scores(), compared()).splitlines()[3]


def test_neither_a_count_nor_an_accuracy_orders_the_rows():
    assert boards(scores(), compared())[0].ranking == "maxboxacc@50"
    only = scores()[lambda s: s["metric"] != "maxboxacc@50"]
    board = boards(only, compared()[:0])[0]
    assert board.ranking is None and [row.run["cam"] for row in board.rows] == ["gradcam", "center"]


def test_a_metric_of_which_less_is_better_orders_the_rows_the_other_way(monkeypatch):
    monkeypatch.setitem(METRICS, "maxboxacc@50", Metric(print, higher_is_better=False))
    board = boards(scores(), compared())[0]
    assert board.ranking == "maxboxacc@50" and [row.run["cam"] for row in board.rows] == ["full", "center", "gradcam"]
    assert board.rows[2].margin.control == "none/full/sweep"  # the one that is furthest ahead of the run
    monkeypatch.setitem(METRICS, "maxboxacc@50", Metric(print, higher_is_better=None))
    assert boards(scores(), compared())[0].ranking is None


def test_a_run_stands_over_the_control_that_is_nearest_to_it():
    board = boards(scores(), compared())[0]
    assert board.rows[0].margin == (15, 5, 25, "none/center/sweep", 0.02)
    assert [row.margin for row in board.rows[1:]] == [None, None] and board.detectable == 8
    shown = text(scores(), compared())
    assert "over best control" in shown and "+15.0 [5.0 25.0]" in shown and "difference of 8.0" in shown
    assert "over best control" not in text(scores(), compared()[:0])


def test_an_oracle_alone_is_marked():
    only = scores()[lambda s: (s["choice"] != "selected") & (s["metric"] != "boxes_per_target")]
    assert "60.0* [50.0 70.0]" in text(only, compared()[:1]) and "* oracle: " in text(only, compared()[:1])
    assert "-30.0 [-40.0 -20.0]" in text(only, compared()[:1])
    few = scores()[lambda s: (s["backbone"] != "none") & (s["metric"] != "boxes_per_target")]
    assert "* oracle: " not in text(few, compared())


def test_a_single_group_is_said_to_be_one():
    alone = scores().assign(low=np.nan, high=np.nan, groups=1)
    assert "55.0 [one group]" in text(alone, compared().assign(low=np.nan, high=np.nan))


def of_trainings(count, spread):
    """The scores, of which those of the network are over so many trainings."""
    found = scores()
    own = found["backbone"] != "none"
    found.loc[own, "trainings"] = count
    found.loc[own & (found["metric"] == "maxboxacc@50") & (found["choice"] == "selected"), "spread"] = spread
    return found


def test_how_often_a_network_was_trained_stands_wherever_it_is_printed():
    several, once, never = of_trainings(3, 2.14), of_trainings(1, np.nan), scores()
    rows = {line.split()[0]: line for line in text(several, compared()).splitlines() if line}
    assert rows["backbone"].endswith("  trainings") and rows["mobilenetv2"].endswith("  3 trainings, spread 2.1")
    assert rows["none"].endswith("  -") and "1 training" not in text(several, compared())
    said = text(once, compared())
    assert "  1 training\n" in said and "1 training: the interval says nothing of how another" in said
    assert "training" not in text(never, compared())


def test_small_p_keeps_its_digits_and_nothing_is_empty(tmp_path):
    frame = pd.DataFrame({"value": [27.123456, np.nan], "p": [2.5e-31, 0.04999], "n": [10, 11]})
    printed(frame).to_csv(tmp_path / "t.csv", index=False)
    assert (tmp_path / "t.csv").read_text() == "value,p,n\n27.1235,2.5e-31,10\n,0.05,11\n"
    assert read(tmp_path / "t.csv")["p"].tolist() == [2.5e-31, 0.05] and np.isnan(read(tmp_path / "t.csv")["value"][1])
