"""Which run is best, by how much, and whether that is established: in words."""

import re
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import few
from wsol.page.seen import SeenBoard
from wsol.report.leaderboard import Cell, Row
from wsol.scores.metrics import metric
from wsol.statistics.intervals import LEVEL

ALPHA = round(1 - LEVEL, 9)  # below this p, adjusted, two runs are told apart
NAMED = 5  # runs that a sentence names


class Answer(NamedTuple):
    """What the first screen says: one sentence, and the sentences behind it."""

    first: str
    more: list[str]
    established: bool  # that the best run is above every other one that is no control

    @property
    def spoken(self) -> list[tuple[str, bool]]:
        """The first sentence in pieces, and of each whether it is in brackets.

        >>> Answer("a (1 [0 2]) and (p)", [], False).spoken
        [('a ', False), ('(1 [0 2])', True), (' and ', False), ('(p)', True)]
        """
        return [(words, words.startswith("(")) for words in re.split(r"(\([^)]*\))", self.first) if words]


def p_words(p: float) -> str:
    """A probability as sentences and cells have it.

    >>> p_words(0.0993), p_words(2e-9), p_words(0.99996), p_words(float("nan"))
    ('p = .099', 'p < .001', 'p > .999', 'no p')
    """
    if pd.isna(p):
        return "no p"
    if p > 0.999:
        return "p > .999"
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def signed(number: float) -> str:
    """A difference to one decimal, with its sign.

    >>> signed(-11.78), signed(0.31), signed(-0.04)
    ('−11.8', '+0.3', '0.0')
    """
    return f"{number:+.1f}".replace("-", "−") if round(number, 1) else "0.0"


def between(low: float, high: float) -> str:
    """An interval to one decimal; "" where a single group has none.

    >>> between(-5.44, 28.99), between(float("nan"), float("nan"))
    ('[−5.4 29.0]', '')
    """
    return "" if pd.isna(low) else f"[{low:.1f} {high:.1f}]".replace("-", "−")


def told_apart(seen: SeenBoard) -> pd.DataFrame:
    """The comparisons of the best run that is no control with every other such run, nearest first."""
    own = seen.compared[seen.compared["family"] == "best"]
    return own.iloc[own["difference"].abs().to_numpy().argsort(kind="stable")]


def inseparable(seen: SeenBoard) -> list[str]:
    """The runs that are not told apart from the best one: p of .05 or more, or none."""
    own = told_apart(seen)
    return own.loc[~(own["p_adjusted"] < ALPHA), "b"].tolist()


def answer(seen: SeenBoard) -> Answer:
    """What is to be said of an evaluation first."""
    ranking = seen.board.ranking
    ranked = [row for row in seen.board.rows if ranking in row.cells]
    best = next((row for row in ranked if not row.control), None)
    if not ranking or not best:
        what = "No metric here orders runs" if not ranking else "Only controls ran here"
        return Answer(f"{what}, so none is best.", [], False)
    others, equal = told_apart(seen), inseparable(seen)
    if len(others):
        first = _first(_lead(seen, best, ranked), others, equal)
    else:
        number = _number(best.cells[ranking])
        first = f"{seen.called[best.name]} is the only run of a model here: {ranking} {number}."
    same = [f"Not separable from it: {few(equal, NAMED)}."] if len(equal) > 1 else []
    more = [*same, *_controls(seen, best), *_smallest(seen), *_once(seen)]
    return Answer(first, more, bool(len(others)) and not equal)


def _first(lead: str, others: pd.DataFrame, equal: list[str]) -> str:
    """The lead, and whether it is established."""
    if equal:
        more = f", nor that it is above {len(equal) - 1} more" if len(equal) > 1 else ""
        return f"{lead}; that it is above {equal[0]} is not established ({_nearest(others)}){more}."
    weakest = p_words(float(others["p_adjusted"].max()))
    least = weakest if weakest.startswith("p <") else f"{weakest} or less"
    return f"{lead}, and that is established: every other model is below it ({least})."


def _number(cell: Cell) -> str:
    mark = ", the oracle’s level" if cell.level_from == "oracle" else ""
    return f"{cell.value:.1f} {between(cell.low, cell.high)}".strip() + mark


def _nearest(others: pd.DataFrame) -> str:
    """The nearest of the runs that are not told apart: its p and difference."""
    row: Any = others[~(others["p_adjusted"] < ALPHA)].iloc[0]
    difference = f"difference {signed(row['difference'])} {between(row['low'], row['high'])}".strip()
    return f"{p_words(row['p_adjusted'])}, {difference}"


def _lead(seen: SeenBoard, best: Row, ranked: list[Row]) -> str:
    """The best run and its number; of a control that is ahead of it too."""
    ranking = str(seen.board.ranking)
    own = f"({_number(best.cells[ranking])})"
    if not ranked[0].control:
        return f"{seen.called[best.name]} is best in {ranking} {own}"
    ahead = f"{seen.called[ranked[0].name]} ({_number(ranked[0].cells[ranking])})"
    return f"{seen.called[best.name]} is best of the models in {ranking} {own}, below the control {ahead}"


def _controls(seen: SeenBoard, best: Row) -> list[str]:
    """How the best run stands to its best control, which ignores the model or the class."""
    margin = best.margin
    if not margin:
        return []
    found = "established" if margin.p_adjusted < ALPHA else "not established"
    gain = metric(str(seen.board.ranking)).sign * margin.difference > 0
    what = "Over its best control, {}, it gains {}" if gain else "Its best control, {}, is ahead of it: {}"
    control = seen.called.get(margin.control, margin.control)
    difference = f"{signed(margin.difference)} {between(margin.low, margin.high)}".strip()
    return [f"{what.format(control, difference)}, {found} ({p_words(margin.p_adjusted)})."]


def _smallest(seen: SeenBoard) -> list[str]:
    if pd.isna(seen.board.detectable):
        return []
    groups = int(seen.compared["groups"].min())
    trainings = max(row.trainings for row in seen.board.rows)
    what = "images" if groups == int(seen.compared["n"].min()) else "groups of images"
    samples = f"{groups} independent {what}" + (f" and {trainings} trainings" if trainings > 1 else "")
    return [f"With {samples} a true difference of {seen.board.detectable:.1f} is found four times in five."]


def _once(seen: SeenBoard) -> list[str]:
    if not any(row.trainings == 1 for row in seen.board.rows):
        return []
    return ["1 training: the interval says nothing of how another training of that network would come out."]
