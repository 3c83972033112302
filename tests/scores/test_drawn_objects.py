"""Maps that are the truth of drawn objects: masks score 100; boxes do but where objects of one class touch."""

import cv2
import numpy as np
import pytest

from stagefiles import SIZE, run, settings
from wsol import boxes
from wsol.adapters import shapes
from wsol.files import rle
from wsol.scores.evaluate import evaluate

MASKS = ("mask_iou", "pxap", "pixel_ap", "pointing_game", "energy_pointing", "peak_on_object")
BOXES = ("box_recall@50", "box_precision@50", "maxboxacc_v2@50")


@pytest.fixture(scope="module")
def targets():
    """The targets of images whose pixels are those of the network's input."""
    found = shapes.read(split="report", count=1500, objects=[1, 6], size=max(SIZE)).targets
    found = found[(found["height"] == SIZE[0]) & (found["width"] == SIZE[1])]
    assert found["image"].nunique() > 15 and found.duplicated("image").sum() > 15
    return found


def regions(mask):
    """The boxes of a mask's connected regions, by OpenCV."""
    stats = cv2.connectedComponentsWithStats(mask, connectivity=8)[2][1:]
    return np.array([[x, y, x + w, y + h] for x, y, w, h, _ in stats.tolist()], float)


def naive(mask, truth):
    """Recall and precision of boxes matched one to one at IoU .5, and whether any region is any true box."""
    overlap = boxes.iou(regions(mask), np.reshape(truth, (-1, 4)))
    matched, left = 0, overlap.copy()
    while left.size and left.max() >= 0.5:
        row, column = np.unravel_index(left.argmax(), left.shape)
        left = np.delete(np.delete(left, row, 0), column, 1)
        matched += 1
    return matched / overlap.shape[1], matched / overlap.shape[0], float(overlap.max() >= 0.5)


def test_the_truth_scores_a_hundred_and_boxes_what_connected_regions_can(targets, tmp_path):
    masks = [rle.decode(counts, *SIZE).astype(np.uint8) for counts in targets["mask"]]
    truths = [np.reshape(flat, (-1, 4)) for flat in targets["boxes"]]
    maps = [mask.astype(np.float32) for mask in masks]
    painted = targets["mask"].tolist()
    report, _ = run(tmp_path, maps, truths, [SIZE] * len(maps), settings(), masks=painted)
    found = evaluate(report, None, [*MASKS, *BOXES], resamples=100)
    scores = found.scores.set_index("metric")["value"]
    np.testing.assert_allclose(scores[list(MASKS)], 100)
    expected = np.array([naive(mask, truth) for mask, truth in zip(masks, truths, strict=True)])
    assert 0.9 < expected[:, 0].mean() < 1  # a few touch, so that two objects are one region
    for name, values in zip(BOXES, expected.T, strict=True):
        np.testing.assert_allclose(found.targets[f"{name}@oracle"], values)
