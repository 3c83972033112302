"""Means over classes, against pandas' groupby; names that ask for them."""

import numpy as np
import pytest
from test_draws import split

from configs import changed
from means import check_draws_carry_the_level, check_mean_over, naive
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.reference import page
from wsol.experiment.renamed import renamed
from wsol.page.definitions import _metric
from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS, current, metric, todays
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.views import View

NAMES = [name for name in METRICS if metric(name).per_target]


def classed(seed):
    """A split whose four classes have one target to many, some of which do not count."""
    found = split(seed)
    found.targets["label"] = np.random.default_rng(seed).choice(4, len(found), p=[0.6, 0.25, 0.1, 0.05])
    found.status[::7] = "no_ground_truth"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_pandas_mean_over_classes_of_the_class_mean(name):
    check_mean_over("label", "@class_mean", name, classed(0), classed(1))


def test_a_class_that_is_most_of_the_targets_counts_as_one():
    found = classed(0)
    found.targets["label"] = [0] * 23 + [1]
    found.rank[:] = [0] * 23 + [5]
    scores = evaluate(found, None, ["top1_acc", "top1_acc@class_mean"], resamples=100).scores
    np.testing.assert_allclose(scores["value"], [100 * 23 / 24, 50])


def test_draws_of_a_metric_without_a_level_are_the_resampled_groups_means():
    report = classed(0)
    found = evaluate(report, None, ["top1_acc@class_mean"], resamples=150, seed=3)
    drawing = ScoreDraws(report, None, 150, 3)
    for times, draw in zip(drawing.report.times, found.draws[0], strict=True):
        rows = np.repeat(np.arange(len(report)), times[drawing.report.codes])
        assert draw == pytest.approx(naive(report.rank[rows] < 1, report.targets["label"].iloc[rows]))


@pytest.mark.parametrize("chosen", ["oracle", "selected"])
def test_draws_carry_the_choice_of_the_level(chosen):
    def drawn(values, labels, times, codes):
        rows = np.repeat(np.arange(len(values)), times[codes])
        return naive(values[rows], labels.iloc[rows])

    check_draws_carry_the_level("label", "@class_mean", chosen, classed(0), classed(1), drawn)


def test_names_in_an_experiment():
    names = ["mask_iou@class_mean", "maxboxacc@75@class_mean", "mask_iou"]
    assert check(changed(("evaluations.e.metrics", names))).runs[0].evaluation.settings["metrics"] == names
    old = changed(("evaluations.e.metrics", ["miou@class_mean"]))
    assert todays(["miou@class_mean"]) == ["mask_iou@class_mean"] == [current("miou@class_mean")]
    told = "'miou@class_mean' is called 'mask_iou@class_mean' here, and so is its row."
    assert renamed(old) == [f"evaluations.e.metrics: {told}"]
    with pytest.raises(ConfigError, match="which is given too"):
        todays(["miou@class_mean", "mask_iou@class_mean"])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pxap@class_mean", "'pxap@class_mean': pxap is no mean over targets, so that there is none over classes."),
        (
            "mask_iou@class_mean@class_mean",
            "'mask_iou@class_mean@class_mean': mask_iou@class_mean is no mean over targets, so that there is none over "
            "classes.",
        ),
        ("maxboxacc@class_mean", "unknown 'maxboxacc'. "),
        ("maxboxacc@0@class_mean", "'maxboxacc@0' is none of maxboxacc@1 to maxboxacc@99, whole percents of IoU."),
        ("nothing@class_mean", "unknown 'nothing'. "),
        ("@class_mean", "unknown ''. "),
    ],
)
def test_what_has_no_mean_over_classes_is_refused_in_a_line(name, said):
    with pytest.raises(ConfigError) as error:
        check(changed(("evaluations.e.metrics", [name])))
    assert str(error.value).startswith(f"evaluations.e.metrics: {said}") and "\n" not in str(error.value)


def test_a_user_s_own_has_one_too_and_a_pooled_one_says_that_it_has_none(monkeypatch):
    def mine(view):
        return view.hit(0.5)

    def pooled(view):
        return Pooled(lambda weights: weights.sum(axis=1), np.ones(len(view.outcome), bool))

    monkeypatch.setitem(METRICS, "mine", mine)
    monkeypatch.setitem(METRICS, "pooled", Metric(pooled))
    report = classed(0)
    values = METRICS["mine"](View(report, "oracle"))
    expected = naive(values, report.targets["label"])
    assert METRICS["mine@class_mean"](View(report, "oracle")).score() == pytest.approx(expected)
    with pytest.raises(ConfigError, match="'pooled' must give 24 numbers"):
        METRICS["pooled@class_mean"](View(report, "oracle"))


def test_the_page_and_the_reference_say_so():
    said = _metric("mask_iou@class_mean")
    assert said.title == "mask_iou@class_mean" and said.text == _metric("mask_iou").text
    assert dict(said.facts)["averaged"].startswith("over the targets of each class")
    assert "`maxboxacc@75@class_mean`" in page()
