"""Failure kinds: every kind and boundary by hand, TS-CAM's rule in a loop, and laws over runs of both protocols."""

import cv2
import numpy as np
import pandas as pd
import pytest

import naive
from stagefiles import SIZE, box_of, noisy, run, settings
from wsol import boxes
from wsol.affine import Affine
from wsol.scores.evaluate import evaluate
from wsol.scores.failures import FAILURES, RULES, exact, failure_shares, find_failures, kinds, published
from wsol.scores.overlaps import shares
from wsol.scores.seen import as_seen
from wsol.scores.views import View
from wsol.statistics.intervals import mean_interval

ONE, TWO = [0, 0, 10, 10], [[0, 0, 10, 10], [50, 0, 60, 10]]
# box, true boxes, the published kind of a right class, the exact kind; areas are equal under both.
BY_HAND = {
    "the true box": (ONE, [ONE], "right", "right"),
    "IoU exactly .5, all of it inside": (ONE, [[0, 0, 10, 20]], "part", "right"),
    "IoU below .5, all of it inside": ([0, 0, 10, 9], [[0, 0, 10, 20]], "part", "part"),
    "one of two true boxes": (ONE, TWO, "right", "right"),
    "IoP .55": ([0, 0, 10, 20], [[0, 9, 10, 30]], "part", "part"),
    "IoP exactly .5": (ONE, [[0, 5, 10, 20]], "other", "misplaced"),
    "IoG exactly .7": ([0, 3, 10, 33], [ONE], "more", "more"),
    "IoG .6": ([0, 4, 10, 33], [ONE], "other", "misplaced"),
    "IoP .54 and IoG .7: the published rule's quirk": ([3, 0, 16, 10], [ONE], "part", "part"),
    "two true boxes covered": ([0, 0, 100, 10], TWO, "multi_instance", "several"),
    "IoG exactly .3 of the second": ([0, 0, 100, 10], [ONE, [97, 0, 107, 10]], "more", "more"),
    "IoG .4 of the second": ([0, 0, 101, 10], [ONE, [97, 0, 107, 10]], "multi_instance", "several"),
    "parts of two true boxes, all of it inside one": (
        [0, 0, 9, 9],
        [[0, 0, 15, 15], [0, 0, 14, 16]],
        "multi_instance",
        "several",
    ),
    "IoU exactly .1": ([8, 1, 18, 6], [[0, 0, 10, 6]], "other", "misplaced"),
    "IoU .08": ([8.5, 1, 18.5, 6], [[0, 0, 10, 6]], "other", "background"),
    "elsewhere": ([70, 70, 80, 80], TWO, "other", "background"),
    "no box": (None, TWO, "other", "background"),
}


def of_hand(name, one):
    """The shares of a case, corners that both belong to the box where a pixel is added to every side."""
    box, truth, *_ = BY_HAND[name]
    inclusive = np.array([0, 0, one, one])
    found = boxes.asboxes([] if box is None else box) - inclusive
    return shares([found], [boxes.asboxes(truth) - inclusive], one=one)


@pytest.mark.parametrize("name", BY_HAND)
def test_kinds_by_hand(name):
    *_, of_published, of_exact = BY_HAND[name]
    assert published(of_hand(name, 1), np.array([True])).tolist() == [of_published]
    assert published(of_hand(name, 1), np.array([False])).tolist() == ["wrong_class"]
    assert exact(of_hand(name, 0), np.array(["ok"])).tolist() == [of_exact]


def test_a_status_goes_before_every_miss():
    missed, hit = of_hand("two true boxes covered", 0), of_hand("the true box", 0)
    expected = {"degenerate": "degenerate"} | dict.fromkeys(("unreadable", "missing", "unmapped"), "unreadable")
    for status, kind in expected.items():
        assert exact(missed, np.array([status])).tolist() == [kind]
        assert exact(hit, np.array([status])).tolist() == ["right"]  # of wsol2020's box 0 0 0 0


def ts_cam(box, truth, one):
    """The kind of a right class, number by number as the rule is written."""

    def area(x0, y0, x1, y1):
        return max(x1 - x0 + one, 0) * max(y1 - y0 + one, 0)

    common = [area(max(box[0], t[0]), max(box[1], t[1]), min(box[2], t[2]), min(box[3], t[3])) for t in truth]
    ious = [c / (area(*box) + area(*t) - c) for c, t in zip(common, truth, strict=True)]
    best = max(range(len(truth)), key=lambda g: ious[g])  # the first of equals
    if ious[best] > 0.5:
        return "right", ious[best]
    if len(truth) > 1 and sum(c / area(*t) > 0.3 for c, t in zip(common, truth, strict=True)) > 1:
        return "multi_instance", ious[best]
    if common[best] / area(*box) > 0.5:
        return "part", ious[best]
    return "more" if common[best] / area(*truth[best]) >= 0.7 else "other", ious[best]


