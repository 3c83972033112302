"""A run's scores by class and by the size of the object: a total hides that small objects are missed.

Sizes are of the target's mask, or of its largest box where it has none: by COCO's areas in pixels of the image, and by
the share of the image. Intervals are of these targets at the level of the whole run: its choice is not drawn again.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import area, asboxes
from wsol.files import rle
from wsol.scores.evaluate import Evaluation
from wsol.scores.metrics import metric
from wsol.statistics.intervals import mean_interval

COLUMNS = ["table", "stratum", "metric", "choice", "value", "low", "high", "n", "groups"]
COCO_AREAS = {"small": 32**2, "medium": 96**2, "large": np.inf}  # upper edges, not included but the last
FRACTIONS = {"below 10 %": 0.1, "10-25 %": 0.25, "25-50 %": 0.5, "above 50 %": np.inf}


def strata(evaluation: Evaluation, targets: pd.DataFrame) -> pd.DataFrame:
    """One row of COLUMNS per stratum, metric that is a mean and choice, where the stratum has a target that counts.

    `targets` is files.TARGETS.
    """
    rows = []
    for table, names in tables(targets).items():
        for stratum in names.cat.categories:
            members = evaluation.targets[(names == stratum).to_numpy()]
            rows += [(table, stratum, *row) for row in _rows(members)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(members: pd.DataFrame) -> list[tuple]:
    """The rows of one stratum, without its name."""
    rows = []
    for column in members.columns:
        # `metric@choice`, and a metric's own name may have an @ too.
        if "@" in column and members[column].notna().any():
            name, choice = column.rsplit("@", 1)
            measure = metric(name)
            found = mean_interval(members[column], members["group"], share=measure.is_share)
            numbers = [measure.scale * number for number in found[:3]]
            rows.append((name, choice, *numbers, found.n, found.groups))
    return rows


def tables(targets: pd.DataFrame) -> dict[str, pd.Series]:
    """The stratum of each target, categorical, missing where it is in none: a target without truth has no size."""
    pixels = areas(targets)
    fraction = pixels / (targets["width"] * targets["height"]).to_numpy()
    names = targets["class_name"].astype(str)
    return {
        "class": pd.Series(pd.Categorical(names, categories=sorted(names.unique()))),
        "coco_area": _by_edges(pixels, COCO_AREAS),
        "area_fraction": _by_edges(fraction, FRACTIONS),
    }


def areas(targets: pd.DataFrame) -> NDArray[np.float64]:
    """[n] pixels of the object in the image; NaN without truth."""
    by_mask = [sum(rle.counts(mask)[1::2]) if mask else np.nan for mask in targets["mask"]]
    by_box = [area(asboxes(flat)).max(initial=0) or np.nan for flat in targets["boxes"]]
    return np.where(np.isfinite(by_mask), by_mask, by_box)


def _by_edges(values: NDArray[np.float64], edges: dict[str, float]) -> pd.Series:
    """The name of the first upper edge above each value."""
    names = list(edges)
    place = np.searchsorted(list(edges.values()), values, side="right")
    found = [None if np.isnan(v) else names[min(p, len(names) - 1)] for v, p in zip(values, place, strict=True)]
    return pd.Series(pd.Categorical(found, categories=names))
