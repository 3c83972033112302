"""What stage files are kept in: tables Parquet, arrays `.npz` (never pickled), records JSON, weights HDF5."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from wsol.errors import FileError
from wsol.files import npz, seal
from wsol.files.formats import HEADER, SEAL, Format


class Table(Format):
    """A DataFrame in Parquet; the header lies in the schema's metadata. Columns beyond `fields` are kept after them."""

    def write(self, path: str | Path, frame: pd.DataFrame, *, settings: Any = None, made_from: Mapping = {}) -> None:
        columns = [*self.fields, *(c for c in frame.columns if c not in self.fields)]
        table = pa.Table.from_pandas(frame[columns], preserve_index=False)
        about = {HEADER: self.text(path, settings=settings, made_from=made_from), SEAL: seal.BLANK}
        with self.writing(path) as temporary:
            pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **about}), temporary)

    def read(self, path: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The table; with `columns` nothing but those leaves the disk."""
        return self.open(path, columns)[0]

    def open(self, path: str | Path, columns: Sequence[str] | None = None) -> tuple[pd.DataFrame, dict]:
        """The table and its header."""
        self.whole(path)  # first of all: pyarrow crashes on some files that are not
        try:
            table = pq.read_table(path, columns=columns)
            header = json.loads((table.schema.metadata or {}).get(HEADER.encode(), b"null"))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return table.to_pandas(), self.check(header, (columns and self.fields) or table.column_names, path)

    @staticmethod
    def peek(path: str | Path) -> Any:
        """The header alone."""
        return json.loads((pq.read_schema(path).metadata or {}).get(HEADER.encode(), b"null"))


class Arrays(Format):
    """Named arrays in an uncompressed `.npz`; the header is one of them, as JSON bytes."""

    def write(
        self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, given: Mapping = {}, **arrays: Any
    ) -> None:
        if missing := set(self.fields) - set(arrays):
            raise TypeError(f"{self.name} needs {sorted(missing)}")
        header = self.text(path, settings=settings, made_from=made_from, given=given)
        content: dict[str, Any] = {HEADER: np.frombuffer(header.encode(), np.uint8), **arrays}
        with self.writing(path) as temporary:
            with open(temporary, "wb") as stream:
                np.savez(stream, **content)
            with ZipFile(temporary, "a") as archive:
                archive.comment = seal.BLANK

    def read(self, path: str | Path) -> dict[str, np.ndarray]:
        return self.open(path)[0]

    def open(self, path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
        """The arrays by name, in memory, and their header."""
        arrays, header = self._mapped(path)
        return {name: np.array(values) for name, values in arrays.items()}, header

    @contextmanager
    def stream(
        self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, given: Mapping = {}
    ) -> Iterator[npz.Stream]:
        """An `npz.Stream` to write arrays into that need not fit into memory; the file is there once the block ends."""
        header = self.text(path, settings=settings, made_from=made_from, given=given).encode()
        with self.writing(path) as temporary, npz.Stream(temporary, comment=seal.BLANK) as stream:
            stream.append(HEADER, np.frombuffer(header, np.uint8), len(header))
            yield stream
            if missing := set(self.fields) - set(stream.names):
                raise TypeError(f"{self.name} needs {sorted(missing)}")

    def map(self, path: str | Path) -> dict[str, np.ndarray]:
        """The arrays by name, in memory only where they are looked at; the file's bytes have been checked before."""
        return self._mapped(path)[0]

    def _mapped(self, path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
        self.whole(path)
        try:
            arrays = npz.view(path)
            header = _as_json(arrays.pop(HEADER, None))
        except npz.BROKEN as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return arrays, self.check(header, list(arrays), path)

    @staticmethod
    def peek(path: str | Path) -> Any:
        return _as_json(npz.view(path, HEADER).get(HEADER))


def _as_json(header: np.ndarray | None) -> Any:
    return None if header is None else json.loads(header.tobytes())


class Record(Format):
    """Named values in JSON beside those of the header, which people and the rules read."""

    def write(self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, **fields: Any) -> None:
        content = self.header(path, settings, made_from) | fields | {SEAL: seal.BLANK.decode()}
        with self.writing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1, default=str) + "\n", encoding="utf-8")

    def read(self, path: str | Path) -> dict[str, Any]:
        self.whole(path)
        content = self.peek(path)
        return self.check(content, list(content), path)

    @staticmethod
    def peek(path: str | Path) -> Any:
        return json.loads(Path(path).read_text(encoding="utf-8"))


class Weights(Format):
    """A network's weights as Keras saves them; the header is an attribute of the HDF5 file's root."""

    @contextmanager
    def saving(
        self, path: str | Path, *, settings: Any = None, made_from: Mapping = {}, given: Mapping = {}, **fields: Any
    ) -> Iterator[Path]:
        """A path for Keras to save to; the file then gets its header and `fields`."""
        import h5py

        with self.writing(path) as temporary:
            yield temporary
            with h5py.File(temporary, "r+") as file:
                header = self.header(path, settings, made_from, given) | fields
                file.attrs[HEADER] = json.dumps(header, sort_keys=True, default=str)
                file.attrs[SEAL] = np.bytes_(seal.BLANK)

    def read(self, path: str | Path) -> dict:
        """The header, the fields in it."""
        self.whole(path)
        try:
            header = self.peek(path)
        except (OSError, ValueError) as error:
            raise FileError(self._complaint(path, f"cannot be read ({error})")) from error
        return self.check(header, list(header or {}), path)

    @staticmethod
    def peek(path: str | Path) -> Any:
        import h5py

        with h5py.File(path) as file:
            return json.loads(file.attrs.get(HEADER, "null"))


# What a file is kept in, by its suffix. `peek` reads a header and nothing else, of a file that is known to be whole.
CONTAINERS: dict[str, Any] = {".npz": Arrays, ".parquet": Table, ".json": Record, ".h5": Weights}
TOUGH = (".npz", ".json")  # read by what does not crash on a broken file


def header(path: Path) -> dict[str, Any]:
    """What a stage file says of itself, whatever it is kept in; {} where that cannot be read."""
    try:
        if path.suffix not in TOUGH:
            seal.verify(path)
        return CONTAINERS[path.suffix].peek(path) or {}
    except npz.BROKEN:
        return {}
