"""Formats: how a stage file is written, atomically, and checked when read; `files` declares which there are.

A table is Parquet, arrays are `.npz` (never pickled). Each file carries a header that says what it is, which settings
made it, the sha256 of the files it was made from and the versions that ran. It holds no clock, host or path of the
output folder, so the same inputs give the same bytes.
"""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsol import __version__, npz
from wsol.errors import FileError

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless")
HEADER = "header"


def digest(settings: Any) -> str:
    """8 hex digits that name these settings: equal settings share them, whatever the order of their keys."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def sha256(path: str | Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """What computed a file: Python, the packages that can move a number, this project."""
    found = {package: _version(package) for package in PACKAGES}
    return {"python": platform.python_version(), "wsol": __version__} | found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # conda names OpenCV's distribution differently
        return "unknown"


@contextmanager
def atomic(path: str | Path):
    """A path to write to beside `path`, moved onto it only once complete and on disk."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: libraries choose a file's kind by it.
    with NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix="".join(path.suffixes), delete=False
    ) as file:
        temporary = Path(file.name)
    try:
        yield temporary
        with open(temporary, "rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class Format:
    """One kind of stage file: `fields` are a table's columns or the arrays' names; `stage` is what to rerun."""

    name: str
    version: int
    stage: str
    fields: tuple[str, ...]

    def header(self, settings: Any, made_from: Mapping[str, str | Path]) -> dict:
        """`made_from` maps a role ("targets") to the file that played it."""
        return {
            "format": self.name,
            "version": self.version,
            "settings": settings,
            "made_from": {role: sha256(path) for role, path in made_from.items()},
            "versions": versions(),
        }

    def check(self, header: Any, fields: Sequence[str], path: str | Path) -> dict:
        """The header, or a FileError that says what the file is instead."""
        if not isinstance(header, dict) or header.get("format") != self.name:
            came = header.get("format") if isinstance(header, dict) else "no header of ours"
            raise FileError(self._complaint(path, f"is no {self.name} file ({came})"))
        if header.get("version") != self.version:
            came = f"is {self.name} version {header.get('version')}, this program reads {self.version}"
            raise FileError(self._complaint(path, came))
        if missing := set(self.fields) - set(fields):
            raise FileError(self._complaint(path, f"lacks {', '.join(sorted(missing))}"))
        return header

    def _complaint(self, path: str | Path, what: str) -> str:
        return f"{path} {what}. Delete it and rerun `{self.stage}`."


class Table(Format):
    """A DataFrame in Parquet; the header lies in the schema's metadata. Columns beyond `fields` are kept after them."""

    def write(self, path: str | Path, frame: pd.DataFrame, *, settings: Any = None, made_from: Mapping = {}) -> None:
        columns = [*self.fields, *(c for c in frame.columns if c not in self.fields)]
        table = pa.Table.from_pandas(frame[columns], preserve_index=False)
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary:
            pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), HEADER: header}), temporary)

    def read(self, path: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The table; with `columns` nothing but those leaves the disk."""
        return self.open(path, columns)[0]

    def open(self, path: str | Path, columns: Sequence[str] | None = None) -> tuple[pd.DataFrame, dict]:
        """The table and its header."""
        try:
            table = pq.read_table(path, columns=columns)
            header = json.loads((table.schema.metadata or {}).get(HEADER.encode(), b"null"))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return table.to_pandas(), self.check(header, (columns and self.fields) or table.column_names, path)


class Arrays(Format):
    """Named arrays in an uncompressed `.npz`; the header is one of them, as JSON bytes."""

    def write(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, **arrays: np.ndarray) -> None:
        if missing := set(self.fields) - set(arrays):
            raise TypeError(f"{self.name} needs {sorted(missing)}")
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary, open(temporary, "wb") as stream:
            content: dict[str, Any] = {HEADER: np.frombuffer(header.encode(), np.uint8), **arrays}
            np.savez(stream, **content)

    def read(self, path: str | Path) -> dict[str, np.ndarray]:
        return self.open(path)[0]

    def open(self, path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
        """The arrays by name and their header."""
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(arrays.pop(HEADER, np.frombuffer(b"null", np.uint8)).tobytes())
        except npz.BROKEN as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return arrays, self.check(header, list(arrays), path)

    @contextmanager
    def stream(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}):
        """An `npz.Stream` to write arrays into that need not fit into memory; the file is there once the block ends."""
        header = json.dumps(self.header(settings, made_from), sort_keys=True, default=str)
        with atomic(path) as temporary, npz.Stream(temporary) as stream:
            stream.append(HEADER, np.frombuffer(header.encode(), np.uint8), len(header.encode()))
            yield stream
            if missing := set(self.fields) - set(stream.names):
                raise TypeError(f"{self.name} needs {sorted(missing)}")

    def map(self, path: str | Path) -> dict[str, np.ndarray]:
        """The arrays by name, read from disk only where they are looked at."""
        try:
            arrays = npz.view(path)
            header = json.loads(arrays.pop(HEADER, np.frombuffer(b"null", np.uint8)).tobytes())
        except npz.BROKEN as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        self.check(header, list(arrays), path)
        return arrays


class Weights(Format):
    """A network's weights as Keras saves them; the header is an attribute of the HDF5 file's root."""

    def stamp(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, **fields: Any) -> None:
        """Give a file that Keras has just saved its header and `fields`."""
        import h5py

        with h5py.File(path, "r+") as file:
            file.attrs[HEADER] = json.dumps(self.header(settings, made_from) | fields, sort_keys=True, default=str)

    def read(self, path: str | Path) -> dict:
        """The header, the fields in it."""
        import h5py

        try:
            with h5py.File(path) as file:
                header = json.loads(file.attrs.get(HEADER, "null"))
        except (OSError, ValueError) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return self.check(header, list(header or {}), path)
