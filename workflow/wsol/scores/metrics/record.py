"""What a metric is: a function of a view, and what its numbers mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.errors import ConfigError
from wsol.files.measures import SOURCES
from wsol.scores.views import Values, View
from wsol.settings import shown
from wsol.statistics.classmeans import mean_over_classes
from wsol.statistics.groupmeans import mean_over_groups

PERCENT = "%"  # of a share in [0, 1]
COUNT = "count"
EVERYTHING = frozenset(SOURCES)
ROUNDING = 1e-9  # by which sums of shares may miss [0, 1]


@dataclass(frozen=True, eq=False)
class Pooled:
    """A score that is no mean over targets.

    `estimate` maps weights [r n], how often each target counts, to [r]; `counted` [n] says which targets count at all.
    It may ask the view for levels, as values do.
    """

    estimate: Callable[[Values], Values]
    counted: NDArray[np.bool_]

    def score(self) -> float:
        """The score of the targets themselves, each once."""
        return float(self.estimate(self.counted[None].astype(np.float64))[0])


@dataclass(frozen=True, eq=False)
class ClassMean(Pooled):
    """A mean over the classes that occur of each class' mean: what `values` [n] of `labels` [n] are pooled to."""

    values: Values
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, values: Values, labels: NDArray[np.int64]) -> "ClassMean":
        """The mean of these values, NaN left out.

        >>> ClassMean.of(np.array([1.0, 1, 0, np.nan]), np.array([4, 4, 2, 9])).score()
        0.5
        """
        return cls(partial(mean_over_classes, values, labels), np.isfinite(values), values, labels)


@dataclass(frozen=True)
class Metric:
    """A function `(view, **settings) -> values [n] | Pooled`, called as `metric(view)`.

    Values are one number per target in [0, 1] (of a count: any from 0), NaN where the target does not count; their mean
    is the score, or the mean over classes of each class' mean, or that over groups.
    """

    function: Callable[..., Values | Pooled]
    settings: Mapping[str, Any] = field(default_factory=dict)  # delta, k, tolerance: what the name says
    higher_is_better: bool | None = True  # None: neither high nor low is better, so that it ranks nothing
    unit: str = PERCENT  # of what tables print; COUNT is printed as it is
    localises: bool = True  # False: it says which class is seen, nothing of where
    pixel_level: bool = False  # of pixels at one level of the sweep
    over_classes: bool = False  # whether values are averaged over classes, and not over targets
    over_groups: bool = False  # whether they are over groups
    every_class: bool = False  # whether an image without a target of a class is taken to be without the class
    is_distance: bool = False  # from 0: it varies as no share does that is as near to 0
    needs: frozenset[str] = EVERYTHING  # what it reads of what `localize` measures

    def __call__(self, view: View) -> Values | Pooled:
        """What the function says of each target of a view; a ConfigError where that is no value of its unit."""
        values = self.function(view, **self.settings)
        if isinstance(values, Pooled) and not (self.over_classes or self.over_groups):
            return values
        if not self._fits(values, len(view.outcome)):
            kind = "numbers in [0, 1]" if self.is_share else "numbers from 0"
            raise ConfigError(
                f"metrics: '{getattr(self.function, '__name__', 'one')}' must give {len(view.outcome)} {kind}, one for "
                f"each target and NaN for those that do not count; got {shown(values)}."
            )
        if self.over_groups:
            found = np.asarray(values, np.float64)
            groups = np.unique(view.outcome.targets["group"].to_numpy(np.str_), return_inverse=True)[1]
            return Pooled(partial(mean_over_groups, found, groups), np.isfinite(found))
        if self.over_classes:
            return ClassMean.of(np.asarray(values, np.float64), view.outcome.targets["label"].to_numpy())
        return values

    def _fits(self, values: Any, n: int) -> bool:
        """Whether a metric gave one number of its unit for each of n targets."""
        if not isinstance(values, np.ndarray) or values.shape != (n,) or values.dtype.kind not in "fiub":
            return False
        counted = values[~np.isnan(values)]
        highest = 1 if self.is_share else np.inf
        return bool(((counted >= -ROUNDING) & (counted <= highest + ROUNDING)).all())

    def asks(self, threshold: str) -> frozenset[str]:
        """The sources that it reads of runs whose threshold is of this method: pixels at one level, or cut masks.

        >>> Metric(lambda view: view.pixels().hit, pixel_level=True).asks("sweep") >= {"masks"}
        False
        """
        other = "masks" if threshold == "sweep" else "pixels" if self.pixel_level else ""
        return self.needs - {other}

    @property
    def per_target(self) -> bool:
        """Whether its score is a mean over targets; a function that is annotated as Pooled says that it is none."""
        given = getattr(self.function, "__annotations__", {}).get("return")
        return not (self.over_classes or self.over_groups) and given not in (Pooled, "Pooled")

    @property
    def is_share(self) -> bool:
        """Whether its values lie in [0, 1]."""
        return self.unit == PERCENT

    @property
    def varies_as_share(self) -> bool:
        """Whether its interval is that of a share; else it is Student's."""
        return self.is_share and not self.is_distance

    @property
    def scale(self) -> int:
        """What turns a value into the number that tables print."""
        return 100 if self.is_share else 1

    @property
    def limit(self) -> float:
        """The highest number that tables can print."""
        return 100.0 if self.is_share else np.inf

    @property
    def ranks(self) -> bool:
        """Whether a leaderboard can be ordered by it."""
        return self.localises and self.higher_is_better is not None

    @property
    def sign(self) -> int:
        """-1 where lower is better: what turns a difference into a lead."""
        return -1 if self.higher_is_better is False else 1


def as_metric(metric: Metric | Callable[[View], Values | Pooled]) -> Metric:
    """A metric as it is; a plain function is a share of which more is better.

    >>> def mine(view):
    ...     return view.hit(0.5)
    >>> (as_metric(mine).unit, as_metric(mine).higher_is_better)
    ('%', True)
    """
    return metric if isinstance(metric, Metric) else Metric(metric)


def at_delta(family: Metric, percent: int) -> Metric:
    """The metric of a family at IoU >= percent / 100.

    >>> at_delta(Metric(lambda view, *, delta: delta), 75).settings
    {'delta': 0.75}
    """
    return replace(family, settings={**family.settings, "delta": percent / 100})
