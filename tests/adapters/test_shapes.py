"""The embedded data set: the same from one seed, exact truth, splits apart, sizes as promised."""

import numpy as np
import pytest

from wsol.adapters import shapes
from wsol.errors import DataError
from wsol.files import rle


def targets(split, **settings):
    return shapes.read(split=split, count=60, **settings).targets


def test_boxes_are_the_masks_edges_and_sizes_are_as_promised():
    for row in targets("report").itertuples():
        scene = shapes.draw(row.image)
        assert scene.image.shape == (row.height, row.width, 3) and scene.image.dtype == np.uint8
        mask = rle.decode(row.mask, row.height, row.width).astype(bool)
        assert np.array_equal(mask, scene.seen == 1)
        x0, y0, x1, y1 = map(int, row.boxes)
        inside = np.zeros_like(mask)
        inside[y0:y1, x0:x1] = True
        assert not mask[~inside].any()
        assert mask[y0].any() and mask[y1 - 1].any() and mask[:, x0].any() and mask[:, x1 - 1].any()
        assert 0.25 < (x1 - x0) / row.width < 0.62 and 0.25 < (y1 - y0) / row.height < 0.62


def test_the_same_seed_draws_the_same_and_another_does_not():
    first, again, other = (shapes.draw("select/000003.png", seed=s).image for s in (1, 1, 2))
    assert np.array_equal(first, again) and not (first.shape == other.shape and np.array_equal(first, other))


def test_splits_share_no_image():
    images = [shapes.draw(f"{split}/000001.png") for split in shapes.SPLITS]
    assert len({scene.image.tobytes() for scene in images}) == 3
    assert not set(targets("train")["image"]) & set(targets("report")["image"])


def test_six_classes_in_equal_numbers():
    labels = targets("train")["label"]
    assert len(shapes.CLASSES) >= 6 and labels.value_counts().tolist() == [10] * 6


@pytest.mark.parametrize("name", ["report/x.png", "other/000001.png", "../etc/passwd", ""])
def test_a_strange_name_is_refused(name):
    with pytest.raises(DataError, match="shapes: no image"):
        shapes.draw(name)
