"""voc_miou worked by hand, on images of one row of pixels: every step, and what is no map, no mask or is void."""

import numpy as np
import pytest

from severalclasses import drawn, table
from wsol.errors import DataError
from wsol.regions.drawing import NOTHING
from wsol.scores.seedmaps import BACKGROUND, labelled
from wsol.scores.seeds import measure


def row(*values):
    return np.array([values])


def by_hand():
    """Maps are of maximum 1, so that the 1e-5 takes off a hair."""
    size = (1, 6)
    rows = [
        ("a", 0, row(1, 1, 0, 0, 0, 0) > 0, row(0, 0, 0, 0, 0, 1) > 0, size),
        ("a", 1, row(0, 0, 1, 1, 0, 0) > 0, row(0, 0, 0, 0, 0, 1) > 0, size),
        ("b", 1, row(1, 1, 1, 0, 0, 0) > 0, None, size),
        ("c", 0, row(1, 1, 0, 0, 0, 0) > 0, None, size),
    ]
    maps = [
        row(1, 0.4, 0.5, 0, 0, 1),
        row(0, 0.2, 1, 0.3, 0.15, 0.9),
        row(1, 0.55, 0.25, 0.25, 0, 0),
        row(0, 0, 0, 0, 0, 0),
    ]
    return table(rows), [drawn(values) if values.any() else NOTHING for values in maps]


def test_three_images_by_hand():
    """
    a: truth 0 0 1 1 - void. Above .2 to .29: 0 0 1 1 - (void); above .3 the fourth is background; up to .14 the fifth
    is class 1.
    b: truth 1 1 1 - - -. Up to .24: 1 1 1 1 - -; from .25 to .54: 1 1 - - - -; from .55: 1 - - - - -.
    c: truth 0 0 - - - -, no map: all background.
    """
    seeds = measure(*by_hand())
    expected = {
        # t: (intersection, union) of the background, of 0, of 1
        0.1: ((0 + 2 + 4, 1 + 3 + 6), (2, 4), (5, 7)),
        0.2: ((1 + 2 + 4, 1 + 3 + 6), (2, 4), (5, 6)),
        0.26: ((1 + 3 + 4, 1 + 4 + 6), (2, 4), (4, 5)),
        0.31: ((1 + 3 + 4, 2 + 4 + 6), (2, 4), (3, 5)),
        0.41: ((1 + 3 + 4, 3 + 4 + 6), (1, 4), (3, 5)),
        0.56: ((1 + 3 + 4, 3 + 5 + 6), (1, 4), (2, 5)),
    }
    for level, ratios in expected.items():
        found = [(label, each.value) for label, each in seeds.by_class(level, list("aabc"))]
        assert [label for label, _ in found] == [BACKGROUND, 0, 1]
        assert [value for _, value in found] == pytest.approx([hit / union for hit, union in ratios]), level
        mean = sum(hit / union for hit, union in ratios) / 3
        assert seeds.curve()[seeds.place(level)] == pytest.approx(mean)
    assert seeds.best_level() == 0.15  # .7, .5 and 5 / 6 up to .24; the first of equals


def test_a_map_that_is_not_ok_wins_nowhere_and_its_truth_counts():
    size = (2, 2)
    left, right = np.array([[1, 0], [1, 0]]) > 0, np.array([[0, 1], [0, 1]]) > 0
    targets = table([("a", 0, left, None, size), ("a", 3, right, None, size), ("b", 0, left, None, size)])
    found = measure(targets, [drawn(left), NOTHING, NOTHING])
    by_class = {label: each.value for label, each in found.by_class(0.3, targets["group"])}
    # a: class 0 where it is; its right half, of class 3, is background, and all of b.
    assert by_class == {BACKGROUND: 2 / 6, 0: 2 / 4, 3: 0}
    assert found.counted.all()


def test_an_image_without_masks_does_not_count_and_a_class_without_one_has_no_true_pixel():
    size = (1, 4)
    mask = row(1, 1, 0, 0) > 0
    targets = table([("a", 0, mask, None, size), ("a", 1, None, None, size), ("b", 0, None, None, size)])
    found = measure(targets, [drawn(mask), drawn(row(0, 0, 0, 1)), drawn(mask)])
    assert found.counted.tolist() == [True, True, False]
    values = {label: each.value for label, each in found.by_class(0.3, targets["group"])}
    assert values == {BACKGROUND: 1 / 2, 0: 1, 1: 0}
    nothing = measure(targets[:0], [])
    assert nothing.counted.shape == (0,) and np.isnan(nothing.curve()).all()


def test_of_masks_that_overlap_the_smaller_lies_in_front_and_void_lies_below_all():
    size = (1, 6)
    large, small, twin = row(1, 1, 1, 1, 0, 0) > 0, row(0, 0, 1, 1, 1, 0) > 0, row(0, 0, 0, 1, 1, 1) > 0
    targets = table([("a", 4, large, None, size), ("a", 2, small, row(1, 0, 0, 0, 1, 0) > 0, size)])
    assert labelled(list(targets.itertuples())).tolist() == [[1, 1, 2, 2, 2, 0]]
    targets = table([("a", 7, twin, row(1, 1, 0, 0, 0, 0) > 0, size), ("a", 2, small, None, size)])
    assert labelled(list(targets.itertuples())).tolist() == [[-1, -1, 2, 2, 2, 1]]


def test_targets_of_an_image_that_do_not_stand_together_are_an_error():
    targets = table([(image, 0, np.ones((2, 2), bool), None, (2, 2)) for image in "aba"])
    with pytest.raises(DataError, match="those of 'a' do not stand together"):
        measure(targets, [NOTHING] * 3)
