"""scores.csv and comparisons.csv -> what the report shows: one row per run, best first; one column per metric."""

from typing import Any, NamedTuple

import pandas as pd

from wsol.maps.controls import NO_BACKBONE
from wsol.report.tables import NAMES, padded
from wsol.scores.comparisons import shown
from wsol.scores.metrics import metric


class Cell(NamedTuple):
    """One number with its interval, and the oracle's where the number is not the oracle's itself."""

    value: float
    low: float  # NaN where there is a single group
    high: float
    level_from: str  # the table's column `choice`
    oracle: float | None
    spread: float  # over trainings; NaN of fewer than two

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
    trainings: int  # of the backbone in this run of the workflow; 0 of given weights, and without a network

    @property
    def trained(self) -> str:
        """How often the backbone was trained, in words; "" where it was not.

        >>> Row({}, {}, None, False, 1).trained, Row({}, {}, None, False, 3).trained
        ('1 training', '3 trainings')
        """
        return f"{self.trainings} training{'s' * (self.trainings > 1)}" if self.trainings else ""

    @property
    def name(self) -> str:
        """`backbone/cam/threshold`, as comparisons call it."""
        return "/".join(self.run.values())


class Board(NamedTuple):
    evaluation: str
    dataset: str
    metrics: list[str]
    ranking: str | None  # the metric that orders the rows: the user's first that localises and has a direction
    rows: list[Row]
    detectable: float  # the smallest true difference found four times in five, the median over comparisons

    @property
    def margins(self) -> bool:
        return any(row.margin for row in self.rows)

    @property
    def trainings(self) -> bool:
        return any(row.trainings for row in self.rows)


def boards(scores: pd.DataFrame, comparisons: pd.DataFrame) -> list[Board]:
    """A leaderboard for each evaluation, in the order of the table."""
    return [
        _board(str(name), part, comparisons[comparisons["evaluation"] == name])
        for name, part in scores.groupby("evaluation", sort=False)
    ]


def _board(evaluation: str, scores: pd.DataFrame, comparisons: pd.DataFrame) -> Board:
    metrics = list(dict.fromkeys(scores["metric"]))
    ranking = next((name for name in metrics if metric(name).ranks), None)
    compared = headline(comparisons, ranking)
    sign = metric(ranking).sign if ranking else 1
    controls = set(comparisons[comparisons["family"] == "control"]["b"])
    rows = []
    for names, own in scores.groupby(NAMES, sort=False):
        run = dict(zip(NAMES, map(str, names), strict=True))
        name = "/".join(run.values())
        cells = {str(measured): cell(part) for measured, part in own.groupby("metric")}
        control = name in controls or run["backbone"] == NO_BACKBONE
        rows.append(Row(run, cells, _margin(name, compared, sign), control, int(own["trainings"].iloc[0])))
    if ranking:
        rows.sort(key=lambda row: -sign * row.cells[ranking].value if ranking in row.cells else float("inf"))
    detectable = float(compared["detectable"].median())
    return Board(evaluation, str(scores["dataset"].iloc[0]), metrics, ranking, rows, detectable)


def headline(comparisons: pd.DataFrame, ranking: str | None) -> pd.DataFrame:
    """Of one evaluation's comparisons those of the numbers that order its rows."""
    own = comparisons[comparisons["metric"] == ranking]
    honest = own[own["choice"] != "oracle"]
    return honest if len(honest) else own  # without a select split the oracle's is the number that is shown


def _margin(name: str, compared: pd.DataFrame, sign: int) -> Margin | None:
    """Over the control that comes nearest to the run, or is furthest ahead of it."""
    own = compared[(compared["a"] == name) & (compared["family"] == "control")]
    if not len(own):
        return None
    nearest: Any = own.iloc[int((sign * own["difference"].to_numpy()).argmin())]
    return Margin(nearest["difference"], nearest["low"], nearest["high"], nearest["b"], nearest["p_adjusted"])


def cell(scores: pd.DataFrame) -> Cell:
    """The rows of one run and metric, one row per choice -> what is shown of them."""
    by_choice = {str(row.choice): row for row in scores.itertuples()}
    level_from = shown(by_choice)
    number: Any = by_choice[level_from]
    oracle: Any = by_choice.get("oracle") if level_from != "oracle" else None
    return Cell(number.value, number.low, number.high, level_from, oracle.value if oracle else None, number.spread)


def text(scores: pd.DataFrame, comparisons: pd.DataFrame) -> str:
    """The leaderboards as the terminal and the README show them."""
    lines: list[str] = []
    once = False
    for board in boards(scores, comparisons):
        once = once or any(row.trainings == 1 for row in board.rows)
        lines += [f"{board.evaluation}, reported on {board.dataset}", *_table(board), ""]
        if board.margins:
            lines[-1:] = [f"over best control: {board.ranking}, paired; {_smallest(board)}", ""]
    if once:
        lines += ["1 training: the interval says nothing of how another training of the network would come out", ""]
    if any("* [" in line for line in lines):
        lines += ["* oracle: the level that is best on these very images", ""]
    return "\n".join(lines)


def _table(board: Board) -> list[str]:
    """A head and one line per run, in columns."""
    more = ["over best control"] * board.margins + ["trainings"] * board.trainings
    table = [[*NAMES, *board.metrics, *more]]
    table += [_words(row, board) for row in board.rows]
    return padded(table)


def _smallest(board: Board) -> str:
    return f"a true difference of {board.detectable:.1f} is found four times in five"


def _words(row: Row, board: Board) -> list[str]:
    numbers = [_plain(row.cells.get(metric)) for metric in board.metrics]
    more = [_signed(row.margin)] * board.margins + [_trained(row, board)] * board.trainings
    return [*row.run.values(), *numbers, *more]


def _trained(row: Row, board: Board) -> str:
    """`3 trainings, spread 2.1`, in the metric that orders the rows."""
    ranked = row.cells.get(board.ranking or "")
    spread = f", spread {ranked.spread:.1f}" if ranked and not pd.isna(ranked.spread) else ""
    return row.trained + spread or "-"


def _plain(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    mark = "*" if cell.level_from == "oracle" else ""
    return f"{cell.value:.1f}{mark} {_between(cell)}"


def _signed(margin: Margin | None) -> str:
    return f"{margin.difference:+.1f} {_between(margin)}" if margin else "-"


def _between(number: Cell | Margin) -> str:
    return f"[{number.low:.1f} {number.high:.1f}]" if number.grouped else "[one group]"
