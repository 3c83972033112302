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
from wsol.scores.metrics import COUNTS
from wsol.statistics.intervals import mean_interval

COLUMNS = ["table", "stratum", "metric", "choice", "value", "low", "high", "n", "groups"]
COCO_AREAS = {"small": 32**2, "medium": 96**2, "large": np.inf}  # upper edges, not included but the last
FRACTIONS = {"below 10 %": 0.1, "10-25 %": 0.25, "25-50 %": 0.5, "above 50 %": np.inf}


def strata(evaluation: Evaluation, targets: pd.DataFrame) -> pd.DataFrame:
    """Each metric that is a mean, in each stratum that has a target that counts; `targets` is files.TARGETS."""
    metrics = [column for column in evaluation.targets.columns if "@" in column]
    rows = []
    for table, names in tables(targets).items():
        for stratum in names.cat.categories:
            members = evaluation.targets[(names == stratum).to_numpy()]
            for column in metrics:
                if members[column].notna().any():
                    metric, choice = column.rsplit("@", 1)
                    found = mean_interval(members[column], members["group"], share=metric not in COUNTS)
                    scale = 1 if metric in COUNTS else 100
                    about = (table, stratum, metric, choice)
                    rows.append((*about, *(scale * x for x in found[:3]), found.n, found.groups))
    return pd.DataFrame(rows, columns=COLUMNS)


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
    names = list(edges)
    place = np.searchsorted(list(edges.values()), values, side="right")
    found = [None if np.isnan(v) else names[min(p, len(names) - 1)] for v, p in zip(values, place, strict=True)]
    return pd.Series(pd.Categorical(found, categories=names))
