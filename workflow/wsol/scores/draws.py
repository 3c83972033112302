"""A score in each resample, the level chosen again where one is chosen."""

import numpy as np

from wsol.scores import levels
from wsol.scores.metrics.record import Metric, Pooled
from wsol.scores.outcome import Outcome
from wsol.scores.views import Values, View
from wsol.statistics.resampling import Floats, Resamples


class ScoreDraws:
    """The resamples of a reported and of a selecting split, drawn once for all metrics of all runs on them."""

    def __init__(self, report: Outcome, select: Outcome | None, resamples: int, seed: int):
        self.report = Resamples(report.targets["group"], resamples, [seed, 0])
        self.select = None if select is None else Resamples(select.targets["group"], resamples, [seed, 1])
        self._levels: dict[tuple, tuple] = {}

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
        chosen, which = self._chosen(view, key)
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

    def _chosen(self, view: View, key: tuple) -> tuple:
        """The levels that stand for those of all resamples, and which one stands for each."""
        if (view.level_from, key) not in self._levels:
            resamples = self.select if view.level_from == "selected" and self.select else self.report
            found = view.levels_of_resamples(key, resamples)
            self._levels[view.level_from, key] = levels.representatives(found)
        return self._levels[view.level_from, key]
