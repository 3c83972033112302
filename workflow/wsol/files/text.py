"""Text as people save it: byte-order marks and any line end are fine, another encoding is a DataError."""

import csv
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wsol.errors import DataError


def read(path: str | Path) -> str:
    """The file as text, line ends as LF."""
    try:
        content = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if "\0" in content:
        raise DataError(f"{path} is not text: it holds NUL bytes.")
    return content.replace("\r\n", "\n").replace("\r", "\n")


def lines(path: str | Path) -> list[tuple[str, str]]:
    """("file:3", "the line") for every line that is not blank."""
    every = enumerate(read(path).split("\n"), 1)
    return [(f"{path}:{number}", line.strip()) for number, line in every if line.strip()]


def table(path: str | Path, delimiter: str = ",", header: bool = True) -> list[dict[str, str]]:
    """The rows of a CSV, each as one dict keyed by the header row, or by "1", "2", … where there is none.

    Rows of another length and columns of one name are a DataError.
    """
    try:
        rows = list(csv.reader(io.StringIO(read(path)), strict=True, delimiter=delimiter))
    except (csv.Error, TypeError, ValueError) as error:
        raise DataError(f"{path} is no readable CSV: {error}.") from error
    rows = [row for row in rows if row]
    if len(rows) < 1 + header:
        raise DataError(f"{path} has no rows.")
    head = columns(rows[0], path) if header else [str(place + 1) for place in range(len(rows[0]))]
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            first = "the header" if header else "the first row"
            raise DataError(f"{path}: row {number} has {len(row)} fields, {first} {len(head)}.")
    return [dict(zip(head, row, strict=True)) for row in rows[header:]]


def columns(names: Iterable[str], path: str | Path) -> list[str]:
    """The columns' names, of which none but an empty one may come twice."""
    head = [name.strip() for name in names]
    if twice := [name for name in head if name and head.count(name) > 1]:
        raise DataError(f"{path}: the column {twice[0]!r} is given twice.")
    return head


def parse(path: str | Path, once: bool = False) -> Any:
    """A JSON file's value; with `once`, a key that an object has twice is a DataError."""
    content = read(path)
    try:
        return json.loads(content, object_pairs_hook=_once if once else None)
    except KeyError as error:
        raise DataError(f"{path}: the key {error.args[0]!r:.60} is given twice.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path} is no readable JSON: {error}.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a KeyError names a key that it has twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise KeyError(name)
        found[name] = value
    return found


def integer(text: Any, where: str, what: str, low: int = 0, high: int = 2**31 - 1) -> int:
    """A whole number between `low` and `high`, or a DataError that says where; `3.0` is one, `3.5` is none."""
    value = math.nan if isinstance(text, bool) else floating(text)
    if not (low <= value <= high and value == int(value)):
        raise DataError(f"{where}: {what} must be a whole number from {low} to {high}; received {shown(text)}.")
    return int(value)


def shown(value: Any) -> str:
    """A value as an error quotes it: short, and by its kind alone where it could be of any size."""
    if isinstance(value, str | int | float | None):
        return f"{value!r:.60}"
    return f"a {type(value).__name__}"


def clean(value: Any) -> str:
    """Text that a file can hold: JSON may escape halves of characters."""
    return str(value).encode("utf-8", "replace").decode()


def floating(text: Any) -> float:
    """A number, or NaN where it is none."""
    try:
        return float(text)
    except (TypeError, ValueError, OverflowError):
        return math.nan
