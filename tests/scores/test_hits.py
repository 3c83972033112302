"""Hit intervals equal hits counted one threshold, target and box at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from wsol import boxes
from wsol.affine import Affine
from wsol.regions.localize import localize
from wsol.scores.hits import best_iou, find_hit_intervals, iou_rows, region_count, row_boxes, truth_boxes

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
        regions_of(maps, sizes, "wsol2020"), truth, offsets, sizes, DELTAS, largest=largest, protocol="wsol2020"
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
    found = find_hit_intervals(regions, truth, offsets, sizes, DELTAS, largest=largest, protocol="exact")
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
    for target, lo, hi in find_hit_intervals(regions, truth, offsets, sizes, DELTAS, largest=False, protocol=protocol):
        assert (lo < hi).all() and (np.diff(target) >= 0).all()
        same = np.diff(target) == 0
        assert (lo[1:][same] > hi[:-1][same]).all()


def test_best_iou_at_one_level():
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[1:3, 1:3], heatmap[0, 3] = 1, 0.6
    sizes, truth, offsets = np.array([[4, 4], [4, 4]]), [[1, 1, 3, 3], [3, 0, 4, 2]], [0, 1, 2]
    how = {"upsampling": "linear", "normalization": "minmax", "protocol": "exact"}
    unit, ok, fixed = [[1, 1, 0, 0]] * 2, ["ok", "ok"], {"method": "fixed", "level": 0.5}
    regions = localize([heatmap] * 2, ok, unit, [4, 4], sizes, threshold=fixed, **how)
    common = {"truth": truth, "truth_offsets": offsets, "sizes": sizes, "protocol": "exact", "largest": False}
    # The single pixel touches the square by a corner: one region of 3 x 3.
    np.testing.assert_allclose(best_iou(regions, **common), [4 / 9, 2 / 9])
    np.testing.assert_array_equal(region_count(regions), [1, 1])
    fixed = {"method": "fixed", "level": 0.7}
    regions = localize([heatmap] * 2, ok, unit, [4, 4], sizes, threshold=fixed, **how)
    np.testing.assert_allclose(best_iou(regions, **common), [1, 0])


def test_published_truth_is_scaled_then_truncated():
    np.testing.assert_array_equal(truth_boxes([[10, 20, 101, 200]], (300, 500), "wsol2020"), [[4, 14, 44, 148]])
    np.testing.assert_array_equal(truth_boxes([[10, 20, 101, 200]], (300, 500), "exact"), [[10, 20, 101, 200]])


def test_exact_boxes_are_cut_at_the_images_edges():
    moved = row_boxes([[0, 0, 10, 10]], [2, 2, -4, -4], (12, 20), "exact")
    np.testing.assert_array_equal(moved, [[0, 0, 16, 12]])


def test_a_perfect_published_box_is_a_pixel_too_wide():
    # Ten pixels found, eleven counted: n^2 / (n + 1)^2.
    assert iou_rows([[5, 5, 15, 15]], [[5, 5, 14, 14]], "wsol2020") == pytest.approx([100 / 121])
    assert iou_rows([[5, 5, 15, 15]], [[5, 5, 15, 15]], "exact") == [1]
    assert iou_rows([[5, 5, 15, 15]], np.empty((0, 4)), "exact") == [0]
