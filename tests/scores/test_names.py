"""Names of metrics: any whole percent of IoU, old names, a user's own function."""

import numpy as np
import pytest
from test_evaluate import EVERY, outcome, row

from configs import changed
from stagefiles import box_of, naive_v1, noisy, run, settings
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.renamed import renamed
from wsol.scores.curves import HitIntervals
from wsol.scores.evaluate import evaluate
from wsol.scores.example import example
from wsol.scores.metrics import FAMILIES, METRICS, metric, todays
from wsol.scores.metrics.record import Pooled

PERCENTS = [1, 33, 60, 75, 99]


def test_any_percent_is_the_naive_loop_s(tmp_path):
    random = np.random.default_rng(1)
    sizes = [tuple(random.integers(30, 90, 2)) for _ in range(30)]
    maps = noisy(random, 30)
    truths = [[box_of(random, *size)] for size in sizes]
    grid = np.arange(0, 1, 0.02)
    report = run(tmp_path, maps, truths, sizes, settings(method="sweep", step=0.02))[0]
    found = evaluate(report, None, [f"maxboxacc@{percent}" for percent in PERCENTS], resamples=10)
    hit = naive_v1(maps, truths, sizes, grid, np.array(PERCENTS) / 100)
    best = hit.mean(axis=2).argmax(axis=1)
    expected = [hit[d, best[d]] for d in range(len(PERCENTS))]
    np.testing.assert_array_equal(found.targets.iloc[:, 4:].to_numpy().T, expected)
    assert 0 < found.scores["value"][3] < found.scores["value"][1]
    assert found.scores["levels"].tolist() == [f"{grid[b]:.6g}" for b in best]


# All objects of the example are small.
@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"box_recall_medium", "box_recall_large"}))
def test_a_family_is_stricter_at_a_higher_iou(family):
    found = [metric(f"{family}@{percent}")(example()) for percent in (35, 55, 75, 85)]
    values = [each.score() if isinstance(each, Pooled) else np.nanmean(each) for each in found]
    assert values == sorted(values, reverse=True) and values[-1] == 0 < values[2]
    assert metric(f"{family}@50").function is METRICS[f"{family}@50"].function


def test_one_pass_finds_every_iou_that_is_asked_for():
    calls = []

    def find(deltas, components, truth):
        calls.append((deltas, components))
        return [HitIntervals(np.array([0]), np.array([0.1]), np.array([0.9]))] * len(deltas)

    report = outcome([EVERY])
    report.find_hit_intervals = find
    evaluate(report, None, ["maxboxacc@75", "maxboxacc@60", "maxboxacc@50", "maxboxacc_v2@75"], resamples=10)
    every = (0.3, 0.5, 0.6, 0.7, 0.75)
    assert calls == [(every, "largest"), (every, "all")]


@pytest.mark.parametrize("percent", ["0", "100", "7.5", "075", "-5", "5o", "", "٣", "50 ", "50@50"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_no_whole_percent_is_refused(family, percent):
    with pytest.raises(ConfigError) as error:
        check(changed(("evaluations.e.metrics", [f"{family}@{percent}"])))
    name = " ".join(f"{family}@{percent}'".split())
    known = f"is none of {family}@1 to {family}@99, whole percents of IoU."
    assert str(error.value) == f"evaluations.e.metrics: '{name} {known}"


@pytest.mark.parametrize("name", ["top1_acc@50", "maxboxac@50", "nothing@50", "@50", "pxap@75"])
def test_what_is_no_family_is_unknown(name):
    with pytest.raises(ConfigError) as error:
        check(changed(("evaluations.e.metrics", [name])))
    assert str(error.value).startswith(f"evaluations.e.metrics: unknown '{name}'. ")
    assert "maxboxacc@50" in str(error.value) and "\n" not in str(error.value)


def test_any_percent_is_accepted_and_is_what_is_scored():
    names = ["maxboxacc@75", "boxacc@1", "box_recall@99", "maxboxacc_v2@42"]
    experiment = check(changed(("evaluations.e.metrics", names)))
    assert experiment.runs[0].evaluation.settings["metrics"] == names


def test_an_old_name_still_works_its_row_has_today_s_and_the_user_is_told():
    config = changed(("evaluations.e.metrics", ["pxap", "miou"]))
    assert check(config).runs[0].evaluation.settings["metrics"] == ["pxap", "mask_iou"]
    assert check(config).runs == check(changed(("evaluations.e.metrics", ["pxap", "mask_iou"]))).runs
    assert renamed(config) == ["evaluations.e.metrics: 'miou' is called 'mask_iou' here, and so is its row."]
    assert renamed(changed(("evaluations.e.metrics", ["pxap"]))) == []
    view = example()
    view.outcome.targets["height"] = 9
    assert evaluate(view.outcome, None, ["miou"], resamples=10).scores["metric"].tolist() == ["mask_iou"]


def test_both_names_of_one_metric_are_one_too_many():
    with pytest.raises(ConfigError, match=r"e\.metrics: 'mask_iou' is 'mask_iou', which is given too") as error:
        todays(["miou", "mask_iou"], "e.metrics")
    assert "\n" not in str(error.value)


def test_a_plain_function_of_a_user_s_joins_as_a_share_of_which_more_is_better(monkeypatch):
    def mine(view):
        return view.hit(0.5) * 0.5

    monkeypatch.setitem(METRICS, "mine", mine)
    experiment = check(changed(("evaluations.e.metrics", ["mine"])))
    assert experiment.runs[0].evaluation.settings["metrics"] == ["mine"]
    found = evaluate(outcome([EVERY, None]), None, ["mine"], resamples=10)
    assert row(found, "mine", "oracle")["value"] == 25
    assert (metric("mine").unit, metric("mine").higher_is_better, metric("mine").ranks) == ("%", True, True)
    assert metric("mine")(example()).tolist()[:3] == [0.5, 0.5, 0]


def test_a_name_that_works_is_in_the_registry_and_no_plugin_s_to_take():
    for name in ("miou", "mask_iou", "maxboxacc@75", "maxboxacc@50"):
        assert name in METRICS and METRICS[name] == metric(name)
    for name in ("maxboxacc@0", "maxboxacc", "top1_acc@50"):
        assert name not in METRICS and METRICS.get(name) is None
    assert "miou" not in list(METRICS) and len(METRICS) == len(list(METRICS))


def test_a_plugin_may_say_direction_and_unit(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from wsol.scores.metrics.record import Metric\n"
        "def misses(view): return 1 - view.hit(0.5)\n"
        "METRICS = {'misses': Metric(misses, higher_is_better=False)}\n"
    )
    config = changed(("evaluations.e.metrics", ["misses", "maxboxacc@50"])) | {"plugins": [str(file)]}
    check(config)
    try:
        assert metric("misses").sign == -1 and metric("misses")(example()).tolist()[:3] == [0, 0, 1]
    finally:
        del METRICS["misses"]
