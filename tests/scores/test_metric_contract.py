"""What every metric obeys, on whole runs under both protocols; one of a user's own that joins is held to it too."""

import numpy as np
import pandas as pd
import pytest

from stagefiles import SIZE, box_of, noisy, perfect, run, settings
from wsol.errors import ConfigError
from wsol.files import rle
from wsol.scores.evaluate import evaluate
from wsol.scores.metrics import METRICS, metric
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.views import View

NAMES = [*METRICS, "maxboxacc@75", "box_recall@1", "maxboxacc_largest_truth@99"]
PROTOCOLS = ["exact", "wsol2020"]
DEGENERATE, UNREADABLE, NOTHING = 6, 7, 8  # places of the targets that are not ok
# The published evaluator's pixel metrics see a map that shows nothing as zeros, which level 0 predicts.
SEEN_AS_ZEROS = {name for name in METRICS if metric(name).function.__module__ == "wsol.scores.metrics.masks"}
# All of an image that shows nothing is background, which has an IoU of its own.
HAS_BACKGROUND = "voc_miou"
EXACT_STATUS = ["ok"] * 6 + ["degenerate", "unreadable", "no_ground_truth"]


def mixed(folder, protocol, order=range(9)):
    """Six targets with noise for maps, one whose map is constant, one that cannot be read, one without truth.

    Their objects are below a quarter of their image.
    """
    random, size = np.random.default_rng(3), (224, 224) if protocol == "wsol2020" else SIZE
    maps = noisy(random, 9)
    maps[DEGENERATE] = np.ones_like(maps[DEGENERATE])
    truths, masks = [], []
    for _ in maps:
        x0, y0, x1, y1 = box_of(random, *size)
        sides = min(x1 - x0 + 8, size[1] // 2 - 1), min(y1 - y0 + 8, size[0] // 2 - 1)
        box = [x0, y0, min(x0 + sides[0], size[1]), min(y0 + sides[1], size[0])]
        mask = np.zeros(size, bool)
        mask[box[1] : box[3], box[0] : box[2]] = True
        truths.append([box])
        masks.append(rle.encode(mask))
    truths[NOTHING], masks[NOTHING] = [], ""
    status = ["ok"] * 7 + ["unreadable", "ok"]
    given = [[values[i] for i in order] for values in (maps, truths, status, masks)]
    maps, truths, status, masks = given
    return run(folder, maps, truths, [size] * 9, settings(protocol), status=status, masks=masks, activation="softmax")[
        0
    ]


def of_one_image(outcome):
    """Seen so by metrics; predictions are still found by each image's own name."""
    outcome.targets = outcome.targets.assign(image="one")
    return outcome


@pytest.fixture(scope="module", params=PROTOCOLS)
def protocol(request):
    return request.param


@pytest.fixture(scope="module")
def outcome(protocol, tmp_path_factory):
    return of_one_image(mixed(tmp_path_factory.mktemp(protocol), protocol))


@pytest.fixture(scope="module")
def evaluated(outcome):
    return evaluate(outcome, None, NAMES, resamples=20)


@pytest.fixture(scope="module")
def perfectly(tmp_path_factory):
    return of_one_image(perfect(tmp_path_factory.mktemp("perfect"), settings())[0])


def score(measure: Metric, values) -> float:
    if isinstance(values, Pooled):
        return float(values.estimate(values.counted[None].astype(float))[0])
    return float(np.nanmean(values))


@pytest.mark.parametrize("name", NAMES)
def test_it_says_its_unit_and_its_direction(name):
    measure = metric(name)
    assert isinstance(measure, Metric) and measure.function.__doc__
    assert measure.unit in ("%", "count") and measure.higher_is_better in (True, False, None)
    assert not (measure.pixel_level and not measure.localises)


@pytest.mark.parametrize("name", NAMES)
def test_one_number_per_target_in_its_range_and_nan_only_where_the_target_does_not_count(name, outcome):
    measure, n = metric(name), len(outcome)
    values = measure(View(outcome, "oracle"))
    if isinstance(values, Pooled):
        counted = values.counted
        drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), 20).astype(float)
        found = values.estimate(drawn)
        assert found.shape == (20,)
    else:
        counted = np.isfinite(values)
        found = values[counted]
        assert values.shape == (n,)
    assert (found[np.isfinite(found)] >= 0).all() and (found[np.isfinite(found)] <= measure.limit / measure.scale).all()
    assert counted.tolist() == [True] * 8 + [not measure.localises]


