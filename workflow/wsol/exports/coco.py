"""COCO results JSON, with the targets as COCO instances to score them against."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.boxes import to_xywh
from wsol.datasets.annotations import each
from wsol.errors import DataError
from wsol.exports.exported import Exported
from wsol.files import rle, text
from wsol.files.formats import atomic

Ids = tuple[Mapping[str, int], Mapping[int, int]]  # of images by name, of categories by label


def coco(exported: Exported, root: Path) -> None:
    """`boxes.json` and `truth.json`; where the truth has masks `masks.json` and `truth_masks.json` too."""
    targets = exported.targets
    write_json(root / "truth.json", coco_ground_truth(targets))
    write_json(root / "boxes.json", coco_results(targets, exported.boxes, exported.scores))
    if (targets["mask"] != "").any():
        write_json(root / "truth_masks.json", coco_ground_truth(targets, masks=True))
        write_json(root / "masks.json", coco_results(targets, exported.boxes, exported.scores, exported.masks))


def ids(targets: pd.DataFrame) -> tuple[dict[str, int], dict[int, int]]:
    """Ids for `coco_ground_truth` and `coco_results`: images numbered from 1 by name, categories by label from 1.

    >>> ids(pd.DataFrame({"image": ["b", "a"], "label": [4, 0]}))
    ({'a': 1, 'b': 2}, {0: 1, 4: 5})
    """
    images = {image: i for i, image in enumerate(sorted(set(targets["image"])), 1)}
    return images, {int(label): int(label) + 1 for label in sorted(set(targets["label"]))}


def ids_of(instances: str | Path) -> tuple[dict[str, int], dict[int, int]]:
    """The ids of an existing instances JSON, for results that are scored against it; labels as `adapters.coco` has.

    A DataError where it is no COCO instances file.
    """
    content = text.parse(instances)
    try:
        images = {entry["file_name"]: int(entry["id"]) for entry in content["images"]}
        categories = sorted(int(entry["id"]) for entry in content["categories"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{instances} is no COCO instances file ({type(error).__name__}: {error}).") from error
    return images, dict(enumerate(categories))


def coco_ground_truth(targets: pd.DataFrame, masks: bool = False) -> dict:
    """The targets as COCO instances: each box an object, or with `masks` each target's mask one object."""
    images, categories = ids(targets)
    sizes = targets.drop_duplicates("image").set_index("image")
    annotations: list[dict] = []
    for row in each(targets):
        mine = {"image_id": images[row.image], "category_id": categories[row.label], "iscrowd": 0}
        for truth in _masked(row.mask, row.height, row.width) if masks else _boxed(row.boxes):
            annotations.append(mine | truth | {"id": len(annotations) + 1})
    names = dict(zip(targets["label"], targets["class_name"], strict=True))
    return {
        "images": [
            {"id": i, "file_name": name, "width": int(sizes.width[name]), "height": int(sizes.height[name])}
            for name, i in images.items()
        ],
        "categories": [{"id": i, "name": str(names[label])} for label, i in categories.items()],
        "annotations": annotations,
    }


def _boxed(boxes: ArrayLike) -> list[dict]:
    return [{"bbox": xywh, "area": xywh[2] * xywh[3]} for xywh in to_xywh(boxes).tolist()]


def _masked(mask: str, height: int, width: int) -> list[dict]:
    if not mask or not rle.area(mask, height, width):
        return []
    bounds = to_xywh(rle.bounds(mask, height, width))[0].tolist()
    return [_segment(mask, height, width) | {"bbox": bounds, "area": rle.area(mask, height, width)}]


def _segment(counts: str, height: int, width: int) -> dict:
    return {"segmentation": {"size": [int(height), int(width)], "counts": counts}}


def coco_results(
    targets: pd.DataFrame,
    boxes: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    masks: Sequence[str | bytes] | None = None,
    known: Ids | None = None,
) -> list[dict]:
    """Per target: boxes [n 4] and scores [n] -> COCO results.

    With `masks` (RLE counts at the image's size) there is one entry per target, with its mask and its highest score.
    `known` are ids as `ids_of` gives them; a DataError for a target that is not among them.
    """
    images, categories = known or ids(targets)
    found = []
    for i, row in enumerate(each(targets)):
        if row.image not in images or row.label not in categories:
            raise DataError(f"export: {row.image!r} with label {row.label} is not in the ids to export for.")
        mine = {"image_id": images[row.image], "category_id": categories[row.label]}
        values = np.asarray(scores[i], float).ravel().tolist()
        if masks is None:
            pairs = zip(to_xywh(boxes[i]).tolist(), values, strict=True)
            found += [mine | {"bbox": box, "score": score} for box, score in pairs]
        elif masks[i]:
            mask = masks[i]
            counts = mask.decode("ascii") if isinstance(mask, bytes) else mask
            found.append(mine | _segment(counts, row.height, row.width) | {"score": max(values, default=1.0)})
    return found


def write_json(path: str | Path, content: dict | list) -> None:
    """Whole or not at all; a number that JSON has no word for is a ValueError."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
