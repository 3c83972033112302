"""Metrics of the class, with and without the place. Examples are of `wsol.scores.example`, worked by hand."""

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


def gtknown_loc(view: View) -> Values:
    """The largest region's box reaches IoU >= .5, whatever the class predicted: maxboxacc@50 by its other name.

    >>> from wsol.scores.example import example
    >>> gtknown_loc(example())
    array([ 1.,  1.,  0., nan])
    """
    return view.hit(0.5)
