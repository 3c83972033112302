"""Claims: numbers that are printed somewhere, and whether a run came to them.

A number printed with one decimal says no more than that. So what came out is rounded to as many digits as are printed,
or as its tolerance has (YAML drops the last zero of 59.60), before the two are compared: it is reproduced where it then
lies within the tolerance. What ran and has no such row, or the oracle's alone where a level is selected, differs.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from wsol.errors import few
from wsol.report.tables import NAMES, padded, printed
from wsol.scores.comparisons import shown

REPRODUCED = "reproduced"
DIFFERS = "differs"
NOT_RUN = "not run"
COLUMNS = [
    "claim",
    "source",
    "evaluation",
    "metric",
    "choice",
    "run",
    "expected",
    "tolerance",
    "got",
    "low",
    "high",
    "n",
    "trainings",
    "verdict",
]


class Claim(NamedTuple):
    """One number, `expected`, of one run (`backbone/cam/threshold`) with where it is printed."""

    name: str
    source: str
    evaluation: str
    metric: str
    choice: str | None  # where the level is from; None for what tables show first
    run: str
    expected: float
    tolerance: float  # in the metric's unit, as `expected`
    subset: bool  # the data are a part of those that the name stands for
    selects: bool = False  # the evaluation selects levels: then the oracle's number is not what is claimed unless said


def verdicts(claims: Iterable[Claim], scores: pd.DataFrame) -> pd.DataFrame:
    """A row of COLUMNS, all of them text, for each claim; `scores` are those of scores.csv."""
    scores = scores.dropna(subset="value")
    runs = scores[NAMES].astype(str).agg("/".join, axis=1)
    rows = []
    for claim in claims:
        own = (scores["evaluation"] == claim.evaluation) & (scores["metric"] == claim.metric) & (runs == claim.run)
        rows.append(_judged(claim, scores[own]))
    return pd.DataFrame(rows, columns=COLUMNS)


def unmet(claims: Iterable[Claim], why: str) -> pd.DataFrame:
    """A row of COLUMNS for each claim where nothing was run."""
    return pd.DataFrame([_row(claim, claim.choice or "", [""] * 5, _not_run(why)) for claim in claims], columns=COLUMNS)


def agrees(expected: float, tolerance: float, got: float) -> bool:
    """Whether a number, at the digits that are printed of the expected one or of the tolerance, lies within it.

    >>> agrees(53.4, 0.0, 53.3853), agrees(53.4, 0.1, 53.5499), agrees(53.4, 0.1, 53.5501)
    (True, True, False)
    >>> agrees(53, 0, 53.4999), agrees(59.6, 0.01, 59.6049), agrees(59.6, 0.01, 59.645)
    (True, True, False)
    """
    near = Decimal(f"{got:.{_places(expected, tolerance)}f}") - Decimal(repr(expected))
    return abs(near) <= Decimal(repr(tolerance))


def _places(expected: float, tolerance: float) -> int:
    return max(decimals(expected), decimals(tolerance) if tolerance % 1 else 0)


def decimals(number: float) -> int:
    """How many decimals a number is printed with.

    >>> decimals(53.4), decimals(60.0), decimals(53), decimals(43.49)
    (1, 1, 0, 2)
    """
    exponent = Decimal(repr(number)).as_tuple().exponent
    return max(0, -int(exponent))


def _judged(claim: Claim, rows: pd.DataFrame) -> tuple[str, ...]:
    """What the rows of a claim's run and metric, one for each choice, say of it."""
    choices = rows["choice"].tolist()
    choice = claim.choice or (shown(choices) if choices else "")
    if choice not in choices or (choice == "oracle" and claim.selects and not claim.choice):
        what = f"{claim.metric} of {claim.run} has {few(choices)}" if choices else f"none of {claim.metric}"
        return _row(claim, choice, [""] * 5, f"{DIFFERS} (no row: {what})")
    row = rows[rows["choice"] == choice].iloc[:1]
    agreed = agrees(claim.expected, claim.tolerance, float(row["value"].iloc[0]))
    numbers = printed(row)[["value", "low", "high", "n", "trainings"]].astype(str).iloc[0].tolist()
    mark = " (subset)" if claim.subset else ""
    return _row(claim, choice, numbers, (REPRODUCED if agreed else DIFFERS) + mark)


def _row(claim: Claim, choice: str, numbers: list[str], verdict: str) -> tuple[str, ...]:
    about = (claim.name, claim.source, claim.evaluation, claim.metric, choice, claim.run)
    return (*about, repr(claim.expected), repr(claim.tolerance), *numbers, verdict)


def _not_run(why: str) -> str:
    return f"{NOT_RUN} ({why.rstrip('.')})"


def read(path: str | Path) -> pd.DataFrame:
    """reproduction.csv, all of it as text: as many digits as it was written with."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def states(path: str | Path, claims: Iterable[Claim]) -> bool:
    """Whether a file of verdicts is there, and is of these very claims."""
    if not Path(path).exists():
        return False
    stated = read(path)[["claim", "evaluation", "metric", "run", "expected", "tolerance"]].to_numpy().tolist()
    return stated == [[c.name, c.evaluation, c.metric, c.run, repr(c.expected), repr(c.tolerance)] for c in claims]


def differs(verdict: str) -> bool:
    """Whether a verdict is that a claim does not hold.

    >>> differs("differs (subset)"), differs("not run (no images)")
    (True, False)
    """
    return verdict.startswith(DIFFERS)


def brief(row: pd.Series) -> str:
    """What came out, at as many digits as are compared, and its interval, an oracle's starred; "" where nothing did."""
    if not row["got"]:
        return ""
    places = max(len(row["expected"].partition(".")[2]), _places(0, float(row["tolerance"])))
    numbers = [f"{float(row[key]):.{places}f}" for key in ("got", "low", "high") if row[key]]
    mark = "*" if row["choice"] == "oracle" else ""
    once = " (1 training)" if row["trainings"] == "1" else ""
    return numbers[0] + mark + (f" [{' '.join(numbers[1:])}]" if numbers[1:] else "") + once


def text(frame: pd.DataFrame) -> str:
    """The verdicts as the terminal shows them: of each claim where it is printed, then its runs."""
    kinds = frame["verdict"].str.partition(" (")[0]
    counts = {kind: int((kinds == kind).sum()) for kind in (REPRODUCED, DIFFERS, NOT_RUN)}
    lines = [f"claims: {', '.join(f'{count} {kind}' for kind, count in counts.items() if count)}"]
    groups = frame.groupby(["claim", "evaluation", "metric", "source"], sort=False)
    for (name, evaluation, metric, source), own in groups:
        lines.append(f"{name}: {metric} of {evaluation}, from {source}")
        lines += _lines(own)
    return "\n".join(lines)


def _lines(own: pd.DataFrame) -> list[str]:
    """The runs of one claim; one line where none of several was run, for one reason."""
    if len(own) > 1 and own["got"].eq("").all() and own["verdict"].nunique() == 1:
        return [f"  {len(own)} runs: {own['verdict'].iloc[0]}"]
    claimed = [f"{row['expected']} ± {row['tolerance']}" for _, row in own.iterrows()]
    got = [brief(row) or "-" for _, row in own.iterrows()]
    rows = list(zip(own["run"], claimed, got, own["verdict"], strict=True))
    return [f"  {line}" for line in padded(rows)]
