"""Metrics of boxes. Examples are of `wsol.scores.example`, worked by hand: IoU .8, .6 and .4, and nothing to find.

`components`: the box of the largest region counts, or any region's. `matching`: with any true box of the target, or
with its largest alone.
"""

import numpy as np
from numpy.typing import NDArray

from wsol.boxes import area
from wsol.scores.outcome import DELTAS
from wsol.scores.views import Values, View

COCO_AREAS = {"small": 32**2, "medium": 96**2, "large": np.inf}  # upper edges, not included but the last


def maxboxacc(view: View, *, delta: float) -> Values:
    """The largest region's box reaches IoU >= delta, at the best level for this delta (Choe et al. 2020).

    >>> from wsol.scores.example import example
    >>> maxboxacc(example(), delta=0.5)  # at level .5; target 2 has IoU .4, at lower levels
    array([ 1.,  1.,  0., nan])
    >>> maxboxacc(example(), delta=0.3)  # as many are hit at level .25, which is the first
    array([ 1.,  0.,  1., nan])
    >>> maxboxacc(example(), delta=0.75)
    array([ 1.,  0.,  0., nan])
    """
    return view.hit(delta)


def maxboxacc_any(view: View, *, delta: float) -> Values:
    """Any region's box reaches IoU >= delta, at the best level for this delta: one term of MaxBoxAccV2.

    >>> from wsol.scores.example import example
    >>> maxboxacc_any(example(), delta=0.5)
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(delta, components="all")


def maxboxacc_v2(view: View) -> Values:
    """Mean over IoU .3, .5, .7 of any region's box reaching it, a level for each, as published (Choe et al. 2022).

    >>> from wsol.scores.example import example
    >>> maxboxacc_v2(example()).round(3)  # 1 0 1 at .3, 1 1 0 at .5, 1 0 0 at .7
    array([1.   , 0.333, 0.333,   nan])
    """
    return np.mean([view.hit(delta, components="all") for delta in DELTAS], axis=0)


def maxboxacc_v2_one_level(view: View) -> Values:
    """MaxBoxAccV2 at one level for all three IoU: the level of the best mean.

    >>> from wsol.scores.example import example
    >>> maxboxacc_v2_one_level(example()).round(3)  # at level .5 target 0 is hit at three IoU, target 1 at two
    array([1.   , 0.667, 0.   ,   nan])
    """
    return np.mean([view.hit(delta, components="all", over=DELTAS) for delta in DELTAS], axis=0)


def maxboxacc_largest_truth(view: View, *, delta: float) -> Values:
    """MaxBoxAcc where only the target's largest true box counts.

    >>> from wsol.scores.example import example
    >>> maxboxacc_largest_truth(example(), delta=0.5)  # target 1 is found by its small box
    array([ 1.,  0.,  0., nan])
    """
    return view.hit(delta, matching="largest")


def boxacc(view: View, *, delta: float) -> Values:
    """The largest region's box reaches IoU >= delta at one level for every delta: the best for IoU .5.

    >>> from wsol.scores.example import example
    >>> boxacc(example(), delta=0.3)  # at level .5, where maxboxacc@30 is at .25
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(delta, over=(0.5,))


def box_recall(view: View, *, delta: float) -> Values:
    """Share of true boxes matched one to one with boxes at IoU >= delta, all boxes at the one level best for .5.

    >>> from wsol.scores.example import example
    >>> box_recall(example(), delta=0.5)  # target 1 has two true boxes and one of its own, target 2 none there
    array([1. , 0.5, 0. , nan])
    """
    matched = [matching(o >= delta) / o.shape[1] if o.shape[1] else np.nan for o in view.overlaps()]
    return np.where(view.outcome.has_true_boxes, matched, np.nan)


def box_recall_of_size(view: View, *, delta: float, size: str) -> Values:
    """Share of true boxes of one of COCO's sizes matched one to one with the boxes of box_recall at IoU >= delta.

    Small is below 32^2 pixels of the image, large from 96^2. Every object counts by its own area; a target without any
    of that size does not count. (The table `coco_area` of the strata goes by a target's largest object.)

    >>> from wsol.scores.example import example
    >>> box_recall_of_size(example(), delta=0.5, size="small")  # all true boxes there are small
    array([1. , 0.5, 0. , nan])
    """
    names = list(COCO_AREAS)
    found = np.full(len(view.outcome), np.nan)
    for t, (overlaps, true) in enumerate(zip(view.overlaps(), view.outcome.ground_truth, strict=True)):
        here = np.searchsorted(list(COCO_AREAS.values()), area(true), side="right") == names.index(size)
        if here.any():
            found[t] = matching(overlaps[:, here] >= delta) / here.sum()
    return np.where(view.outcome.has_true_boxes, found, np.nan)


def box_precision(view: View, *, delta: float) -> Values:
    """Share of boxes matched one to one with true boxes at IoU >= delta, the same boxes; no box has precision 0.

    >>> from wsol.scores.example import example
    >>> box_precision(example(), delta=0.7)  # IoU .8, .6, and no box
    array([ 1.,  0.,  0., nan])
    """
    matched = [matching(o >= delta) / max(len(o), 1) for o in view.overlaps()]
    return np.where(view.outcome.has_true_boxes, matched, np.nan)


def boxes_per_target(view: View) -> Values:
    """How many boxes there are at the one level best for IoU .5: what `any of its boxes` hits are bought with.

    >>> from wsol.scores.example import example
    >>> boxes_per_target(example())
    array([ 1.,  1.,  0., nan])
    """
    return np.where(view.outcome.has_true_boxes, [len(o) for o in view.overlaps()], np.nan)


def matching(allowed: NDArray[np.bool_]) -> int:
    """Size of the largest one-to-one matching of boxes with true boxes, [boxes truth] -> count.

    >>> matching(np.array([[True, True], [True, False]]))
    2
    >>> matching(np.array([[True], [True]]))
    1
    """
    if min(allowed.shape) <= 1:
        return int(allowed.any())
    from scipy.optimize import linear_sum_assignment

    return int(allowed[linear_sum_assignment(allowed, maximize=True)].sum())
