"""What a figure is: a Vega-Lite specification made with Altair, its rows, and what it shows in words."""

from typing import Any, NamedTuple

import altair as alt
import pandas as pd

from wsol.page.seen import SeenBoard

ROWS = "rows"  # the name of the rows in a specification: they are given when it is drawn
STEP = 24  # pixels of a run in a figure of bars
CELL = 46  # pixels of a cell of a matrix
PANEL = 190  # pixels of a small figure's width
# Colours are style.css's own: in the page they follow its theme, in files `colours` puts light ones.
INK, SOFT, LINE, PAPER = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)"
ACCENT, CONTROL, GOOD, BAD = "var(--accent)", "var(--control)", "var(--good)", "var(--bad)"


class Figure(NamedTuple):
    """One figure.

    `rows` have a column `run`, by which a reader chooses among them; where they compare two runs, `other` is the
    second. Rows with a column `link` lead to pictures.
    """

    title: str
    description: str
    spec: dict[str, Any]
    rows: pd.DataFrame


def chart() -> alt.Chart:
    """A chart of the figure's rows."""
    return alt.Chart(alt.NamedData(ROWS))


def plain(made: Any) -> dict[str, Any]:
    """A chart as Vega-Lite, without what the page gives it: its configuration."""
    found: dict[str, Any] = made.to_dict(validate=False)
    return {key: value for key, value in found.items() if key not in ("config", "$schema")}


def runs_axis(seen: SeenBoard) -> alt.Y:
    """Runs down the side, best first."""
    axis = alt.Axis(labelLimit=280, ticks=False, domain=False, labelPadding=8)
    return alt.Y("run:N", sort=seen.runs, title=None, axis=axis)


def run_colour() -> Any:
    """Controls grey, all else in the accent's colour, by the rows' column `control`."""
    return alt.condition("datum.control", alt.value(CONTROL), alt.value(ACCENT))


def tips(*fields: str) -> list[alt.Tooltip]:
    """What is told of a mark: `field:type`, numbers to one decimal."""
    return [alt.Tooltip(field, format=".1f") if field.endswith(":Q") else alt.Tooltip(field) for field in fields]


def panels(seen: SeenBoard, made: Any) -> Any:
    """A small figure a run, best first; the page says how many stand side by side."""
    header = alt.Header(title=None, labelExpr="split(datum.label, '/')", labelLimit=PANEL)
    facet = alt.Facet("run:N", sort=seen.runs, header=header)
    made = made.properties(width=PANEL, height=110).facet(facet=facet, columns=4, data=alt.NamedData(ROWS))
    return made.resolve_axis(x="independent")  # else the last row's axes stand below empty places


def among(seen: SeenBoard, made: Any) -> Any:
    """A line a run: each in its own small figure, in front of all the others."""
    others = made.encode(color=alt.value(LINE), detail="run:N", tooltip=[]).properties(data=alt.NamedData(ROWS))
    return panels(seen, alt.layer(others, made.encode(color=run_colour())))


def with_control(seen: SeenBoard, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `control`, whether a row's run is one."""
    return rows.assign(control=rows["run"].isin(seen.controls))
