"""scores.csv -> what the report's tables show: a row a run, a column a metric, best first."""

from typing import Any, NamedTuple

import pandas as pd

RUN = ["backbone", "cam", "threshold"]
# What a table shows first of a metric: the honest number where there is one.
CHOICES = ("selected", "fixed", "none", "oracle")


class Cell(NamedTuple):
    """One number with its interval, and the oracle's where the number is not the oracle's itself."""

    value: float
    low: float
    high: float
    choice: str
    oracle: float | None


class Board(NamedTuple):
    evaluation: str
    dataset: str
    metrics: list[str]
    rows: list[tuple[dict[str, str], dict[str, Cell]]]  # (backbone, cam, threshold), cells by metric


def boards(scores: pd.DataFrame) -> list[Board]:
    """A leaderboard for each evaluation, in the order of the table."""
    return [_board(str(name), part) for name, part in scores.groupby("evaluation", sort=False)]


def _board(evaluation: str, scores: pd.DataFrame) -> Board:
    metrics = list(dict.fromkeys(scores["metric"]))
    rows = [
        (dict(zip(RUN, map(str, run), strict=True)), {str(m): cell(part) for m, part in own.groupby("metric")})
        for run, own in scores.groupby(RUN, sort=False)
    ]
    ranked = _ranking(metrics)
    rows.sort(key=lambda row: -row[1][ranked].value if ranked in row[1] else float("inf"))
    return Board(evaluation, str(scores["dataset"].iloc[0]), metrics, rows)


def _ranking(metrics: list[str]) -> str:
    """The metric that orders the rows: the first that localises."""
    return next((m for m in metrics if "acc" not in m or "boxacc" in m), metrics[0])


def cell(scores: pd.DataFrame) -> Cell:
    """The rows of one run and metric, a row a choice -> what is shown of them."""
    by_choice = {str(row.choice): row for row in scores.itertuples()}
    choice = next(c for c in CHOICES if c in by_choice)
    shown: Any = by_choice[choice]
    oracle: Any = by_choice.get("oracle") if choice != "oracle" else None
    return Cell(shown.value, shown.low, shown.high, choice, oracle.value if oracle else None)


def text(scores: pd.DataFrame) -> str:
    """The leaderboards as the terminal and the README show them."""
    lines = []
    for board in boards(scores):
        head = ["backbone", "cam", "threshold", *board.metrics]
        body = [[run[k] for k in RUN] + [_plain(cells.get(m)) for m in board.metrics] for run, cells in board.rows]
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        table = ["  ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip() for line in [head, *body]]
        lines += [f"{board.evaluation}, reported on {board.dataset}", *table, ""]
    if any("* [" in line for line in lines):
        lines += ["* oracle: the level that is best on these very images", ""]
    return "\n".join(lines)


def _plain(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    mark = "*" if cell.choice == "oracle" else ""
    return f"{cell.value:.1f}{mark} [{cell.low:.1f} {cell.high:.1f}]"
