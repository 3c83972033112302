"""Refiners on a disc whose map is blurred and beside it; each against the library called by hand, and equations."""

import cv2
import numpy as np
import pytest
from skimage.segmentation import slic

from wsol.maps.refiners import REFINERS, grabcut, random_walker, superpixels

HEIGHT, WIDTH = 90, 120


def disc() -> np.ndarray:
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(ys - 40, xs - 70) < 24


def picture(seed=0) -> np.ndarray:
    """A reddish disc on blue, both with noise."""
    colours = np.where(disc()[..., None], [200, 70, 50], [50, 80, 170])
    return (colours + np.random.default_rng(seed).normal(0, 6, (HEIGHT, WIDTH, 3))).clip(0, 255).astype(np.uint8)


def blob(dy=4, dx=-6) -> np.ndarray:
    """A blurred map that is beside the disc, in [0, 1]."""
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    found = np.exp(-((ys - 40 - dy) ** 2 + (xs - 70 - dx) ** 2) / (2 * 16.0**2))
    return ((found - found.min()) / (found.max() - found.min())).astype(np.float32)


def best_iou(heatmap: np.ndarray, truth: np.ndarray) -> float:
    """The best of any level, by counting."""
    masks = [heatmap >= level for level in np.linspace(heatmap.min(), heatmap.max(), 200)]
    return max(float((mask & truth).sum() / (mask | truth).sum()) for mask in masks)


@pytest.mark.parametrize("name, settings", [("grabcut", {}), ("random_walker", {}), ("superpixels", {"segments": 40})])
def test_a_refined_map_finds_the_disc_that_the_plain_one_misses(name, settings):
    assert best_iou(blob(), disc()) < 0.7  # 0.68
    assert best_iou(REFINERS[name](blob(), picture(), **settings), disc()) > 0.95


def test_grabcut_is_opencvs_with_seeds_set_pixel_by_pixel():
    heatmap, image = blob(), picture()
    seeds = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            value = heatmap[y, x]
            sure = cv2.GC_FGD if value >= 0.75 else cv2.GC_BGD
            likely = cv2.GC_PR_FGD if value >= 0.5 else cv2.GC_PR_BGD
            seeds[y, x] = sure if value >= 0.75 or value <= 0.25 else likely
    cv2.setRNGSeed(0)
    cv2.grabCut(image, seeds, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(seeds, [cv2.GC_FGD, cv2.GC_PR_FGD])
    found = grabcut(heatmap, image, foreground=0.75, background=0.25, rounds=3)
    assert np.array_equal(found >= 0.5, mask) and mask.any() and not mask.all()
    np.testing.assert_allclose(found, heatmap / 2 + mask / 2, atol=1e-7)


def test_a_walker_solves_dirichlets_problem():
    """Grady's eq. 10 by a dense solver, pixel by pixel; the weights are scikit-image's, over all channels."""
    heatmap, image = blob()[20:80:6, 30:120:7], picture()[20:80:6, 30:120:7]
    height, width = heatmap.shape
    values = image / 255
    laplacian = np.zeros((height * width, height * width))
    for y in range(height):
        for x in range(width):
            for other in ((y + 1, x), (y, x + 1)):
                if other[0] < height and other[1] < width:
                    edge = np.sum((values[y, x] - values[other]) ** 2)
                    weight = np.exp(-90 * edge / (10 * values.std() * np.sqrt(3))) + 1e-10
                    one, two = y * width + x, other[0] * width + other[1]
                    laplacian[[one, two], [two, one]] -= weight
                    laplacian[[one, two], [one, two]] += weight
    known = (heatmap <= 0.1) | (heatmap >= 0.7)
    free, seeds = np.flatnonzero(~known), np.flatnonzero(known)
    expected = (heatmap >= 0.7).astype(float).ravel()
    expected[free] = np.linalg.solve(laplacian[np.ix_(free, free)], -laplacian[np.ix_(free, seeds)] @ expected[seeds])
    assert 20 < len(free) < height * width - 20
    found = random_walker(heatmap, image, background=0.1, beta=90.0)
    np.testing.assert_allclose(2 * found - heatmap, expected.reshape(heatmap.shape), atol=1e-9)


def test_a_superpixel_has_its_own_mean():
    heatmap, image = blob(), picture()
    parts = slic(image, n_segments=60, compactness=20, start_label=0)
    found = superpixels(heatmap, image, segments=60, compactness=20)
    assert parts.max() > 30
    for part in range(parts.max() + 1):
        np.testing.assert_allclose(found[parts == part], heatmap[parts == part].mean(), rtol=1e-6)


def test_an_image_of_one_colour_says_nothing():
    heatmap, image = blob(), np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    assert random_walker(heatmap, image) is heatmap
    # Squares of some 54 pixels, in which the map varies little.
    assert np.abs(superpixels(heatmap, image) - heatmap).max() < 0.2
    assert np.abs(superpixels(heatmap, image) - heatmap).mean() < 0.025


def test_one_superpixel_and_seeds_alone_leave_the_map_as_it_is():
    heatmap = np.float32([[0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert random_walker(heatmap, np.arange(27, dtype=np.uint8).reshape(3, 3, 3)) is heatmap
    assert superpixels(heatmap, np.zeros((3, 3, 3), np.uint8), segments=2) is heatmap


@pytest.mark.parametrize("name", REFINERS)
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (1, 2), (3, 3), (2, 37)])
@pytest.mark.parametrize("colour", [0, 255], ids=["one colour", "noise"])
def test_no_shape_is_too_small(name, shape, colour):
    random = np.random.default_rng(1)
    image = random.integers(0, colour + 1, (*shape, 3), np.uint8)
    heatmap = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    found = REFINERS[name](heatmap, image)
    assert found.shape == shape and np.isfinite(found).all() and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("name", REFINERS)
def test_what_came_before_changes_nothing(name):
    refiner = REFINERS[name]
    heatmap, image = blob(), picture()
    given = heatmap.copy(), image.copy()
    first = refiner(heatmap, image)
    refiner(blob(-12, 20), picture(1))
    assert np.array_equal(refiner(heatmap, image), first)
    assert np.array_equal(heatmap, given[0]) and np.array_equal(image, given[1])
