"""The runs that the gallery shows: which, what their scores say of every target, and the levels they were cut at."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from wsol.files.score import OUTCOMES
from wsol.regions.drawing import drawing
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.thresholds import levels_of, swept_levels
from wsol.scores.failures import kinds

SHOWN = 8  # runs of an evaluation
AT_BOX_LEVEL = ("maxboxacc@50", "gtknown_loc", "top1_loc", "top5_loc")  # taken at the level of the box in OUTCOMES
AT_MASK_LEVEL = ("mask_iou",)
CHOICES = ("selected", "fixed", "oracle")
COLUMNS = ["status", "box", "level", "choice", "iou", "kind", "published", "right_class"]


class PicturedRun(NamedTuple):
    """A run over the reported data set, of the first training where its backbone has several, and its files."""

    name: str  # backbone/cam/threshold
    control: bool
    training: str  # which of several, as the user calls it; "" where there is one or none
    settings: Mapping[str, Any]  # of the regions: threshold, protocol, upsampling, normalization, canvas, alignment
    maps: str  # the folder of its maps, below the results
    outcomes: str
    scores: str
    heatmaps: Sequence[str]
    explain: str = "labelled"  # the class that maps are of: labelled | predicted

    @property
    def backbone(self) -> str:
        return self.name.split("/")[0]


class Ranked(NamedTuple):
    """What a run is ranked by among those that could be shown: a metric, where its level is from, its value."""

    metric: str
    choice: str  # selected | fixed | oracle
    value: float  # percent; NaN where no metric has a level
    oracle: float | None  # the level that is best on the reported targets themselves, where it is of this box or mask


class SeenTargets(NamedTuple):
    """What a run's score says of every target, arrays [n], at the level `chosen`.

    None where each map has its own, or each class: then `levels` has that of each target; NaN of a map's own.
    """

    status: NDArray[np.str_]
    score: NDArray[np.float64]  # IoU of the box with its truth, or of the mask where there are no boxes; NaN without
    box: Sequence[NDArray[np.float64]]
    kinds: Mapping[str, NDArray[np.str_]]  # by the rule of scores/failures.py; "" where it does not count
    chosen: float | None
    choice: str
    levels: NDArray[np.float64]


def ranked(scores: pd.DataFrame, settings: Mapping[str, Any], masks: bool) -> Ranked:
    """Of a run's SCORES, the first metric that is taken at the level of the box (`masks`: of the mask) in OUTCOMES.

    Where there is none, the first one with a level stands for it.
    """
    first = AT_MASK_LEVEL + AT_BOX_LEVEL if masks else AT_BOX_LEVEL + AT_MASK_LEVEL
    others = [name for name in scores["metric"].unique() if name not in first]
    for name in (*first, *others):
        rows = scores[(scores["metric"] == name) & scores["choice"].isin(CHOICES)].set_index("choice")
        if len(rows):
            choice = next(choice for choice in CHOICES if choice in rows.index)
            same = name in (AT_MASK_LEVEL if masks else AT_BOX_LEVEL)
            oracle = _level(str(rows["levels"].get("oracle", "")), settings) if same else None
            return Ranked(str(name), choice, float(rows["value"][choice]), oracle)
    return Ranked("", "", float("nan"), None)


def _level(text: str, settings: Mapping[str, Any]) -> float | None:
    """The first of the levels in a cell, to the last bit where a grid was swept: six digits are written of it.

    None of a cell without one, or with those of classes (`0.2..0.4`).
    """
    if not text or ".." in text:
        return None
    level = float(text.split()[0])
    grid = swept_levels(settings["threshold"], PROTOCOLS[settings["protocol"]].step)
    return level if grid is None else float(grid[np.abs(grid - level).argmin()])


def in_table(run: PicturedRun, level: Ranked, scores: pd.DataFrame) -> float:
    """The score of a run's row in scores.csv, a mean where there are several trainings; its own where it has no row."""
    names = dict(zip(("backbone", "cam", "threshold"), run.name.split("/"), strict=True))
    wanted = names | {"metric": level.metric, "choice": level.choice}
    row = scores[np.logical_and.reduce([scores[key] == word for key, word in wanted.items()])]
    return float(row["value"].iloc[0]) if len(row) else level.value


def chosen_runs(runs: Sequence[PicturedRun], value: Sequence[float], count: int = SHOWN) -> list[int]:
    """Places of the runs to show by their values: the best of each backbone, the best control, then the next best.

    The best comes first; where there are more backbones than runs to show, the best of them.
    """
    ranked = sorted(range(len(runs)), key=lambda i: (np.nan_to_num(-value[i], nan=np.inf), i))
    best = {("control", "") if runs[i].control else ("", runs[i].backbone): i for i in reversed(ranked)}
    first = sorted(best.values(), key=lambda i: (runs[i].control, ranked.index(i)))
    controls = [i for i in first if runs[i].control]
    networks = [i for i in first if not runs[i].control][: count - len(controls)]
    rest = [i for i in ranked if i not in (*networks, *controls)]
    kept = (networks + controls + rest)[:count]
    return sorted(kept, key=ranked.index)


def seen_targets(path: str) -> SeenTargets:
    """The columns of a run's OUTCOMES that the gallery's lists ask for; no others leave the disk."""
    masks = [name for name in pq.read_schema(path).names if name.startswith("mask_iou@")]
    frame = OUTCOMES.read(path, [*COLUMNS, *masks])
    score = frame["iou"].to_numpy(float)
    by_mask = sorted(masks, key=lambda name: CHOICES.index(name.split("@")[1]))
    if by_mask and not np.isfinite(score).any():
        score = frame[by_mask[0]].to_numpy(float)
    choice = frame["choice"].iloc[0] if len(frame) else None
    levels = frame["level"].to_numpy(float)
    one = len(levels) > 0 and bool((levels == levels[0]).all())
    return SeenTargets(
        frame["status"].to_numpy(np.str_),
        score,
        frame["box"].tolist(),
        kinds(frame),
        float(levels[0]) if one else None,
        str(choice),
        levels,
    )


def own_level(values: NDArray, lies: Mapping[str, Any], settings: Mapping[str, Any], size: Sequence[int]) -> float:
    """The level that a threshold chooses on one map [h w]; 0 of a map that shows nothing.

    `lies` has its cell_to_input, input_to_image and input_size; `size` is the image's (height, width).
    """
    cells = lies["cell_to_input"]
    place = (np.array([lies["input_to_image"]]), np.array(lies["input_size"]), np.array([size]))
    drawn = drawing([values], *place, None if cells is None else np.array(cells), settings).draw(0)
    prepared = PROTOCOLS[settings["protocol"]].as_cut(drawn.values)
    return float(levels_of(settings["threshold"], prepared)[0]) if prepared.any() else 0.0
