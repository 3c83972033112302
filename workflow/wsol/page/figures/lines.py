"""Figures over a threshold: accuracy against the level and against IoU, the distribution of IoU, precision-recall."""

import altair as alt
import numpy as np
import pandas as pd

from wsol.page.behind import curve_of
from wsol.page.figures.drawn import SOFT, Figure, among, panels, plain, run_colour, tips, with_control
from wsol.page.seen import SeenBoard

WIDTH = 0.05  # of a bar of the distribution of IoU


def levels(seen: SeenBoard, metric: str) -> Figure | None:
    """Accuracy against the level on both splits, with the levels that were chosen."""
    curve, chosen = curve_of(seen, "level", metric), curve_of(seen, "chosen", metric)
    if not len(curve):
        return None
    columns = ["run", "curve", "split", "x", "value"]
    rows = with_control(seen, pd.concat([curve, chosen])[columns])
    x = alt.X("x:Q", title="level", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1]))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 50, 100]))
    base = alt.Chart().encode(x=x, y=y, detail="split:N")
    of = base.transform_filter("datum.curve == 'level'")
    select = of.transform_filter("datum.split == 'select'").mark_line(
        clip=True, strokeDash=[3, 3], strokeWidth=1.2, color=SOFT
    )
    report = (
        of.transform_filter("datum.split == 'report'").mark_line(clip=True, strokeWidth=1.8).encode(color=run_colour())
    )
    at = base.transform_filter("datum.curve == 'chosen'").encode(
        tooltip=tips("run:N", "split:N", "value:Q") + [alt.Tooltip("x:Q", title="level")]
    )
    oracle = (
        at.transform_filter("datum.split == 'oracle'")
        .mark_point(size=60, filled=False, strokeWidth=1.5)
        .encode(color=run_colour())
    )
    honest = at.transform_filter("datum.split != 'oracle'").mark_point(size=60).encode(color=run_colour())
    description = (
        f"{metric} against the level at which maps are cut, a small figure a run: the line is of the reported images, "
        "the dashed one of those that the level is chosen on. Full point: the level that was chosen, with what it "
        "gives; open point: the oracle's."
    )
    if chosen.duplicated(["run", "split"]).any():
        description += " Each IoU has a level of its own; the line has one for all."
    return Figure(
        f"{metric} against the level", description, plain(panels(seen, select + report + oracle + honest)), rows
    )


def overlap(seen: SeenBoard) -> Figure | None:
    """Accuracy against the IoU that is asked for."""
    description = (
        "Percent of targets whose box reaches an IoU, over IoU, at the level chosen for IoU .5: a small figure a run, "
        "the other runs in grey behind it."
    )
    return _against(seen, "iou", "IoU asked for", 1, ("Accuracy against IoU", description))


def overlap_distribution(seen: SeenBoard) -> Figure | None:
    """How the targets' IoU are distributed: what the accuracy loses from one IoU to the next."""
    curve = curve_of(seen, "iou")
    if not len(curve):
        return None
    rows = with_control(seen, pd.concat([_bars(part) for _, part in curve.groupby("run", sort=False)]))
    x = alt.X("x:Q", bin="binned", title="IoU", scale=alt.Scale(domain=[0, 1.05]), axis=alt.Axis(values=[0, 0.5, 1]))
    y = alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=3))
    bars = (
        alt.Chart()
        .mark_bar(stroke=None)
        .encode(x=x, x2="end:Q", y=y, color=run_colour(), tooltip=tips("run:N", "value:Q"))
    )
    description = (
        "Percent of targets by the IoU of their box with the nearest true box, in steps of .05: a small figure a run."
    )
    return Figure("Distribution of IoU", description, plain(panels(seen, bars)), rows)


def _bars(curve: pd.DataFrame) -> pd.DataFrame:
    """Of one run's accuracies, each at IoU >= x: the percent between an x and the next; above the last x all."""
    own = curve.sort_values("x")
    values = own["value"].to_numpy()
    ends = np.append(own["x"].to_numpy()[1:], own["x"].iloc[-1] + WIDTH)
    return pd.DataFrame({"run": own["run"], "x": own["x"], "end": ends, "value": values - np.append(values[1:], 0)})


def precision_recall(seen: SeenBoard) -> Figure | None:
    """Precision against recall of pixels, where the truth is masks."""
    description = (
        "Precision against recall of all pixels together: a small figure a run, the other runs in grey behind it."
    )
    return _against(seen, "precision_recall", "recall, %", 100, ("Precision and recall of pixels", description))


def _against(seen: SeenBoard, curve: str, title: str, end: int, words: tuple[str, str]) -> Figure | None:
    """A curve's percent against its x, which runs from 0 to `end`; `words`: the figure's title and what it shows."""
    found = curve_of(seen, curve)
    if not len(found):
        return None
    rows = with_control(seen, found[["run", "x", "value"]])
    x = alt.X("x:Q", title=title, scale=alt.Scale(domain=[0, end]), axis=alt.Axis(values=[0, end / 2, end]))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(values=[0, 50, 100]))
    line = alt.Chart().mark_line(strokeWidth=1.8, clip=True)
    line = line.encode(x=x, y=y, order="x:Q", tooltip=tips("run:N", "x:Q", "value:Q"))
    return Figure(*words, plain(among(seen, line)), rows)
