"""Several drawn objects in an image: the truth is what is seen in its pixels, and one object is drawn as ever."""

import hashlib
from functools import partial

import cv2
import numpy as np
import pytest

from wsol.adapters import _placing, shapes
from wsol.errors import ConfigError, DataError
from wsol.files import rle
from wsol.index.indexing import index, opener
from wsol.training import labels

MANY = {"objects": [1, 6], "size": 96}
NAMES = [f"report/{i:06d}.png" for i in range(40)]


@pytest.fixture(scope="module")
def table():
    return shapes.read(split="report", count=len(NAMES), **MANY).targets


def as_before(name, seed, size):
    """The scene as it was drawn when an image had one object: image, mask, label."""
    split, _, number = name.removesuffix(".png").partition("/")
    random = np.random.default_rng([seed, shapes.SPLITS.index(split), int(number)])
    shorter = round(size * random.uniform(0.7, 1))
    height, width = (size, shorter) if random.random() < 0.5 else (shorter, size)
    image = shapes._background(random, height, width)
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = 1 + sum(random.uniform(0, 0.16) * np.sin(k * angles + random.uniform(0, 6.3)) for k in (2, 3, 4))
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    points = (points - points.min(0)) / np.ptp(points, axis=0)
    sides = random.uniform(0.3, 0.6, 2) * [width, height]
    corner = random.uniform(0, [width, height] - sides)
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.floor(points * (sides - 1) + corner).astype(np.int32)], 1)
    mask = canvas.astype(bool)
    label = int(number) % 6
    image[mask] = shapes._texture(random, height, width, *list(shapes.CLASSES.values())[label])[mask]
    noise = random.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), mask, label


@pytest.mark.parametrize("split", shapes.SPLITS)
@pytest.mark.parametrize(("seed", "size"), [(0, 128), (7, 45)])
def test_one_object_gives_the_same_pixels_as_ever(split, seed, size):
    for number in range(12):
        name = f"{split}/{number:06d}.png"
        image, mask, label = as_before(name, seed, size)
        scene = shapes.draw(name, seed=seed, size=size)
        assert scene.image.shape == image.shape and scene.image.tobytes() == image.tobytes()
        assert np.array_equal(scene.seen, mask) and scene.labels == [label]
        assert opener({"adapter": "shapes", "split": split, "seed": seed, "size": size})(name).tobytes() == (
            image.tobytes()
        )


def test_one_object_gives_the_same_rows_as_ever():
    """The digest is that of the table before there was a setting of several objects."""
    targets = shapes.read(split="report", count=60).targets
    digest = hashlib.sha256(targets.to_json().encode()).hexdigest()
    assert digest == "9be1d5eeedec4ea11ec1816657fc3bfeb8c20599cf94b6d92c044c584cc3e3a4"
    assert shapes.read(split="report", count=60, objects=[1, 1]).targets.equals(targets)


def painted_flat(monkeypatch, name):
    """A scene whose background is black and whose objects are grey, each of its own grey: [h w] of their numbers.

    What is drawn at random is drawn all the same, so outlines and places are those of the real scene.
    """
    made = []
    background, texture = shapes._background, shapes._texture
    monkeypatch.setattr(shapes, "_background", lambda *args: 0 * background(*args))

    def flat(*args):
        made.append(texture(*args))
        return np.full_like(made[-1], 42.0 * len(made))

    monkeypatch.setattr(shapes, "_texture", flat)
    image = shapes.draw(name, **MANY).image
    monkeypatch.undo()
    return np.rint(image.mean(axis=2) / 42).astype(int)  # noise of 6 / sqrt(3) does not reach the next grey


def test_truth_is_what_is_seen_in_the_pixels(monkeypatch, table):
    for name in NAMES:
        scene = shapes.draw(name, **MANY)
        flat = painted_flat(monkeypatch, name)
        assert np.array_equal(flat, scene.seen) and flat.max() == len(scene.labels)
        rows = table[table["image"] == name]
        assert rows["label"].tolist() == sorted(set(scene.labels))
        for row in rows.itertuples():
            numbers = [k + 1 for k, label in enumerate(scene.labels) if label == row.label]
            mask = rle.decode(row.mask, row.height, row.width)
            assert np.array_equal(mask.astype(bool), sum(flat == k for k in numbers) > 0)
            assert row.boxes == [edge for k in numbers for edge in edges(flat, k)]


def edges(flat, number):
    """The box of a number's pixels, one by one."""
    there = [(x, y) for y in range(flat.shape[0]) for x in range(flat.shape[1]) if flat[y, x] == number]
    xs, ys = zip(*there, strict=True)
    return [min(xs), min(ys), max(xs) + 1, max(ys) + 1]


