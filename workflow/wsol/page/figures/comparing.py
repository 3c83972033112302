"""Figures that compare runs: the ranking, the paired differences, the price of an honest level."""

import altair as alt
import numpy as np
import pandas as pd

from wsol.page.answers import ALPHA
from wsol.page.figures.drawn import (
    BAD,
    GOOD,
    INK,
    PAPER,
    SOFT,
    STEP,
    Drawn,
    chart,
    plain,
    run_colour,
    runs_axis,
    tips,
    with_control,
)
from wsol.page.seen import Seen, shown_first
from wsol.scores.metrics import metric

CELL = 46  # pixels of a cell of a matrix
PREFERRED = ("all", "best", "control")  # of a pair that stands in several families


def ranking(seen: Seen) -> Drawn | None:
    """Each run's number with its interval, best first."""
    name = seen.board.ranking
    own = shown_first(seen.scores[seen.scores["metric"] == name])
    if not len(own):
        return None
    rows = with_control(seen, own[["run", "value", "low", "high", "n", "choice"]])
    base = chart().encode(y=runs_axis(seen), color=run_colour(), tooltip=tips("run:N", "value:Q", "low:Q", "high:Q"))
    x = alt.X("low:Q", title=f"{name}, {metric(str(name)).unit}", scale=alt.Scale(zero=False, nice=True))
    made = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q") + base.mark_point(size=55).encode(x="value:Q")
    description = f"{name} of each run, best first, a point with its 95 % interval; controls are grey."
    return Drawn(
        f"{name} with intervals", description, plain(made.properties(width="container", height={"step": STEP})), rows
    )


def differences(seen: Seen) -> Drawn | None:
    """The matrix of paired differences: row minus column."""
    found = seen.compared
    if not len(found):
        return None
    found = found.assign(place=found["family"].map(PREFERRED.index)).sort_values("place").drop_duplicates(["a", "b"])
    there = found.rename(columns={"a": "run", "b": "other"})[["run", "other", "difference", "p_adjusted"]]
    back = there.rename(columns={"run": "other", "other": "run"}).assign(difference=-there["difference"])
    rows = pd.concat([there, back]).drop_duplicates(["run", "other"])
    sign = metric(str(seen.board.ranking)).sign
    rows = rows.assign(
        ahead=sign * rows["difference"] > 0,
        sure=rows["p_adjusted"] < ALPHA,
        strength=np.clip(rows["difference"].abs() / max(rows["difference"].abs().max(), 1e-9), 0.08, 1),
    )
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
    words = base.encode(text=alt.Text("difference:Q", format="+.1f"))
    sure = words.transform_filter("datum.sure").mark_text(fontWeight="bold", color=INK)
    unsure = words.transform_filter("!datum.sure").mark_text(color=SOFT)
    made = (boxes + unsure + sure).properties(width={"step": CELL}, height={"step": 30})
    description = (
        f"Paired differences in {seen.board.ranking}: a row's run minus a column's, green where the row's is better. "
        "Bold: p adjusted below .05."
    )
    if "all" not in set(found["family"]):
        description += " Empty: not compared; `compare: all` in the experiment compares every two runs."
    return Drawn("Paired differences", description, plain(made), rows)


def price(seen: Seen) -> Drawn | None:
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
    x = alt.X("selected:Q", title=f"{seen.board.ranking}, %", scale=alt.Scale(zero=False, nice=True))
    line = base.mark_rule(strokeWidth=2).encode(x=x, x2="oracle:Q")
    points = base.mark_point(size=60).encode(x="selected:Q")
    hollow = base.mark_point(size=60, filled=False, strokeWidth=1.5, fill=PAPER).encode(x="oracle:Q")
    made = (line + hollow + points).properties(width="container", height={"step": STEP})
    description = "Full point: the level was chosen on the select split. Open point: the oracle's level."
    return Drawn("The price of honesty", description, plain(made), rows)
