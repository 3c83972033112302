"""wsol2020 is the published evaluator: hits at every level, box by box, and PxAP, on maps of every kind."""

import cv2
import numpy as np
import pandas as pd
import pytest
from test_pixels import blobs, rle

import naive
from prepared import prepare
from wsol.affine import IDENTITY, UNSAID
from wsol.files.heatmap import HEATMAPS
from wsol.files.npz import pack, unpack
from wsol.maps import imported
from wsol.regions import preparation
from wsol.regions.drawing import PreparedMap
from wsol.regions.localize import localize
from wsol.regions.published import PUBLISHED
from wsol.scores.hits import find_hit_intervals
from wsol.scores.outcome import DELTAS
from wsol.scores.pixels import measure

TAUS = np.arange(0, 1, 0.001)
HOW = {"upsampling": "cubic", "normalization": "minmax", "protocol": "wsol2020"}
SIDES = (7, 14, 28, 56, 112, 224)


def noise(random, shape):
    """No finer than 28 cells a side: the naive loop counts every contour at every level."""
    coarse = random.normal(size=np.minimum(shape, 28))
    return cv2.resize(coarse, tuple(map(int, shape[::-1])), interpolation=cv2.INTER_LINEAR)


def smooth(random, shape):
    return cv2.GaussianBlur(random.normal(size=shape), (0, 0), max(shape) / 7)


def ties(random, shape):
    coarse = random.integers(0, 4, np.minimum(shape, 20)) / 3
    return cv2.resize(coarse, tuple(map(int, shape[::-1])), interpolation=cv2.INTER_NEAREST)


def speckle(random, shape):
    """Ties of single pixels: thousands of contours."""
    return random.integers(0, 4, shape) / 3


def holes(random, shape):
    """Rings around wells, in a little noise."""
    ys, xs = np.indices(shape) / np.reshape(shape, (2, 1, 1))
    waves = [np.cos(random.uniform(10, 30) * np.hypot(ys - y, xs - x)) for y, x in random.random((2, 2))]
    return np.sum(waves, axis=0) + 0.05 * noise(random, shape)


