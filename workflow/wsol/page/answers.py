"""Which run is best, by how much, and whether that is established: in words."""

import re
from typing import Any, NamedTuple

import pandas as pd

from wsol.errors import few
from wsol.page.seen import Seen
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

    >>> signed(-11.78), signed(0.04)
    ('−11.8', '+0.0')
    """
    return f"{number:+.1f}".replace("-", "−")


def between(low: float, high: float) -> str:
    """An interval to one decimal; "" where a single group has none.

    >>> between(-5.44, 28.99), between(float("nan"), float("nan"))
    ('[−5.4 29.0]', '')
    """
    return "" if pd.isna(low) else f"[{low:.1f} {high:.1f}]".replace("-", "−")


def told_apart(seen: Seen) -> pd.DataFrame:
    """The comparisons of the best run that is no control with every other such run, nearest first."""
    own = seen.compared[seen.compared["family"] == "best"]
    return own.iloc[own["difference"].abs().to_numpy().argsort(kind="stable")]


def inseparable(seen: Seen) -> list[str]:
    """The runs that are not told apart from the best one: p of .05 or more, or none."""
    own = told_apart(seen)
    return own.loc[~(own["p_adjusted"] < ALPHA), "b"].tolist()


def answer(seen: Seen) -> Answer:
    """What is to be said of an evaluation first."""
    ranking = seen.board.ranking
    ranked = [row for row in seen.board.rows if ranking in row.cells]
    best = next((row for row in ranked if not row.control), None)
    if not ranking or not best:
        what = "No metric here orders runs" if not ranking else "Only controls ran here"
        return Answer(f"{what}, so none is best.", [], False)
    name = seen.called[best.name]
    others = told_apart(seen)
    equal = inseparable(seen)
    established = bool(len(others)) and not equal
    number = f"{name} is best in {ranking} ({_number(best.cells[ranking])})"
    if not len(others):
        first = f"{name} is the only run of a model here: {ranking} {_number(best.cells[ranking])}."
    elif established:
        weakest = float(others["p_adjusted"].max())
        first = f"{number}, and that is established: every other run is below it ({p_words(weakest)} or less)."
        first = first.replace("p < .001 or less", "p < .001")
    else:
        more = f", nor that it is above {len(equal) - 1} more" if len(equal) > 1 else ""
        first = f"{number}; that it is above {equal[0]} is not established ({_nearest(others)}){more}."
    same = [f"Not separable from it: {few(equal, NAMED)}."] if len(equal) > 1 else []
    return Answer(first, [*same, *_controls(seen, best, ranked), *_smallest(seen), *_once(seen)], established)


def _number(cell: Cell) -> str:
    mark = ", the oracle’s level" if cell.level_from == "oracle" else ""
    return f"{cell.value:.1f} {between(cell.low, cell.high)}".strip() + mark


def _nearest(others: pd.DataFrame) -> str:
    """The nearest of the runs that are not told apart: its p and difference."""
    row: Any = others[~(others["p_adjusted"] < ALPHA)].iloc[0]
    difference = f"difference {signed(row['difference'])} {between(row['low'], row['high'])}".strip()
    return f"{p_words(row['p_adjusted'])}, {difference}"


def _controls(seen: Seen, best: Row, ranked: list[Row]) -> list[str]:
    """How the best run stands to the controls, which ignore the model or the class."""
    said = []
    if ranked[0].control:
        ahead = seen.called[ranked[0].name]
        said.append(f"A control scores higher than every run of a model: {ahead}.")
    if best.margin:
        sign = metric(str(seen.board.ranking)).sign
        found = best.margin.p_adjusted < ALPHA and sign * best.margin.difference > 0
        what = "established" if found else "not established"
        over = f"{signed(best.margin.difference)} {between(best.margin.low, best.margin.high)}".strip()
        control = seen.called.get(best.margin.control, best.margin.control)
        said.append(f"Over its best control, {control}, it gains {over}: {what} ({p_words(best.margin.p_adjusted)}).")
    return said


def _smallest(seen: Seen) -> list[str]:
    if pd.isna(seen.board.detectable):
        return []
    groups = int(seen.compared["groups"].min())
    trainings = max(row.trainings for row in seen.board.rows)
    samples = f"{groups} independent images" + (f" and {trainings} trainings" if trainings > 1 else "")
    return [f"With {samples} a true difference of {seen.board.detectable:.1f} is found four times in five."]


def _once(seen: Seen) -> list[str]:
    if not any(row.trainings == 1 for row in seen.board.rows):
        return []
    return ["1 training: the interval says nothing of how another training of that network would come out."]
