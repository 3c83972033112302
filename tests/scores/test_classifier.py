"""The classifier's own scores, against scikit-learn on repeated samples and a loop over Guo's bins."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from configs import changed
from stagefiles import SIZE, noisy, run, settings
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.scores.draws import ScoreDraws
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS, metric
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.probabilities import probabilities
from wsol.scores.views import View
from wsol.statistics.ranking import Ranking

SKLEARN = {"roc_auc": roc_auc_score, "average_precision": average_precision_score}
NAMES = [*SKLEARN, "ece"]


def labelled(random, images=80, classes=4, several=True):
    """Targets of images with one to three of the classes each, two images a group."""
    rows = []
    for i in range(images):
        own = random.choice(classes, random.integers(1, 4) if several else 1, replace=False)
        rows += [(f"i{i}", f"g{i // 2}", int(10 + c), [int(c)]) for c in own]
    table = pd.DataFrame(rows, columns=["image", "group", "label", "outputs"])
    return table.assign(class_name=[f"c{c}" for c in table["label"]], boxes=[[]] * len(table), mask="")


@pytest.fixture(scope="module")
def case():
    """Targets, logits with ties, and the outcome of a sigmoid network over shards of three images."""
    random = np.random.default_rng(0)
    targets = labelled(random)
    images = np.array(targets["image"].unique())
    logits = random.normal(size=(len(images), 6))
    for row, image in enumerate(images):
        logits[row, targets["label"][targets["image"] == image] - 10] += 1
    logits = np.round(logits, 1)
    return targets, logits, outcome(targets, images, logits, "sigmoid")


def outcome(targets, images, logits, activation):
    shards = [(images[i : i + 3], logits[i : i + 3], np.array([])) for i in range(0, len(images), 3)]
    return Outcome(
        targets,
        np.full(len(targets), "ok"),
        find_probabilities=lambda: probabilities(targets, shards, activation),
    )


def truth(targets):
    """[i c] which image has which label, the classes ascending."""
    return pd.crosstab(targets["image"], targets["label"]).loc[targets["image"].unique()].to_numpy() > 0


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def naive_ece(confidence, correct):
    """Guo et al.'s equations 3 and 5, bin by bin."""
    found = 0.0
    for m in range(1, 16):
        inside = (confidence > (m - 1) / 15) & (confidence <= m / 15)
        if inside.any():
            found += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return found


@pytest.mark.parametrize("name", SKLEARN)
def test_of_several_classes_an_image_it_is_scikit_learn_s(name, case):
    targets, logits, found = case
    expected = SKLEARN[name](truth(targets), sigmoid(logits)[:, :4], average="macro")
    row = evaluate(found, None, [name], resamples=200).scores.iloc[0]
    assert row["value"] == pytest.approx(100 * expected, abs=1e-10)
    assert (row["n"], row["groups"], row["choice"], row["levels"]) == (80, 40, "none", "")
    assert row["low"] < row["value"] < row["high"]