def borders(random, shape):
    """The object at an edge or a corner of the map."""
    drawn = noise(random, shape) * 0.3
    rows, columns = (slice(n // 3) if random.random() < 0.5 else slice(-(n // 3), None) for n in shape)
    drawn[rows, columns] += 1
    return drawn


def plateaus(random, shape):
    """ReLU'd: flat at nothing, and flat again at its top."""
    return np.clip(smooth(random, shape), 0, None).clip(None, random.uniform(0.05, 0.4))


def flat(random, shape):
    return np.full(shape, random.choice([0.0, 1.0, -2.5, 0.3]))


KINDS = (noise, smooth, ties, holes, borders, plateaus)


def scenes(count, seed):
    """Maps [h w] of both precisions, sizes [n 2] of their images, true boxes of half-open whole numbers."""
    random = np.random.default_rng(seed)
    maps, sizes, truths = [], random.integers(20, 600, (count, 2)), []
    for i, (height, width) in enumerate(sizes):
        shape = tuple(random.choice(SIDES, 2)) if i % 2 else (random.choice(SIDES),) * 2
        draw = flat if i % 50 == 0 else speckle if i % 400 == 199 else KINDS[i % len(KINDS)]
        maps.append(draw(random, shape).astype(np.float32 if i % 3 == 0 else np.float64))
        corners = np.sort(random.random((random.integers(1, 4), 2, 2)), axis=1).reshape(-1, 4)
        truths.append(np.floor(corners * np.tile([width - 1, height - 1], 2)) + [0, 0, 1, 1])
        if i % 100 == 0:  # its truth is scaled to 0 0 0 0, which a map without a contour hits
            sizes[i], truths[-1] = (900, 900), np.array([[0, 0, 3, 3.0]])
    return maps, sizes, truths


def regions_of(maps, sizes):
    input_to_image = np.concatenate([sizes[:, ::-1] / 224, np.zeros((len(sizes), 2))], axis=1)
    return localize(maps, ["ok"] * len(maps), input_to_image, [224, 224], sizes, threshold={"method": "sweep"}, **HOW)


def published_hits(heatmap, size, truth, every):
    """Whether each level reaches each IoU, bool [1000 3]; levels of one limit have one answer."""
    prepared = naive.published_map(heatmap)
    _, first, place = np.unique((TAUS * np.max(prepared)).astype(int), return_index=True, return_inverse=True)
    scaled = naive.published_truth(truth - [0, 0, 1, 1], size)
    return naive.published_hits(prepared, TAUS[first], scaled, DELTAS, every)[place]


def agree(count, seed):
    """How many (map, level, IoU, V1 or V2) are hits, once every one is the published evaluator's."""
    maps, sizes, truths = scenes(count, seed)
    flat_truth, offsets = np.concatenate(truths), np.cumsum([0] + [len(t) for t in truths])
    regions, total = regions_of(maps, sizes), 0
    for largest in (True, False):
        found = find_hit_intervals(regions, flat_truth, offsets, sizes, DELTAS, largest=largest, protocol=PUBLISHED)
        ours = np.zeros((count, len(TAUS), len(DELTAS)), bool)
        for delta, table in enumerate(found):
            for target, lo, hi in zip(*table, strict=True):
                ours[target, :, delta] |= (lo < TAUS) & (hi >= TAUS)
        for target, heatmap in enumerate(maps):
            expected = published_hits(heatmap, sizes[target], truths[target], not largest)
            assert np.array_equal(ours[target], expected), (target, heatmap.shape, largest)
        total += ours.sum()
    return total


def test_hits_at_every_level_are_the_published_evaluator_s():
    assert agree(150, seed=0) > 10_000


@pytest.mark.slow
def test_hits_of_two_thousand_maps_are_the_published_evaluator_s():
    assert agree(2000, seed=1) > 100_000


def test_canvases_are_the_published_ones_to_the_last_bit():
    """In float32 half of such maps have another canvas."""
    maps, _, _ = scenes(300, seed=2)
    other = 0
    for heatmap in maps:
        expected = naive.published_map(heatmap)
        np.testing.assert_array_equal(prepare(heatmap, 224, 224, **HOW), expected)
        single = heatmap.astype(np.float32)
        resized = cv2.resize(single, (224, 224), interpolation=cv2.INTER_CUBIC)
        scaled = (resized - resized.min()) / max(np.ptp(resized), 1e-30)
        other += not np.array_equal((scaled * 255).astype(np.uint8), expected)
    assert other > 50


def test_pxap_is_the_published_evaluator_s_from_the_heatmap_on():
    random = np.random.default_rng(3)
    maps, _, _ = scenes(60, seed=3)
    truths = [blobs(random, *random.integers(40, 300, 2))[1:] for _ in maps]
    masks, ignores = zip(*truths, strict=True)
    rows = [(rle(m), rle(i), *m.shape) for m, i in truths]
    table = pd.DataFrame(rows, columns=["mask", "ignore", "height", "width"])
    how = PUBLISHED.preparation("cubic", "minmax")
    drawn = [PreparedMap(preparation.prepare(m, 224, 224, how), IDENTITY) for m in maps]
    found = measure(table, drawn, PUBLISHED, TAUS).pooled_ap(np.ones((1, 60)))[0]
    assert found == pytest.approx(
        naive.published_pxap([naive.published_scoremap(m) for m in maps], masks, ignores), abs=1e-12
    )


def test_maps_from_elsewhere_keep_their_precision_from_the_file_to_the_canvas(tmp_path):
    """Values that float32 cannot tell apart, in a map and beside one of float32 that shares its shard."""
    fine = 1 + 1e-9 * np.random.default_rng(4).normal(size=(14, 14))
    coarse = np.random.default_rng(5).random((7, 7), np.float32)
    np.save(tmp_path / "a.png.npy", fine)
    np.save(tmp_path / "b.png.npy", coarse)
    found = imported.load(tmp_path, pd.DataFrame({"image": ["a.png", "b.png"], "label": [0, 0]}))
    assert found.status.tolist() == ["ok", "ok"] and [m.dtype for m in found.maps] == [np.float64, np.float32]
    how = {
        "status": found.status,
        "input_to_image": np.ones((2, 4)),
        "input_size": np.array([7, 7]),
        "cell_to_input": UNSAID.array(),
    }
    HEATMAPS.write(tmp_path / "heatmaps.npz", **pack(found.maps), **how)
    for stored, heatmap in zip(unpack(HEATMAPS.read(tmp_path / "heatmaps.npz")), (fine, coarse), strict=True):
        np.testing.assert_array_equal(prepare(stored, 224, 224, **HOW), naive.published_map(heatmap))
    assert naive.published_map(fine).std() > 10
