"""Names in annotation files stay below their root: the only place where a name becomes a path."""

import os
from pathlib import Path, PurePosixPath

from wsol.errors import DataError

IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".jp2", ".dcm"}


def folder(path: str | Path, what: str) -> Path:
    """An existing folder, or a DataError."""
    if not Path(path).is_dir():
        raise DataError(f"{what}: no folder '{path}'.")
    return Path(path)


def name(text: str, where: str | Path) -> str:
    """A name below a root, slashes forward and no `./`; whatever could leave the root is refused."""
    path = PurePosixPath(text)
    if text != text.encode("utf-8", "ignore").decode():
        raise DataError(f"{where}: the name {text!r:.200} is no text that a file could be called.")
    if not text or "\0" in text or path.is_absolute() or ".." in path.parts or not path.parts:
        raise DataError(f"{where}: the name {text!r:.200} leaves its folder; names must lie below it.")
    return str(path)


def leaves(root: Path, path: str | Path) -> bool:
    """Whether `path` ends up outside `root` once links are followed; `root` must be resolved."""
    return not os.path.realpath(path).startswith(str(root).rstrip(os.sep) + os.sep)


def inside(root: str | Path, text: str, where: str | Path = "images") -> Path:
    """`root / text`, or a DataError where the name or a link leaves the root."""
    path = Path(root) / name(text, where)
    if leaves(Path(root).resolve(), path):
        raise DataError(f"{where}: {text!r} is a link that leaves {root}.")
    return path


class Links:
    """Which paths leave a folder by a link, asked of many: the way to a folder below it is followed once."""

    def __init__(self, root: str | Path):
        self._root = Path(root).resolve()
        self._folders: dict[str, bool] = {}

    def leave(self, path: str) -> bool:
        """The same as `leaves`."""
        folder = os.path.dirname(path)  # noqa: PTH120 -- strings, as a Path costs more than the look
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder) != str(self._root) and leaves(self._root, folder)
        return leaves(self._root, path) if os.path.islink(path) else self._folders[folder]  # noqa: PTH114


def there(path: Path) -> bool:
    """Whether there is a file; a name that no file could have is not there, and no error."""
    return os.path.isfile(path)  # noqa: PTH113 -- Path.is_file raises for a name that is too long


def images(root: str | Path) -> list[str]:
    """Every image below `root` by its suffix, as names in sorted order; links to folders are not followed."""
    found = []
    # os.walk and os.path, as a Path for each of a million files costs more than looking at them.
    for directory, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".")]
        base = os.path.relpath(directory, root)
        found += [
            f if base == "." else f"{base}/{f}"
            for f in files
            if not f.startswith(".") and os.path.splitext(f)[1].lower() in IMAGES  # noqa: PTH122
        ]
    return sorted(found)
