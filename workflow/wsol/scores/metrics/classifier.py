"""Metrics of the classifier itself, one answer an image: a map of a wrong classifier explains nothing.

Nothing of them is of the map. Probabilities are what the network's own activation makes of its logits. Examples are of
`wsol.scores.example`, worked by hand.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wsol.scores.metrics.record import Pooled
from wsol.scores.outcome import Unavailable
from wsol.scores.probabilities import Probabilities
from wsol.scores.views import Values, View
from wsol.statistics.ranking import Ranking, mean_of_classes

BINS = 15  # of equal width, as in Guo et al.


def roc_auc(view: View) -> Pooled:
    """Area below the ROC curve of each class against the rest, by its probability, a mean over classes.

    As scikit-learn's `roc_auc_score(average="macro")`: how often an image with the class has a higher probability of it
    than one without. Classes that have an output, and that some images have and others have not.

    >>> from wsol.scores.example import example
    >>> found = roc_auc(example())
    >>> found.score()  # of .9, .1 against .05, .2 three pairs of four; of .8, .1 against .02, .2 as many
    0.75
    """
    return _of_rankings(view, Ranking.roc_auc)


def average_precision(view: View) -> Pooled:
    """Area below the precision-recall curve of each class by its probability, a mean over classes.

    As scikit-learn's `average_precision_score(average="macro")`, without interpolation; the classes of roc_auc.

    >>> from wsol.scores.example import example
    >>> found = average_precision(example())
    >>> round(found.score(), 4)  # both classes: right, wrong, right, wrong: 1 * 1/2 + 2/3 * 1/2
    0.8333
    """
    return _of_rankings(view, Ranking.average_precision)


def ece(view: View) -> Pooled:
    """Expected calibration error of the highest probability, in 15 bins of equal width (Guo et al. 2017).

    The mean over images of how far the share of right answers of a bin is off its mean probability. Of an image with
    several classes the answer is right where it is one of them. Images of a class that has an output.

    >>> from wsol.scores.example import example
    >>> found = ece(example())
    >>> round(found.score(), 4)  # .9 and .8 right, two at .5 wrong: (.1 + .2 + 2 * .5) / 4
    0.325
    """
    found = view.outcome.probabilities
    if not found.known.any():
        raise Unavailable("images of a class that has an output")
    bins = np.clip(np.ceil(found.confidence[found.known] * BINS).astype(int) - 1, 0, BINS - 1)
    gaps = np.where(found.correct[found.known], 1, 0) - found.confidence[found.known]
    in_bins = np.where(bins[:, None] == np.arange(BINS), gaps[:, None], 0)  # [i b]
    return _pooled(view, found, found.known, partial(_calibration_error, in_bins))


def _calibration_error(in_bins: Values, weights: Values) -> Values:
    """Gaps of images [i b] in bins, each image counted weights [r i] times: [r]."""
    size = weights.sum(axis=1)
    total = np.abs(weights @ in_bins).sum(axis=1)
    return np.divide(total, size, out=np.full(len(weights), np.nan), where=size > 0)


def _of_rankings(view: View, area: Callable[[Ranking, Values], Values]) -> Pooled:
    """The mean over classes of an area below a curve."""
    found = view.outcome.probabilities
    parted = found.present.any(axis=0) & ~found.present.all(axis=0)
    if not parted.any():
        raise Unavailable("a class that some images have and others have not")
    ranking = Ranking(found.probability[:, parted], found.present[:, parted])
    every = np.ones(len(found.first), bool)
    return _pooled(view, found, every, lambda weights: mean_of_classes(area(ranking, weights)))


def _pooled(
    view: View, found: Probabilities, images: NDArray[np.bool_], estimate: Callable[[Values], Values]
) -> Pooled:
    """Of some images, each of which counts as its first target does."""
    rows = found.first[images]
    counted = np.zeros(len(view.outcome), bool)
    counted[rows] = True
    return Pooled(lambda weights: estimate(weights[:, rows]), counted)
