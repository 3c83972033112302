"""Figures of parts of the targets: strata, and what became of each box."""

from typing import Any

import altair as alt
import pandas as pd

from wsol.page.behind import RULES, TABLES, failures_link, failures_of, strata_of
from wsol.page.figures.drawn import (
    ACCENT,
    CELL,
    INK,
    PAPER,
    ROWS,
    STEP,
    Figure,
    chart,
    plain,
    run_colour,
    runs_axis,
    tips,
    with_control,
)
from wsol.page.seen import SeenBoard

CLASSES = 40  # of a figure; half of them the worst, half the best
COLOURS = {  # of a kind of failure, as style.css has them
    **{"right": "kind0", "both_right": "kind0"},
    **{"part": "kind1", "class_only": "kind1", "more": "kind2", "several": "kind3", "multi_instance": "kind3"},
    **{"misplaced": "kind4", "other": "kind4", "place_only": "kind3", "background": "kind5", "both_wrong": "kind5"},
    **{"wrong_class": "kind5", "degenerate": "kind6", "unreadable": "kind7"},
}


def stratum(seen: SeenBoard, table: str) -> Figure | None:
    """The metric that orders the leaderboard, in each part of a table of strata."""
    own = strata_of(seen, table)
    if not len(own):
        return None
    return _classes(seen, own) if table == "class" else _strata(seen, own, table)


def _strata(seen: SeenBoard, own: pd.DataFrame, table: str) -> Figure:
    titles = own["stratum"] + " (n " + own.groupby("stratum")["n"].transform("max").astype(str) + ")"
    names = list(dict.fromkeys(titles))
    rows = with_control(seen, own.assign(stratum=titles)[["run", "stratum", "value", "low", "high"]])
    base = alt.Chart().encode(
        y=runs_axis(seen), color=run_colour(), tooltip=tips("run:N", "stratum:N", "value:Q", "low:Q", "high:Q")
    )
    x = alt.X("low:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 50, 100]))
    made = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q") + base.mark_point(size=45).encode(x="value:Q")
    facet = alt.Facet("stratum:N", sort=names, header=alt.Header(title=None))
    made = made.properties(width=130, height={"step": STEP - 4}).facet(facet=facet, columns=4, data=alt.NamedData(ROWS))
    description = f"{seen.board.ranking} in percent by {TABLES[table]}, with 95 % intervals, at the level of the whole."
    return Figure(f"By {TABLES[table]}", description, plain(made), rows)


def _classes(seen: SeenBoard, own: pd.DataFrame) -> Figure:
    """Classes from worst to best, by the mean over the runs of a model."""
    models = own[~own["run"].isin(seen.controls)]
    order = (models if len(models) else own).groupby("stratum", sort=False)["value"].mean().sort_values().index.tolist()
    kept = order if len(order) <= CLASSES else order[: CLASSES // 2] + order[-CLASSES // 2 :]
    rows = with_control(seen, own.loc[own["stratum"].isin(kept), ["run", "stratum", "value", "n"]])
    axis = alt.Axis(orient="top", labelAngle=-45, labelLimit=200, ticks=False, domain=False)
    base = chart().encode(
        y=alt.Y("stratum:N", sort=kept, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=200)),
        x=alt.X("run:N", sort=seen.runs, title=None, axis=axis),
        tooltip=[*tips("run:N", "value:Q"), alt.Tooltip("stratum:N", title="class"), alt.Tooltip("n:Q")],
    )
    opacity = alt.Opacity("value:Q", scale=alt.Scale(domain=[0, 100], range=[0.03, 0.5]), legend=None)
    boxes = base.mark_rect(color=ACCENT, stroke=PAPER, strokeWidth=2).encode(opacity=opacity)
    words = base.mark_text(fontSize=11, color=INK).encode(text=alt.Text("value:Q", format=".0f"))
    which = (
        "all classes" if kept == order else f"the {CLASSES // 2} worst and {CLASSES // 2} best of {len(order)} classes"
    )
    description = f"{seen.board.ranking} in percent by class, worst first: {which}. Few images a class say little."
    return Figure(
        "By class", description, plain((boxes + words).properties(width={"step": CELL}, height={"step": STEP})), rows
    )


def failures(seen: SeenBoard, rule: str) -> Figure | None:
    """What each run's boxes are like, as parts of all."""
    own = failures_of(seen, rule)
    if not len(own):
        return None
    kinds = list(dict.fromkeys(own["kind"]))
    links = [failures_link(row, rule) for row in own.itertuples()]
    rows = own[["run", "kind", "value", "low", "high"]].assign(
        link=links, order=own["kind"].map(kinds.index), kind=own["kind"].str.replace("_", " ")
    )
    names = [kind.replace("_", " ") for kind in kinds]
    colours = [f"var(--{COLOURS.get(kind, 'kind7')})" for kind in kinds]
    colour = alt.Color("kind:N", sort=names, title=None, scale=alt.Scale(domain=names, range=colours), legend=_legend())
    made = (
        chart()
        .mark_bar(stroke=PAPER, strokeWidth=1, cursor="pointer")
        .encode(
            y=runs_axis(seen),
            x=alt.X("value:Q", title="% of targets with true boxes", stack="zero", scale=alt.Scale(domain=[0, 100])),
            color=colour,
            order="order:Q",
            tooltip=tips("run:N", "kind:N", "value:Q", "low:Q", "high:Q"),
        )
    )
    description = f"{RULES[rule]}: each run's targets by what became of their box, {', '.join(names)}."
    return Figure(RULES[rule], description, plain(made.properties(width="container", height={"step": STEP + 2})), rows)


def _legend() -> Any:
    return alt.Legend(orient="top", symbolType="square")
