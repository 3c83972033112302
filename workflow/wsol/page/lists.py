"""Which targets the gallery shows: lists by stated rules, of which each says in words what it is.

Equals stand in one seeded random order, so that no list prefers what comes first in the data set. Targets without a
picture, which cannot be shown, are in no list.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.scores.failures import FAILURES, HIT

Rows = NDArray[np.int64]
TOGETHER = "together"  # the key of the list whose cards show every class of an image


class TargetList(NamedTuple):
    """Targets by one rule; `run` is the run that it is of, "" for none."""

    key: str
    run: str
    title: str
    rule: str
    rows: Rows  # all that the rule names, in its order


class Facts(NamedTuple):
    """What rules look at, for the shown runs [r] and all targets [n]."""

    names: Sequence[str]  # of the runs, best first
    control: Sequence[bool]
    score: NDArray[np.float64]  # [r n]: IoU; NaN without truth
    measure: str  # what `score` is, in words
    kinds: Mapping[str, NDArray[np.str_]]  # by the rule, [r n]
    classes: NDArray[np.str_]  # [n]
    images: NDArray[np.str_]  # [n]: a target's image, whose targets are of different classes
    shown: NDArray[np.bool_]  # [n]: there is a picture of it
    seed: int

    def shuffled(self) -> Rows:
        """All targets with a picture, in the seeded random order."""
        order = np.random.default_rng(self.seed).permutation(len(self.shown))
        return order[self.shown[order]]

    def by(self, key: NDArray[np.float64]) -> Rows:
        """Targets by ascending key [n], equals in the random order; without those whose key is NaN."""
        order = self.shuffled()
        order = order[np.isfinite(key[order])]
        return order[np.argsort(key[order], kind="stable")]


def lists(facts: Facts) -> list[TargetList]:
    """Every list of an evaluation that names any target; those of classes come last.

    The first is what a reader sees who has chosen nothing.
    """
    found = [together(facts), at_random(facts)]
    for run in range(len(facts.names)):
        for rule in (worst, best, disagreement, control_wins):
            found += rule(facts, run)
    for run in range(len(facts.names)):
        found += kinds(facts, run)
    return [each for each in (*found, *classes(facts)) if len(each.rows)]


def together(facts: Facts) -> TargetList:
    """One target of each image with several, the first; the others stand beside it."""
    order = facts.shuffled()
    _, first, several = np.unique(facts.images[order], return_index=True, return_counts=True)
    rows = order[np.sort(first[several > 1])]
    rule = f"Images with targets of two classes or more, in random order (seed {facts.seed}): each class has its map."
    return TargetList(TOGETHER, "", "several classes in one image", rule, rows)


def at_random(facts: Facts) -> TargetList:
    rule = f"Drawn at random from all targets that have a picture (seed {facts.seed})."
    return TargetList("random", "", "at random", rule, facts.shuffled())


def worst(facts: Facts, run: int) -> Iterator[TargetList]:
    rule = f"The lowest {facts.measure} of {facts.names[run]} first; equals in random order."
    yield TargetList("worst", facts.names[run], "worst", rule, facts.by(facts.score[run]))


def best(facts: Facts, run: int) -> Iterator[TargetList]:
    rule = f"The highest {facts.measure} of {facts.names[run]} first; equals in random order."
    yield TargetList("best", facts.names[run], "best", rule, facts.by(-facts.score[run]))


def disagreement(facts: Facts, run: int) -> Iterator[TargetList]:
    """With the best run; of the best run itself with the next best."""
    if len(facts.names) < 2:
        return
    other = 0 if run else 1
    rule = f"The largest difference in {facts.measure} between {facts.names[run]} and {facts.names[other]} first."
    apart = np.abs(facts.score[run] - facts.score[other])
    rows = facts.by(-apart)
    yield TargetList("disagreement", facts.names[run], "two runs disagree", rule, rows[apart[rows] > 0])


def control_wins(facts: Facts, run: int) -> Iterator[TargetList]:
    """Of the best control that is shown."""
    if facts.control[run] or not any(facts.control):
        return
    control = facts.control.index(True)
    rule = f"{facts.names[control]}, a control, reaches {facts.measure} {HIT} and {facts.names[run]} does not; "
    wins = (facts.score[control] >= HIT) & (facts.score[run] < HIT)
    rows = facts.by(facts.score[run] - facts.score[control])
    yield TargetList("control", facts.names[run], "a control wins", rule + "the widest gap first.", rows[wins[rows]])


def kinds(facts: Facts, run: int) -> Iterator[TargetList]:
    """A list for each kind of failure of each rule, called `rule:kind`."""
    order = facts.shuffled()
    for name, found in facts.kinds.items():
        for kind, definition in FAILURES[name].items():
            words = kind.replace("_", " ")
            rule = f"{words}, by the rule {name}, of {facts.names[run]}, in random order. {definition}"
            rows = order[found[run][order] == kind]
            yield TargetList(f"{name}:{kind}", facts.names[run], f"{words} ({name})", rule, rows)


def classes(facts: Facts) -> Iterator[TargetList]:
    order = facts.shuffled()
    by_class = order[np.argsort(facts.classes[order], kind="stable")]
    names, starts = np.unique(facts.classes[by_class], return_index=True)
    # Split at all starts: what stands before the first is nothing, also where there is no target at all.
    for name, rows in zip(names.tolist(), np.split(by_class, starts)[1:], strict=True):
        yield TargetList(f"class:{name}", "", f"class {name}", f"Targets of the class {name}, in random order.", rows)
