"""Pixel counts agree with naive loops: the published evaluator's PxAP, scikit-learn's average precision, set counts."""

import cv2
import numpy as np
import pandas as pd
import pytest
from pycocotools import mask as coco
from sklearn.metrics import average_precision_score

import naive as slow
from wsol.affine import IDENTITY, Affine
from wsol.errors import DataError
from wsol.regions.canvases import places
from wsol.regions.drawing import PreparedMap
from wsol.regions.edges import EDGES, bin_of
from wsol.regions.exact import EXACT
from wsol.regions.published import PUBLISHED
from wsol.scores import pixels
from wsol.scores.histograms import average_precision
from wsol.scores.pixels import measure, measure_masks

NOTHING = np.zeros((1, 1), np.float32)


def rle(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def targets(masks, ignores=None):
    """A row a mask; an ignore of None: no pixel ignored."""
    ignores = ignores or [None] * len(masks)
    rows = [(rle(m), "" if i is None else rle(i), *m.shape) for m, i in zip(masks, ignores, strict=True)]
    return pd.DataFrame(rows, columns=["mask", "ignore", "height", "width"])


def whole(values, height, width):
    """A map that spans the image."""
    rows, columns = values.shape
    return PreparedMap(np.asarray(values, np.float32), Affine.stretch((rows, columns), (height, width)))


def blobs(random, height, width):
    """A smooth map in [0, 1], a truth mask and an ignore mask that overlap."""
    field = cv2.resize(random.random((7, 7), np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    noise = cv2.resize(random.random((5, 5), np.float32), (width, height))
    return (field - field.min()) / np.ptp(field), noise > 0.6, noise < 0.35 if random.random() < 0.5 else noise > 0.7


def test_pxap_is_the_published_evaluator_s():
    random = np.random.default_rng(0)
    sizes = random.integers(40, 400, (12, 2))
    masks, ignores = zip(*(blobs(random, *size)[1:] for size in sizes), strict=True)
    maps = [np.float32(np.round(blobs(random, 224, 224)[0], random.integers(1, 9))) for _ in sizes]
    maps[3] = np.zeros((224, 224), np.float32)  # degenerate: published as all zeros
    found = measure(targets(masks, ignores), [PreparedMap(m, IDENTITY) for m in maps], PUBLISHED)
    expected = slow.published_pxap(maps, masks, ignores)
    assert found.pooled_ap(np.ones((1, 12)))[0] == pytest.approx(expected, abs=1e-12)
    twice = found.pooled_ap(np.array([[2.0] * 6 + [0] * 6, [1.0] * 12]))
    assert twice[0] == pytest.approx(slow.published_pxap(maps[:6], masks[:6], ignores[:6]), abs=1e-12)
    assert twice[1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 3, 8])
def test_ap_of_one_image_is_scikit_learn_s(decimals):
    """Tied values are one step there too."""
    random = np.random.default_rng(decimals)
    values, mask, ignore = blobs(random, 53, 37)
    values = np.round(values, decimals).astype(np.float32)
    found = measure(targets([mask], [ignore]), [whole(values, 53, 37)], EXACT)
    kept = mask | ~ignore
    assert found.ap[0] == pytest.approx(average_precision_score(mask[kept], values[kept]), abs=1e-12)


def naive(values, mask, ignore, level):
    predicted, kept = values >= level, mask | ~ignore
    return [(predicted & mask).sum(), (predicted & ~mask & kept).sum(), mask.sum(), (~mask & kept).sum()]


def test_counts_and_best_level_are_the_naive_loop_s():
    random = np.random.default_rng(1)
    cases = [blobs(random, 40, 60) for _ in range(5)]
    table = targets([c[1] for c in cases], [c[2] for c in cases])
    found = measure(table, [whole(c[0], 40, 60) for c in cases], EXACT)
    for place in (0, 1, 250, 500, 999, 1000):
        expected = np.array([naive(np.float32(c[0]), *c[1:], EDGES[place]) for c in cases]).T
        np.testing.assert_array_equal(found.at(place), expected)
    curve = [np.mean([h / (f + t) for h, f, t, _ in zip(*found.at(p), strict=True)]) for p in range(len(EDGES))]
    assert found.best() == np.argmax(curve)


def test_a_small_canvas_gives_its_pixel_to_the_image_pixels_whose_centres_it_holds():
    values = np.array([[0.0, 1.0], [0.5, 0.25]])
    mask = np.zeros((4, 6), bool)
    mask[:2, 3:] = True
    assert measure(targets([mask]), [whole(values, 4, 6)], EXACT).ap[0] == 1
    y, x = places(Affine(2, 2, 1, -2), 3, 4, (2, 2))
    assert y.tolist() == [1, 1, 2] and x.tolist() == [2, 0, 0, 1]  # 2 is outside: the row above, the last column


def test_what_no_level_predicts_is_never_a_hit_but_stays_in_the_denominator():
    mask = np.zeros((4, 8), bool)
    mask[:, 2:6] = True
    left_half = PreparedMap(np.tile(np.float32([0, 0, 1, 1]), (4, 1)), IDENTITY)
    found = measure(targets([mask, mask]), [left_half, PreparedMap(NOTHING, IDENTITY)], EXACT)
    np.testing.assert_allclose(found.ap, [0.5, 0])
    assert found.at(0).hit.tolist() == [8, 0] and found.at(1000).true.tolist() == [16, 16]


def test_targets_without_a_mask_do_not_count_and_masks_of_another_size_are_refused():
    table = pd.concat(
        [targets([np.ones((2, 2), bool)]), pd.DataFrame([{"mask": "", "ignore": "", "height": 2, "width": 2}])]
    )
    found = measure(table, [whole(np.ones((2, 2)), 2, 2)] * 2, EXACT)
    assert found.counted.tolist() == [True, False] and np.isnan(found.ap).tolist() == [False, True]
    assert np.isnan(found.at(5).hit).tolist() == [False, True] and found.best() == 0
    table = targets([np.ones((2, 2), bool)]).assign(height=5)
    with pytest.raises(DataError, match="does not fill a mask of 2x5"):
        measure(table, [whole(np.ones((2, 2)), 5, 2)], EXACT)


def test_masks_cut_at_each_map_s_own_level():
    random = np.random.default_rng(2)
    cases = [blobs(random, 20, 30) for _ in range(3)]
    predicted = [rle(c[0] >= 0.5).encode() for c in cases[:2]] + [b""]
    found = measure_masks(targets([c[1] for c in cases], [c[2] for c in cases]), predicted)
    expected = [naive(c[0], *c[1:], level) for c, level in zip(cases, [0.5, 0.5, 2], strict=True)]
    np.testing.assert_array_equal(np.array(found).T, expected)


def test_bins_are_a_search_of_the_edges():
    near = np.concatenate([EDGES, np.nextafter(EDGES, -9), np.nextafter(EDGES, 9), EDGES.astype(np.float32), [-3, 7]])
    np.testing.assert_array_equal(bin_of(near), np.searchsorted(EDGES, near, side="right"))


def test_average_precision_by_hand():
    # From the top: 1 of 1 true (P 1, R 1/4), then 2 of 4 (P 1/2, R 1/2); two true pixels are never predicted.
    assert average_precision(np.array([2, 1, 1]), np.array([5, 2, 0])) == pytest.approx(1 / 4 + 1 / 8)
    assert np.isnan(average_precision(np.zeros(3), np.ones(3)))


def test_histograms_are_widened_in_blocks(monkeypatch):
    random = np.random.default_rng(3)
    cases = [blobs(random, 10, 10) for _ in range(5)]
    found = measure(targets([c[1] for c in cases]), [whole(c[0], 10, 10) for c in cases], EXACT)
    expected = found.pooled_ap(np.ones((2, 5))), found.best()
    monkeypatch.setattr(pixels, "BLOCK", 2)
    np.testing.assert_allclose(found.pooled_ap(np.ones((2, 5))), expected[0], rtol=1e-14)
    assert found.best() == expected[1]
