"""A score in each resample, the level chosen again where one is chosen."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from wsol.scores import classdraws, levels
from wsol.scores.metrics.record import ClassMean, Metric, Pooled
from wsol.scores.outcome import Outcome, Unavailable
from wsol.scores.views import Values, View
from wsol.statistics.resampling import Floats, Resamples

T = TypeVar("T")


class ScoreDraws:
    """The resamples of a reported and of a selecting split, drawn once for all metrics of all runs on them."""

    def __init__(self, report: Outcome, select: Outcome | None, resamples: int, seed: int):
        self.report = Resamples(report.targets["group"], resamples, [seed, 0])
        self.select = None if select is None else Resamples(select.targets["group"], resamples, [seed, 1])
        self._levels: dict[tuple, Any] = {}

    def draws(self, metric: Metric, view: View, values: Values | Pooled) -> Floats:
        """[r] of a metric whose `values` at the view's own levels are known.

        A metric that is taken at several levels moves with each as if the others stood still: all do that are sums.
        """
        held = self.report.pooled(values.estimate) if isinstance(values, Pooled) else self.report.means(values)
        found = held
        for key, level in view.levels.items():
            if level is not None:
                found = found + self._moved(metric, view, held, key)
        return found

    def _moved(self, metric: Metric, view: View, held: Floats, key: tuple) -> Floats:
        """By how much each resample's own choice of one level moves the score from `held` [r]."""
        if isinstance(view.levels[key], np.ndarray):
            return self._moved_by_class(metric, view, held, key)
        chosen, which = self._chosen(view, key)
        view.outcome.expect_levels(key, chosen.tolist())
        seen = [metric(view.at({**view.levels, key: level})) for level in chosen.tolist()]
        pooled = [found for found in seen if isinstance(found, Pooled)]
        if pooled:
            scores = np.array([found.score() for found in pooled])
        else:
            scores = np.nanmean(np.asarray(seen, np.float64), axis=1)
        if view.level_from == "selected":
            return levels.carried(scores, chosen, which)
        if pooled:
            return self.report.pooled_at([found.estimate for found in pooled], which) - held
        return self.report.means_at(np.asarray(seen, np.float64), which) - held

    def _moved_by_class(self, metric: Metric, view: View, held: Floats, key: tuple) -> Floats:
        """The same where each class has its own level."""
        found = self._kept(view, key, classdraws.choices)
        together = classdraws.levels_together(found, len(view.outcome))
        seen = [metric(view.at({**view.levels, key: at})) for at in together]
        table, labels = _table(metric, seen)
        if view.level_from == "selected":
            return classdraws.carried(found, table, labels)
        return classdraws.redrawn(found, table, labels, self.report) - held

    def _chosen(self, view: View, key: tuple) -> tuple[Floats, NDArray[np.int64]]:
        """The levels that stand for those of all resamples, and which one stands for each."""
        return self._kept(view, key, lambda *given: levels.representatives(view.levels_of_resamples(*given[1:])))

    def _kept(self, view: View, key: tuple, choose: Callable[[View, tuple, Resamples], T]) -> T:
        """What is chosen in the resamples of the split that chooses, once for all metrics."""
        if (view.level_from, key) not in self._levels:
            resamples = self.select if view.level_from == "selected" and self.select else self.report
            self._levels[view.level_from, key] = choose(view, key, resamples)
        return self._levels[view.level_from, key]


def _table(metric: Metric, seen: Sequence[Values | Pooled]) -> tuple[Floats, NDArray[np.int64]]:
    """What a metric says of each target at each of some levels, [d n], and the classes that its score is a mean over.

    Of a mean over targets they are one. Unavailable is what is neither: it does not say whose level moves it.
    """
    if isinstance(seen[0], ClassMean):
        return np.array([found.values for found in seen if isinstance(found, ClassMean)]), seen[0].labels
    if isinstance(seen[0], Pooled):
        raise Unavailable("one level of all classes, as it is no mean over targets or classes (levels: per_class)")
    table = np.array(seen, np.float64)
    return table, np.zeros(table.shape[1], np.int64)
