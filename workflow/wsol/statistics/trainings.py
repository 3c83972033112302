"""How sure a score is that several trainings of one network were given, each on the same images.

Trainings and groups of images are two samples that cross: of s trainings on n groups the mean varies by

    T / s + I / n + TI / (s n)

of the variances between trainings, between images, and of what one training does with one image (Cornfield & Tukey
1956). The spread of the s scores estimates T + TI / n, and what two trainings have in common in the same resamples, the
covariance of their draws, estimates I / n: the variance is spread^2 / s + covariance, nothing counted twice.

A resampling of trainings too, the pigeonhole bootstrap (McCullagh 2000, Owen 2007; of networks: Sellam et al. 2022), is
made for many of both: it has (s - 1) / s of the spread and no Student's t, and counts TI three times. As simulated in
tests/statistics/test_trainings_coverage.py, its 95 % intervals of three trainings hold 77 to 99.6 % of the time.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wsol.statistics.intervals import LEVEL, student, variance
from wsol.statistics.resampling import Floats


class Crossed(NamedTuple):
    """Of a mean over trainings and groups, or of the difference of two; Student's t has `freedom`."""

    variance: float
    freedom: float  # groups - 1 where nothing was trained twice
    spread: float  # the standard deviation over trainings, NaN for one training


def crossed(values: ArrayLike, draws: Floats, groups: int) -> Crossed:
    """Of the mean of trainings' scores [s], from the draws [s r] of each in the same resamples of the groups.

    >>> draws = np.array([[0.4, 0.6], [0.5, 0.5]])  # what one gives in a resample says nothing of the other
    >>> found = crossed([0.4, 0.6], draws, 100)  # .02 / 2
    >>> round(found.variance, 3), round(found.freedom, 3), round(found.spread, 3)
    (0.01, 1.0, 0.141)
    >>> crossed([0.5], draws[:1], 100).freedom  # one training: the variance of its draws
    99.0
    """
    values = np.asarray(values, np.float64)
    mean = variance(draws.mean(axis=0), groups)
    return _sum(mean, _apart(draws, groups), [values], groups)._replace(spread=_spread(values))


def crossed_difference(
    a_values: ArrayLike, a_draws: Floats, b_values: ArrayLike, b_draws: Floats, groups: int, *, paired: bool
) -> Crossed:
    """Of the difference of two means over trainings, a [s] and b [z], from draws [s r] and [z r] in the same resamples.

    `paired`: training i of a is training i of b (two CAMs of one network); the spread is that of their differences.
    Otherwise each was trained by itself, and has a spread of its own; what is known of one training, as a control or
    published weights, is taken as it is.

    >>> draws = np.array([[0.4, 0.6], [0.5, 0.5]])
    >>> crossed_difference([0.4, 0.6], draws, [0.3, 0.5], draws, 100, paired=True).variance < 1e-12
    True
    >>> round(crossed_difference([0.4, 0.6], draws, [0.3, 0.5], draws, 100, paired=False).variance, 3)
    0.02
    """
    a_values = np.asarray(a_values, np.float64)
    b_values = np.asarray(b_values, np.float64)
    if paired:
        return crossed(a_values - b_values, a_draws - b_draws, groups)
    difference = variance(a_draws.mean(axis=0) - b_draws.mean(axis=0), groups)
    return _sum(difference, _apart(a_draws, groups) + _apart(b_draws, groups), [a_values, b_values], groups)


def _apart(draws: Floats, groups: int) -> float:
    """What the variance of the mean of draws [s r] has from each training's own way with images; 0 of one training.

    The variance of the mean is the mean covariance of two different trainings, and this.
    """
    trainings = len(draws)
    if trainings == 1:
        return 0.0
    alone = np.mean([variance(each, groups) for each in draws])
    return float(alone - variance(draws.mean(axis=0), groups)) / (trainings - 1)


def _sum(mean: float, apart: float, trained: list[Floats], groups: int) -> Crossed:
    """The variance of the images, that of the mean's draws without what is `apart`, and of the trainings' means.

    The freedom of two networks' trainings is Welch's (1947). With that of the images it is the one at which Student's t
    reaches as far as the mean of the two t weighted by the variances (Cochran & Cox 1950), which errs on the side of
    width (Lee & Gurland 1975): with three trainings 95 % intervals hold 94 to 98 % of the time, and those of
    Satterthwaite (1946), who squares the weights, 92 to 96 %.
    """
    from scipy.special import stdtridf

    spreads = [(_spread(values) ** 2 / len(values), len(values) - 1) for values in trained if len(values) > 1]
    between = sum(part for part, _ in spreads)
    if not between > 1e-12 * mean:
        # One training, or trainings whose scores agree but for rounding: of a spread they tell nothing.
        return Crossed(mean, float(groups - 1), np.nan)
    images = max(mean - apart, 0.0)
    freedom = between**2 / sum(part**2 / free for part, free in spreads)
    reach = between * student(LEVEL, groups, freedom) + images * student(LEVEL, groups)
    found = stdtridf((1 + LEVEL) / 2, reach / (between + images))
    return Crossed(between + images, float(found), np.nan)


def _spread(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan
