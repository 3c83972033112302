"""Relevance of Arras et al. against a few lines of NumPy, and the pointing game's difficult targets, by hand."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pixels import NOTHING, blobs, rle, whole
from test_pointing import table

from wsol.affine import IDENTITY
from wsol.regions.drawing import PreparedMap
from wsol.scores.metrics import METRICS, metric, todays
from wsol.scores.metrics.maps import difficult
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.pointing import Pointing, measure, rank
from wsol.scores.views import View


def mass_and_rank(heatmap, truth):
    """Relevance mass and rank accuracy, sum,pos of one channel, as the paper words them."""
    positive = np.where(heatmap > 0, heatmap, 0.0).astype(np.float64)
    highest = np.argsort(positive.ravel())[::-1][: truth.sum()]
    return positive[truth].sum() / positive.sum(), truth.ravel()[highest].mean()


@pytest.mark.parametrize("seed", range(5))
def test_mass_and_rank_are_the_paper_s(seed):
    values, mask, _ = blobs(np.random.default_rng(seed), 30, 40)
    signed = values - np.float32(np.quantile(values, 0.1))  # a tenth is no relevance: none is highest
    assert mask.sum() < (signed > 0).sum()
    found = measure(table(30, 40, mask=rle(mask)), [whole(signed, 30, 40)])
    np.testing.assert_allclose([found.energy[0], found.rank[0]], mass_and_rank(signed, mask), rtol=1e-6)


def test_rank_in_boxes_is_that_in_the_mask_of_the_boxes():
    values, _, _ = blobs(np.random.default_rng(0), 30, 40)
    boxes = np.array([[3, 4, 20, 15], [10, 8, 33, 28]])
    mask = np.zeros((30, 40), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    by_box = measure(table(30, 40, boxes), [whole(values, 30, 40)]).rank[0]
    assert by_box == pytest.approx(mass_and_rank(values, mask)[1]) and 0 < by_box < 1
    assert measure(table(30, 40, mask=rle(mask)), [whole(values, 30, 40)]).rank[0] == pytest.approx(by_box)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6), st.data())
def test_ties_share_the_last_places_as_in_the_mean_over_all_orders(values, data):
    values = np.array(values, float)
    true = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    found = rank(values[true], values)
    if not true.any() or not values.any():
        assert found == 0
        return
    hits = []
    for order in permutations(range(len(values))):
        highest = sorted(order, key=lambda i: -values[i])[: true.sum()]  # sorting keeps the order of those that tie
        hits.append(true[highest].mean())
    assert found == pytest.approx(np.mean(hits))


def test_rank_by_hand():
    values = np.float32([[-2, 3, 1, -2]])
    for truth in ({"boxes": [[1, 0, 2, 1]]}, {"mask": rle(values == 3)}):
        assert measure(table(1, 4, **truth), [whole(values, 1, 4)]).rank[0] == 1
        assert measure(table(1, 4, **truth), [whole(-values, 1, 4)]).rank[0] == 0  # the two of 2 are higher
        assert measure(table(1, 4, **truth), [whole(values - 9, 1, 4)]).rank[0] == 0  # nothing is relevant
    both = rle(np.array([[True, True, False, False]]))  # 3 is the one positive value, three zeros tie for the second
    assert measure(table(1, 4, mask=both), [whole(np.float32([[-2, 3, 0, -2]]), 1, 4)]).rank[0] == pytest.approx(2 / 3)


def test_ignored_pixels_have_no_place_among_the_highest():
    values, mask, ignore = blobs(np.random.default_rng(2), 30, 40)
    found = measure(table(30, 40, mask=rle(mask), ignore=rle(ignore)), [whole(values, 30, 40)])
    seen = mask | ~ignore
    assert found.rank[0] == pytest.approx(mass_and_rank(values[seen][None], mask[seen][None])[1], rel=1e-6)
    highest = np.float32([[4, 3, 2, 1]])
    without = measure(table(1, 4, mask=rle(highest == 3), ignore=rle(highest == 4)), [whole(highest, 1, 4)])
    assert without.rank[0] == 1 and measure(table(1, 4, mask=rle(highest == 3)), [whole(highest, 1, 4)]).rank[0] == 0


def test_a_map_that_is_not_ok_has_nothing_in_its_place():
    assert measure(table(9, 9, [[0, 0, 9, 9]]), [PreparedMap(NOTHING, IDENTITY)]).rank.tolist() == [0]


def test_relevance_mass_is_energy_pointing_by_another_name():
    assert metric("relevance_mass") is METRICS["energy_pointing"] and todays(["relevance_mass"]) == ["energy_pointing"]


# the difficult targets of the pointing game


def scene(*rows):
    """Targets of images of 20 x 10 pixels: (image, label, boxes, mask)."""
    frame = pd.DataFrame(rows, columns=["image", "label", "boxes", "mask"])
    return frame.assign(width=20, height=10, boxes=[np.ravel(b).astype(float) for b in frame["boxes"]])


SMALL, QUARTER = [[0, 0, 7, 7]], [[0, 0, 10, 5]]  # 49 and 50 of 200 pixels


def test_difficult_targets_are_below_a_quarter_of_an_image_of_several_classes():
    drawn = np.zeros((10, 20), bool)
    drawn[:7, :7] = True
    targets = scene(
        ("a", 3, SMALL, ""),
        ("a", 5, QUARTER, ""),  # a quarter is not below one
        ("b", 3, SMALL, ""),  # alone
        ("c", 1, [[0, 0, 5, 5], [0, 0, 5, 5]], ""),  # 25 twice, which the sum counts twice
        ("c", 2, SMALL + SMALL, ""),
        ("d", 1, [], rle(drawn)),
        ("d", 2, QUARTER, rle(drawn)),  # its boxes are what counts
    )
    assert difficult(targets).tolist() == [True, False, False, False, False, True, False]


def test_the_difficult_pointing_game_is_the_mean_over_classes_of_difficult_targets():
    rows = [("a", 1, SMALL, ""), ("a", 2, SMALL, ""), ("b", 1, SMALL, ""), ("b", 2, QUARTER, ""), ("c", 1, SMALL, "")]
    distance = np.array([3.0, np.inf, 15.0, 0.0, 0.0])
    found = Outcome(scene(*rows), np.full(5, "ok"), find_pointing=lambda: Pointing(distance, distance, distance))
    values = METRICS["pointing_game_difficult"](View(found, "oracle"))
    # Of class 1 one hit of two, of class 2 one miss; the easy ones would make it 2 of 3 and 1 of 2.
    assert values.counted.tolist() == [True, True, True, False, False]
    assert values.estimate(np.ones((1, 5))) == pytest.approx(0.25)
    easy = Outcome(scene(*rows[3:]), np.full(2, "ok"), find_pointing=lambda: Pointing(*[distance[3:]] * 3))
    with pytest.raises(Unavailable, match="below a quarter of their image, beside another class"):
        METRICS["pointing_game_difficult"](View(easy, "oracle"))
