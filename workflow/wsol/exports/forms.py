"""Results in forms that other tools read: COCO results JSON, the published evaluator's score maps, CSV."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.boxes import asboxes, to_xywh
from wsol.datasets.annotations import each
from wsol.errors import DataError
from wsol.files import paths, rle, text
from wsol.files.containers import Record
from wsol.files.formats import atomic
from wsol.regions.preparation import prepare
from wsol.regions.published import PUBLISHED

SCOREMAP = (224, 224)  # height, width that the published evaluator scores at
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
EXPORT = Record("export", 2, "export", ())


def ids(targets: pd.DataFrame) -> tuple[dict[str, int], dict[int, int]]:
    """Ids for `coco_truth` and `coco_results`: images numbered from 1 by name, categories by label from 1."""
    images = {image: i for i, image in enumerate(sorted(set(targets["image"])), 1)}
    return images, {int(label): int(label) + 1 for label in sorted(set(targets["label"]))}


def ids_of(instances: str | Path) -> tuple[dict[str, int], dict[int, int]]:
    """The ids of an existing instances JSON, for results that are scored against it; labels as `datasets.coco` has."""
    content = text.parse(instances)
    try:
        images = {entry["file_name"]: int(entry["id"]) for entry in content["images"]}
        categories = sorted(int(entry["id"]) for entry in content["categories"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{instances} is no COCO instances file ({type(error).__name__}: {error}).") from error
    return images, dict(enumerate(categories))


def coco_truth(targets: pd.DataFrame, masks: bool = False) -> dict:
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
    known: tuple[Mapping[str, int], Mapping[int, int]] | None = None,
) -> list[dict]:
    """Per target: boxes [n 4] and scores [n] -> COCO results; with `masks` (RLE counts at the image's size) one entry a
    target, with its mask and its highest score. `known` are ids as `ids_of` gives them."""
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
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def write_csv(path: str | Path, targets: pd.DataFrame, boxes: Sequence[ArrayLike], scores: Sequence[ArrayLike]) -> None:
    """image, label, class_name, x0, y0, x1, y1, score: a row a box, half-open pixels.

    Names that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, a tab or a line end in front) have a `'` in
    front, as OWASP advises against CSV injection; numbers stay numbers.
    """
    with atomic(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "label", "class_name", "x0", "y0", "x1", "y1", "score"])
        for row, found, values in zip(each(targets), boxes, scores, strict=True):
            names = [_harmless(row.image), row.label, _harmless(row.class_name)]
            for box, score in zip(asboxes(found).tolist(), np.ravel(values).tolist(), strict=True):
                writer.writerow([*names, *box, score])


def _harmless(name: str) -> str:
    return f"'{name}" if str(name).startswith(FORMULA) else name


def scoremap(
    heatmap: ArrayLike,
    size: tuple[int, int] | None = SCOREMAP,
    *,
    upsampling: str = "linear",
    normalization: str = "minmax",
) -> np.ndarray:
    """A map as the published evaluator wants it: resized to `size`, normalised, cut to [0, 1], float64; a constant or
    non-finite map is all zero. `size` None: as it is, nothing normalised, so that it reads back equal."""
    heatmap = np.asarray(heatmap)
    if size is None:
        return heatmap.astype(np.float64)
    preparation = PUBLISHED.preparation(upsampling, normalization)
    return prepare(heatmap, *size, preparation).clip(0, 1)


def write_scoremaps(
    root: str | Path,
    targets: pd.DataFrame,
    maps: Iterable[ArrayLike],
    size: tuple[int, int] | None = SCOREMAP,
    preparation: Mapping[str, str] = {},
) -> None:
    """`<root>/<image>.npy`, the published evaluator's layout; images with several targets: `<image>.<label>.npy`."""
    several = targets["image"].duplicated(keep=False)
    for image, label, many, heatmap in zip(targets["image"], targets["label"], several, maps, strict=True):
        name = f"{image}.{label}.npy" if many else f"{image}.npy"
        with atomic(Path(root) / paths.name(name, "export")) as temporary, open(temporary, "wb") as stream:
            np.save(stream, scoremap(heatmap, size, **preparation), allow_pickle=False)


def write_about(root: str | Path, settings: Mapping, made_from: Mapping[str, str | Path]) -> None:
    """`about.json` beside what was exported: what made it, as every stage file says of itself."""
    EXPORT.write(Path(root) / "about.json", settings=settings, made_from=made_from)


class Result(Protocol):
    """What a run found on its reported data set (`wsol.scores.results`); the lists have an entry a target."""

    targets: pd.DataFrame
    preparation: Mapping[str, str]  # upsampling and normalization

    @property
    def boxes(self) -> list[np.ndarray]: ...  # [n 4], of all regions at the run's level, image pixels

    @property
    def scores(self) -> list[np.ndarray]: ...  # [n]

    @property
    def masks(self) -> list[bytes]: ...  # RLE counts of all regions together, b"" where there are none

    def maps(self) -> Iterable[np.ndarray]: ...  # [h w], as computed


def coco(result: Result, root: Path) -> None:
    """`boxes.json` and `truth.json`; where the truth has masks `masks.json` and `truth_masks.json` too."""
    targets = result.targets
    write_json(root / "truth.json", coco_truth(targets))
    write_json(root / "boxes.json", coco_results(targets, result.boxes, result.scores))
    if (targets["mask"] != "").any():
        write_json(root / "truth_masks.json", coco_truth(targets, masks=True))
        write_json(root / "masks.json", coco_results(targets, result.boxes, result.scores, result.masks))


def table(result: Result, root: Path) -> None:
    """`boxes.csv`."""
    write_csv(root / "boxes.csv", result.targets, result.boxes, result.scores)


def npy(result: Result, root: Path) -> None:
    """Score maps of 224 x 224 in [0, 1]: read back under wsol2020 with the same settings they give the same scores, but
    for the energy of what was below 0."""
    write_scoremaps(root, result.targets, result.maps(), preparation=result.preparation)


def npy_raw(result: Result, root: Path) -> None:
    """The maps as computed: read back with the run's `input` they give the same scores under either protocol."""
    write_scoremaps(root, result.targets, result.maps(), size=None)


EXPORTS: dict[str, Callable[[Result, Path], None]] = {"coco": coco, "csv": table, "npy": npy, "npy_raw": npy_raw}
