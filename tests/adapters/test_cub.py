"""CUB-200-2011 as distributed: boxes, splits and segmentations."""

import numpy as np
from test_datasets import by_name, unmasked

import sources
from sources import save
from wsol.index.indexing import index


def test_cub_boxes_are_corner_and_size_and_the_split_is_obeyed(tmp_path):
    settings = sources.cub(tmp_path)
    rows = by_name(index(settings).targets)
    assert (rows["a.png"].boxes, rows["b.png"].boxes) == ([2, 3, 12, 13], [10, 10, 20, 20])
    for split, expected in {"test": ["a.png"], "train": ["b.png"]}.items():
        assert index(settings | {"split": split}).targets["image"].tolist() == expected


def test_cub_segmentations_count_from_the_agreement_on(tmp_path):
    settings = sources.cub(tmp_path)
    grey = np.full((30, 40), 102, np.uint8)
    grey[:10] = 153
    save(tmp_path / "masks/a.png", grey)
    assert unmasked(by_name(index(settings).targets)["a.png"]).sum() == 400
    assert unmasked(by_name(index(settings | {"agreement": 102}).targets)["a.png"]).sum() == 1200
