"""Metrics of pixels against the true mask. Examples are of `wsol.scores.example`, worked by hand.

The level of `mask_iou`, `pixel_precision`, `pixel_recall` and `pixel_specificity`, and that of `dice`, is one of the
sweep's; where every value is swept, one of step .001.
"""

import numpy as np

from wsol.scores import pixels
from wsol.scores.metrics.record import Pooled
from wsol.scores.outcome import Unavailable
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


def dice(view: View) -> Values:
    """Dice's coefficient of predicted and true pixels, ignored ones left out, at the level of its own best mean.

    2 |A and B| / (|A| + |B|), a mean over targets (Dice 1945). One whose mask is empty has 0 whatever is predicted, as
    for mask_iou: of each target it is 2 IoU / (1 + IoU), but the level of the best mean may be another.

    >>> from wsol.scores.example import example
    >>> dice(example()).round(3)  # all pixels: 160 of 100 + 80, 80 of 100 + 40, 80 of 400 + 40
    array([0.889, 0.571, 0.182,   nan])
    """
    counts = view.pixels("dice")
    return pixels.dice_of_counts(counts.hit, counts.false, counts.true)


def hit_rate(view: View) -> Values:
    """The map's highest value lies on the true mask: a mean over classes of each class' share (Saporta et al. 2022).

    As CheXlocalize has it: only targets with a mask count, and each pathology as much as any other. `peak_on_object`
    asks the same, counts targets with boxes alone too, and is a mean over targets; `pointing_game` forgives 15 pixels.
    Each class's own are the rows of `peak_on_object` in the table `class` of strata.csv.

    >>> from wsol.scores.example import example
    >>> hit_rate(example())  # on it, 4 and 20 pixels beside it; class 0 has 1 of 2, class 1 none: .25
    array([ 1.,  0.,  0., nan])
    """
    distance = view.of_label.pointing.distance
    if not view.outcome.has_true_mask.any():
        raise Unavailable("masks of the truth")
    return np.where(view.outcome.has_true_mask, distance == 0, np.nan)


def pixel_precision(view: View) -> Values:
    """Share of predicted pixels that are true, at the level of the best mask_iou; no predicted pixel has precision 0.

    >>> from wsol.scores.example import example
    >>> pixel_precision(example())  # 60 of 60 pixels, 30 of 40, none
    array([1.  , 0.75, 0.  ,  nan])
    """
    counts = view.pixels()
    return np.where(np.isnan(counts.hit), np.nan, counts.hit / np.maximum(counts.hit + counts.false, 1))


def pixel_recall(view: View) -> Values:
    """Share of true pixels that are predicted, at the level of the best mask_iou: what medicine calls sensitivity.

    NaN without true pixels.

    >>> from wsol.scores.example import example
    >>> pixel_recall(example())  # 60 of 80 pixels, 30 of 40, none of 40
    array([0.75, 0.75, 0.  ,  nan])
    """
    counts = view.pixels()
    return np.where(counts.true > 0, counts.hit / np.maximum(counts.true, 1), np.nan)


def pixel_specificity(view: View) -> Values:
    """Share of the pixels that are not true that are not predicted, ignored ones left out, at the level of mask_iou.

    NaN where every pixel is true or ignored; a target whose map is not ok predicts nothing, and is a miss all the same.
    Most of an image is not the object, so that it is high of any small region.

    >>> from wsol.scores.example import example
    >>> pixel_specificity(example())  # 20 of 20 pixels, 50 of 60, all of 360
    array([1.        , 0.83333333, 1.        ,        nan])
    """
    counts = view.pixels()
    kept = np.where(view.outcome.status == "ok", 1 - counts.false / np.maximum(counts.other, 1), 0)
    return np.where(counts.other > 0, kept, np.nan)


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


def voc_miou(view: View) -> Pooled:
    """IoU of segmentation seeds, a mean over classes and the background, of the pixels of all images together.

    At each pixel the class of the highest map among those that the image is labelled with, or the background where none
    is above the background level t: the field's evaluation of seeds (Ahn & Kwak 2018; Ahn et al. 2019), by one
    confusion matrix over the data set; t of 0, .01 ... .59, or a fixed threshold's. How maps and the truth are prepared
    stands in scores/seedmaps.py. The mean is over the classes that occur in the truth or in what is predicted, VOC's 21
    where all do. Only labelled classes are predicted, so that an image's labels are taken for known. VOC's own number
    needs `target: all` and `difficult: keep`.

    >>> from wsol.scores.example import example
    >>> found = voc_miou(example())  # above .3: class 0 90 of 130 pixels, class 1 0 of 40, the background 430 of 510
    >>> found.estimate(np.ones((1, 4))).round(4)
    array([0.5118])
    """
    found, place = view.seeds()
    return Pooled(lambda weights: found.mean_ious(weights, slice(place, place + 1))[:, 0], found.counted)
