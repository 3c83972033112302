"""The tables behind the page's figures: levels, overlap, strata, failures."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from wsol.page.answers import signed
from wsol.page.seen import FIRST, SeenBoard, shown_first
from wsol.page.sheets import Column, Entry, Sheet, number
from wsol.report.tables import NAMES
from wsol.scores.strata import SEEDS

CLASSES = 1000  # rows of the table by class
LEVELS = ("maxboxacc@50", "maxboxacc_v2", "mask_iou", "voc_miou")  # metrics that curves.csv may have over levels
RANGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)  # of IoU; the last one has its end too
RECALLS = range(10, 100, 10)
AT = [round(0.1 * i, 1) for i in range(1, 10)]  # IoU at which the table of accuracies has a column
RULES = {
    "exact": "Failure kinds, whatever the class",
    "published": "Failure kinds as TS-CAM counts them",
    "class_and_place": "Right or wrong class and place",
}
TABLES = {  # of strata: what they are called
    "area_fraction": "share of the image’s area",
    "coco_area": "COCO’s areas",
    "objects": "true boxes an image",
    "centre_distance": "distance from the image’s centre, in half diagonals",
    "aspect": "longer over shorter side",
    "class": "class",
}


def prices(seen: SeenBoard) -> Sheet | None:
    """What an honest level costs: the oracle's number less the selected one's, of every metric that has both."""
    own = seen.scores[seen.scores["choice"].isin(["selected", "oracle"])]
    wide = own.pivot_table(index="run", columns=["metric", "choice"], values="value", sort=False)
    both = [name for name in seen.board.metrics if {(name, "selected"), (name, "oracle")} <= set(wide.columns)]
    if not both:
        return None
    columns = [Column("run", False)]
    for name in both:
        columns += [Column(f"{name}, {what}", about=f"metric:{name}") for what in ("selected", "oracle", "price")]
    rows = [_prices(str(run), row, both) for run, row in wide.iterrows()]
    return Sheet(f"The price of honesty, {seen.board.evaluation}: oracle less selected", columns, rows)


def _prices(run: str, row: pd.Series, metrics: Iterable[str]) -> list[Entry]:
    entries = [Entry(run)]
    for name in metrics:
        selected, oracle = row[name, "selected"], row[name, "oracle"]
        price = Entry(signed(oracle - selected), oracle - selected) if oracle == oracle else Entry("")
        entries += [number(selected), number(oracle), price]
    return entries


def chosen(seen: SeenBoard, metric: str) -> Sheet | None:
    """The levels that were chosen for a metric, and what each gives."""
    own = curve_of(seen, "chosen", metric)
    if not len(own):
        return None
    columns = [
        Column("run", False),
        Column("level from", False),
        Column("level"),
        Column(metric, about=f"metric:{metric}"),
    ]
    rows = [[Entry(row.run), Entry(row.split), Entry(f"{row.x:.2f}", row.x), number(row.value)] for row in each(own)]
    return Sheet(f"Levels chosen for {metric}, {seen.board.evaluation}", columns, rows)


def overlap(seen: SeenBoard) -> Sheet | None:
    """Accuracy at each IoU, the level that is best for .5."""
    own = curve_of(seen, "iou")
    if not len(own):
        return None
    own = own.assign(x=own["x"].round(3))
    own = own[own["x"].isin(AT)]
    wide = own.pivot_table(index="run", columns="x", values="value", sort=False)
    columns = [Column("run", False), *(Column(f"IoU ≥ {x:.1f}") for x in wide.columns)]
    rows = [[Entry(str(run)), *map(number, row)] for run, row in wide.iterrows()]
    return Sheet(f"Accuracy over IoU, {seen.board.evaluation}: the level that is best for .5", columns, rows)


def overlap_distribution(seen: SeenBoard) -> Sheet | None:
    """How many targets have an IoU in each range: what the accuracy loses from its one end to the other."""
    curve = curve_of(seen, "iou")
    if not len(curve):
        return None
    columns = [Column("run", False), *(Column(f"IoU {low:.1f}–{high:.1f}") for low, high in pairwise(RANGES))]
    rows = []
    for run, own in curve.groupby("run", sort=False):
        values = np.interp(RANGES[:-1], own["x"], own["value"])
        rows.append([Entry(str(run)), *map(number, values - np.append(values[1:], 0))])
    return Sheet(f"Distribution of IoU in percent of targets, {seen.board.evaluation}", columns, rows)


def precision_recall(seen: SeenBoard) -> Sheet | None:
    """Precision of pixels at every tenth of recall, between the curve's points on a line."""
    curve = curve_of(seen, "precision_recall")
    if not len(curve):
        return None
    columns = [Column("run", False), *(Column(f"at recall {recall}") for recall in RECALLS)]
    rows = []
    for run, own in curve.sort_values("x", kind="stable").groupby("run", sort=False):
        rows.append([Entry(str(run)), *map(number, np.interp(RECALLS, own["x"], own["value"]))])
    return Sheet(f"Precision of pixels in percent, {seen.board.evaluation}", columns, rows)


