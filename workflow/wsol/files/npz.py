"""`.npz` files larger than memory, and arrays of differing shapes in one."""

import shutil
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from tokenize import TokenError
from typing import IO, Any, BinaryIO

import numpy as np

# What reading a damaged file can raise: NumPy reads an array's header as Python source, zipfile trusts its lengths.
BROKEN = (
    OSError,
    ValueError,
    EOFError,
    LookupError,
    SyntaxError,
    AttributeError,
    TypeError,
    OverflowError,
    MemoryError,
    RecursionError,
    RuntimeError,
    TokenError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def view(path: str | Path, *names: str) -> dict[str, np.ndarray]:
    """The arrays of an uncompressed `.npz` by name, all or those named, read from disk only where looked at."""
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        return {name: _mapped(file, member) for name, member in members.items() if name in names or not names}


def _mapped(file: BinaryIO, member: zipfile.ZipInfo) -> np.ndarray:
    """An uncompressed member as a read-only view of the file."""
    # A member's own header is 30 bytes and its name and extra field, whose lengths stand at 26 and 28.
    file.seek(member.header_offset + 26)
    name, extra = np.frombuffer(file.read(4), "<u2")
    file.seek(member.header_offset + 30 + int(name) + int(extra))
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, columns_first, dtype = read(file)
    if dtype.hasobject or member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is pickled or compressed")
    if 0 in shape:  # nothing can be mapped of an empty array
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, "r", file.tell(), shape, order="F" if columns_first else "C")


class Stream:
    """An `.npz` written piece by piece: arrays grow row by row.

    One whose `total` number of rows is told beforehand goes straight into the file, one at a time; others wait in files
    beside it until it ends.
    """

    def __init__(self, path: Path, comment: bytes = b""):
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._archive.comment = comment
        self._folder = path.parent
        self._direct: tuple[str, Any] | None = None
        self._waiting: dict[str, tuple[BinaryIO, np.dtype, tuple[int, ...]]] = {}
        self._rows: dict[str, int] = {}  # so far
        self._totals: dict[str, int | None] = {}

    def __enter__(self) -> "Stream":
        return self

    @property
    def names(self) -> list[str]:
        return list(self._rows)

    def append(self, name: str, rows: np.ndarray, total: int | None = None) -> None:
        """The next rows of an array."""
        if name not in self._rows:
            self._begin(name, rows, total)
        self._rows[name] += len(rows)
        data = np.ascontiguousarray(rows).data.cast("B") if rows.size else b""
        if self._direct is None or self._direct[0] != name:
            self._waiting[name][0].write(data)
            return
        self._direct[1].write(data)
        if self._rows[name] == total:
            self._direct[1].close()
            self._direct = None

    def _begin(self, name: str, rows: np.ndarray, total: int | None) -> None:
        self._rows[name], self._totals[name] = 0, total
        if self._direct is None and total is not None:
            self._direct = (name, self._member(name, rows.dtype, (total, *rows.shape[1:])))
        else:
            file: BinaryIO = TemporaryFile(dir=self._folder)  # noqa: SIM115 (closed on exit)
            self._waiting[name] = (file, rows.dtype, rows.shape[1:])

    def _member(self, name: str, dtype: np.dtype, shape: tuple[int, ...]) -> IO[bytes]:
        member = self._archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True)  # dated 1980: no clock
        description = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(member, description)
        return member

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._direct is not None:
            self._direct[1].close()
        for name, (file, dtype, shape) in self._waiting.items():
            if kind is None:
                file.seek(0)
                with self._member(name, dtype, (self._rows[name], *shape)) as member:
                    shutil.copyfileobj(file, member, 1 << 22)
            file.close()
        self._archive.close()
        short = [name for name, total in self._totals.items() if total not in (None, self._rows[name])]
        if kind is None and short:
            raise ValueError(f"{', '.join(short)}: fewer rows written than announced")


def pack(arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """What a file can hold of arrays of one rank but any shape: `values`, `shapes`, `index`; all in the widest's dtype.

    An array that many targets share, as one object, is stored once.
    """
    unique = list({id(a): a for a in arrays}.values())
    place = {id(a): i for i, a in enumerate(unique)}
    return {
        "values": np.concatenate([a.ravel() for a in unique]) if unique else np.empty(0, np.float32),
        "shapes": np.array([a.shape for a in unique], np.int64).reshape(len(unique), unique[0].ndim if unique else 2),
        "index": np.array([place[id(a)] for a in arrays], np.int64),
    }


def unpack(packed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays that `pack` was given; what was one object is one object again."""
    lengths = np.prod(packed["shapes"], axis=1, dtype=int)
    ends = np.cumsum(lengths)
    slices = zip(ends - lengths, ends, packed["shapes"], strict=True)
    unique = [packed["values"][start:end].reshape(shape) for start, end, shape in slices]
    return [unique[i] for i in packed["index"]]
