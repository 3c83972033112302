"""An epoch's images: against loops over arrays, and by counting what is drawn."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from scipy.sparse import csr_array

from wsol.errors import ConfigError, DataError
from wsol.training import reading
from wsol.training.labels import Labelled
from wsol.training.reading import Source

HOW = {"resize": "stretch", "interpolation": "linear"}
RECIPE = {"crop_from": None, "flip": True, "augment": None}


def pixels(name: str) -> np.ndarray:
    """An image whose every pixel says where it lies: its row in red, its column in green, its number in blue."""
    if "broken" in name:
        raise DataError(f"{name}: no image")
    high, wide = 10, 9
    rows, columns = np.mgrid[:high, :wide]
    return np.stack([rows * 20, columns * 20, np.full((high, wide), int(name))], axis=2).astype(np.uint8)


def source(size=(7, 7), **recipe) -> Source:
    return Source(pixels, size, (10, 9), threads=2, flip=recipe.pop("flip", True), **HOW, **recipe)


def draw(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_part_is_cut_and_mirrored_as_a_loop_would():
    for number, part in enumerate(source().shown([str(n) for n in range(40)], draw(3))):
        top, left = part[0, 0, 0] // 20, min(part[0, 0, 1], part[0, -1, 1]) // 20
        mirrored = part[0, 0, 1] > part[0, -1, 1]
        for row in range(7):
            for column in range(7):
                there = 6 - column if mirrored else column
                assert part[row, column].tolist() == [(top + row) * 20, (left + there) * 20, number]


def test_every_offset_and_either_side_is_as_likely():
    """Of 10x9 to 7x7 there are 4 x 3 places and two sides: 24 cells of 4800 draws, by chi squared (.1 %: 49.7)."""
    corners = Counter()
    for part in source().shown(["5"] * 4800, draw(0)):
        first, last = part[0, 0], part[0, -1]
        corners[int(first[0]) // 20, int(min(first[1], last[1])) // 20, bool(first[1] > last[1])] += 1
    assert len(corners) == 4 * 3 * 2 and max(corners)[:2] == (3, 2)
    assert sum((count - 200) ** 2 / 200 for count in corners.values()) < 49.7


def test_without_flip_and_without_a_margin_an_image_is_shown_as_it_is():
    whole = Source(pixels, (10, 9), (10, 9), flip=False, threads=1, **HOW)
    (shown,) = whole.shown(["4"], draw(1))
    assert np.array_equal(shown, pixels("4")) and np.array_equal(shown, next(whole.whole(["4"])))
    turned = list(Source(pixels, (10, 9), (10, 9), flip=True, threads=1, **HOW).shown(["4"] * 30, draw(1)))
    kinds = {image.tobytes() for image in turned}
    assert kinds == {pixels("4").tobytes(), np.ascontiguousarray(pixels("4")[:, ::-1]).tobytes()}


def test_what_is_drawn_depends_on_the_place_and_not_on_what_was_there_before():
    names = [str(n) for n in range(12)]
    shown = list(source().shown(names, draw(7, 2, 1)))
    broken = list(source().shown([*names[:3], "broken", *names[4:]], draw(7, 2, 1)))
    assert broken.pop(3) is None and all(map(np.array_equal, shown[:3] + shown[4:], broken))
    other = list(source().shown(names, draw(7, 3, 1)))
    assert sum(map(np.array_equal, shown, other)) < 4


def test_reading_ahead_takes_nothing_from_what_else_is_drawn():
    """The generator of an epoch is asked for one number, when the epoch begins and not when an image is read."""
    own, other = draw(5), draw(5)
    shown, _ = source().shown(["1"] * 8, own), source().shown(["1"] * 8, other)
    list(islice(shown, 5))
    assert own.integers(2**31) == other.integers(2**31)


def test_images_that_do_not_decode_are_left_out_and_counted_once():
    own = source()
    names = ["1", "broken 2", "3", "broken 4", "5"]
    wanted = np.eye(5, dtype=np.float32)
    for _ in range(2):
        (found,) = reading.batches(own.shown(names, draw(0)), wanted, 8)
        assert found[0][:, 0, 0, 2].tolist() == [1, 3, 5] and found[1].tolist() == wanted[::2].tolist()
    list(own.whole(names))
    assert own.undecoded == {"broken 2", "broken 4"} and source().undecoded == set()
    assert list(reading.batches(own.shown(names[1:2], draw(0)), wanted[:1], 8)) == []


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_batches_are_the_images_and_their_labels_in_order(kind):
    names = [str(n) for n in range(21)]
    wanted = (np.arange(21)[:, None] % 4 == np.arange(4)).astype(np.float32)
    shown = list(source().shown(names, draw(2)))
    found = list(reading.batches(source().shown(names, draw(2)), kind(wanted), 8))
    assert [len(images) for images, _ in found] == [8, 8, 5]
    assert np.array_equal(np.concatenate([images for images, _ in found]), shown)
    told = np.concatenate([labels for _, labels in found])
    assert np.array_equal(told, wanted) and told.dtype == np.float32 and found[0][0].dtype == np.uint8


def test_each_data_set_opens_its_own_images():
    read = reading.joined({"a": lambda name: f"a's {name}", "b": lambda name: f"b's {name}"})
    assert read("a/x/1.jpg") == "a's x/1.jpg" and read("b/a/1.jpg") == "b's a/1.jpg"


def test_what_is_cut_of_images_is_no_smaller_than_the_input():
    assert reading.stored(None, (224, 448)) == (256, 512) and reading.stored(300, (224, 300)) == (300, 300)
    with pytest.raises(ConfigError, match=r"^crop_from: must be 300 or more, the input's side, got 299\.$"):
        Source.of(pixels, (224, 300), HOW, RECIPE | {"crop_from": 299}, 1)


def labelled(*classes: set[int]) -> Labelled:
    wanted = np.array([[float(c in own) for c in range(5)] for own in classes], np.float32)
    return Labelled([str(n) for n in range(len(wanted))], csr_array(wanted))


def test_an_epoch_shows_every_image_once_or_every_class_as_often():
    """40 images of the classes 0 (30), 1 (7), 2 (2) and 4 (1); none of 3: ten draws of each that occurs."""
    told = labelled(*[{0}] * 30, *[{1}] * 7, *[{2}] * 2, {4})
    plain = [reading.drawn(told, {"balance": "none", "seed": 1}, epoch) for epoch in (0, 1)]
    assert all(sorted(found) == list(range(40)) for found in plain) and not np.array_equal(*plain)
    sampling = {"balance": "sampling", "seed": 1}
    found, again, later = (reading.drawn(told, sampling, epoch) for epoch in (0, 0, 1))
    assert np.array_equal(found, again) and not np.array_equal(found, later)
    assert Counter(told.labels[found].tolist()) == {0: 10, 1: 10, 2: 10, 4: 10}
    counts = Counter(found.tolist())
    assert {counts[n] for n in range(30)} == {0, 1} and sorted(counts[n] for n in range(30, 37)) == [1] * 4 + [2] * 3
    assert counts[37] == counts[38] == 5 and counts[39] == 10


def test_what_does_not_come_out_even_goes_to_classes_by_lot():
    told = labelled({0}, {0}, {0}, {0}, {1}, {1}, {2}, {2})
    shares = [Counter(told.labels[reading.balanced(told.wanted, 0, epoch)].tolist()) for epoch in range(30)]
    assert all(sorted(each.values()) == [2, 3, 3] for each in shares)
    assert {min(each, key=each.__getitem__) for each in shares} == {0, 1, 2}


def test_of_several_labels_each_class_is_drawn_as_often_and_of_one_output_both_sides():
    told = labelled({0, 1}, {0, 1}, {0}, {1}, {2, 0}, {0})
    for epoch in range(20):
        found = reading.balanced(told.wanted, 3, epoch)
        assert len(found) == 6 and (told.wanted.toarray()[found, 2]).sum() >= 2
    one = csr_array(np.array([[1.0], [0], [0], [0], [0], [0]], np.float32))
    assert Counter(reading.balanced(one, 0, 0).tolist())[0] == 3
    few = csr_array(np.eye(2, 4, dtype=np.float32) + np.eye(2, 4, k=2, dtype=np.float32))
    assert len(reading.balanced(few, 0, 0)) == 2  # four classes, and two draws
