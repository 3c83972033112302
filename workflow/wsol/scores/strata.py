"""A run's scores by class and by what the object is like: a total hides that small objects are missed.

Sizes are of the target's mask, or of its largest box where it has none: by COCO's areas in pixels of the image, and by
the share of the image. (Metrics such as `box_recall_small@50` go by the size of each object.) How many objects there
are, how far from the centre and how long is of the true boxes. Intervals are of these targets at the level of the whole
run: its choice is not drawn again.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.boxes import Boxes, area, asboxes
from wsol.files import rle
from wsol.scores.metrics import metric
from wsol.scores.metrics.boxes import COCO_AREAS
from wsol.scores.outcome import Outcome
from wsol.scores.runs import of_targets
from wsol.scores.seedmaps import BACKGROUND
from wsol.statistics.intervals import Estimate
from wsol.statistics.resampling import Floats

COLUMNS = ["table", "stratum", "metric", "choice", *Estimate._fields]
SEEDS = "voc_miou"
FRACTIONS = {"below 10 %": 0.1, "10-25 %": 0.25, "25-50 %": 0.5, "above 50 %": np.inf}  # upper edges, as COCO_AREAS
OBJECTS = {"1": 2, "2": 3, "3-5": 6, "6 and more": np.inf}
DISTANCES = {"below .1": 0.1, ".1-.25": 0.25, ".25-.5": 0.5, "above .5": np.inf}
ASPECTS = {"below 1.5": 1.5, "1.5-2.5": 2.5, "above 2.5": np.inf}


def strata(outcomes: Sequence[pd.DataFrame], targets: pd.DataFrame) -> pd.DataFrame:
    """One row of COLUMNS per stratum, metric that is a mean and choice, where the stratum has a target that counts.

    `outcomes`: what `evaluate` says of every target, in each of a run's trainings; of several there is `spread` too.
    `targets` is files.TARGETS.
    """
    measured = _measured(outcomes)
    groups = pd.factorize(outcomes[0]["group"])[0]
    rows = []
    for table, names in tables(targets).items():
        for stratum in names.cat.categories:
            here = (names == stratum).to_numpy()
            for (name, choice), values in measured.items():
                part = values[:, here]
                if not np.isnan(part).all(axis=1).any():
                    rows.append((table, stratum, name, choice, *_estimate(name, part, groups[here])))
    return pd.DataFrame(rows, columns=COLUMNS + ["spread"] * (len(outcomes) > 1))


def by_class_of_seeds(scores: pd.DataFrame, report: Outcome) -> pd.DataFrame:
    """The rows of the table `class` under voc_miou, which is no mean over targets: each class's IoU, the background's.

    `scores` are those of `report`, whose rows say the level.
    """
    rows = []
    names = dict(zip(report.targets["label"], report.targets["class_name"], strict=True))
    names[BACKGROUND] = "(background)"  # which no class is likely to be called
    for row in scores[scores["metric"] == SEEDS].itertuples():
        level = float(str(row.levels)) if row.levels else None
        for label, estimate in report.seeds.by_class(level, report.targets["group"]):
            rows.append(("class", names[label], SEEDS, row.choice, *estimate.scaled(100)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _measured(trainings: Sequence[pd.DataFrame]) -> dict[tuple[str, str], Floats]:
    """The values [s n] of each metric and choice that every training has."""
    found = {}
    for column in trainings[0].columns:
        if "@" in column and all(column in own for own in trainings):
            # `metric@choice`, and a metric's own name may have an @ too.
            name, choice = column.rsplit("@", 1)
            found[name, choice] = np.stack([own[column].to_numpy(np.float64) for own in trainings])
    return found


def _estimate(name: str, values: Floats, groups: NDArray) -> tuple:
    """Of a metric's values [s n] in s trainings: an Estimate in its unit, and the spread of several."""
    measure = metric(name)
    estimate, spread = of_targets(values, groups, share=measure.is_share)
    return *estimate.scaled(measure.scale), *[measure.scale * spread] * (len(values) > 1)


def tables(targets: pd.DataFrame) -> dict[str, pd.Series]:
    """The stratum of each target, categorical, missing where it is in none: a target without truth has no size."""
    pixels = areas(targets)
    fraction = pixels / (targets["width"] * targets["height"]).to_numpy()
    count = np.array([len(np.ravel(flat)) // 4 or np.nan for flat in targets["boxes"]], np.float64)
    main = largest(targets)
    names = targets["class_name"].astype(str)
    return {
        "class": pd.Series(pd.Categorical(names, categories=sorted(names.unique()))),
        "coco_area": _by_edges(pixels, COCO_AREAS),
        "area_fraction": _by_edges(fraction, FRACTIONS),
        "objects": _by_edges(count, OBJECTS),
        "centre_distance": _by_edges(distances(main, targets), DISTANCES),
        "aspect": _by_edges(aspects(main), ASPECTS),
    }


def areas(targets: pd.DataFrame) -> NDArray[np.float64]:
    """[n] pixels of the object in the image; NaN without truth."""
    rows = zip(targets["mask"], targets["height"], targets["width"], strict=True)
    by_mask = np.array([rle.area(mask, height, width) if mask else np.nan for mask, height, width in rows], np.float64)
    by_box = area(largest(targets))
    return np.where(np.isfinite(by_mask), by_mask, np.where(by_box > 0, by_box, np.nan))


def largest(targets: pd.DataFrame) -> Boxes:
    """[n 4] the largest true box of each target, the first among equals; NaN without any."""
    boxes, owner = joined(targets)
    order = np.lexsort((-area(boxes), owner))  # which keeps the order of equal ones
    owners, first = np.unique(owner[order], return_index=True)
    found = np.full((len(targets), 4), np.nan)
    found[owners] = boxes[order[first]]
    return found


def joined(targets: pd.DataFrame) -> tuple[Boxes, NDArray[np.int64]]:
    """The true boxes of all targets, [g 4], and whose each is, [g]."""
    flat = [np.ravel(boxes) for boxes in targets["boxes"]]
    owner = np.repeat(np.arange(len(flat)), [len(boxes) // 4 for boxes in flat])
    return asboxes(np.concatenate([np.empty(0), *flat])), owner


def distances(boxes: Boxes, targets: pd.DataFrame) -> NDArray[np.float64]:
    """[n] from a box's centre to the image's, as a share of half the image's diagonal: 0 in the centre, 1 in a corner.

    >>> image = pd.DataFrame({"width": [30], "height": [40]})
    >>> distances(np.array([[0, 0, 30, 40], [15, 20, 30, 40]]), pd.concat([image, image])).tolist()
    [0.0, 0.5]
    """
    size = targets[["width", "height"]].to_numpy(np.float64)
    off = (boxes[:, :2] + boxes[:, 2:] - size) / 2
    return np.hypot(*off.T) / (np.hypot(*size.T) / 2)


def aspects(boxes: Boxes) -> NDArray[np.float64]:
    """[n] the longer over the shorter side of a box; NaN of one without area.

    >>> aspects(np.array([[0.0, 0, 10, 30], [0, 0, 5, 5]])).tolist()
    [3.0, 1.0]
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    shorter = sides.min(axis=1)
    return np.divide(sides.max(axis=1), shorter, out=np.full(len(boxes), np.nan), where=shorter > 0)


def _by_edges(values: NDArray[np.float64], edges: dict[str, float]) -> pd.Series:
    """The name of the first upper edge above each value."""
    place = np.searchsorted(list(edges.values()), values, side="right").clip(0, len(edges) - 1)
    codes = np.where(np.isnan(values), -1, place)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(edges))))
