"""Hit intervals equal hits counted one threshold, target and box at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from regionsfiles import rows_of
from wsol import boxes
from wsol.affine import Affine
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.published import PUBLISHED
from wsol.scores.hits import best_iou, find_hit_intervals

TAUS, DELTAS = np.arange(0, 1, 0.02), [0.3, 0.5, 0.7]
HOW = {"upsampling": "cubic", "normalization": "minmax"}


def scene(seed, targets=4):
    """Maps, image sizes and one to three true boxes a target."""
    rng = np.random.default_rng(seed)
    maps = [rng.random((rng.integers(1, 8), rng.integers(1, 8))).astype(np.float32) for _ in range(targets)]
    sizes = rng.integers(20, 400, (targets, 2))
    offsets = np.concatenate([[0], np.cumsum(rng.integers(1, 4, targets))])
    corners = np.sort(rng.random((offsets[-1], 2, 2)), axis=1).reshape(-1, 4)
    sides = np.tile(np.repeat(sizes[:, ::-1], np.diff(offsets), axis=0), 2)
    truth = np.floor(corners * (sides - 1)) + [0, 0, 1, 1]
    return maps, sizes, truth, offsets


def regions_of(maps, sizes, protocol, threshold={"method": "sweep", "step": 0.02}):
    input_to_image = np.concatenate([sizes[:, ::-1] / 224, np.zeros((len(sizes), 2))], axis=1)
    status = np.full(len(maps), "ok")
    return localize(maps, status, input_to_image, [224, 224], sizes, threshold=threshold, protocol=protocol, **HOW)


def matrix(intervals, targets):
    """Intervals -> hits [targets, TAUS]."""
    table = np.zeros((targets, len(TAUS)), bool)
    for target, lo, hi in zip(*intervals, strict=True):
        table[target] |= (lo < TAUS) & (hi >= TAUS)
    return table


@pytest.mark.parametrize("largest", [True, False])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_published_hit_matrices(largest, seed):
    maps, sizes, truth, offsets = scene(seed)
    found = find_hit_intervals(
        regions_of(maps, sizes, "wsol2020"), truth, offsets, sizes, DELTAS, largest=largest, protocol=PUBLISHED
    )
    for target, heatmap in enumerate(maps):
        inclusive = truth[offsets[target] : offsets[target + 1]] - [0, 0, 1, 1]
        scaled = naive.published_truth(inclusive, sizes[target])
        prepared = naive.published_map(heatmap)
        expected = naive.published_hits(prepared, TAUS, scaled, DELTAS, not largest)
        for delta in range(len(DELTAS)):
            np.testing.assert_array_equal(matrix(found[delta], len(maps))[target], expected[:, delta])


@pytest.mark.parametrize("largest", [True, False])
def test_exact_hit_matrices(largest):
    maps, sizes, truth, offsets = scene(7)
    regions = regions_of(maps, sizes, "exact")
    found = find_hit_intervals(regions, truth, offsets, sizes, DELTAS, largest=largest, protocol=EXACT)
    regions = rows_of(regions)
    for target in range(len(maps)):
        rows = slice(*regions["offsets"][[target, target + 1]])
        for tau_index, tau in enumerate(TAUS):
            use = (
                (regions["level_low"][rows] < tau)
                & (tau <= regions["level_high"][rows])
                & (regions["largest"][rows] == largest)
            )
            predicted = Affine.stretch((224, 224), sizes[target]).boxes(regions["boxes"][rows][use])
            best = boxes.iou(predicted, truth[offsets[target] : offsets[target + 1]]).max(initial=0)
            for delta in range(len(DELTAS)):
                assert matrix(found[delta], len(maps))[target, tau_index] == (best >= DELTAS[delta])


@pytest.mark.parametrize("protocol", ["exact", "wsol2020"])
def test_intervals_are_disjoint_and_ascend(protocol):
    maps, sizes, truth, offsets = scene(3, targets=12)
    regions = regions_of(maps, sizes, protocol)
    for target, lo, hi in find_hit_intervals(
        regions, truth, offsets, sizes, DELTAS, largest=False, protocol=PROTOCOLS[protocol]
    ):
        assert (lo < hi).all() and (np.diff(target) >= 0).all()
        same = np.diff(target) == 0
        assert (lo[1:][same] > hi[:-1][same]).all()


def test_best_iou_at_one_level():
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[1:3, 1:3], heatmap[0, 3] = 1, 0.6
    sizes, truth, offsets = np.array([[4, 4], [4, 4]]), [[1, 1, 3, 3], [3, 0, 4, 2]], [0, 1, 2]
    how = {"upsampling": "linear", "normalization": "minmax", "protocol": "exact"}
    unit, ok, fixed = [[1, 1, 0, 0]] * 2, ["ok", "ok"], {"method": "fixed", "level": 0.5}
    regions = rows_of(localize([heatmap] * 2, ok, unit, [4, 4], sizes, threshold=fixed, **how))
    common = {"truth": truth, "truth_offsets": offsets}
    # The single pixel touches the square by a corner: one region of 3 x 3.
    np.testing.assert_allclose(naive.best_iou(regions, **common), [4 / 9, 2 / 9])
    np.testing.assert_array_equal(naive.region_count(regions), [1, 1])
    fixed = {"method": "fixed", "level": 0.7}
    regions = rows_of(localize([heatmap] * 2, ok, unit, [4, 4], sizes, threshold=fixed, **how))
    np.testing.assert_allclose(naive.best_iou(regions, **common), [1, 0])


def test_published_truth_is_scaled_then_truncated():
    np.testing.assert_array_equal(PUBLISHED.truth_boxes([[10, 20, 101, 200]], (300, 500)), [[4, 14, 44, 148]])
    np.testing.assert_array_equal(EXACT.truth_boxes([[10, 20, 101, 200]], (300, 500)), [[10, 20, 101, 200]])


def test_exact_boxes_are_cut_at_the_images_edges():
    moved = EXACT.row_boxes([[0, 0, 10, 10]], [2, 2, -4, -4], (12, 20))
    np.testing.assert_array_equal(moved, [[0, 0, 16, 12]])


def test_a_perfect_published_box_is_a_pixel_too_wide():
    # Ten pixels found, eleven counted: n^2 / (n + 1)^2.
    for wider in (iou_of_one, compiled_iou_of_one):
        assert wider([5, 5, 15, 15], [[5, 5, 14, 14]], PUBLISHED) == pytest.approx(100 / 121)
        assert wider([5, 5, 15, 15], [[5, 5, 15, 15]], EXACT) == 1
        assert wider([5, 5, 15, 15], np.empty((0, 4)), EXACT) == 0


def iou_of_one(box, truth, protocol):
    return boxes.iou(box, truth, inclusive=protocol.inclusive).max(initial=0)


def compiled_iou_of_one(box, truth, protocol):
    return best_iou(*map(float, box), boxes.asboxes(truth), 0, len(truth), float(protocol.inclusive))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_compiled_iou_is_that_of_boxes(protocol):
    """10,000 boxes against one to three true ones: bit for bit of whole numbers, which boxes mostly are."""
    rng = np.random.default_rng(11)
    for whole in (True, False):
        corners = np.sort(rng.uniform(0, 60, (5000, 4, 2, 2)), axis=2).reshape(5000, 4, 4)
        corners = np.floor(corners) if whole else corners
        counts = rng.integers(1, 4, 5000)
        ours, theirs = (
            np.array([one(c[0], c[1 : 1 + n], PROTOCOLS[protocol]) for c, n in zip(corners, counts, strict=True)])
            for one in (compiled_iou_of_one, iou_of_one)
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
        assert not whole or np.array_equal(ours, theirs)
        assert 0.2 < (ours > 0).mean() < 1
