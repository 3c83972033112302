"""The targets table, step by step, from what an adapter gives to what the index writes."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from wsol.datasets.annotations import COLUMNS, Problem, each
from wsol.files import rle
from wsol.files.index import LABELS
from wsol.index import truth
from wsol.index.classmap import Outputs

UNNAMED = 100_000  # classes without names that a class map may speak of though no target is of them


def complete(targets: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """The targets with every column, a group for each, and no (image, label) twice; of two the first is kept.

    Those of one image stand together.
    """
    blank: dict[str, Any] = {"width": 0, "height": 0, "boxes": "", "mask": "", "ignore": "", "group": ""}
    targets = targets.assign(**{column: value for column, value in blank.items() if column not in targets})
    targets = targets[list(COLUMNS)].copy()
    targets["group"] = targets["group"].astype(object).where(targets["group"] != "", targets["image"])
    twice = targets.duplicated(["image", "label"])
    for image, label in targets.loc[twice, ["image", "label"]].itertuples(index=False):
        problems.append(Problem("duplicate_id", image, f"class {label} again; the first is kept"))
    targets = targets[~twice]
    # Those of an image together, in the order that images first come in: shards are slices of images.
    return targets.iloc[np.argsort(pd.factorize(targets["image"])[0], kind="stable")]


def part(targets: pd.DataFrame, chosen: Mapping | None) -> pd.DataFrame:
    """The targets of one part; those of one group all lie in the same."""
    if chosen is None:
        return targets
    return targets[[part_of(group, chosen["of"]) == chosen["take"] for group in targets["group"]]]


def part_of(name: str, of: int) -> int:
    """Which of `of` parts a name falls into: its sha256 modulo `of`."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()) % of


def sized(targets: pd.DataFrame, facts: Mapping, rescale: bool, problems: list[Problem]) -> pd.DataFrame:
    """Sizes the annotation left open come from the files; where both speak and differ, that is a problem."""
    widths = []
    heights = []
    for image, width, height in targets[["image", "width", "height"]].itertuples(index=False):
        fact = facts[image]
        declared = bool(width and height)
        if declared and fact.width and (width, height) != (fact.width, fact.height) and not rescale:
            stored = f"declared {width}x{height}, stored {fact.width}x{fact.height}"
            problems.append(Problem("size", image, f"{stored}; say `rescale: true` where that is meant"))
        widths.append(width if declared else fact.width)
        heights.append(height if declared else fact.height)
    status = [facts[image].status for image in targets["image"]]
    return targets.assign(width=np.array(widths, int), height=np.array(heights, int), status=status)


def sound(targets: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Boxes inside their image, no empty truth; a target without any is `no_ground_truth`."""
    boxes: list[list[float]] = []
    masks: list[str] = []
    status: list[str] = []
    for row in each(targets):
        kept, complaints = truth.sound(list(row.boxes), row.width, row.height)
        problems += [Problem(kind, row.image, detail) for kind, detail in complaints]
        empty = 0 < len(row.mask) < 10 and len(rle.counts(row.mask)) < 2
        if empty:
            problems.append(Problem("empty_mask", row.image, "no foreground pixel; dropped"))
        boxes.append(kept)
        masks.append("" if empty else row.mask)
        status.append("no_ground_truth" if row.status == "ok" and not kept and not masks[-1] else row.status)
    return targets.assign(boxes=pd.Series(boxes, targets.index, dtype=object), mask=masks, status=status)


def names(labels: pd.Series, classes: list[str]) -> dict[int, str]:
    """The name of every class by its label, without targets or with; one without a name is called by its number."""
    known = dict(enumerate(classes))
    found = {int(label) for label in labels.unique()}
    if not classes:
        found |= set(range(min(max(found, default=-1) + 1, UNNAMED)))
    return known | {label: str(label) for label in sorted(found - known.keys())}


def named(
    targets: pd.DataFrame, classes: Mapping[int, str], count: int, outputs: Outputs, problems: list[Problem]
) -> pd.DataFrame:
    """Names of the classes, of which the first `count` are the adapter's, and the model outputs right for them."""
    counts = Counter(targets["label"])
    told = {label: f"class {label} ({classes[label]}): {counts[label]} targets" for label in sorted(counts)}
    beyond = [label for label in told if count and label >= count]
    problems += [Problem("unknown_class", "", f"{told[label]}; {count} classes have names") for label in beyond]
    if outputs.how:
        unmapped = [label for label in told if not outputs.right[label]]
        problems += [Problem("unmapped", "", told[label]) for label in unmapped]
    right = pd.Series([list(outputs.right[label]) for label in targets["label"]], targets.index, dtype=object)
    return targets.assign(class_name=targets["label"].map(classes), outputs=right)


def labels(targets: pd.DataFrame, by_area: Collection[str]) -> pd.DataFrame:
    """What a training may know of the targets, LABELS: whether one has a box or a mask is not told.

    `by_area` are the images whose only target was chosen among several classes by its size.
    """
    status = targets["status"].replace("no_ground_truth", "ok")
    status = status.mask(targets["image"].isin(by_area) & (status == "ok"), "by_area")
    return targets.assign(status=status)[list(LABELS.fields)]
