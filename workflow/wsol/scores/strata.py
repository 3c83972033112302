"""A run's scores by class and by the size of the object: a total hides that small objects are missed.

Sizes are of the target's mask, or of its largest box where it has none: by COCO's areas in pixels of the image, and by
the share of the image. Intervals are of these targets at the level of the whole run: its choice is not drawn again.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import area, asboxes
from wsol.files import rle
from wsol.scores.metrics import metric
from wsol.scores.runs import over_trainings
from wsol.statistics.intervals import Estimate, mean_interval
from wsol.statistics.resampling import Floats

COLUMNS = ["table", "stratum", "metric", "choice", *Estimate._fields]
COCO_AREAS = {"small": 32**2, "medium": 96**2, "large": np.inf}  # upper edges, not included but the last
FRACTIONS = {"below 10 %": 0.1, "10-25 %": 0.25, "25-50 %": 0.5, "above 50 %": np.inf}


def strata(outcomes: Sequence[pd.DataFrame], targets: pd.DataFrame) -> pd.DataFrame:
    """One row of COLUMNS per stratum, metric that is a mean and choice, where the stratum has a target that counts.

    `outcomes`: what `evaluate` says of every target, in each of a run's trainings; of several there is `spread` too.
    `targets` is files.TARGETS.
    """
    rows = []
    for table, names in tables(targets).items():
        for stratum in names.cat.categories:
            here = (names == stratum).to_numpy()
            rows += [(table, stratum, *row) for row in _rows([own[here] for own in outcomes])]
    return pd.DataFrame(rows, columns=COLUMNS + ["spread"] * (len(outcomes) > 1))


def _rows(members: Sequence[pd.DataFrame]) -> list[tuple]:
    """The rows of one stratum, without its name."""
    rows = []
    for column in members[0].columns:
        # `metric@choice`, and a metric's own name may have an @ too.
        if "@" in column and all(column in own and own[column].notna().any() for own in members):
            name, choice = column.rsplit("@", 1)
            values = np.stack([own[column].to_numpy(np.float64) for own in members])
            rows.append((name, choice, *_estimate(name, values, members[0]["group"])))
    return rows


def _estimate(name: str, values: Floats, groups: pd.Series) -> tuple:
    """Of a metric's values [s n] in s trainings: an Estimate in its unit, and the spread of several."""
    if len(values) > 1:
        counted = np.isfinite(values)
        n, size = int(counted.sum(axis=1).min()), min(groups[row].nunique() for row in counted)
        estimate, spread = over_trainings(name, *_linear(values, groups), n, size)
        return *estimate, spread
    measure = metric(name)
    found = mean_interval(values[0], groups, share=measure.is_share)
    return *(measure.scale * number for number in found[:3]), found.n, found.groups


def _linear(values: Floats, groups: pd.Series) -> tuple[Floats, Floats]:
    """The mean of each training, [s], and draws of it, [s g], that vary together as its resamples do.

    Each is the mean moved by what one group is off it (Taylor), as in `mean_interval`; nothing is drawn.
    """
    counted = np.isfinite(values)
    means = np.nanmean(values, axis=1)
    codes = pd.factorize(groups)[0]
    off = np.stack([np.bincount(codes, row) for row in np.where(counted, values - means[:, None], 0)])
    return means, means[:, None] + off * np.sqrt(off.shape[1] - 1) / counted.sum(axis=1, keepdims=True)


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