@pytest.mark.parametrize("name", SKLEARN)
def test_of_one_class_an_image_it_is_scikit_learn_s_of_a_softmax(name):
    random = np.random.default_rng(1)
    targets, logits = labelled(random, several=False), random.normal(size=(80, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = outcome(targets, targets["image"].to_numpy(), logits, "softmax")
    expected = SKLEARN[name](truth(targets), p, average="macro")
    assert METRICS[name](View(given, "oracle")).score() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_each_resample_is_scored_as_the_images_repeated(name, case):
    targets, logits, found = case
    drawn = evaluate(found, None, [name], resamples=100, seed=4).draws[0]
    drawing = ScoreDraws(found, None, 100, 4)
    first = np.unique(pd.factorize(targets["image"])[0], return_index=True)[1]
    right, p = truth(targets), sigmoid(logits)
    correct = right[np.arange(80), np.minimum(p.argmax(axis=1), 3)] & (p.argmax(axis=1) < 4)
    for times, draw in zip(drawing.report.times, drawn, strict=True):
        rows = np.repeat(np.arange(80), times[drawing.report.codes[first]])
        if name == "ece":
            expected = naive_ece(p.max(axis=1)[rows], correct[rows])
        else:
            expected = SKLEARN[name](right[rows], p[rows][:, :4], average="macro")
        assert draw == pytest.approx(expected, abs=1e-10)


def test_scikit_learn_s_own_weights_are_ours():
    random = np.random.default_rng(3)
    scores, right = np.round(random.random((50, 5)), 1), random.random((50, 5)) < 0.3
    weights = random.multinomial(50, np.full(50, 1 / 50), 20).astype(float)
    ranking = Ranking(scores, right)
    for mine, theirs in ((ranking.roc_auc, roc_auc_score), (ranking.average_precision, average_precision_score)):
        expected = [[theirs(right[:, k], scores[:, k], sample_weight=w) for k in range(5)] for w in weights]
        np.testing.assert_allclose(mine(weights), expected, atol=1e-12)


def test_a_class_that_all_images_have_or_that_has_no_output_is_in_no_mean(case):
    targets, logits, _ = case
    images = targets["image"].unique()
    groups = targets.groupby("image", sort=False)["group"].first().to_numpy()
    everywhere = pd.DataFrame({"image": images, "group": groups})
    others = [everywhere.assign(label=label, outputs=[own] * 80) for label, own in ((90, [5]), (91, []))]
    more = pd.concat([targets, *others]).reset_index(drop=True)
    more = more.assign(class_name="x", boxes=[[]] * len(more), mask="")
    more = more.drop(more.index[-40:])  # half of the images have the class without an output
    found = outcome(more, images, logits, "sigmoid")
    for name in SKLEARN:
        expected = SKLEARN[name](truth(targets), sigmoid(logits)[:, :4], average="macro")
        assert METRICS[name](View(found, "oracle")).score() == pytest.approx(expected, abs=1e-12)
    alone = outcome(everywhere.assign(label=3, outputs=[[0]] * 80), images, logits, "sigmoid")
    with pytest.raises(Unavailable, match="a class that some images have and others have not"):
        METRICS["roc_auc"](View(alone, "oracle"))


def test_what_cannot_be_read_is_wrong_with_certainty(case):
    targets, logits, _ = case
    images = targets["image"].unique()
    broken = logits.copy()
    broken[:20] = np.nan
    p, right = sigmoid(broken)[:, :4], truth(targets)
    p[:20] = ~right[:20]
    for found in (outcome(targets, images, broken, "sigmoid"), outcome(targets, images[20:], logits[20:], "sigmoid")):
        for name in SKLEARN:
            assert METRICS[name](View(found, "oracle")).score() == pytest.approx(
                SKLEARN[name](right, p, average="macro")
            )
        seen = found.probabilities
        assert (seen.confidence[:20] == 1).all() and not seen.correct[:20].any()
        assert METRICS["ece"](View(found, "oracle")).score() == pytest.approx(naive_ece(seen.confidence, seen.correct))


def test_a_bin_holds_its_upper_edge_and_a_network_that_knows_how_sure_it_is_has_no_error():
    targets = labelled(np.random.default_rng(5), 15, several=False)
    chances = np.repeat([0.2, 0.6, 1.0], 5)  # edges of bins, each right as often as it says
    right = [1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1]
    logits = np.full((15, 5), -50.0)
    outputs = [row[0] if ok else 4 for row, ok in zip(targets["outputs"], right, strict=True)]
    logits[np.arange(15), outputs] = np.log(chances / np.maximum(1 - chances, 1e-30))
    found = outcome(targets, targets["image"].to_numpy(), logits, "sigmoid")
    assert METRICS["ece"](View(found, "oracle")).score() == pytest.approx(0, abs=1e-9)


def test_near_0_the_error_s_interval_is_as_wide_as_its_resamples():
    """A share as near to 0 would have less spread: its interval would reach far beyond."""
    targets = labelled(np.random.default_rng(5), 40, several=False)
    logits = np.full((40, 4), -50.0)
    outputs = [row[0] if i % 4 < 2 else (row[0] + 1) % 4 for i, row in enumerate(targets["outputs"])]
    logits[np.arange(40), outputs] = np.log(0.51 / 0.49)
    found = evaluate(outcome(targets, targets["image"].to_numpy(), logits, "sigmoid"), None, ["ece"])
    row, spread = found.scores.iloc[0], 100 * found.draws[0].std()
    assert row["value"] == pytest.approx(1) and row["low"] == 0
    assert 1 + 1.9 * spread < row["high"] < 1 + 2.2 * spread


def test_a_run_s_files_say_what_makes_probabilities(tmp_path):
    maps, truths = noisy(np.random.default_rng(0), 6), [[[0, 0, 9, 9]]] * 6
    given = (maps, truths, [SIZE] * 6, settings())
    found = evaluate(run(tmp_path / "a", *given, activation="softmax")[0], None, NAMES, resamples=100)
    # Every image has the same logits 2 1 0; output 0 is right for a third of them, and all are as sure of it.
    sure = np.exp(2) / np.exp([2, 1, 0]).sum()
    values = found.scores.set_index("metric")["value"]
    assert values["ece"] == pytest.approx(100 * abs(sure - 1 / 3), abs=1e-5) and values["roc_auc"] == 50
    lacking = evaluate(run(tmp_path / "b", *given)[0], None, NAMES, resamples=100).unavailable
    assert set(lacking.values()) == {"what makes probabilities of the model's outputs (its activation)"}


def test_they_rank_no_localisation_and_have_no_mean_over_classes():
    assert [(metric(n).ranks, metric(n).sign, metric(n).unit) for n in NAMES] == [(False, 1, "%")] * 2 + [
        (False, -1, "%")
    ]
    with pytest.raises(ConfigError, match="ece is no mean over targets"):
        check(changed(("evaluations.e.metrics", ["ece@class_mean"])))