def stratum(seen: SeenBoard, table: str) -> Sheet | None:
    """One table of strata in the metric that orders the leaderboard: a row a run; by class, a row a class."""
    own = strata_of(seen, table)
    if not len(own):
        return None
    title = f"{seen.board.ranking} by {TABLES[table]}, {seen.board.evaluation}"
    return _by_class(own, title) if table == "class" else _by_run(own, title)


def class_ious(seen: SeenBoard) -> Sheet | None:
    """The IoU of each class of segmentation seeds; `stratum` has it where that is what orders the leaderboard."""
    own = strata_of(seen, "class", SEEDS)
    if seen.board.ranking == SEEDS or not len(own):
        return None
    return _by_class(own, f"{SEEDS}: IoU by class, {seen.board.evaluation}")


def _by_run(own: pd.DataFrame, title: str) -> Sheet:
    names = list(dict.fromkeys(own["stratum"]))
    counts = own.groupby("stratum", sort=False)["n"].max()
    columns = [Column("run", False), *(Column(f"{name} (n {counts[name]})", drawn=(0.0, 100.0)) for name in names)]
    rows = []
    for run, part in own.groupby("run", sort=False):
        found = {row.stratum: number(row.value, row.low, row.high) for row in each(part)}
        rows.append([Entry(str(run)), *(found.get(name, Entry("")) for name in names)])
    return Sheet(title, columns, rows)


def _by_class(own: pd.DataFrame, title: str) -> Sheet:
    runs = list(dict.fromkeys(own["run"]))[:FIRST]
    own = own[own["run"].isin(runs)]
    columns = [Column("class", False), Column("n"), *(Column(run) for run in runs)]
    rows = []
    for name, part in own.groupby("stratum", sort=False):
        found = {row.run: number(row.value) for row in each(part)}
        n = int(part["n"].max())
        rows.append([Entry(str(name)), Entry(str(n), n), *(found.get(run, Entry("")) for run in runs)])
    left = f" {len(rows) - CLASSES} more classes" if len(rows) > CLASSES else ""
    note = f"The first {len(runs)} runs.{left and left + ','} Everything, with intervals, is in strata.csv."
    return Sheet(title, columns, rows[:CLASSES], note=note)


def failures(seen: SeenBoard, rule: str) -> Sheet | None:
    """What each run's boxes are like by one rule, in percent of the targets with true boxes."""
    own = failures_of(seen, rule)
    if not len(own):
        return None
    kinds = list(dict.fromkeys(own["kind"]))
    columns = [Column("run", False), *(Column(kind.replace("_", " "), about=f"kind:{rule}:{kind}") for kind in kinds)]
    rows = []
    for _, part in own.groupby("run", sort=False):
        found = {row.kind: number(row.value, row.low, row.high, link=failures_link(row, rule)) for row in each(part)}
        rows.append([Entry(part["run"].iloc[0]), *(found.get(kind, Entry("")) for kind in kinds)])
    note = f"Percent of the {int(own['n'].max())} targets with true boxes; a row adds up to 100."
    return Sheet(f"{RULES[rule]}, {seen.board.evaluation}", columns, rows, note=note)


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows, their columns by name."""
    yield from frame.itertuples()


def strata_of(seen: SeenBoard, table: str, metric: str | None = None) -> pd.DataFrame:
    """The rows of one table of strata in a metric, else in what orders the leaderboard, at the choice shown first."""
    own = seen.strata
    wanted = metric or seen.board.ranking
    return shown_first(own[(own["table"] == table) & (own["metric"] == wanted)]) if len(own) else own


def failures_of(seen: SeenBoard, rule: str) -> pd.DataFrame:
    """The rows of failures.csv by one rule, at the choice of level that tables show first."""
    return shown_first(seen.failures[seen.failures["rule"] == rule]) if len(seen.failures) else seen.failures


def curve_of(seen: SeenBoard, curve: str, metric: str = "") -> pd.DataFrame:
    """The rows of one curve of curves.csv, of one metric where that is said."""
    own = seen.curves
    if not len(own):
        return own
    own = own[own["curve"] == curve]
    return own[own["metric"] == metric] if metric else own


def failures_link(row: Any, rule: str) -> str:
    """The address of the pictures of a kind: its list, and the run."""
    run = "/".join(str(getattr(row, name)) for name in NAMES)
    return f"#gallery;list={rule}:{row.kind};run={run}"
