"""Metrics of the map itself: where it peaks, where its energy lies. Examples are of `wsol.scores.example`, by hand.

All ask for the labelled class's map.
"""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import area, asboxes
from wsol.files import rle
from wsol.scores.metrics.record import Pooled
from wsol.scores.outcome import Unavailable
from wsol.scores.views import Values, View
from wsol.statistics.classmeans import mean_over_classes


def pointing_game(view: View) -> Pooled:
    """Share of a class' targets whose peak is nearer to the object than 15 pixels, a mean over the classes that occur.

    Zhang et al. 2016, as TorchRay computes it. Of equal values the first in row-major order is the peak. The share
    of each class is that of `peak_within_15px` in its stratum.

    >>> from wsol.scores.example import example
    >>> found = pointing_game(example())
    >>> found.estimate(np.ones((1, 4)))  # class 0 hits with both of its targets, class 1 misses with its one
    array([0.5])
    """
    return _over_classes(peak(view, tolerance=15), view)


def pointing_game_difficult(view: View) -> Pooled:
    """The pointing game on difficult targets alone: small objects beside those of another class (Zhang et al. 2016).

    TorchRay has the same subset, as a list of VOC's and COCO's images that came with the paper. It has nothing to do
    with the objects that VOC's annotators call difficult.

    >>> from wsol.scores.example import example
    >>> view = example()
    >>> view.outcome.targets["image"] = list("abbd")  # two classes in one image: a hit and a miss
    >>> pointing_game_difficult(view).score()
    0.5
    """
    hit = peak(view, tolerance=15)
    hit[~difficult(view.outcome.targets)] = np.nan
    if not np.isfinite(hit).any():
        raise Unavailable("targets below a quarter of their image, beside another class")
    return _over_classes(hit, view)


def difficult(targets: pd.DataFrame) -> NDArray[np.bool_]:
    """[n]: the class covers less than a quarter of its image, and the image has a target of another class too.

    It covers the sum of its boxes' areas, where it has none its mask's.

    >>> from wsol.scores.example import example
    >>> difficult(example().outcome.targets.assign(image=list("abbd")))  # 300 and 100 of 2400 pixels
    array([False,  True,  True, False])
    """
    covered = np.array([_covered(*truth) for truth in zip(targets["boxes"], targets["mask"], strict=True)], np.float64)
    small = covered < (targets["width"] * targets["height"]).to_numpy() / 4
    return small & (targets.groupby("image")["label"].transform("nunique") > 1).to_numpy()


def _covered(flat: NDArray, mask: str) -> float:
    by_boxes = float(area(asboxes(flat)).sum())
    return by_boxes if by_boxes or not mask else float(sum(rle.counts(mask)[1::2]))


def _over_classes(values: Values, view: View) -> Pooled:
    labels = view.outcome.targets["label"].to_numpy()
    return Pooled(partial(mean_over_classes, values, labels), np.isfinite(values))


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

    sum(max(M, 0) on the object) / sum(max(M, 0)), M upsampled; a map without a positive value has 0. `relevance_mass`
    is this by another name: relevance mass accuracy (Arras et al. 2022) is the same share of a map that is made
    positive first, and of their ways to do so, which are for maps with channels, sum,pos is max(M, 0) of one.

    >>> from wsol.scores.example import example
    >>> energy_pointing(example())
    array([0.9, 0.6, 0.1, nan])
    """
    return view.of_label.pointing.energy


def relevance_rank(view: View) -> Values:
    """Share of the K highest pixels of the map that are the object's, K as many as it has (Arras et al. 2022).

    Relevance rank accuracy, of max(M, 0) as energy_pointing. Pixels that tie for the last places share them evenly,
    where the authors' code takes those at the bottom right: a map that is 0 nearly everywhere has many. A map without a
    positive value has 0.

    >>> from wsol.scores.example import example
    >>> relevance_rank(example())
    array([0.75, 0.6 , 0.  ,  nan])
    """
    return view.of_label.pointing.rank