@pytest.mark.parametrize("name", [name for name in NAMES if metric(name).localises])
def test_what_shows_nothing_misses_and_stays_in_the_denominator(name, outcome, protocol):
    values = metric(name)(View(outcome, "oracle"))
    assert outcome.status.tolist() == EXACT_STATUS
    for place in (DEGENERATE, UNREADABLE):
        if isinstance(values, Pooled):
            assert values.counted[place]
            found = values.estimate(np.eye(9)[[place]])[0]
        else:
            found = values[place]
        if name == HAS_BACKGROUND:
            area = rle.decode(*outcome.targets.loc[place, ["mask", "height", "width"]]).mean()
            assert found == pytest.approx((1 - area) / 2) and found < 0.5
        elif protocol == "wsol2020" and name in SEEN_AS_ZEROS:
            assert np.isfinite(found)
        elif protocol == "wsol2020" and name == "boxes_per_target" and place == DEGENERATE:
            assert found == 1  # the published evaluator's 0 0 0 0
        else:
            assert found == (1 if metric(name).higher_is_better is False else 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_map_that_is_the_truth_scores_100(name, perfectly):
    measure = metric(name)
    found = measure.scale * score(measure, measure(View(perfectly, "oracle")))
    best = {True: 100, False: 0, None: 2}[measure.higher_is_better]  # one to three boxes each
    assert found == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full(9, 50.0), "must give 9 numbers in [0, 1], one for each target"),
        (np.ones(8), "must give 9 numbers in [0, 1], one for each target"),
        ([0.5] * 9, "must give 9 numbers in [0, 1], one for each target"),
    ],
)
def test_what_is_no_value_of_a_metric_is_a_line(values, said, outcome):
    def mine(view):
        return values

    with pytest.raises(ConfigError) as error:
        Metric(mine)(View(outcome, "oracle"))
    assert str(error.value).startswith(f"metrics: 'mine' {said}") and "\n" not in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_the_mean_of_its_values(name, outcome, evaluated):
    measure = metric(name)
    row = evaluated.scores.set_index("metric").loc[name]
    values = measure(View(outcome, "oracle"))
    assert row["value"] == pytest.approx(measure.scale * score(measure, values), rel=1e-12)
    if not isinstance(values, Pooled):
        np.testing.assert_array_equal(evaluated.targets[f"{name}@{row['choice']}"], values)


def test_the_order_of_the_targets_changes_nothing(protocol, evaluated, tmp_path):
    order = np.random.default_rng(5).permutation(9).tolist()
    shuffled = mixed(tmp_path, protocol, order)
    # `run` numbers targets by their place: give each back what it had.
    shuffled.targets["label"] = [i % 2 for i in order]
    shuffled.targets["outputs"] = [[i % 3] for i in order]
    shuffled.targets["image"] = [str(i) for i in order]  # by which COCO's evaluator ranks boxes of equal scores
    shuffled.rank = np.array([[0, 1, 2][i % 3] for i in order])
    found = evaluate(of_one_image(shuffled), None, NAMES, resamples=20)
    numbers = ["metric", "value", "n", "groups", "levels"]
    pd.testing.assert_frame_equal(found.scores[numbers], evaluated.scores[numbers], rtol=1e-12)
    of_targets = evaluated.targets.drop(columns=["image", "group"]).iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.targets.drop(columns=["image", "group"]), of_targets)


@pytest.mark.parametrize("name", [name for name in NAMES if metric(name).ranks])
def test_the_better_run_has_the_better_number(name, perfectly, tmp_path_factory):
    """Maps that are the truth against maps of noise, in the direction that is declared."""
    measure = metric(name)
    noise = of_one_image(mixed(tmp_path_factory.mktemp("noise"), "exact"))
    right, wrong = (score(measure, measure(View(seen, "oracle"))) for seen in (perfectly, noise))
    assert measure.sign * (right - wrong) >= 0
