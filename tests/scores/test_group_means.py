"""Means over groups, each patient once, against pandas' groupby; their intervals against a loop over drawn patients."""

import numpy as np
import pytest
from test_draws import split

from configs import changed
from means import check_draws_carry_the_level, check_mean_over
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.reference import page
from wsol.page.definitions import _metric
from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS, current, metric, todays
from wsol.scores.views import View
from wsol.statistics.groupmeans import mean_over_groups

NAMES = [name for name in METRICS if metric(name).per_target]


def patients(seed):
    """A split whose patients have one target to many, some of which do not count, and one none that does."""
    found = split(seed)
    random = np.random.default_rng(seed)
    found.targets["group"] = [f"p{i}" for i in random.choice(6, len(found), p=[0.4, 0.2, 0.2, 0.1, 0.05, 0.05])]
    found.status[::5] = "no_ground_truth"
    found.status[found.targets["group"] == "p1"] = "no_ground_truth"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_pandas_mean_over_patients_of_each_patient_s_mean(name):
    check_mean_over("group", "@group_mean", name, patients(0), patients(1))


def test_a_patient_with_most_of_the_targets_counts_as_one_by_hand():
    found = patients(0)
    found.targets["group"] = ["many"] * 21 + ["two", "two", "one"]
    found.rank[:] = [0] * 21 + [0, 5, 5]
    scores = evaluate(found, None, ["top1_acc", "top1_acc@group_mean"], resamples=100).scores
    np.testing.assert_allclose(scores["value"], [100 * 22 / 24, 100 * (1 + 0.5 + 0) / 3])
    assert scores["groups"].tolist() == [3, 3]


def by_drawn_patients(values, groups, times):
    """The mean of the drawn patients' means, a patient that is drawn twice twice: a loop."""
    means = []
    for group, count in zip(sorted(set(groups)), times, strict=True):
        own = [v for v, g in zip(values, groups, strict=True) if g == group and not np.isnan(v)]
        means += [sum(own) / len(own)] * int(count) if own else []
    return sum(means) / len(means)


def test_draws_are_of_drawn_patients_in_a_loop():
    report = patients(0)
    found = evaluate(report, None, ["top1_acc@group_mean", "peak_on_object@group_mean"], resamples=150, seed=3)
    drawing = ScoreDraws(report, None, 150, 3)
    groups = report.targets["group"].tolist()
    for row, name in enumerate(found.scores["metric"]):
        values = METRICS[name.removesuffix("@group_mean")](View(report, "oracle"))
        for times, draw in zip(drawing.report.times, found.draws[row], strict=True):
            assert draw == pytest.approx(by_drawn_patients(values, groups, times))


@pytest.mark.parametrize("chosen", ["oracle", "selected"])
def test_draws_carry_the_choice_of_the_level(chosen):
    def drawn(values, groups, times, codes):
        return by_drawn_patients(values, groups.tolist(), times)

    check_draws_carry_the_level("group", "@group_mean", chosen, patients(0), patients(1), drawn)


def test_where_each_target_is_a_group_the_mean_over_groups_is_that_over_targets():
    random = np.random.default_rng(0)
    values = np.where(random.random(30) < 0.2, np.nan, random.random(30))
    weights = random.integers(0, 4, (8, 30)).astype(float)
    plain = np.nansum(values * weights, axis=1) / (np.isfinite(values) * weights).sum(axis=1)
    np.testing.assert_allclose(mean_over_groups(values, np.arange(30), weights), plain)
    nothing = mean_over_groups(np.array([np.nan, 1]), np.array([0, 1]), np.array([[1.0, 0], [0, 1]]))
    np.testing.assert_array_equal(nothing, [np.nan, 1])


def test_names_in_an_experiment():
    names = ["mask_iou@group_mean", "maxboxacc@75@group_mean", "mask_iou", "mask_iou@class_mean"]
    assert check(changed(("evaluations.e.metrics", names))).runs[0].evaluation.settings["metrics"] == names
    assert todays(["miou@group_mean"]) == ["mask_iou@group_mean"] == [current("miou@group_mean")]
    assert dict(_metric("mask_iou@group_mean").facts)["averaged"].startswith("over the targets of each group")
    assert "`maxboxacc@75@group_mean`" in page()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pxap@group_mean", "'pxap@group_mean': pxap is no mean over targets, so that there is none over groups."),
        (
            "mask_iou@class_mean@group_mean",
            "'mask_iou@class_mean@group_mean': mask_iou@class_mean is no mean over targets, so that there is none over "
            "groups.",
        ),
        ("maxboxacc@0@group_mean", "'maxboxacc@0' is none of maxboxacc@1 to maxboxacc@99, whole percents of IoU."),
        ("@group_mean", "unknown ''. "),
    ],
)
def test_what_has_no_mean_over_groups_is_refused_in_a_line(name, said):
    with pytest.raises(ConfigError) as error:
        check(changed(("evaluations.e.metrics", [name])))
    assert str(error.value).startswith(f"evaluations.e.metrics: {said}") and "\n" not in str(error.value)
