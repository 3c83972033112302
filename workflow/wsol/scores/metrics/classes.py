"""Metrics of the class, with and without the place. Examples are of `wsol.scores.example`, worked by hand."""

import numpy as np

from wsol.scores.outcome import DELTAS
from wsol.scores.views import Values, View


def top_acc(view: View, *, k: int) -> Values:
    """A right class is among the k highest logits; of equal logits the first output is the higher.

    >>> from wsol.scores.example import example
    >>> top_acc(example(), k=1)  # ranks 0, 3, 0, 7
    array([1., 0., 1., 0.])
    >>> top_acc(example(), k=5)
    array([1., 1., 1., 0.])
    """
    return view.top(k)


def top_loc(view: View, *, k: int) -> Values:
    """GT-known localisation, and a right class is among the k highest logits (Russakovsky et al. 2015).

    >>> from wsol.scores.example import example
    >>> top_loc(example(), k=1)
    array([ 1.,  0.,  0., nan])
    >>> top_loc(example(), k=5)
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(0.5, right=k == 1) * view.top(k)


def top_loc_any(view: View, *, k: int, delta: float) -> Values:
    """Any region's box reaches IoU >= delta, at the level best for it, and a right class is among the k highest logits.

    >>> from wsol.scores.example import example
    >>> top_loc_any(example(), k=1, delta=0.3)  # 1 0 1 are found, target 1 at rank 3
    array([ 1.,  0.,  1., nan])
    """
    return view.hit(delta, components="all", right=k == 1) * view.top(k)


def top_loc_v2(view: View, *, k: int) -> Values:
    """MaxBoxAccV2, and a right class is among the k highest logits: mean over IoU .3, .5, .7, a level for each.

    >>> from wsol.scores.example import example
    >>> top_loc_v2(example(), k=1).round(3)  # maxboxacc_v2 is 1, .333 and .333
    array([1.   , 0.   , 0.333,   nan])
    >>> top_loc_v2(example(), k=5).round(3)
    array([1.   , 0.333, 0.333,   nan])
    """
    return np.mean([top_loc_any(view, k=k, delta=delta) for delta in DELTAS], axis=0)


def gtknown_loc(view: View) -> Values:
    """The largest region's box reaches IoU >= .5, whatever the class predicted: maxboxacc@50 by its other name.

    >>> from wsol.scores.example import example
    >>> gtknown_loc(example())
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(0.5)
