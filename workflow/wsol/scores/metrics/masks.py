"""Metrics of pixels against the true mask. Examples are of `wsol.scores.example`, worked by hand.

The level of `mask_iou`, `pixel_precision` and `pixel_recall` is one of the sweep's; where every value is swept, one of
step .001.
"""

import numpy as np

from wsol.scores import pixels
from wsol.scores.metrics.record import Pooled
from wsol.scores.views import Values, View


def mask_iou(view: View) -> Values:
    """IoU of predicted and true pixels, ignored ones left out, a mean over targets; the level of the best mean.

    A foreground IoU per target, which some call mIoU; it is no mean over classes.

    >>> from wsol.scores.example import example
    >>> mask_iou(example())  # above .3: 60 of 80 pixels, 30 of 50, none of 40
    array([0.75, 0.6 , 0.  ,  nan])
    """
    counts = view.pixels()
    return pixels.iou_of_counts(counts.hit, counts.false, counts.true)


def pixel_precision(view: View) -> Values:
    """Share of predicted pixels that are true, at the level of the best mask_iou; no predicted pixel has precision 0.

    >>> from wsol.scores.example import example
    >>> pixel_precision(example())  # 60 of 60 pixels, 30 of 40, none
    array([1.  , 0.75, 0.  ,  nan])
    """
    counts = view.pixels()
    return np.where(np.isnan(counts.hit), np.nan, counts.hit / np.maximum(counts.hit + counts.false, 1))


def pixel_recall(view: View) -> Values:
    """Share of true pixels that are predicted, at the level of the best mask_iou; NaN without true pixels.

    >>> from wsol.scores.example import example
    >>> pixel_recall(example())  # 60 of 80 pixels, 30 of 40, none of 40
    array([0.75, 0.75, 0.  ,  nan])
    """
    counts = view.pixels()
    return np.where(counts.true > 0, counts.hit / np.maximum(counts.true, 1), np.nan)


def pixel_ap(view: View) -> Values:
    """Average precision of a target's own pixels over all levels: large objects do not outweigh small ones.

    >>> from wsol.scores.example import example
    >>> pixel_ap(example())  # 1 * .75 + .8 * .25; .75 * .75 + .4 * .25; .1
    array([0.95  , 0.6625, 0.1   ,    nan])
    """
    return view.of_label.pixels.ap


def pxap(view: View) -> Pooled:
    """Average precision of the pixels of all targets together, over levels of step .001 (Choe et al. 2020).

    >>> from wsol.scores.example import example
    >>> found = pxap(example())
    >>> found.estimate(np.ones((1, 4))).round(4)  # .9 * 90/160 + .6 * 30/160 + 160/600 * 40/160
    array([0.6854])
    """
    found = view.of_label.pixels
    return Pooled(found.pooled_ap, found.counted)
