"""Metrics of detection: a class at a time, a mean over the classes. Examples are of `wsol.scores.example`, by hand.

A run's boxes are of classes that its images are labelled with, for these are what its maps are of. So these numbers are
given the labels of each image: they say how well objects are found that are known to be there. A detector that is run
on any image also has to know which classes are not there, and its average precision in the literature is lower for it.
"""

from collections.abc import Sequence
from functools import partial

from wsol.scores.detections import IOUS
from wsol.scores.metrics.record import Pooled
from wsol.scores.views import Values, View


def corloc(view: View) -> Values:
    """The largest region's box reaches IoU >= .5 with a true box of the class, meaned by class (Deselaers et al. 2012).

    Correct localisation: of each class the share of its images, and the mean over the classes that occur. By its other
    name, and in all cases, it is `maxboxacc@50@class_mean`; each class's own are the rows of `maxboxacc@50` in table
    `class` of strata.csv.

    >>> from wsol.scores.example import example
    >>> corloc(example())  # class 0 hits with both of its targets, class 1 misses with its one: 50 %
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(0.5)


def ap(view: View, *, delta: float) -> Pooled:
    """COCO's average precision of the labelled classes' boxes at IoU >= delta, a mean over classes (Lin et al. 2014).

    The boxes of all regions at the one level best for .5, at most 100 of a target; the highest precision at each of 101
    recalls or a higher one, as pycocotools has it.

    Boxes are ranked by the highest value of the normalised map in the box times the probability of the class, where
    there is one, and equal ones by the images' names: without a probability, as for controls, all best boxes are equal,
    and another order of the names gives another number. IoU is of half-open boxes in the image under any protocol: the
    number is pycocotools' of the export `coco`, where every target that is exported has a true box. A crowd is no true
    box (the adapter leaves it out), so that a box on one is wrong; a target without true boxes does not count. No box
    is of a class that its image lacks: this is average precision given the labels of each image, not detection in the
    wild.

    Of few images it is too high, as COCO's definition has it: in simulations by 5 of 30 points with 5 images a class,
    where the interval holds the number of many images three times in four; from 40 images a class on by less than 1.5.

    >>> from wsol.scores.example import example
    >>> round(ap(example(), delta=0.5).score(), 4)  # class 0: 2 of 3 boxes found, 67 of 101 recalls; class 1: none
    0.3317
    """
    return _average_precision(view, (delta,))


def ap_over_ious(view: View) -> Pooled:
    """COCO's main metric: the mean of `ap` over IoU .5, .55 .. .95 (Lin et al. 2014), all at the level best for .5.

    >>> from wsol.scores.example import example
    >>> round(ap_over_ious(example()).score(), 4)  # as at .5 up to .6, then 34 of 101 recalls up to .8
    0.1668
    """
    return _average_precision(view, IOUS)


def _average_precision(view: View, ious: Sequence[float]) -> Pooled:
    found = view.detections(ious)
    return Pooled(partial(found.average_precision, ious=ious), view.outcome.has_true_boxes)
