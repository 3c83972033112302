"""A spreadsheet: CSV or Parquet, one row per box or mask, whatever its columns are called."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsol.boxes import Boxes, asboxes, from_inclusive, from_xywh
from wsol.datasets import maskfiles
from wsol.datasets.annotations import Annotations, Rescale, Rows
from wsol.errors import DataError, unknown
from wsol.files import paths, rle, text
from wsol.settings import Doc, File

FIELDS = ("image", "class", "x0", "y0", "x1", "y1", "mask", "ignore", "width", "height", "group")
WHOLE = re.compile(r"^(\d+)\.0$")  # a whole number as a spreadsheet writes it
TABS = {"tab": "\t", "\\t": "\t"}
CORNERS = ["x0", "y0", "x1", "y1"]


def read(
    *,
    annotations: Annotated[
        File,
        Doc("The table: its columns are image, class and, as needed, x0 y0 x1 y1, mask, ignore, width, height, group."),
    ],
    columns: Annotated[
        dict[str, str | int],
        Doc(
            "Which column of the file plays which of these: `{x0: xmin}`, or by number from 1: `{image: 1, class: 2}`."
        ),
    ] = {},
    header: Annotated[bool, Doc("Whether the first row names the columns; without it `columns` gives numbers.")] = True,
    boxes: Annotated[
        Literal["half-open", "inclusive", "one-based", "xywh", "relative"],
        Doc("Corners half-open, inclusive from 0, inclusive from 1, corner and size, or shares of width and height."),
    ] = "half-open",
    masks: Annotated[File | None, Doc("The folder below which the files of the columns mask and ignore lie.")] = None,
    classes: Annotated[
        list[str] | None,
        Doc("The classes in the order of their labels; unless given, names are sorted and whole numbers are labels."),
    ] = None,
    delimiter: Annotated[str, Doc("What parts the columns of a text file: a character, or the word `tab`.")] = ",",
    rescale: Rescale = False,
) -> Annotations:
    """The targets in the order in which they first appear.

    Rows of one image and class are one target with several boxes; a row without corners has no box.
    """
    _check(columns, header, annotations)
    frame = _load(annotations, columns, TABS.get(delimiter, delimiter), header)
    rows = Rows()
    _place(frame, masks, annotations)
    labels, order = _labels(frame["class"], classes, annotations, rows, frame["image"])
    where = [f"{annotations}: row {number + 1 + header}" for number in range(len(frame))]
    frame["image"] = [paths.name(name, at) for name, at in zip(frame["image"], where, strict=True)]
    for side in {"width", "height"} & set(frame):
        sizes = zip(frame[side], where, strict=True)
        frame[side] = [text.integer(value, at, side) if str(value).strip() else 0 for value, at in sizes]
    frame["label"] = labels
    # Rows of no known class have the label -1, and their problem.
    known: Any = frame[frame["label"] >= 0].groupby(["image", "label"], sort=False)
    for (image, label), part in known:
        _target(image, label, part, boxes, Path(masks or ""), rescale, rows)
    return rows.done(order)


def _check(columns: Mapping[str, str | int], header: bool, path: str) -> None:
    """What can be said of `columns` before the file is read."""
    if strangers := columns.keys() - set(FIELDS):
        raise DataError(unknown("columns", min(strangers), FIELDS))
    for field, column in columns.items():
        if isinstance(column, int) is header or isinstance(column, bool):
            rule = "the name of a column, or header: false be said" if header else "a column's number, from 1"
            raise DataError(f"columns.{field}: must be {rule}; received {text.shown(column)}.")
    if not header and not {"image", "class"} <= columns.keys():
        raise DataError("columns: a file without a header needs the numbers of image and class ({image: 1, class: 2}).")
    if not header and path.endswith(".parquet"):
        raise DataError(f"{path}: a Parquet file names its columns; header: false is for text.")


def _place(frame: pd.DataFrame, masks: str | None, path: str) -> None:
    """Masks are read from a folder that is said: what a run depends on has to be known before."""
    named: list[str] = []
    for field in ("mask", "ignore"):
        named += [name for name in frame.get(field, []) if name.strip()]
    if named and masks is None:
        raise DataError(f"{path}: names masks ({named[0]!r:.60}); say the folder they lie below (masks: FOLDER).")


def _load(path: str, columns: Mapping[str, str | int], delimiter: str, header: bool) -> pd.DataFrame:
    """The fields as text, by our names."""
    frame = _parquet(path) if path.endswith(".parquet") else pd.DataFrame(text.table(path, delimiter, header))
    if beyond := [f for f, place in columns.items() if not header and not 0 < int(place) <= frame.shape[1]]:
        place = columns[beyond[0]]
        raise DataError(f"{path}: columns.{beyond[0]} is {place}; its rows have the columns 1 to {frame.shape[1]}.")
    names = {field: str(columns.get(field, field)) for field in FIELDS}
    if missing := [names[f] for f in FIELDS if names[f] not in frame and (f in columns or f in ("image", "class"))]:
        raise DataError(f"{path}: no column '{missing[0]}'. Its columns: {', '.join(map(str, frame.columns))}.")
    if 0 < len(lacking := [names[f] for f in CORNERS if names[f] not in frame]) < 4:
        raise DataError(f"{path}: boxes need four columns; there is no '{lacking[0]}'.")
    found = {field: frame[name] for field, name in names.items() if name in frame}
    return pd.DataFrame(found).reset_index(drop=True)


def _parquet(path: str) -> pd.DataFrame:
    """A Parquet file as a CSV would be read: every value as text, missing ones empty."""
    try:
        file = pq.ParquetFile(path)
        text.columns(file.schema_arrow.names, path)
        frame = file.read().to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} is no readable Parquet file: {error}") from error
    found = {}
    for column in frame:
        found[str(column)] = ["" if _blank(value) else str(value) for value in frame[column]]
    return pd.DataFrame(found)


def _blank(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _labels(names: pd.Series, classes: list[str] | None, path: str, rows: Rows, images: pd.Series) -> tuple[list, list]:
    """The label of each row, -1 for one of no known class, and the classes' names."""
    given = [WHOLE.sub(r"\1", name.strip()) for name in names]
    if classes is None and all(name.isdecimal() for name in given):
        return [text.integer(name, path, "the class") for name in given], []
    order = classes or sorted(set(given) - {""})
    places = {name: label for label, name in enumerate(order)}
    for name, image in zip(given, images, strict=True):
        if name not in places:
            rows.problem("unknown_class" if name else "no_class", image, name or "no class")
    return [places.get(name, -1) for name in given], order


