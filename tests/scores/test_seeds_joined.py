"""Several trainings of one run: their mean, what varies between them, and what is paired in comparisons."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wsol.scores.comparisons import comparisons
from wsol.scores.runs import ScoredRun, by_row, drawn_scores, joined
from wsol.scores.strata import strata
from wsol.statistics.intervals import mean_interval
from wsol.statistics.resampling import Resamples

N = 200
KEYS = [("maxboxacc@50", "oracle"), ("maxboxacc@50", "selected"), ("boxes_per_target", "fixed")]


def trained(values, *, backbone="net", cam="gradcam", training="", control=False, keys=KEYS[:1]):
    """A run of one training, whose every number is the mean of these values."""
    resamples = Resamples(np.arange(len(values)), 500, 0)
    rows = []
    for key in keys:
        scale = 1 if key[0] == "boxes_per_target" else 100
        rows.append(
            ("e", "d", backbone, cam, "sweep", *key, scale * np.mean(values), 0.0, 1.0, len(values), len(values))
        )
    names = "evaluation dataset backbone cam threshold metric choice value low high n groups"
    scores = pd.DataFrame(rows, columns=names.split())
    draws = np.stack([resamples.means(np.asarray(values, float))] * len(keys))
    return ScoredRun("e", backbone, cam, "sweep", control, "t", scores, draws, training and f"{backbone}@{training}")


def hits(rate, seed):
    return (np.random.default_rng(seed).random(N) < rate).astype(float)


def test_the_score_is_the_mean_over_trainings():
    every = [hits(rate, seed) for seed, rate in enumerate((0.3, 0.5, 0.7))]
    found = joined([trained(values, training=str(seed), keys=KEYS) for seed, values in enumerate(every)])
    assert list(zip(found["metric"], found["choice"], strict=True)) == KEYS
    means = [sum(values) / len(values) for values in every]
    for row, scale in zip(found.itertuples(), (100, 100, 1), strict=True):
        assert row.value == pytest.approx(scale * sum(means) / 3)
        assert row.spread == pytest.approx(scale * np.sqrt(sum((m - sum(means) / 3) ** 2 for m in means) / 2))
        assert (row.n, row.groups, row.trainings) == (N, N, 3)
        assert row.each == " ".join(f"{scale * mean:.4f}" for mean in means)
        # Three trainings so far apart say little of where the mean of all lies, however many images there are.
        one = mean_interval(every[1], np.arange(N))
        assert row.low < row.value < row.high and row.high - row.low > 3 * scale * (one.high - one.low)


def test_one_training_and_none_have_what_their_stage_found():
    for training, count in (("1", 1), ("", 0)):
        run = trained(hits(0.5, 0), training=training, keys=KEYS)
        found = joined([run])
        pd.testing.assert_frame_equal(found[run.scores.columns], run.scores)
        assert set(found["trainings"]) == {count} and found["spread"].isna().all() and set(found["each"]) == {""}


def test_a_number_that_one_training_lacks_has_no_row():
    runs = [trained(hits(0.5, 0), training="0", keys=KEYS), trained(hits(0.5, 1), training="1", keys=KEYS[1:])]
    assert [(seen.metric, seen.level_from) for seen in drawn_scores(runs)] == KEYS[1:]
    assert len(joined(runs)) == 2


def test_trainings_are_told_apart_by_their_row_whatever_their_order():
    runs = [trained(hits(0.5, i), cam=cam, training=str(i)) for i in range(2) for cam in "ab"]
    assert [[run.training for run in row] for row in by_row(runs)] == [["net@0", "net@1"]] * 2


LEADS = (0.09, 0.1, 0.1, 0.11)


def apart(backbone, cam, leads, **more):
    """Four trainings that are 20 points apart at the same images, and a cam that is ahead by a lead in each."""
    order = np.random.default_rng(7).permutation(N)
    runs = []
    for seed, (rate, lead) in enumerate(zip((0.2, 0.4, 0.6, 0.8), leads, strict=True)):
        values = np.zeros(N)
        values[order[: round((rate + lead) * N)]] = 1
        runs.append(trained(values, backbone=backbone, cam=cam, training=more.get("training", "{}").format(seed)))
    return runs


def test_two_cams_of_the_same_trainings_are_paired_by_training():
    """The lead is some ten points in each of four trainings twenty apart: sure where they are the same four."""
    paired = comparisons([*apart("net", "a", LEADS), *apart("net", "b", (0, 0, 0, 0))]).iloc[0]
    other = comparisons([*apart("net", "a", LEADS), *apart("other", "b", (0, 0, 0, 0), training="x{}")]).iloc[0]
    assert paired["difference"] == pytest.approx(10) and other["difference"] == pytest.approx(10)
    assert paired["p"] < 0.001 and other["p"] > 0.3
    assert paired["low"] > 5 and other["low"] < -15
    for row in (paired, other):
        assert (row["a_trainings"], row["b_trainings"]) == (4, 4) and row["low"] < 10 < row["high"]
        assert row["p_adjusted"] == pytest.approx(row["p"])
    # Student's test of the trainings alone knows no images, and is near.
    means = np.array([0.2, 0.4, 0.6, 0.8])
    assert other["p"] == pytest.approx(stats.ttest_ind(means + 0.1, means).pvalue, abs=0.1)
    assert other["detectable"] > 4 * paired["detectable"]


def test_equal_trainings_under_two_names_are_paired_too():
    """The same network, trained alike for an entry of its own, has the same weights."""
    same = comparisons([*apart("net", "a", LEADS), *apart("other", "b", (0, 0, 0, 0))]).iloc[0]
    assert same["p"] < 0.001


def test_a_control_without_a_network_has_no_trainings():
    center = trained(hits(0.5, 5), backbone="none", cam="center", control=True)
    found = comparisons([*apart("net", "a", LEADS), center]).set_index("family").loc["control"]
    alone = comparisons([apart("net", "a", LEADS)[1], center]).set_index("family").loc["control"]
    assert (found["a_trainings"], found["b_trainings"]) == (4, 0)
    assert (alone["a_trainings"], alone["b_trainings"]) == (1, 0)
    assert found["high"] - found["low"] > 3 * (alone["high"] - alone["low"])


def outcomes(seed, lack=()):
    random = np.random.default_rng(seed)
    values = random.random(60)
    values[list(lack)] = np.nan
    group = np.repeat([f"g{i}" for i in range(20)], 3)
    return pd.DataFrame({"image": np.arange(60).astype(str), "group": group, "mask_iou@none": values})


def table():
    boxes = [[0, 0, side, side] for side in np.linspace(10, 190, 60)]
    names = np.where(np.arange(60) < 45, "a", "b")
    return pd.DataFrame({"boxes": boxes, "mask": "", "class_name": names, "width": 200, "height": 200})


def test_strata_are_means_over_trainings():
    trainings = [outcomes(0), outcomes(1, lack=[3, 4]), outcomes(2)]
    found = strata(trainings, table()).set_index(["table", "stratum"])
    means = [np.nanmean(own["mask_iou@none"][:45]) for own in trainings]
    row = found.loc[("class", "a")]
    assert row["value"] == pytest.approx(100 * np.mean(means)) and row["spread"] == pytest.approx(
        100 * np.std(means, ddof=1)
    )
    assert (row["n"], row["groups"]) == (43, 15) and row["low"] < row["value"] < row["high"]
    assert "spread" not in strata(trainings[:1], table())


def test_a_stratum_of_one_group_has_no_interval():
    alone = [outcomes(seed).assign(group="g") for seed in range(2)]
    found = strata(alone, table())
    assert found[["low", "high"]].isna().all(axis=None) and (found["groups"] == 1).all() and (found["spread"] > 0).all()


def test_equal_trainings_add_nothing_to_a_stratum_s_interval():
    """Between them nothing varies, so that the interval is of the images alone: that of one training."""
    one, three = strata([outcomes(0)], table()), strata([outcomes(0)] * 3, table())
    np.testing.assert_allclose(three["spread"], 0, atol=1e-9)
    np.testing.assert_allclose(three[["value", "low", "high"]], one[["value", "low", "high"]], rtol=1e-6)


def test_against_a_network_that_was_trained_once_there_is_no_p():
    """Its one training is no sample; against what is not trained, and between CAMs of it, there is one."""
    once = trained(hits(0.5, 9), backbone="once", training="9")
    twin = trained(hits(0.3, 8), backbone="once", cam="other", training="9")
    thrice = [trained(hits(0.5, seed), training=str(seed)) for seed in range(3)]
    control = trained(hits(0.2, 7), backbone="none", cam="center", control=True)
    found = comparisons([once, twin, *thrice, control], every=True).query("family == 'all'")
    told = {frozenset((row.a, row.b)): not np.isnan(row.p) for row in found.itertuples()}
    names = "once/gradcam/sweep", "once/other/sweep", "net/gradcam/sweep", "none/center/sweep"
    assert told == {
        frozenset(names[:2]): True,
        frozenset((names[0], names[2])): False,
        frozenset((names[1], names[2])): False,
        **{frozenset((name, names[3])): True for name in names[:3]},
    }
