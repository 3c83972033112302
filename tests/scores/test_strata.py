"""Strata: each target in the right one, scores that add up to the total."""

import numpy as np
import pandas as pd
import pytest

from wsol.files import rle
from wsol.scores.strata import COLUMNS, areas, strata, tables


def targets():
    square = np.zeros((200, 200), bool)
    square[:50, :40] = True
    boxes = [[0, 0, 32, 31.9], [0, 0, 32, 32], [0, 0, 4, 4, 10, 10, 106, 106], [0, 0, 200, 200], [], []]
    masks = ["", "", "", "", rle.encode(square), ""]
    names = {"class_name": ["b", "a", "a", "a", "b", "c"], "width": 200, "height": 200}
    return pd.DataFrame({"boxes": boxes, "mask": masks, **names})


def test_sizes():
    assert areas(targets())[:5] == pytest.approx([32 * 31.9, 1024, 96**2, 40000, 2000]) and np.isnan(
        areas(targets())[5]
    )
    found = tables(targets())
    assert found["coco_area"].tolist() == ["small", "medium", "large", "large", "medium", np.nan]
    assert found["area_fraction"].tolist() == [
        "below 10 %",
        "below 10 %",
        "10-25 %",
        "above 50 %",
        "below 10 %",
        np.nan,
    ]
    assert found["class"].tolist() == ["b", "a", "a", "a", "b", "c"]


def test_how_many_how_far_and_how_long():
    """Of the largest true box, the first of equals; what lies on an edge belongs to the stratum above it."""
    boxes = [
        [40, 40, 60, 60],  # in the centre, square
        [45, 40, 75, 60, 0, 0, 5, 5],  # 10 off in x, half the diagonal being 50 * 2 ** .5; 1.5 times as wide as high
        [0, 0, 10, 25] * 3,  # 2.5
        [90, 90, 100, 100] * 5,
        [90, 40, 100, 60] * 6,
        [],
    ]
    names = {"class_name": list("abcdef"), "width": 100, "height": 100, "mask": ""}
    found = tables(pd.DataFrame({"boxes": boxes, **names}))
    assert found["objects"].tolist() == ["1", "2", "3-5", "3-5", "6 and more", np.nan]
    assert found["centre_distance"].tolist() == ["below .1", ".1-.25", "above .5", "above .5", "above .5", np.nan]
    assert found["aspect"].tolist() == ["below 1.5", "1.5-2.5", "above 2.5", "below 1.5", "1.5-2.5", np.nan]
    edges = [[50, 45, 70, 60], [82, 70, 83, 80]]  # (0 7.5) and (22.5 30) off, half the diagonal being 75
    found = tables(pd.DataFrame({"boxes": edges, "class_name": "a", "width": 120, "height": 90, "mask": ""}))
    assert found["centre_distance"].tolist() == [".1-.25", "above .5"]


def test_strata_are_the_means_of_their_members():
    values = np.array([1, 0, 1, 1, 0.5, np.nan])
    own = {"image": list("abcdef"), "group": list("abcdef"), "mask_iou@none": values, "boxes_per_target@fixed": values}
    found = strata([pd.DataFrame(own)], targets())
    assert list(found.columns) == COLUMNS
    index = found.set_index(["table", "stratum", "metric"])
    assert index.loc[("class", "a", "mask_iou")]["value"] == pytest.approx(200 / 3)
    assert index.loc[("class", "b", "boxes_per_target")]["value"] == 0.75
    assert ("class", "c", "mask_iou") not in index.index
    assert index.loc[("coco_area", "medium", "mask_iou")][["value", "n", "choice"]].tolist() == [25, 2, "none"]
    for table, part in found[found["metric"] == "mask_iou"].groupby("table"):
        # The target with a mask and no box has a size, but no count of boxes.
        expected = 70 if table in ("class", "coco_area", "area_fraction") else 75
        assert (part["value"] * part["n"]).sum() / part["n"].sum() == pytest.approx(expected)
