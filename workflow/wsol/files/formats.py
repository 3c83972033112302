"""What every stage file has, whatever it is kept in (`containers`); `files` declares which there are.

A file is written beside its place and moved onto it once complete. It carries a header that says what it is, which
settings made it, the digests of the files it was made from and the versions that ran; and the digest of itself
(`seal`), without which nothing of it is read. It holds no clock, host or path of the output folder, so the same inputs
give the same bytes.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from wsol import __version__
from wsol.errors import Damaged, FileError
from wsol.files import seal
from wsol.places import as_written

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "scikit-image")
HEADER = "header"
SEAL = "seal"


def digest(settings: Any) -> str:
    """8 hex digits that name these settings: equal settings share them, whatever the order of their keys.

    Of a path counts what the experiment says, not the folder that this is counted from.
    """
    text = json.dumps(as_written(settings), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def sha256(path: str | Path) -> str:
    """The sha256 of a file's bytes, as 64 hex digits."""
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
def atomic(path: str | Path) -> Iterator[Path]:
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

    def header(self, path: str | Path, settings: Any, made_from: Mapping, given: Mapping = {}) -> dict:
        """`made_from` maps a role ("targets") to the stage file that played it, `given` to a file of the user's."""
        return {
            "format": self.name,
            "version": self.version,
            "settings": as_written(settings),
            "made_from": {role: origin(source, path) for role, source in made_from.items()},
            "given": {role: sha256(source) for role, source in given.items()},
            "versions": versions(),
        }

    def text(self, path: str | Path, **about: Any) -> str:
        """The header as it stands in a file."""
        return json.dumps(self.header(path, **about), sort_keys=True, default=str)

    @contextmanager
    def writing(self, path: str | Path) -> Iterator[Path]:
        """A path to write to; the file gets its digest and its place once it is complete."""
        with atomic(path) as temporary:
            yield temporary
            seal.seal(temporary)

    def whole(self, path: str | Path) -> str:
        """The digest of a file that is what was written; else Damaged."""
        try:
            return seal.verify(path)
        except seal.Broken as error:
            raise Damaged(path, f"{path} {error}.") from error
        except OSError as error:
            raise FileError(self._complaint(path, f"cannot be read ({error.strerror})")) from error

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


def origin(source: str | Path, path: str | Path) -> dict[str, str]:
    """How a file at `path` names the stage file it was made from: by its way there and the digest it carries."""
    try:
        return {"file": os.path.relpath(source, Path(path).parent), "digest": seal.carried(source)}
    except seal.Broken as error:
        raise Damaged(source, f"{source} {error}.") from error
