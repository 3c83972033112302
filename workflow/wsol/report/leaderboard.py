"""scores.csv and comparisons.csv -> what the report's tables show: a row a run, a column a metric, best first."""

from typing import Any, NamedTuple

import pandas as pd

from wsol.maps.controls import NO_BACKBONE
from wsol.scores.comparisons import shown
from wsol.scores.metrics import CLASSIFICATION, COUNTS

RUN = ["backbone", "cam", "threshold"]
SIZES = "area_fraction"  # the table of strata that the page shows


class Cell(NamedTuple):
    """One number with its interval, and the oracle's where the number is not the oracle's itself."""

    value: float
    low: float  # NaN where there is a single group
    high: float
    choice: str
    oracle: float | None

    @property
    def grouped(self) -> bool:
        """Whether there is an interval."""
        return not pd.isna(self.low)


class Margin(NamedTuple):
    """How far a run is above the best control of its threshold, in the metric that orders the rows."""

    difference: float
    low: float
    high: float
    control: str
    p_adjusted: float

    @property
    def grouped(self) -> bool:
        return not pd.isna(self.low)


class Row(NamedTuple):
    run: dict[str, str]  # backbone, cam, threshold
    cells: dict[str, Cell]  # by metric
    margin: Margin | None  # None of a control, and where there is none
    control: bool


class Board(NamedTuple):
    evaluation: str
    dataset: str
    metrics: list[str]
    ranking: str | None  # the metric that orders the rows; None where none of the metrics localises
    rows: list[Row]
    detectable: float  # the smallest true difference found four times in five, the median over comparisons

    @property
    def margins(self) -> bool:
        return any(row.margin for row in self.rows)


def boards(scores: pd.DataFrame, comparisons: pd.DataFrame) -> list[Board]:
    """A leaderboard for each evaluation, in the order of the table."""
    return [
        _board(str(name), part, comparisons[comparisons["evaluation"] == name])
        for name, part in scores.groupby("evaluation", sort=False)
    ]


def _board(evaluation: str, scores: pd.DataFrame, comparisons: pd.DataFrame) -> Board:
    metrics = list(dict.fromkeys(scores["metric"]))
    ranking = next((m for m in metrics if m not in COUNTS | CLASSIFICATION), None)
    compared = comparisons[(comparisons["metric"] == ranking) & (comparisons["choice"] != "oracle")]
    if not len(compared):  # without a select split the oracle's is the number that is shown
        compared = comparisons[comparisons["metric"] == ranking]
    controls = set(comparisons[comparisons["family"] == "control"]["b"])
    rows = []
    for names, own in scores.groupby(RUN, sort=False):
        run = dict(zip(RUN, map(str, names), strict=True))
        name = "/".join(run.values())
        cells = {str(metric): cell(part) for metric, part in own.groupby("metric")}
        control = name in controls or run["backbone"] == NO_BACKBONE
        rows.append(Row(run, cells, _margin(name, compared), control))
    if ranking:
        rows.sort(key=lambda row: -row.cells[ranking].value if ranking in row.cells else float("inf"))
    detectable = float(compared["detectable"].median())
    return Board(evaluation, str(scores["dataset"].iloc[0]), metrics, ranking, rows, detectable)


def _margin(name: str, compared: pd.DataFrame) -> Margin | None:
    own = compared[(compared["a"] == name) & (compared["family"] == "control")]
    if not len(own):
        return None
    nearest: Any = own.iloc[int(own["difference"].to_numpy().argmin())]
    return Margin(nearest["difference"], nearest["low"], nearest["high"], nearest["b"], nearest["p_adjusted"])


def cell(scores: pd.DataFrame) -> Cell:
    """The rows of one run and metric, a row a choice -> what is shown of them."""
    by_choice = {str(row.choice): row for row in scores.itertuples()}
    choice = shown(by_choice)
    number: Any = by_choice[choice]
    oracle: Any = by_choice.get("oracle") if choice != "oracle" else None
    return Cell(number.value, number.low, number.high, choice, oracle.value if oracle else None)


def by_size(strata: pd.DataFrame, board: Board) -> list[tuple[str, dict[str, tuple[Cell, int]]]]:
    """Each run's number in the board's order, by the size of the object: (run, {stratum: (number, targets)})."""
    own = strata[(strata["evaluation"] == board.evaluation) & (strata["table"] == SIZES)]
    own = own[own["metric"] == board.ranking]
    found = []
    for row in board.rows:
        mine = own[(own[RUN].astype(str) == list(row.run.values())).all(axis=1)]
        cells = {str(name): (cell(part), int(part["n"].iloc[0])) for name, part in mine.groupby("stratum", sort=False)}
        if cells:
            found.append((" ".join(row.run.values()), cells))
    return found


def text(scores: pd.DataFrame, comparisons: pd.DataFrame) -> str:
    """The leaderboards as the terminal and the README show them."""
    lines = []
    for board in boards(scores, comparisons):
        head = [*RUN, *board.metrics, *["over best control"] * board.margins]
        body = [_words(row, board) for row in board.rows]
        widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
        table = ["  ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip() for line in [head, *body]]
        lines += [f"{board.evaluation}, reported on {board.dataset}", *table, ""]
        if board.margins:
            lines[-1:] = [f"over best control: {board.ranking}, paired; {_smallest(board)}", ""]
    if any("* [" in line for line in lines):
        lines += ["* oracle: the level that is best on these very images", ""]
    return "\n".join(lines)


def _smallest(board: Board) -> str:
    return f"a true difference of {board.detectable:.1f} is found four times in five"


def _words(row: Row, board: Board) -> list[str]:
    numbers = [_plain(row.cells.get(metric)) for metric in board.metrics]
    return [*row.run.values(), *numbers, *[_signed(row.margin)] * board.margins]


def _plain(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    mark = "*" if cell.choice == "oracle" else ""
    return f"{cell.value:.1f}{mark} {_between(cell)}"


def _signed(margin: Margin | None) -> str:
    return f"{margin.difference:+.1f} {_between(margin)}" if margin else "-"


def _between(number: Cell | Margin) -> str:
    return f"[{number.low:.1f} {number.high:.1f}]" if number.grouped else "[one group]"
