"""Logits that were made elsewhere, as people have them: of each image by its name one number for each output.

An `.npz` has the arrays `image`, text [n], and `logits` [n k], and may have `names`, text [k], what each output is
called; our own predictions are such a file. A `.csv` has the column `image` and one for each output: those are called
by their headings, or, where all of them are numbers, numbered 0 to k - 1. `look` reads every byte once; `read` brings
the rows of some images into memory, and no others.
"""

import csv
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import DataError, few
from wsol.files import npz, text

FORMS = (".npz", ".csv")
CHUNK = 1 << 22  # bytes that are read at once
FORM = "logits are the arrays image [n] and logits [n outputs]"


class Held(NamedTuple):
    """Whose logits a file has, of how many outputs, and what those are called; no names where they are numbered."""

    images: pd.Index
    outputs: int
    names: list[str]


class Found(NamedTuple):
    """Logits [n k] of n images, NaN where there are none; which images have some [n]; what the outputs are called."""

    logits: NDArray[np.floating]
    there: NDArray[np.bool_]
    names: list[str]


def look(path: str | Path) -> Held:
    """What a file holds, all of it looked at; a DataError says what is wrong with it."""
    if _is_csv(path):
        return _look_at_csv(path)
    with _opened(path) as archive:
        held = _held(archive, path)
        with archive.open("logits.npy") as stream:
            while stream.read(CHUNK):  # held to its checksum, which what is mapped later is not
                pass
    return held


def read(path: str | Path, images: Sequence[str]) -> Found:
    """What a file says of these images, each of which is named once.

    float32 where that holds every value of the file's type, else float64, which text is read as.
    """
    if _is_csv(path):
        return _read_csv(path, images)
    with _opened(path) as archive:
        held = _held(archive, path)
        place = held.images.get_indexer(pd.Index(np.asarray(images, object)))
        order = np.argsort(place)
        order = order[place[order] >= 0]  # the images that are there, as they stand in the file
        rows = _rows(archive, path, place[order])
    logits = np.full((len(images), held.outputs), np.nan, np.result_type(rows, np.float32))
    logits[order] = rows
    return Found(logits, place >= 0, held.names)


def _is_csv(path: str | Path) -> bool:
    return str(path).endswith(".csv")


@contextmanager
def _opened(path: str | Path) -> Iterator[zipfile.ZipFile]:
    """The archive; what goes wrong while it is read is a DataError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except npz.BROKEN as error:
        raise DataError(f"{path} is no readable .npz file of logits: {error}.") from error


def _held(archive: zipfile.ZipFile, path: str | Path) -> Held:
    arrays = {name.removesuffix(".npy") for name in archive.namelist()}
    if missing := [name for name in ("image", "logits") if name not in arrays]:
        raise DataError(f"{path} has no array '{missing[0]}': {FORM}. It has {few(sorted(arrays)) or 'none'}.")
    images, names = _text(archive, path, "image"), _text(archive, path, "names") if "names" in arrays else []
    with archive.open("logits.npy") as stream:
        shape, _, dtype = _header(stream)
    if len(shape) != 2 or dtype.kind not in "fiu" or shape[0] != len(images) or shape[1] < 1:
        raise DataError(f"{path}: {FORM}; received {len(images)} images and logits {dtype} {list(shape)}.")
    if names and len(names) != shape[1]:
        raise DataError(f"{path}: has {shape[1]} outputs and {len(names)} names of them.")
    return Held(_once(images, path), shape[1], names)


def _text(archive: zipfile.ZipFile, path: str | Path, name: str) -> list[str]:
    """An array of text [n]."""
    with archive.open(f"{name}.npy") as stream:
        shape, _, dtype = _header(stream)
    if dtype.hasobject:
        raise DataError(f"{path}: '{name}' is pickled; save it as text, np.array({name}, dtype=str).")
    if (dtype.kind not in "US" and 0 not in shape) or len(shape) != 1:
        raise DataError(f"{path}: '{name}' must be text [n]; received {dtype} {list(shape)}.")
    with archive.open(f"{name}.npy") as stream:
        found: list[str] = np.lib.format.read_array(stream, allow_pickle=False).astype(np.str_).tolist()
    return found


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    first = np.lib.format.read_magic(stream) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    return read(stream)


def _rows(archive: zipfile.ZipFile, path: str | Path, places: NDArray[np.int64]) -> NDArray:
    """The rows at these places, ascending; nothing else is read of a stored array, a packed one goes by in pieces."""
    if archive.getinfo("logits.npy").compress_type == zipfile.ZIP_STORED:
        return npz.view(path, "logits")["logits"][places]
    with archive.open("logits.npy") as stream:
        shape, columns_first, dtype = _header(stream)
        if not columns_first:
            return _unpacked(stream, shape[1], dtype, places)
    with archive.open("logits.npy") as stream:
        whole: NDArray = np.lib.format.read_array(stream, allow_pickle=False)
    return whole[places]


def _unpacked(stream: IO[bytes], width: int, dtype: np.dtype, places: NDArray[np.int64]) -> NDArray:
    found = np.empty((len(places), width), dtype)
    size = width * dtype.itemsize
    step = max(CHUNK // size, 1)  # rows
    for start in range(0, int(places.max(initial=-1)) + 1, step):
        content = stream.read(step * size)
        block = np.frombuffer(content[: len(content) // size * size], dtype).reshape(-1, width)
        mine = slice(*np.searchsorted(places, [start, start + step]))
        found[mine] = block[places[mine] - start]
    return found


def _once(images: Sequence[str], path: str | Path) -> pd.Index:
    """The images' names, each of which stands there once."""
    found = pd.Index(np.asarray(images, object))
    if found.has_duplicates:
        raise DataError(f"{path}: the image '{found[found.duplicated()][0]}' is there twice.")
    return found


