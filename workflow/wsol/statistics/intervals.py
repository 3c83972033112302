"""How sure a number is: its interval, and the smallest difference that could be seen.

Intervals are of what the whole procedure has on average: for `selected`, over the images that are scored and those that
the level was chosen on. Where a network was trained more than once, `trainings.crossed` gives the variance and the
freedom that are of trainings too; of one training an interval says nothing of how another would come out.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.statistics.resampling import Floats

LEVEL = 0.95
POWER = 0.8


class Estimate(NamedTuple):
    """A number and how sure it is."""

    value: float
    low: float  # NaN where there is a single group
    high: float
    n: int  # targets that count
    groups: int  # groups that have one

    def scaled(self, scale: float) -> "Estimate":
        """The same in another unit: of a share, 100 gives percent.

        >>> Estimate(0.5, 0.25, 0.75, 9, 9).scaled(100)[:3]
        (50.0, 25.0, 75.0)
        """
        return self._replace(value=scale * self.value, low=scale * self.low, high=scale * self.high)


def interval(
    value: float, variance: float, n: int, groups: int, *, freedom: float | None = None, share: bool = True
) -> Estimate:
    """The 95 % interval of a mean of this variance over independent groups.

    Of a share, in [0, 1]: Wilson's (1927) score interval with Student's t of groups - 1 in place of the normal and the
    n that a plain proportion of this variance would have (Korn & Graubard 1998; Franco et al. 2019): it does not
    collapse where nearly all or nearly no targets are hit. Of a count: Student's, not below 0. `low` and `high` are NaN
    where there is a single group. `freedom`, where given, stands in place of groups - 1.

    >>> found = interval(0.5, 0.25 / 100, 100, 100)  # 50 of 100 hit
    >>> print(f"{found.low:.3f} {found.high:.3f}")
    0.403 0.597
    >>> interval(0.5, 0.0, 7, 1).low
    nan
    """
    if groups < 2:
        return Estimate(value, np.nan, np.nan, n, groups)
    t = student(LEVEL, groups, freedom)
    if not share:
        reach = t * np.sqrt(variance)
        return Estimate(value, max(value - reach, 0.0), value + reach, n, groups)
    effective = value * (1 - value) / variance if variance > 0 and 0 < value < 1 else groups
    pull = t * t / effective
    reach = t * np.sqrt(value * (1 - value) / effective + pull / (4 * effective)) / (1 + pull)
    middle = (value + pull / 2) / (1 + pull)
    return Estimate(value, max(middle - reach, 0.0), min(middle + reach, 1.0), n, groups)


def mean_interval(values: ArrayLike, groups: ArrayLike, *, share: bool = True) -> Estimate:
    """Of the mean of values [n], NaN not counted, of targets in groups [n]; nothing is resampled.

    >>> found = mean_interval([1, 1, 0, np.nan], ["a", "a", "b", "c"])
    >>> round(found.value, 3), found.n, found.groups
    (0.667, 3, 2)
    """
    values = np.asarray(values, np.float64)
    counted = np.isfinite(values)
    codes = pd.factorize(np.asarray(groups)[counted])[0]
    value = float(values[counted].mean())
    size = int(codes.max()) + 1
    # The variance of a ratio of sums over groups (Taylor): what each group's values are off the mean, together.
    off = np.bincount(codes, values[counted] - value)
    variance = size / max(size - 1, 1) * (off @ off) / counted.sum() ** 2
    return interval(value, variance, int(counted.sum()), size, share=share)


def variance(draws: Floats, groups: int) -> float:
    """Of a mean over groups, from its resamples [r]; those of g groups vary by (g - 1) / g of it.

    >>> round(variance(np.array([0.4, 0.6, np.nan]), 2), 3)  # twice the .02 of the two that are there
    0.04
    """
    there = draws[np.isfinite(draws)]
    return float(there.var(ddof=1)) * groups / max(groups - 1, 1)


def detectable(deviation: float, groups: int, freedom: float | None = None) -> float:
    """The smallest true difference that p < .05 finds four times in five, given the deviation of one (Bloom 1995).

    NaN where there is a single group.

    >>> round(detectable(1.0, 100_000), 2)  # 1.96 + 0.84
    2.8
    """
    from scipy.special import stdtrit

    free = groups - 1 if freedom is None else freedom
    return float((student(LEVEL, groups, freedom) + stdtrit(free, POWER)) * deviation) if groups > 1 else np.nan


def student(level: float, groups: int, freedom: float | None = None) -> float:
    """How many standard deviations a two-sided interval of a mean over so many groups reaches.

    >>> round(student(0.95, 5), 3)  # t of four degrees of freedom
    2.776
    """
    from scipy.special import stdtrit

    return float(stdtrit(groups - 1 if freedom is None else freedom, (1 + level) / 2))
