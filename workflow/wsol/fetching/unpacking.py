"""An archive of another's, unpacked inside its own folder only."""

import lzma
import platform
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from wsol.errors import FetchError

SKIPPED = "._"  # what macOS keeps beside each file
# What a damaged archive ends in; RuntimeError is zipfile's for an encrypted member or a compression that it lacks.
DAMAGES = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError)


def safe() -> None:
    """A FetchError where Python's tarfile is too old to keep an archive inside its folder."""
    if not hasattr(tarfile, "data_filter"):
        raise FetchError(f"unpacking safely needs Python 3.11.4 or later; this is {platform.python_version()}.")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a tar (of any compression) or a zip; a FetchError that names the member which would leave `folder`.

    Refused are absolute paths, `..`, links out of the folder, devices. Nothing is said of the size.
    """
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, folder)
        else:
            _untar(archive, folder)
    except DAMAGES as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FetchError(f"{archive.name}: cannot be unpacked: {why}.") from error


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            if _wanted(archive, member.name):
                try:
                    # Python's own filter: what is no file, folder or link inside raises, and so does a link out of it.
                    tar.extract(member, folder, filter="data")
                except tarfile.FilterError as error:
                    raise _refusal(archive, member.name, str(error).rstrip(".")) from error
        # Up to its very end, where its checksum is: tarfile stops where the members do.
        while tar.fileobj and tar.fileobj.read(1 << 20):
            continue


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            if _wanted(archive, member.filename):
                if stat.S_ISLNK(member.external_attr >> 16):
                    raise _refusal(archive, member.filename, "is a link")
                packed.extract(member, folder)


def _wanted(archive: Path, name: str) -> bool:
    """Whether a member is unpacked; a FetchError where its name leads out."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or (path.parts[:1] and path.parts[0].endswith(":")):
        raise _refusal(archive, name, "is an absolute path")
    if ".." in path.parts:
        raise _refusal(archive, name, "leads out of its folder")
    return not path.name.startswith(SKIPPED)


def _refusal(archive: Path, name: str, why: str) -> FetchError:
    return FetchError(f"{archive.name}: its member {name!r:.200} {why}; nothing of it is kept.")


def holding(folder: Path, entry: str) -> Path:
    """The folder that holds `entry`, nearest to the top; a FetchError where none does."""
    for place in _breadth_first(folder):
        if (place / entry).exists():
            return place
    raise FetchError(f"holds no {entry!r}: the publisher's layout is another one than it was.")


def _breadth_first(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        place = waiting.pop(0)
        yield place
        waiting += sorted(each for each in place.iterdir() if each.is_dir() and not each.is_symlink())
