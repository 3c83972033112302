"""The figure of a network's trainings: loss, accuracy and rate over the epochs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from wsol.page.figures.drawn import ACCENT, CONTROL, PANEL, ROWS, Figure, plain

MOST = 200  # epochs of a line; of more every n-th is drawn
# What a small figure is of -> the columns of the history that it shows, and what they are multiplied by.
MEASURES = {
    "loss": ({"training": "loss", "validation": "validation_loss"}, 1),
    "accuracy, %": ({"training": "accuracy", "validation": "validation_accuracy"}, 100),
    "rate": ({"training": "rate"}, 1),
}
DASHES = {"training": [3, 3], "validation": [1, 0]}
COLOURS = {"training": CONTROL, "validation": ACCENT}


class TrainedSeed(NamedTuple):
    """One training of a network: what was decided of it, how much it was trained on, and what its epochs were like."""

    id: str  # of the decision
    name: str  # of the backbone
    seed: int
    settings: dict[str, Any]  # of the backbone as far as the training depends on it, `train` among them
    unusual: Sequence[str]  # those of `train` that are not as usual
    images: int
    classes: int
    history: pd.DataFrame  # files.train.HISTORY


def kept_epoch(training: TrainedSeed) -> int:
    """The epoch whose weights are kept, counted from 0: the last, or of the best the first."""
    epochs, recipe = training.history["epoch"].to_numpy(), training.settings["train"]
    if recipe["keep"] == "last":
        return int(epochs[-1])
    found = training.history[f"validation_{recipe['judged_by']}"].to_numpy()
    value = found if recipe["judged_by"] == "accuracy" else -found
    return int(epochs[np.where(np.isnan(value), -np.inf, value).argmax()])


def epochs(trainings: Sequence[TrainedSeed]) -> Figure:
    """Loss, accuracy and rate of one network's trainings, whose seeds are lines of one colour."""
    rows = pd.concat([_rows(each) for each in trainings], ignore_index=True)
    of = [name for name in DASHES if (rows["of"] == name).any()]
    x = alt.X("epoch:Q", title="epoch", axis=alt.Axis(values=_ticks(int(rows["epoch"].max())), format="d"))
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=3, format=".3~g"))
    legend = alt.Legend(orient="top", symbolType="stroke") if len(of) > 1 else None
    colour = alt.Color("of:N", title=None, scale=_scale(of, COLOURS), legend=legend)
    dash = alt.StrokeDash("of:N", title=None, scale=_scale(of, DASHES), legend=legend)
    tooltip = [alt.Tooltip("of:N"), alt.Tooltip("seed:Q"), alt.Tooltip("epoch:Q"), alt.Tooltip("value:Q", format=".4")]
    base = alt.Chart().encode(x=x, y=y, color=colour, tooltip=tooltip)
    wide = 1.8 if len(trainings) == 1 else 1
    lines = base.mark_line(strokeWidth=wide).encode(strokeDash=dash, detail="seed:N", order="epoch:Q")
    points = base.transform_filter("datum.kept").mark_point(size=55)
    facet = alt.Facet("measure:N", sort=list(MEASURES), header=alt.Header(title=None))
    made = (lines + points).properties(width=PANEL, height=130).facet(facet, data=alt.NamedData(ROWS), columns=3)
    made = made.resolve_scale(y="independent").resolve_axis(x="independent")
    return Figure("After each epoch", _description(trainings, of), plain(made), rows)


def _ticks(last: int) -> list[int]:
    """Up to four epochs that stand below the axis, whole ones; Vega's own are of halves where there are few.

    >>> _ticks(3), _ticks(50)
    ([1, 2, 3], [1, 14, 27, 40])
    """
    return list(range(1, last + 1, -(-last // 4)))


def _scale(of: list[str], values: dict[str, Any]) -> alt.Scale:
    return alt.Scale(domain=of, range=[values[name] for name in of])


def _description(trainings: Sequence[TrainedSeed], of: list[str]) -> str:
    """What the figure shows, for those who cannot see it."""
    said = "Loss, accuracy and the rate of learning, epoch by epoch, of the images as the training showed them"
    if "validation" in of:
        said += ", dashed, and of the validation data set, the line"
    said += ". Point: the epoch whose weights are kept."
    many = f" A line for each of {len(trainings)} seeds." if len(trainings) > 1 else ""
    return f"{said}{many} {_ends(trainings, 'validation' if 'validation' in of else 'training')}"


def _ends(trainings: Sequence[TrainedSeed], of: str) -> str:
    """The accuracy that was kept, in a sentence."""
    column = MEASURES["accuracy, %"][0][of]
    found = [100 * each.history.set_index("epoch")[column][kept_epoch(each)] for each in trainings]
    low, high = f"{min(found):.1f}", f"{max(found):.1f}"
    return f"Kept: {of} accuracy {low} %." if low == high else f"Kept: {of} accuracy {low} to {high} %."


def _rows(training: TrainedSeed) -> pd.DataFrame:
    """What is drawn of a training: a row for each measure, epoch, and images that it was measured on."""
    at = kept_epoch(training)
    history = _thinned(training.history, at)
    found = []
    for measure, (columns, factor) in MEASURES.items():
        there = {of: name for of, name in columns.items() if history[name].notna().any()}
        for of, name in there.items():
            shown = {"measure": measure, "of": of, "epoch": history["epoch"] + 1, "value": factor * history[name]}
            marked = (history["epoch"] == at) & (of == list(there)[-1])
            found.append(pd.DataFrame({"run": training.name, "seed": training.seed, **shown, "kept": marked}))
    return pd.concat(found, ignore_index=True)


def _thinned(history: pd.DataFrame, kept: int) -> pd.DataFrame:
    """At most some MOST of the epochs, evenly, the first, the last and the kept one among them."""
    every = -(-len(history) // MOST)
    place = np.arange(len(history))
    shown = (place % every == 0) | (place == len(history) - 1) | (history["epoch"] == kept)
    return history[shown]
