"""Where maps from elsewhere lie, and their reading: a folder with one file per map, or one `.npz` of all.

Small ones, which are most, are read whole, and the header that all maps of one shape share is parsed once.
"""

import io
import math
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from wsol.datasets import maskfiles
from wsol.errors import DataError
from wsol.files import headers, paths
from wsol.files.npz import BROKEN

LIMIT = 2**26  # values of one map: 8192 x 8192
PICTURES = (".png", ".tif", ".tiff", ".bmp", ".pgm", ".jpg", ".jpeg", ".webp")
WHOLE = 2**20  # bytes: what is no larger is read at once
PREFIX = 12  # bytes of an array's file in which its version and its header's length stand


class Folder:
    """A folder with one file per map; a place is (file, label)."""

    def __init__(self, root: Path):
        self.root = root
        self.links = paths.Links(root)

    def place(self, image: str, label: int) -> tuple[str, str] | None:
        for name in names(paths.name(image, "imported"), label):
            path = f"{self.root}/{name}"
            if os.path.isfile(path):  # noqa: PTH113 -- twenty times a map that is not there: a Path costs five looks
                own = name.endswith((".npz", f".{label}.npy"))
                return path, str(label) if own else ""
        return None

    def read(self, path: str, label: str) -> NDArray:
        if self.links.leave(path):
            raise DataError(f"imported: {os.path.relpath(path, self.root)!r} is a link that leaves {self.root}.")
        if path.endswith(".npy"):
            return npy(path)
        if path.endswith(".npz"):
            return npz(path, label)
        return picture(path)


def names(image: str, label: int) -> Iterator[str]:
    """Where a target's map may lie below the folder, first choice first."""
    stem = str(PurePosixPath(image).with_suffix(""))
    yield f"{image}.{label}.npy"
    for suffix in (".npy", ".npz", *PICTURES):
        yield f"{image}{suffix}"
        yield f"{stem}{suffix}"


class Archive:
    """One `.npz` of all maps; a place is (array's name,). Of the archive its directory is in memory, and no map."""

    def __init__(self, path: Path):
        self.path = path
        self.archive, self.members = _opened(path)  # once: a directory of 50,000 maps takes 0.2 s to read

    def place(self, image: str, label: int) -> tuple[str] | None:
        return next(((name,) for name in (f"{image}.{label}", image) if name in self.members), None)

    def read(self, name: str) -> NDArray:
        return _member(self.archive, self.path, name, self.members[name])


def picture(path: str | Path) -> NDArray:
    """A grey picture's values; its size is asked before it is decoded."""
    size = headers.header(path)
    if size.width * size.height > LIMIT:
        raise DataError(f"{path} has {size.width * size.height} values; the limit of a map is {LIMIT}.")
    return maskfiles.load(path)


def npy(path: str | Path) -> NDArray:
    """One array, never unpickled; a large one mapped, so that a header's lie about its size is no allocation."""
    try:
        with open(path, "rb", buffering=0) as stream:
            content = stream.read(WHOLE + 1)
        if len(content) <= WHOLE:
            return _parsed(content, str(path))
        with _quiet():
            values = np.load(path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        raise DataError(f"{path} is no readable .npy file: {error}.") from error
    _check_size(values.size, str(path))
    return values


def npz(path: str | Path, name: str) -> NDArray:
    """The array of that name, or the only one."""
    archive, members = _opened(path)
    with archive:
        if name not in members and len(members) != 1:
            raise DataError(f"{path} has {len(members)} arrays and none called '{name}'.")
        name = name if name in members else next(iter(members))
        return _member(archive, path, name, members[name])


def _opened(path: str | Path) -> tuple[zipfile.ZipFile, dict[str, str]]:
    """An archive, and array -> the archive's file of it."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no readable .npz file: {error}.") from error
    return archive, {info.filename.removesuffix(".npy"): info.filename for info in archive.infolist()}


def _member(archive: zipfile.ZipFile, path: str | Path, name: str, file: str) -> NDArray:
    """An array, with its bytes held to their checksum; of a large one its size is looked at before it is unpacked."""
    where = f"{path}: '{name}'"
    try:
        size = archive.getinfo(file).file_size
        if size <= WHOLE:
            with archive.open(file) as stream:
                return _parsed(stream.read(size), where)
        with archive.open(file) as stream:
            _check_size(math.prod(_header(_beginning(stream))[0]), where)
        with archive.open(file) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except BROKEN as error:
        raise DataError(f"{where} is no readable array: {error}.") from error


def _parsed(content: bytes, where: str) -> NDArray:
    """The array of a whole `.npy` file's content; a ValueError where it is none, or holds less than it says."""
    beginning = _beginning(io.BytesIO(content))
    shape, columns_first, dtype = _header(beginning)
    size = math.prod(shape)
    _check_size(size, where)
    if dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError("it is pickled" if dtype.hasobject else f"its shape is {shape}")
    values = np.frombuffer(content, dtype, size, len(beginning)) if size else np.empty(0, dtype)
    return values.reshape(shape, order="F" if columns_first else "C")


def _check_size(size: int, where: str) -> None:
    if size > LIMIT:
        raise DataError(f"{where} has {size} values; the limit of a map is {LIMIT}.")


def _beginning(stream: IO[bytes]) -> bytes:
    """What stands before an array's values."""
    first = stream.read(PREFIX)
    size = 10 if first[6:7] == b"\1" else 12  # where the length of the header ends, which begins at 8
    more = size + int.from_bytes(first[8:size], "little") - PREFIX
    return first + stream.read(max(min(more, WHOLE), 0))


@lru_cache(1024)
def _header(beginning: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come first, and type."""
    stream = io.BytesIO(beginning)
    first = np.lib.format.read_magic(stream) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    with _quiet():
        return read(stream)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warning of a header that Python 2 wrote: it is read all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