def _target(image: str, label: int, part: pd.DataFrame, form: str, masks: Path, rescale: bool, rows: Rows) -> None:
    """One target, from all rows of its image and class."""
    width, height = (_one(part, field, image, 0) for field in ("width", "height"))
    group = _one(part, "group", image, "")
    layers: dict[str, list] = {"mask": [], "ignore": []}
    for field, found in layers.items():
        for name in dict.fromkeys(name.strip() for name in part.get(field, []) if name.strip()):
            found.append(maskfiles.layer(masks, image, name, width, height, rescale, rows))
            if found[-1] is not None and not width:
                height, width = found[-1].shape
    boxes = _boxes(part, form, width, height, image)
    mask, ignore = (maskfiles.union(found) for found in layers.values())
    ignore = ignore & ~mask if ignore is not None and mask is not None else ignore
    painted = "" if mask is None else rle.encode(mask)
    ignored = "" if ignore is None or not ignore.any() else rle.encode(ignore)
    rows.add(image, label, width, height, boxes.ravel(), painted, ignored, group)


def _one(part: pd.DataFrame, field: str, image: str, default: Any) -> Any:
    """The one value that an image's rows agree on."""
    found = set(part[field]) - {default} if field in part else set()
    if len(found) > 1:
        raise DataError(f"{image}: its rows say {field} {' and '.join(sorted(map(str, found)))}.")
    return found.pop() if found else default


def _boxes(part: pd.DataFrame, form: str, width: int, height: int, image: str) -> Boxes:
    """The boxes of a target's rows in the one convention, whatever `form` the file has them in."""
    if "x0" not in part:
        return asboxes([])
    given = part[CORNERS]
    there = given.apply(lambda column: column.map(lambda v: bool(v.strip()))).any(axis=1)
    corners = asboxes([list(map(text.floating, row)) for row in given[there].to_numpy()])
    if form == "relative":
        if len(corners) and not (width and height):
            raise DataError(f"{image}: relative boxes need the columns width and height.")
        return corners * [width, height, width, height]
    convert = {"inclusive": from_inclusive, "one-based": lambda b: from_inclusive(b, 1), "xywh": from_xywh}
    return convert.get(form, asboxes)(corners)