def test_objects_stand_apart_or_touch_their_own_class_or_hide_a_quarter(monkeypatch):
    """Of each pair one of three holds, and all three occur: touching and hiding seldom."""
    found = {"apart": 0, "touching": 0, "hiding": 0}
    real = _placing.further
    for name in [f"train/{i:06d}.png" for i in range(150)]:
        drawn = {}

        def further(random, seen, labels, *rest, drawn=drawn):
            drawn[len(labels) + 1] = seen.copy(), real(random, seen, labels, *rest)
            return drawn[len(labels) + 1][1]

        monkeypatch.setattr(_placing, "further", further)
        labels = shapes.draw(name, **MANY).labels
        for other, (before, mask) in drawn.items():
            for one in range(1, other):
                found[relation(before == one, mask, labels[one - 1] == labels[other - 1])] += 1
    assert found["apart"] > 15 * found["touching"] > 0 and found["apart"] > 15 * found["hiding"] > 0, found


def relation(there, mask, alike):
    """How a further object's mask lies to what is seen of an object that is there."""
    if (there & mask).any():
        assert (there & mask).sum() <= 0.25 * there.sum()
        return "hiding"
    a, b = np.argwhere(there), np.argwhere(mask)
    apart = np.abs(a[:, None] - b[None]).max(axis=2).min()  # 1: neighbours along a side or a corner
    if apart == 1:
        assert alike
        return "touching"
    assert apart > 2  # the gap that is kept, of images with 96 pixels on their longer side
    return "apart"


def test_a_number_is_that_number_and_a_span_is_all_in_it():
    for objects in (2, 3, 6):
        scenes = [shapes.draw(name, objects=objects, size=64) for name in NAMES[:12]]
        assert all(len(scene.labels) == objects == len(np.unique(scene.seen)) - 1 for scene in scenes)
    many = [len(shapes.draw(name, **MANY).labels) for name in NAMES]
    assert set(many) == set(range(1, 7))


def test_classes_of_an_image_differ_and_repeat(table):
    a_class = table["boxes"].map(len) // 4
    images = table.groupby("image")["label"].nunique()
    assert (a_class > 1).sum() > 10 and (images > 1).sum() > 20 and (images == 1).any()
    assert table["label"].value_counts().min() > 5 and set(table["label"]) == set(range(6))


def test_the_smallest_images_have_room_for_six():
    table = shapes.read(split="report", count=60, objects=6, size=32).targets
    boxes = np.concatenate([np.reshape(flat, (-1, 4)) for flat in table["boxes"]])
    assert len(boxes) == 360 and (boxes[:, 2:] > boxes[:, :2]).all()


def test_an_opened_image_is_the_one_that_was_indexed():
    settings = {"adapter": "shapes", "split": "report", "count": 5, "objects": [2, 3], "seed": 4, "size": 64}
    found = index(settings)
    read = opener(settings)
    for name in found.targets["image"]:
        assert np.array_equal(read(name), shapes.draw(name, objects=[2, 3], seed=4, size=64).image)
    assert found.problems.empty and found.targets["image"].nunique() == 5 < len(found.targets)


def test_a_softmax_is_not_trained_on_images_of_several_classes(table):
    found = labels.rows(table.assign(status="ok", class_name=table["label"].astype(str)), "shapes")
    names = labels.names([found])
    with pytest.raises(DataError, match=r"train: 'shapes/report/.*' has \d labels, and the network ends in a softmax"):
        labels.labelled([found], names, "softmax")
    assert labels.labelled([found], names, "sigmoid").wanted.sum() == len(table)


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        (0, r"dataset.objects: must lie in \[1, 6\], got 0"),
        ([2, 7], r"dataset.objects\[1\]: must lie in \[1, 6\], got 7"),
        ([2], "dataset.objects: must hold 2 values, got 1"),
        ([3, 2], r"shapes: objects must be \[least, most\], the lower first; got \[3, 2\]"),
        ("two", "dataset.objects: must be"),
    ],
)
def test_a_wrong_number_of_objects_is_refused(objects, said):
    with pytest.raises(ConfigError, match=said):
        index({"adapter": "shapes", "split": "report", "count": 2, "objects": objects})


def test_placing_is_a_matter_of_the_generator_alone():
    draw = partial(shapes.draw, "select/000009.png", objects=[4, 6], size=80)
    assert np.array_equal(draw().image, draw().image) and draw().labels != draw(seed=2).labels
