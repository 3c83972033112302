"""The first sentence: worked by hand on tables of four runs of a model and a control."""

import pytest

from pages import tables
from wsol.page.answers import answer, inseparable
from wsol.page.seen import seen
from wsol.scores.metrics import METRICS
from wsol.scores.metrics.record import Metric


def said(given):
    return answer(next(seen(given)))


def test_a_lead_that_is_not_established_names_the_nearest_with_its_p():
    found = said(tables(p=0.0993))
    assert found.first == (
        "net/gradcam is best in maxboxacc@50 (90.0 [85.0 95.0]); that it is above net/layercam is not established "
        "(p = .099, difference +10.0 [4.0 16.0])."
    )
    assert not found.established
    assert found.more == [
        "Over its best control, none/center, it gains +70.0 [64.0 76.0], established (p < .001).",
        "With 100 independent images a true difference of 8.5 is found four times in five.",
    ]


def test_a_lead_over_all_is_established_at_the_largest_p():
    found = said(tables(p=0.012))
    assert found.established and "established: every other model is below it (p = .012 or less)." in found.first
    assert said(tables(p=1e-5)).first.endswith("(p < .001).")


def test_several_that_are_not_told_apart_are_counted_and_named():
    given = tables(p=0.2)
    given.comparisons.loc[given.comparisons["b"] == "slim/gradcam/sweep", "p_adjusted"] = float("nan")  # no p: not told
    found = said(given)
    assert "above net/layercam is not established" in found.first and ", nor that it is above 1 more." in found.first
    assert found.more[0] == "Not separable from it: net/layercam, slim/gradcam."
    assert inseparable(next(seen(given))) == ["net/layercam", "slim/gradcam"]


def test_at_exactly_five_percent_nothing_is_established():
    assert not said(tables(p=0.05)).established and said(tables(p=0.0499)).established


def test_a_control_that_is_ahead_is_said_to_be():
    given = tables()
    control = given.scores["backbone"] == "none"
    given.scores.loc[control, ["value", "low", "high"]] = [99.0, 98.0, 100.0]
    pair = (given.comparisons["family"] == "control") & (given.comparisons["a"] == "net/gradcam/sweep")
    given.comparisons.loc[pair, ["difference", "low", "high", "p_adjusted"]] = [-9.0, -19.0, 1.0, 0.08]
    found = said(given)
    assert found.first.startswith(
        "net/gradcam is best of the models in maxboxacc@50 (90.0 [85.0 95.0]), below the control none/center "
        "(99.0 [98.0 100.0]); that it is above net/layercam is not established"
    )
    assert "Its best control, none/center, is ahead of it: −9.0 [−19.0 1.0], not established (p = .080)." in found.more


def test_one_run_alone_controls_alone_and_no_metric_that_orders():
    one = tables(networks=("net",), cams=("gradcam",))
    assert said(one).first == "net/gradcam is the only run of a model here: maxboxacc@50 90.0 [85.0 95.0]."
    none = tables(networks=())
    assert said(none).first == "Only controls ran here, so none is best."
    counts = tables()
    counts = counts._replace(scores=counts.scores[counts.scores["metric"] == "boxes_per_target"])
    assert said(counts).first == "No metric here orders runs, so none is best."


def test_of_a_metric_of_which_less_is_better_the_lowest_is_best(monkeypatch):
    monkeypatch.setitem(METRICS, "maxboxacc@50", Metric(print, higher_is_better=False))
    given = tables()
    given.comparisons["difference"] *= -1
    found = next(seen(given))
    assert found.runs[:2] == ["none/center", "slim/layercam"]
    assert said(given).first.startswith("slim/layercam is best")


@pytest.mark.parametrize(("trainings", "words"), [(3, "100 independent images and 3 trainings"), (1, "1 training: ")])
def test_trainings_are_part_of_what_is_said(trainings, words):
    given = tables()
    given.scores["trainings"] = trainings
    assert any(words in sentence for sentence in said(given).more)


def test_the_threshold_is_named_where_there_are_several():
    given = tables()
    given.scores.loc[given.scores["cam"] == "layercam", "threshold"] = "otsu"
    assert next(seen(given)).runs[0] == "net/gradcam/sweep"
