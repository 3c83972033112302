"""Ignored pixels that the object covers are none: a target whose ignore file holds no others has nothing ignored."""

import cv2
import numpy as np
import pytest

from wsol.files import rle
from wsol.index.indexing import index

SIZE = (6, 8)
OBJECT = np.s_[1:4, 2:6]


def painted(*places):
    layer = np.zeros(SIZE, np.uint8)
    for place in places:
        layer[place] = 255
    return layer


def published(root):
    (root / "meta").mkdir()
    lines = {"image_ids": "a.png", "class_labels": "a.png,0", "image_sizes": "a.png,8,6"}
    for name, line in (lines | {"localization": "a.png,mask.png,ignore.png"}).items():
        (root / f"meta/{name}.txt").write_text(line + "\n")
    return {"adapter": "openimages", "annotations": str(root / "meta"), "masks": str(root)}


def spreadsheet(root):
    (root / "boxes.csv").write_text("image,class,mask,ignore,width,height\na.png,0,mask.png,ignore.png,8,6\n")
    return {"adapter": "table", "annotations": str(root / "boxes.csv"), "masks": str(root)}


@pytest.mark.parametrize("write", [published, spreadsheet])
@pytest.mark.parametrize("beside", [False, True])
def test_only_what_lies_beside_the_object_is_ignored(tmp_path, write, beside):
    there = [OBJECT, np.s_[5:, :]] if beside else [OBJECT]
    cv2.imwrite(str(tmp_path / "mask.png"), painted(OBJECT))
    cv2.imwrite(str(tmp_path / "ignore.png"), painted(*there))
    (target,) = index(write(tmp_path), "d").targets.itertuples()
    assert rle.decode(target.mask, *SIZE)[OBJECT].all()
    assert (target.ignore != "") == beside
    assert not beside or rle.decode(target.ignore, *SIZE).sum() == 8
