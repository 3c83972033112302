"""A stage file carries the sha256 of its own bytes: whoever reads it knows whether it still is what was written.

The digest stands in the file as `wsol-sha256:` and 64 hex digits: in a zip's comment, a Parquet file's metadata, an
HDF5 attribute, a JSON value. It is taken with those digits as zeros, so every other byte of the file is covered, and a
flipped bit in the digest itself does not match either.
"""

import hashlib
import mmap
import os
from pathlib import Path
from typing import Any, BinaryIO

MARK = b"wsol-sha256:"
DIGITS = 64
BLANK = MARK + b"0" * DIGITS  # what a writer puts in the place of the digest
CHUNK = 1 << 20

# Files this process has found whole, by what the file system says of them: a shard is read several times a job.
_whole: dict[tuple, str] = {}


class Broken(ValueError):
    """A file that carries no digest, or another than its bytes have."""


def seal(path: str | Path) -> str:
    """Put the digest in the place where a freshly written file has BLANK, and return it."""
    with open(path, "rb+") as file, mmap.mmap(file.fileno(), 0) as content:
        place = content.rfind(BLANK)
        if place < 0:
            raise Broken("has no place for a digest")
        found = _digest(content, place)
        content[place + len(MARK) : place + len(BLANK)] = found.encode()
    return found


def carried(path: str | Path) -> str:
    """The digest a file says it has; its bytes are not looked at."""
    with open(path, "rb") as file, _mapped(file) as content:
        return _carried(content)[1]


def verify(path: str | Path) -> str:
    """The digest of a file that is what was written, or Broken; OSError where it cannot be read."""
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if key not in _whole:
            with _mapped(file) as content:
                place, said = _carried(content)
                if _digest(content, place) != said:
                    raise Broken("is not what was written, by the digest it carries")
            _whole[key] = said
    return _whole[key]


def _mapped(file: BinaryIO) -> mmap.mmap:
    """The file's bytes, read only where they are looked at."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise Broken("is empty") from error


def _carried(content: mmap.mmap) -> tuple[int, str]:
    """Where the digest stands, and what it says."""
    place = content.rfind(MARK)
    digits = content[place + len(MARK) : place + len(BLANK)]
    if place < 0 or len(digits) < DIGITS:
        raise Broken("carries no digest: cut short, or not written by this workflow")
    return place, digits.decode("latin-1")


def _digest(content: mmap.mmap, place: int) -> str:
    """sha256 of the file with zeros for the digits at `place`."""
    found = hashlib.sha256()
    start = place + len(MARK)
    end = place + len(BLANK)
    _feed(found, content, 0, start)
    found.update(b"0" * DIGITS)
    _feed(found, content, end, len(content))
    return found.hexdigest()


def _feed(found: Any, content: mmap.mmap, start: int, end: int) -> None:
    """Let a digest take the bytes from `start` to `end`, a piece at a time, so that no file has to fit into memory."""
    with memoryview(content) as view:
        for first in range(start, end, CHUNK):
            with view[first : min(first + CHUNK, end)] as part:
                found.update(part)
