"""How a level is chosen: one that is best for all targets of a split together, or one for each class.

A key says what it is the best of: (deltas, components, matching) of hits, or the name of what an outcome has it from,
with what that is asked for: ("pixels",), ("pixels", "dice").

A level for each class is chosen on the targets of that class (Saporta et al. 2022). A class none of whose targets tells
of a level, because there are none or none is found at any, has the level of all targets together.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.scores import curves, levels
from wsol.scores.curves import HitIntervals
from wsol.scores.outcome import Outcome
from wsol.statistics.resampling import Floats, Resamples

Rows = NDArray[np.int64]


class OneLevel(NamedTuple):
    """Targets of the reported split that have one level, and those that it is chosen on; None: on all."""

    rows: Rows
    on: Rows | None


def best_level(chooser: Outcome, key: tuple, on: Rows | None = None) -> float:
    """The best level of all targets of the split that chooses, or of some."""
    if on is None:
        return chooser.best_level(*key)
    if isinstance(key[0], str):
        return float(getattr(chooser, key[0]).of(on).best_level(*key[1:]))
    return curves.best_level(curves.curve(_hits(chooser, key, on)), chooser.swept_levels)


def levels_of_resamples(chooser: Outcome, key: tuple, resamples: Resamples, on: Rows | None = None) -> Floats:
    """That level when it is chosen in each resample, [r].

    A resample that draws none of those targets has the level of all, as it is without resampling.
    """
    if isinstance(key[0], str):
        source = getattr(chooser, key[0])
        if on is not None:
            source, resamples = source.of(on), resamples.of(on)
        found = source.levels_of_resamples(resamples, *key[1:])
    else:
        found = levels.levels_of_resamples(_hits(chooser, key, on), chooser.swept_levels, resamples)
        resamples = resamples if on is None else resamples.of(on)
    if on is None:
        return found
    drawn = resamples.times.of(np.unique(resamples.codes)).any(axis=1)
    return np.where(drawn, found, best_level(chooser, key))


def of_one_level(report: Outcome, chooser: Outcome, key: tuple) -> list[OneLevel]:
    """The reported targets by the level that they have: a class each, and last those of classes without one."""
    mine, theirs = _classes(report, chooser)
    tell = telling(chooser, key)
    found = []
    rest = np.ones(len(report), bool)
    for name in np.unique(mine):
        on = np.flatnonzero(tell & (theirs == name))
        if len(on):
            found.append(OneLevel(np.flatnonzero(mine == name), on))
            rest &= mine != name
    return found + [OneLevel(np.flatnonzero(rest), None)] * bool(rest.any())


def telling(chooser: Outcome, key: tuple) -> NDArray[np.bool_]:
    """Which targets of a split tell one level from another: those that are found at any, [n]."""
    if isinstance(key[0], str):
        return np.asarray(getattr(chooser, key[0]).telling)
    found = np.zeros(len(chooser), bool)
    found[_hits(chooser, key).target] = True
    return found


def _hits(chooser: Outcome, key: tuple, on: Rows | None = None) -> HitIntervals:
    """The hit intervals of all deltas of a key together, of some targets."""
    deltas, components, matching = key
    found = curves.join([chooser.hit_intervals(delta, components, matching) for delta in deltas])
    if on is None:
        return found
    member = np.zeros(len(chooser), bool)
    member[on] = True
    there = member[found.target]
    return HitIntervals(found.target[there], found.level_low[there], found.level_high[there])


def _classes(*outcomes: Outcome) -> list[NDArray]:
    """The class of each target of each split: by name, as two data sets may number them differently.

    By number where a name stands for two classes, or a class has two names.
    """
    tables = [outcome.targets for outcome in outcomes]
    column = "class_name" if all(map(_one_to_one, tables)) else "label"
    return [table[column].to_numpy() for table in tables]


def _one_to_one(targets: pd.DataFrame) -> bool:
    if "class_name" not in targets:
        return False
    pairs = targets[["class_name", "label"]].drop_duplicates()
    return bool(pairs["class_name"].is_unique and pairs["label"].is_unique)
