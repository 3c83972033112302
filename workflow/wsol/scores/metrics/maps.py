"""Metrics of the map itself: where it peaks, where its energy lies. Examples are of `wsol.scores.example`, by hand.

All ask for the labelled class's map.
"""

from functools import partial

import numpy as np

from wsol.scores.metrics.record import Pooled
from wsol.scores.views import Values, View
from wsol.statistics.classmeans import mean_over_classes


def pointing_game(view: View) -> Pooled:
    """Share of a class' targets whose peak is nearer to the object than 15 pixels, a mean over the classes that occur.

    Zhang et al. 2016, as TorchRay computes it. Of equal values the first in row-major order is the peak.

    >>> from wsol.scores.example import example
    >>> found = pointing_game(example())
    >>> found.estimate(np.ones((1, 4)))  # class 0 hits with both of its targets, class 1 misses with its one
    array([0.5])
    """
    hit = peak(view, tolerance=15)
    return Pooled(partial(mean_over_classes, hit, view.outcome.targets["label"].to_numpy()), np.isfinite(hit))


def peak(view: View, *, tolerance: float) -> Values:
    """The map's highest value lies on the object, or nearer to it than `tolerance` pixels: a mean over targets.

    The pointing game's question with no mean over classes; of equal values the first in row-major order is the peak.

    >>> from wsol.scores.example import example
    >>> peak(example(), tolerance=15)  # 0, 4 and 20 pixels away
    array([ 1.,  1.,  0., nan])
    >>> peak(example(), tolerance=0)
    array([ 1.,  0.,  0., nan])
    """
    distance = view.of_label.pointing.distance
    return np.where(np.isnan(distance), np.nan, (distance == 0) | (distance < tolerance))


def energy_pointing(view: View) -> Values:
    """Share of the positive part of the map as computed, whatever its normalisation, on the object (Wang et al. 2020).

    sum(max(M, 0) on the object) / sum(max(M, 0)), M upsampled; a map without a positive value has 0.

    >>> from wsol.scores.example import example
    >>> energy_pointing(example())
    array([0.9, 0.6, 0.1, nan])
    """
    return view.of_label.pointing.energy
