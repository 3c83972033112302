"""Figures that compare runs: the ranking, the paired differences, the price of an honest level."""

import altair as alt
import numpy as np
import pandas as pd

from wsol.page.answers import ALPHA, signed
from wsol.page.figures.drawn import (
    BAD,
    CELL,
    GOOD,
    INK,
    PAPER,
    SOFT,
    STEP,
    Figure,
    chart,
    plain,
    run_colour,
    runs_axis,
    tips,
    with_control,
)
from wsol.page.seen import SeenBoard, shown_first
from wsol.scores.metrics import metric

SCALE, AXIS = alt.Scale(zero=False, nice=True), alt.Axis(tickCount=8)  # of values that lie anywhere
PREFERRED = ("all", "best", "control")  # of a pair that stands in several families


def ranking(seen: SeenBoard) -> Figure | None:
    """Each run's number with its interval, best first."""
    name = seen.board.ranking
    own = shown_first(seen.scores[seen.scores["metric"] == name])
    if not len(own):
        return None
    rows = with_control(seen, own[["run", "value", "low", "high", "n", "choice"]])
    base = chart().encode(y=runs_axis(seen), color=run_colour(), tooltip=tips("run:N", "value:Q", "low:Q", "high:Q"))
    x = alt.X("low:Q", title=f"{name}, {metric(str(name)).unit}", scale=SCALE, axis=AXIS)
    made = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q") + base.mark_point(size=55).encode(x="value:Q")
    description = f"{name} of each run, best first, a point with its 95 % interval; controls are grey."
    return Figure(
        f"{name} with intervals", description, plain(made.properties(width="container", height={"step": STEP})), rows
    )


def differences(seen: SeenBoard) -> Figure | None:
    """The matrix of paired differences: row minus column."""
    if not len(seen.compared):
        return None
    rows = _both_ways(seen)
    base = chart().encode(
        y=runs_axis(seen),
        x=alt.X(
            "other:N",
            sort=seen.runs,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-45, labelLimit=200, ticks=False, domain=False),
        ),
        tooltip=[
            *tips("run:N", "other:N", "difference:Q"),
            alt.Tooltip("p_adjusted:Q", format=".3g", title="p adjusted"),
        ],
    )
    fill = alt.condition("datum.ahead", alt.value(GOOD), alt.value(BAD))
    opacity = alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0, 0.55]), legend=None)
    boxes = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(fill=fill, opacity=opacity)
    colour = alt.condition("datum.sure", alt.value(INK), alt.value(SOFT))
    words = base.mark_text(fontSize=11).encode(text="words:N", color=colour)
    made = (boxes + words).properties(width={"step": CELL}, height={"step": 30})
    description = (
        f"Paired differences in {seen.board.ranking}: a row's run minus a column's, green where the row's is better. "
        "Starred: p adjusted below .05."
    )
    if "all" not in set(seen.compared["family"]):
        description += " Empty: not compared; `compare: all` in the experiment compares every two runs."
    return Figure("Paired differences", description, plain(made), rows)


def _both_ways(seen: SeenBoard) -> pd.DataFrame:
    """Each pair as a - b and as b - a, with whether the first is ahead, whether that is sure, and how it is drawn."""
    found = seen.compared.assign(place=seen.compared["family"].map(PREFERRED.index))
    found = found.sort_values("place", kind="stable").drop_duplicates(["a", "b"])
    there = found.rename(columns={"a": "run", "b": "other"})[["run", "other", "difference", "p_adjusted"]]
    back = there.rename(columns={"run": "other", "other": "run"}).assign(difference=-there["difference"])
    rows = pd.concat([there, back]).drop_duplicates(["run", "other"])
    size = rows["difference"].abs()
    sure = rows["p_adjusted"] < ALPHA
    return rows.assign(
        ahead=metric(str(seen.board.ranking)).sign * rows["difference"] > 0,
        sure=sure,
        strength=np.clip(size / max(size.max(), 1e-9), 0.08, 1),
        words=[signed(number) + "*" * star for number, star in zip(rows["difference"], sure, strict=True)],
    )


def price(seen: SeenBoard) -> Figure | None:
    """The selected and the oracle's number of each run, in the metric that orders the leaderboard."""
    own = seen.scores[
        (seen.scores["metric"] == seen.board.ranking) & seen.scores["choice"].isin(["selected", "oracle"])
    ]
    if own["choice"].nunique() < 2:
        return None
    wide = own.pivot_table(index="run", columns="choice", values="value", sort=False).dropna().reset_index()
    rows = with_control(seen, wide.assign(price=wide["oracle"] - wide["selected"]))
    tooltip = tips("run:N", "selected:Q", "oracle:Q", "price:Q")
    base = chart().encode(y=runs_axis(seen), color=run_colour(), tooltip=tooltip)
    x = alt.X("selected:Q", title=f"{seen.board.ranking}, %", scale=SCALE, axis=AXIS)
    line = base.mark_rule(strokeWidth=2).encode(x=x, x2="oracle:Q")
    points = base.mark_point(size=60).encode(x="selected:Q")
    hollow = base.mark_point(size=60, filled=False, strokeWidth=1.5, fill=PAPER).encode(x="oracle:Q")
    made = (line + hollow + points).properties(width="container", height={"step": STEP})
    description = "Full point: the level was chosen on the select split. Open point: the oracle's level."
    return Figure("The price of honesty", description, plain(made), rows)