class _Columns(NamedTuple):
    """Where a CSV has what."""

    image: int
    outputs: list[int]
    names: list[str]


def _look_at_csv(path: str | Path) -> Held:
    rows = _csv(path)
    columns = _columns(next(rows)[1], path)
    images = []
    for where, row in rows:
        _numbers(row, columns, where)
        images.append(row[columns.image].strip())
    return Held(_once(images, path), len(columns.outputs), columns.names)


def _read_csv(path: str | Path, images: Sequence[str]) -> Found:
    rows = _csv(path)
    columns = _columns(next(rows)[1], path)
    found = np.full((len(images), len(columns.outputs)), np.nan)
    there = np.zeros(len(images), bool)
    places = {image: place for place, image in enumerate(images)}
    for where, row in rows:
        place = places.get(row[columns.image].strip())
        if place is not None:
            found[place], there[place] = _numbers(row, columns, where), True
    return Found(found, there, columns.names)


def _csv(path: str | Path) -> Iterator[tuple[str, list[str]]]:
    """("file:3", cells) of every row that is not blank, the headings first, all of one length; else a DataError."""
    width = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            for row in filter(None, rows):
                width = width or len(row)
                if len(row) != width:
                    raise DataError(f"{path}:{rows.line_num} has {len(row)} fields, the header {width}.")
                yield f"{path}:{rows.line_num}", row
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} is no readable CSV of UTF-8 text: {error}.") from error
    if not width:
        raise DataError(f"{path} has no rows.")


def _columns(head: list[str], path: str | Path) -> _Columns:
    """What the headings say."""
    called = text.columns(head, path)
    if "image" not in called or len(called) < 2:
        raise DataError(f"{path}: needs the column image and one for each output; received {few(called)}.")
    outputs = [place for place, name in enumerate(called) if name != "image"]
    names = [called[place] for place in outputs]
    numbered = [name.isdecimal() for name in names]
    if "" in names or len(set(numbered)) > 1:
        raise DataError(f"{path}: beside image all columns are numbers or all are names; received {few(names)}.")
    if all(numbered):
        if sorted(map(int, names)) != list(range(len(names))):
            raise DataError(f"{path}: columns of numbers must be 0 to {len(names) - 1}; received {few(names)}.")
        outputs.sort(key=lambda place: int(called[place]))
        names = []
    return _Columns(called.index("image"), outputs, names)


def _numbers(row: list[str], columns: _Columns, where: str) -> list[float]:
    """The logits of a row; `nan` is one, and no answer."""
    found = []
    for place in columns.outputs:
        try:
            found.append(float(row[place]))
        except ValueError:
            raise DataError(f"{where}: a logit must be a number; received {text.shown(row[place])}.") from None
    return found
