"""p values of differences, and their corrections for being many."""

import numpy as np
from numpy.typing import ArrayLike

from wsol.statistics.resampling import Floats


def student_p(difference: float, deviation: float, groups: int, freedom: float | None = None) -> float:
    """Two-sided p of no difference, by Student's t: it has a tail, where shares of resamples end.

    The freedom is groups - 1 where none is given. NaN where there is a single group, or nothing that varies.

    >>> round(student_p(2.776, 1.0, 5), 3)
    0.05
    """
    from scipy.special import stdtr

    free = groups - 1 if freedom is None else freedom
    return float(2 * stdtr(free, -abs(difference) / deviation)) if groups > 1 and deviation > 0 else np.nan


def holm(p: ArrayLike) -> Floats:
    """p values [m] adjusted for being m together (Holm 1979); NaN is no member.

    >>> holm([0.04, 0.01, np.nan])  # twice the smaller, once the larger
    array([0.04, 0.02,  nan])
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")[: np.isfinite(p).sum()]
    adjusted = np.full_like(p, np.nan)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return adjusted


def below_best(t: ArrayLike, groups: int, freedom: ArrayLike | None = None) -> Floats:
    """Adjusted p [k - 1] of the best of k runs against the others, best first.

    `t` [k - 1]: the differences divided by their deviations. `freedom` [k - 1] of each, groups - 1 where none is given.

    The best was chosen by looking, so its lead over the r-th is the range of r equal runs: the step-down range test of
    Ryan, Einot, Gabriel and Welsch (Einot & Gabriel 1975, Welsch 1977), which errs in at most 5 % of tables of equal
    runs. Holm over all pairs would be valid and blinder; over the k - 1 comparisons alone it errs in 40 % of 52 runs.
    Where each difference has a freedom of its own (Games & Howell 1976), its deviations differ as well: a run that one
    failed training makes unsure hides the lead over others no more than a range of all k runs hides it.

    >>> below_best([2.776], 5).round(3)  # of two runs it is the one comparison
    array([0.05])
    """
    from scipy.stats import studentized_range

    t = np.asarray(t, np.float64)
    if not len(t):
        return t

    def of_range(size: ArrayLike) -> Floats:
        """p of each difference as the range of so many equal runs."""
        free = max(groups - 1, 1) if freedom is None else np.asarray(freedom, np.float64)
        p = studentized_range.sf(np.sqrt(2) * np.maximum(t, 0), size, free)
        return np.clip(np.nan_to_num(p, nan=1.0), 0, 1)

    size = np.arange(2, len(t) + 2)
    p = of_range(size)
    share = np.where(size < len(t), (len(t) + 1) / size, 1.0)  # of ranges that are as long as all runs, or all but one
    adjusted = -np.expm1(share * np.log1p(-np.minimum(p, 1 - 1e-16)))
    stepped = np.maximum.accumulate(adjusted[::-1])[::-1]
    return stepped if freedom is None else np.minimum(stepped, of_range(len(t) + 1))
