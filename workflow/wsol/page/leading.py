"""The leaderboard and the comparisons behind it, as tables."""

from typing import Any

import pandas as pd

from wsol.page.answers import inseparable, p_words, signed, told_apart
from wsol.page.seen import SeenBoard
from wsol.page.sheets import Column, Entry, Sheet, number
from wsol.report.leaderboard import Cell, Row
from wsol.scores.metrics import metric

FAMILIES = {"best": "the best with each other run", "control": "each run with its controls", "all": "every two runs"}


def leaderboard(seen: SeenBoard) -> Sheet:
    """One row a run, best first: the metric that orders them, how each stands to the best and to the controls."""
    board = seen.board
    first = [board.ranking] if board.ranking else []
    rest = [name for name in board.metrics if name not in first]
    columns = [Column("run", False), *(_measured(seen, name) for name in first)]
    columns += [Column("below the best")] * bool(len(told_apart(seen)))
    columns += [Column("over its best control")] * board.margins
    columns += [Column("spread"), Column("trainings")] * board.trainings
    columns += [_measured(seen, name) for name in rest]
    apart = told_apart(seen).drop_duplicates("b").set_index("b")
    equal = inseparable(seen)
    rows = [_row(seen, row, first, rest, apart) for row in board.rows]
    kinds = [_kind(seen, row, equal) for row in board.rows]
    caption = f"Leaderboard of {board.evaluation}, reported on {board.dataset}"
    return Sheet(caption, columns, rows, kinds, _note(seen))


def _measured(seen: SeenBoard, name: str) -> Column:
    """A metric's column; shares are drawn on one span, a count is not."""
    cells = [row.cells[name] for row in seen.board.rows if name in row.cells]
    drawn = (0.0, 100.0) if metric(name).is_share and any(cell.grouped for cell in cells) else None
    return Column(name, about=f"metric:{name}", drawn=drawn)


def _row(seen: SeenBoard, row: Row, first: list[str], rest: list[str], apart: pd.DataFrame) -> list[Entry]:
    name = seen.called[row.name]
    entries = [Entry(name, notes=_about(row)), *(_cell(row.cells.get(measured)) for measured in first)]
    if len(apart):
        entries.append(_below(name, row, apart))
    if seen.board.margins:
        entries.append(_margin(seen, row))
    if seen.board.trainings:
        ranked = row.cells.get(seen.board.ranking or "")
        entries += [number(ranked.spread) if ranked else Entry(""), _count(row.trainings)]
    return entries + [_cell(row.cells.get(measured)) for measured in rest]


def _about(row: Row) -> tuple[str, ...]:
    return ("control",) if row.control else (row.trained,) if row.trained else ()


def _count(trainings: int) -> Entry:
    return Entry(str(trainings), trainings) if trainings else Entry("")


def _cell(cell: Cell | None) -> Entry:
    if cell is None:
        return Entry("")
    notes = [cell.level_from] if cell.level_from != "none" else []
    if not cell.grouped:
        notes.append("one group: no interval")
    if cell.oracle is not None:
        notes.append(f"oracle {cell.oracle:.1f}")
    return number(cell.value, cell.low, cell.high, [" · ".join(notes)] if notes else [])


def _below(name: str, row: Row, apart: pd.DataFrame) -> Entry:
    """How far a run is below the best: the comparison says best minus run."""
    if name in apart.index:
        pair: Any = apart.loc[name]
        found = -pair["difference"]
        words = p_words(pair["p_adjusted"])
        return Entry(signed(found), found, -pair["high"], -pair["low"], (words,))
    return Entry("" if row.control else "best")


def _margin(seen: SeenBoard, row: Row) -> Entry:
    margin = row.margin
    if not margin:
        return Entry("")
    notes = (f"{seen.called.get(margin.control, margin.control)}, {p_words(margin.p_adjusted)}",)
    return Entry(signed(margin.difference), margin.difference, margin.low, margin.high, notes)


def _kind(seen: SeenBoard, row: Row, equal: list[str]) -> str:
    if row.control:
        return "control"
    best = next((other for other in seen.board.rows if not other.control), row)
    return "best" if row is best and seen.board.ranking in row.cells else "equal" * (seen.called[row.name] in equal)


def _note(seen: SeenBoard) -> str:
    counts = ", ".join(name for name in seen.board.metrics if not metric(name).is_share)
    said = [
        f"Percent{f' (but for {counts}: a count)' if counts else ''} with 95 % intervals, which hold the choice of the "
        "level too. selected: the level was chosen on another split and applied once here; oracle: the best level on "
        "these very images, an upper bound."
    ]
    if seen.board.trainings:
        said.append(
            "Of several trainings a number is their mean, its interval covers images and trainings, and spread is "
            "their standard deviation."
        )
    if inseparable(seen):
        said.append("A bar before a name: the best, or not separable from it (p adjusted of .05 or more, or no p).")
    return " ".join(said)


def pairs(seen: SeenBoard) -> Sheet | None:
    """Every paired comparison of the metric that orders the leaderboard; None where there is none."""
    if not len(seen.compared):
        return None
    columns = [Column("a", False), Column("b", False), Column("a − b"), Column("p, adjusted"), Column("why", False)]
    columns.append(Column("detectable"))
    rows = [_pair(pair) for pair in seen.compared.itertuples()]
    note = (
        "Paired on the same images; p adjusted for the pairs of one family. Detectable: the true difference that is "
        "found four times in five."
    )
    return Sheet(f"Paired differences in {seen.board.ranking}, {seen.board.evaluation}", columns, rows, note=note)


def _pair(pair: Any) -> list[Entry]:
    p = pair.p_adjusted
    words = Entry(p_words(p), float(p)) if p == p else Entry("no p")
    difference = Entry(signed(pair.difference), pair.difference, pair.low, pair.high)
    return [Entry(pair.a), Entry(pair.b), difference, words, Entry(FAMILIES[pair.family]), number(pair.detectable)]
