"""A score in several trainings: the variance of its mean over trainings and images, both taken to be samples."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from wsol.statistics.intervals import variance
from wsol.statistics.resampling import Floats


class Crossed(NamedTuple):
    variance: float
    freedom: float
    spread: float


def crossed(values: ArrayLike, draws: Floats, groups: int) -> Crossed:
    values = np.asarray(values, np.float64)
    if len(values) == 1:
        return Crossed(variance(draws[0], groups), groups - 1, np.nan)
    count = len(values)
    image = variance(draws.mean(axis=0), groups)
    own = np.mean([variance(row, groups) for row in draws])
    between = values.var(ddof=1)
    training = max(between - (own - image) * count / (count - 1), 0) / count
    total = image + training
    freedom = total**2 / (image**2 / (groups - 1) + training**2 / (count - 1)) if total else groups - 1
    return Crossed(total, freedom, float(values.std(ddof=1)))


def crossed_difference(
    a_values: ArrayLike, a_draws: Floats, b_values: ArrayLike, b_draws: Floats, groups: int, *, paired: bool
) -> Crossed:
    a_values, b_values = np.asarray(a_values, np.float64), np.asarray(b_values, np.float64)
    if paired or len(a_values) == len(b_values) == 1:
        return crossed(a_values - b_values, a_draws - b_draws, groups)
    image = variance(a_draws.mean(axis=0) - b_draws.mean(axis=0), groups)
    parts = [image]
    freedoms = [groups - 1]
    for values, draws in ((a_values, a_draws), (b_values, b_draws)):
        if len(values) > 1:
            parts.append(crossed(values, draws, groups).variance - variance(draws.mean(axis=0), groups))
            freedoms.append(len(values) - 1)
    total = sum(parts)
    below = sum(part**2 / freedom for part, freedom in zip(parts, freedoms, strict=True))
    return Crossed(total, total**2 / below if below else groups - 1, np.nan)