def exact_in_a_loop(box, truth):
    """The same rule with IoU .5 a hit, and with other parted at IoU .1."""
    kind, iou = ts_cam(box, truth, 0)
    if iou >= 0.5:
        return "right"
    if kind == "other":
        return "misplaced" if iou >= 0.1 else "background"
    return "several" if kind == "multi_instance" else kind


def random_cases(seed, most, n=3000):
    """Small whole boxes, so that shares are equal to the limits and to each other now and then."""
    random = np.random.default_rng(seed)
    found = [boxes.asboxes(box_of(random, 12, 12)) for _ in range(n)]
    truth = [np.array([box_of(random, 12, 12) for _ in range(random.integers(1, most + 1))], float) for _ in range(n)]
    return found, truth, random.random(n) < 0.8


@pytest.mark.parametrize("most", [1, 5])
def test_the_published_kinds_are_ts_cam_s_in_a_loop(most):
    found, truth, right = random_cases(0, most)
    expected = [ts_cam(box[0], true, 1)[0] for box, true in zip(found, truth, strict=True)]
    got = published(shares(found, truth, one=1), right)
    assert got.tolist() == [kind if known else "wrong_class" for kind, known in zip(expected, right, strict=True)]
    assert set(got) == set(FAILURES["published"]) - ({"multi_instance"} if most == 1 else set())


@pytest.mark.parametrize("most", [1, 5])
def test_the_exact_kinds_are_the_same_rule_with_other_parted(most):
    found, truth, _ = random_cases(1, most)
    got = exact(shares(found, truth, one=0), np.full(len(found), "ok"))
    assert got.tolist() == [exact_in_a_loop(box[0], true) for box, true in zip(found, truth, strict=True)]
    assert ("several" in got) == (most > 1) and {"part", "more", "misplaced", "background"} <= set(got)


def scored(tmp_path, protocol, n=60, **more):
    """Stage files of noise, with one to three true boxes, seen at the oracle's level -> view, stages, outcomes."""
    random = np.random.default_rng(3)
    sizes = [tuple(map(int, random.integers(30, 90, 2))) for _ in range(n)]
    truths = [[box_of(random, *size) for _ in range(1 + i % 3)] for i, size in enumerate(sizes)]
    maps = noisy(random, n)
    maps[4][:] = 0.5
    status = ["ok"] * n
    status[7] = "unreadable"
    report, stages = run(tmp_path, maps, truths, sizes, settings(protocol), status=status, **more)
    view = View(report, "oracle")
    found = evaluate(report, None, ["gtknown_loc", "top1_loc", "top1_acc"], resamples=20)
    return view, stages, found, found.targets.assign(**as_seen(view, stages)), (maps, truths, sizes)


@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_the_right_ones_are_the_hits_of_the_scores_and_all_adds_up(tmp_path, protocol):
    _, _, found, outcomes, _ = scored(tmp_path, protocol)
    score = found.scores.set_index("metric")["value"]
    table = failure_shares([outcomes]).set_index(["rule", "kind"])["value"]
    assert table["exact", "right"] == pytest.approx(score["gtknown_loc"])
    assert table["class_and_place", "both_right"] == pytest.approx(score["top1_loc"])
    assert table["published", "wrong_class"] == pytest.approx(100 - score["top1_acc"])
    assert table.groupby("rule", sort=False).sum().tolist() == pytest.approx([100] * 3)
    assert outcomes["kind"][7] == "unreadable" and outcomes["kind"][4] == "degenerate" and outcomes["iou"][7] == 0
    assert set(outcomes["choice"]) == {"oracle"} and len(set(outcomes["level"])) == 1


def test_iou_and_kinds_of_a_run_are_those_of_opencv_s_components(tmp_path):
    view, _, _, outcomes, (maps, truths, sizes) = scored(tmp_path, "exact")
    level = view.level((0.5,), "largest", "any")
    for heatmap, truth, size, row in zip(maps, truths, sizes, outcomes.itertuples(), strict=True):
        if row.status != "ok":
            assert row.iou == 0
            continue
        full = cv2.resize(heatmap, SIZE[::-1], interpolation=cv2.INTER_LINEAR)
        (box,) = naive.exact_boxes((full - full.min()) / np.ptp(full), [level], every=False)[0]
        box = Affine.stretch(SIZE, size).boxes(box)
        assert row.box == pytest.approx(box[0]) and row.level == level
        assert row.iou == pytest.approx(ts_cam(box[0], truth, 0)[1])
        assert row.kind == exact_in_a_loop(box[0], truth)
        if row.right_class:
            assert row.published == ts_cam(box[0], truth, 1)[0]


def test_the_published_kinds_have_a_pixel_more_on_every_side_whatever_the_protocol(tmp_path):
    """121 of 231 pixels are more than half, 100 of 200 are not."""
    truth = [[0, 0, 10, 20]]
    report, _ = run(tmp_path, [np.eye(5)], [truth], [SIZE], settings())
    found, true = [boxes.asboxes(ONE)], [boxes.asboxes(truth)]
    kept = find_failures(report, found, true, inclusive=False)
    assert (kept["iou"][0], kept["kind"][0], kept["published"][0]) == (0.5, "right", "right")
    grown = find_failures(report, found, true, inclusive=True)
    assert grown["iou"][0] == pytest.approx(121 / 231) and grown["published"][0] == "right"
    assert published(shares(found, true, one=0), np.array([True])).tolist() == ["part"]


def test_iou_under_the_published_protocol_is_the_published_evaluator_s(tmp_path):
    view, _, _, outcomes, (maps, truths, sizes) = scored(tmp_path, "wsol2020")
    level = view.level((0.5,), "largest", "any")
    for heatmap, truth, size, row in zip(maps, truths, sizes, outcomes.itertuples(), strict=True):
        if row.status == "unreadable":
            continue
        box = naive.published_boxes(naive.published_map(heatmap, interpolation=cv2.INTER_LINEAR), [level], every=False)
        true = naive.published_truth(np.array(truth) - [0, 0, 1, 1], size)
        assert row.iou == pytest.approx(naive.published_iou(box[0], true).max())
        if row.right_class:
            assert row.published == ts_cam(box[0][0], true, 1)[0]


def test_what_does_not_count_has_no_kind(tmp_path):
    maps, truths = [np.eye(5)] * 4, [[[0, 0, 9, 9]], [], [[0, 0, 60, 40]], [[5, 5, 9, 9]]]
    report, stages = run(tmp_path, maps, truths, [SIZE] * 4, settings(method="fixed", level=0.5))
    outcomes = pd.DataFrame(as_seen(View(report, "fixed"), stages)).assign(group=list("abcd"))
    assert outcomes["kind"][1] == outcomes["published"][1] == "" and np.isnan(outcomes["iou"][1])
    assert outcomes["level"].isna().all() and set(outcomes["choice"]) == {"fixed"}
    assert (failure_shares([outcomes])["n"] == 3).all()
    report.rank = None
    unranked = pd.DataFrame(as_seen(View(report, "fixed"), stages)).assign(group=list("abcd"))
    assert set(failure_shares([unranked])["rule"]) == {"exact"} and unranked["right_class"].isna().all()
    report.rank, report.explain = np.zeros(4, int), "predicted"
    predicted = pd.DataFrame(as_seen(View(report, "fixed"), stages)).assign(group=list("abcd"))
    assert set(failure_shares([predicted])["rule"]) == {"published"}


def outcomes_of(seed, n=90):
    """What the table reads of a training, at random."""
    random = np.random.default_rng(seed)
    choose = {rule: random.choice(list(FAILURES[rule]), n) for rule in ("published", "exact")}
    ious = np.where(choose["exact"] == "right", 0.7, 0.2)
    own = {"group": [f"g{i // 2}" for i in range(n)], "choice": "selected", "iou": ious, "kind": choose["exact"]}
    return pd.DataFrame(own | {"published": choose["published"], "right_class": random.integers(0, 2, n).astype(float)})


@pytest.mark.parametrize("seed", range(5))
def test_kinds_add_up_in_every_table(seed):
    for trainings in ([outcomes_of(seed)], [outcomes_of(seed + i) for i in range(3)]):
        found = failure_shares(trainings)
        assert [tuple(key) for key in found[["rule", "kind"]].to_numpy()] == [
            (rule, kind) for rule, definitions in FAILURES.items() for kind in definitions
        ]
        assert found.groupby("rule")["value"].sum().to_numpy() == pytest.approx([100] * 3)
        assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()
        assert set(found["choice"]) == {"selected"} and set(found["groups"]) == {45}


def test_shares_are_means_over_images_and_trainings():
    trainings = [outcomes_of(seed) for seed in range(3)]
    alone = failure_shares(trainings[:1]).set_index(["rule", "kind"]).loc[("exact", "part")]
    expected = mean_interval(trainings[0]["kind"] == "part", trainings[0]["group"])
    assert alone[["value", "low", "high"]].tolist() == pytest.approx([100 * number for number in expected[:3]])
    assert np.isnan(alone["spread"])
    row = failure_shares(trainings).set_index(["rule", "kind"]).loc[("published", "wrong_class")]
    means = [100 * (own["published"] == "wrong_class").mean() for own in trainings]
    assert row["value"] == pytest.approx(np.mean(means)) and row["spread"] == pytest.approx(np.std(means, ddof=1))


def test_class_and_place_are_the_four_corners():
    given = {
        "iou": [0.5, 0.4, 0.5, 0.4, np.nan],
        "right_class": [1.0, 1, 0, 0, 1],
        "kind": [*"abcd", ""],
        "published": "",
    }
    assert kinds(pd.DataFrame(given))["class_and_place"].tolist() == [*FAILURES["class_and_place"], ""]


def test_every_kind_is_defined_in_a_sentence():
    assert list(RULES) == list(FAILURES)
    sentences = [text for definitions in FAILURES.values() for text in definitions.values()] + list(RULES.values())
    assert all(text[0].isupper() and text.endswith(".") for text in sentences)
