"""What the page's figures, tables and sentences are made from: the tables beside the report, by evaluation."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from wsol.report.leaderboard import Board, Row, boards, headline
from wsol.report.tables import NAMES
from wsol.scores.comparisons import SHOWN_FIRST

FIRST = 12  # runs that a figure shows, until its reader asks for more


class Tables(NamedTuple):
    """The CSV files beside the report, as `report.tables.read` gives them; without any row where there is no file."""

    scores: pd.DataFrame
    comparisons: pd.DataFrame
    strata: pd.DataFrame
    failures: pd.DataFrame = pd.DataFrame()
    curves: pd.DataFrame = pd.DataFrame()


class SeenBoard(NamedTuple):
    """One evaluation: its leaderboard, and its part of each table, where `run` is what each row's run is called here.

    Rows of all but `compared` stand in the leaderboard's order. `compared` has the pairs of runs in the metric that
    orders the leaderboard, as its `a` and `b` call them.
    """

    board: Board
    called: dict[str, str]  # `backbone/cam/threshold` -> its name here, in the leaderboard's order
    scores: pd.DataFrame
    compared: pd.DataFrame
    strata: pd.DataFrame
    failures: pd.DataFrame
    curves: pd.DataFrame

    @property
    def runs(self) -> list[str]:
        """What the runs are called, best first."""
        return list(self.called.values())

    @property
    def controls(self) -> list[str]:
        """What the runs are called that ignore the model, or the class."""
        return [self.called[row.name] for row in self.board.rows if row.control]

    def row(self, run: str) -> Row:
        """The leaderboard's row of a run as it is called here."""
        return next(row for row in self.board.rows if self.called[row.name] == run)


def seen(tables: Tables) -> Iterator[SeenBoard]:
    """Each evaluation of the tables, in their order."""
    for board in boards(tables.scores, tables.comparisons):
        called = _called(board)
        own = tables.comparisons[tables.comparisons["evaluation"] == board.evaluation]
        compared = headline(own, board.ranking).replace({"a": called, "b": called})
        parts = (tables.scores, tables.strata, tables.failures, tables.curves)
        scores, strata, failures, curves = (_own(table, board, called) for table in parts)
        yield SeenBoard(board, called, scores, compared, strata, failures, curves)


def _called(board: Board) -> dict[str, str]:
    """Runs go without their threshold where all of an evaluation have the same."""
    one = len({row.run["threshold"] for row in board.rows}) == 1
    return {row.name: row.name.rpartition("/")[0] if one else row.name for row in board.rows}


def _own(table: pd.DataFrame, board: Board, called: dict[str, str]) -> pd.DataFrame:
    """The rows of an evaluation, with `run`."""
    if not len(table):
        return table.assign(run=pd.Series(dtype=str))
    own = table[table["evaluation"] == board.evaluation]
    names = own[NAMES[0]] + "/" + own[NAMES[1]] + "/" + own[NAMES[2]]
    order = names.map({name: place for place, name in enumerate(called)})
    return own.assign(run=names.map(called)).iloc[order.argsort(kind="stable")].reset_index(drop=True)


def shown_first(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of each run at the choice of level that tables show first of it."""
    if not len(table):
        return table
    place = table["choice"].map({choice: place for place, choice in enumerate(SHOWN_FIRST)})
    return table[place == place.groupby(table["run"]).transform("min")]
