"""Detections: COCO's average precision of a run's boxes, from what pycocotools' COCOeval says of each target.

COCOeval matches boxes with true boxes, one target at a time. What it makes of the matches is made here, with weights: a
bootstrap asks for thousands of resamples, and each is a data set in which some images come several times. With weights
of 1 it is COCOeval's number, with others that of a data set which holds the copies of an image side by side.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pycocotools.cocoeval import COCOeval, Params

from wsol.boxes import to_xywh
from wsol.statistics.precision import interpolated_precision

Floats = NDArray[np.float64]
IOUS = tuple(Params("bbox").iouThrs.tolist())  # .5, .55 .. .95
RECALLS = np.asarray(Params("bbox").recThrs)  # 0, .01 .. 1
MOST = Params("bbox").maxDets[-1]  # boxes of a target that count, those of the highest scores
ANY_AREA = Params("bbox").areaRng[0]
ONE = (0, 0)  # the image and the class that a COCOeval is asked about here, as it sees one target at a time


class Matcher:
    """COCOeval on one target after the other.

    >>> found = Matcher([0.5, 0.75]).match(np.array([[0.0, 0, 8, 10], [0, 0, 10, 6]]), [0.2, 0.9], [[0, 0, 10, 10]])
    >>> found[0].tolist(), found[1].tolist()  # the box of the higher score takes the object, unless its IoU is too low
    ([0.9, 0.2], [[True, False], [False, True]])
    """

    def __init__(self, ious: Sequence[float]):
        self.coco = COCOeval(iouType="bbox")
        self.coco.params.iouThrs = np.asarray(ious)

    def match(self, boxes: NDArray, scores: ArrayLike, truth: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
        """Scores [k] of boxes, descending, and whether each takes a true box at each IoU, [t k]."""
        if not len(boxes) or not np.size(truth):
            best = np.sort(np.asarray(scores, np.float64))[::-1][:MOST]
            return best, np.zeros((len(self.coco.params.iouThrs), len(best)), bool)
        # What `COCOeval.evaluate` makes of its files, which it walks class by image.
        self.coco._gts = {
            ONE: [_entry(box, i) | {"iscrowd": 0, "ignore": 0} for i, box in enumerate(to_xywh(truth), 1)]
        }
        ours = zip(to_xywh(boxes), np.asarray(scores).tolist(), strict=True)
        self.coco._dts = {ONE: [_entry(box, i) | {"score": score} for i, (box, score) in enumerate(ours, 1)]}
        self.coco.ious = {ONE: self.coco.computeIoU(*ONE)}
        found = self.coco.evaluateImg(*ONE, ANY_AREA, MOST)
        return np.array(found["dtScores"]), found["dtMatches"] > 0


def _entry(box: Floats, number: int) -> dict:
    """Numbers are from 1: to COCOeval a match with number 0 is none."""
    return {"id": number, "bbox": box.tolist(), "area": float(box[2] * box[3])}


@dataclass
class MatchedBoxes:
    """What a Matcher says of the targets so far, packed."""

    counts: array = field(default_factory=lambda: array("q"))  # boxes of each target
    scores: array = field(default_factory=lambda: array("d"))
    hits: bytearray = field(default_factory=bytearray)  # a byte for each box and IoU

    def add(self, scores: Floats, hits: NDArray[np.bool_]) -> None:
        """Those of the next target, as `Matcher.match` gives them."""
        self.counts.append(len(scores))
        self.scores.extend(scores.tolist())
        self.hits.extend(hits.T.tobytes())


@dataclass(frozen=True)
class Detections:
    """A run's boxes at one level, class after class, each class's as COCOeval ranks them: by descending score, equal
    ones by the image's name."""

    target: NDArray[np.int64]  # [d] whose box it is
    tied: NDArray[np.bool_]  # [d]: as the one before it of the same target and score
    hits: NDArray[np.bool_]  # [t d]
    ends: NDArray[np.int64]  # [c]: where each class ends
    class_of: NDArray[np.int64]  # [n]
    truths: NDArray[np.int64]  # [n] true boxes of each target
    ious: tuple[float, ...]  # [t]

    def average_precision(self, weights: Floats, ious: Sequence[float]) -> Floats:
        """The mean over `ious` and over the classes that occur, each target counted weights [r n] times, whole: [r]."""
        hits = self.hits[[self.ious.index(iou) for iou in ious]]
        given = (self.target, self.tied, hits, self.ends, self.class_of, self.truths.astype(np.float64))
        return interpolated_precision(np.ascontiguousarray(weights, np.float64), *given, RECALLS)


def arrange(
    found: MatchedBoxes, labels: NDArray, images: Iterable[str], truths: NDArray[np.int64], ious: Sequence[float]
) -> Detections:
    """What was collected of n targets, as COCOeval ranks it.

    `labels` [n], `images` [n] names, and `truths` [n], the number of true boxes.

    >>> found = MatchedBoxes()
    >>> for hit in ([[True]], [[False]], [[True]]):
    ...     found.add(np.array([0.5]), np.array(hit))
    >>> ranked = arrange(found, np.array([7, 7, 2]), ["b", "a", "a"], np.array([1, 1, 2]), [0.5])
    >>> ranked.target.tolist()  # class 2, then class 7, where the name decides between equal scores
    [2, 1, 0]
    >>> ranked.average_precision(np.ones((1, 3)), [0.5]).round(4)  # (51 / 101 + .5 * 51 / 101) / 2
    array([0.3787])
    """
    class_of = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    place = np.unique(np.asarray(list(images), object), return_inverse=True)[1]
    target = np.repeat(np.arange(len(class_of)), np.asarray(found.counts, np.int64))
    score = np.asarray(found.scores, np.float64)
    order = np.lexsort((place[target], -score, class_of[target]))  # which keeps the order of equal ones
    target, score = target[order], score[order]
    tied = np.zeros(len(order), bool)
    tied[1:] = (target[1:] == target[:-1]) & (score[1:] == score[:-1])
    hits = np.frombuffer(bytes(found.hits), bool).reshape(len(order), len(ious))[order].T
    ends = np.searchsorted(class_of[target], np.arange(class_of.max(initial=-1) + 1), side="right")
    return Detections(target, tied, np.ascontiguousarray(hits), ends, class_of, truths, tuple(ious))
