"""The image files of a data set, looked at without decoding them."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from wsol.datasets.annotations import Problem
from wsol.errors import DataError
from wsol.files import headers, paths
from wsol.files.depths import EIGHT, Depth
from wsol.files.formats import sha256

THREADS = 4


class Fact(NamedTuple):
    """What is known of an image's file without decoding it; size in pixels, 0 where unknown."""

    status: str
    width: int = 0
    height: int = 0
    bytes: int = 0
    problems: tuple[Problem, ...] = ()
    depth: Depth = Depth(EIGHT)


def look(names: Iterable[str], root: str | None, pixel_limit: int, ranged: bool = False) -> dict[str, Fact]:
    """What is known of every image's file, none of which is decoded.

    Without a root no file is looked at and all are taken to be there. `ranged` says that the data set has a range of
    values for images of more than 8 bits; without one such an image is unreadable.
    """
    names = list(names)
    if root is None:
        return dict.fromkeys(names, Fact("ok"))
    resolved = paths.folder(root, "images").resolve()
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(names, pool.map(lambda name: _look(resolved, name, pixel_limit, ranged), names), strict=True))


def _look(root: Path, name: str, pixel_limit: int, ranged: bool) -> Fact:
    path = os.path.join(root, name)  # noqa: PTH118 -- a Path costs more than the header

    def no(kind: str, detail: str, status: str = "unreadable") -> Fact:
        return Fact(status, problems=(Problem(kind, name, detail),))

    if not os.path.isfile(path):  # noqa: PTH113
        return no("missing", "no such file", "missing")
    if paths.leaves(root, path):
        return no("outside", "the file is a link that leaves the images folder")
    try:
        found = headers.header(path)
    except headers.TooLarge as error:
        return no("too_large", str(error).removeprefix(f"{path}: "))
    except DataError as error:
        return no("unreadable", str(error).removeprefix(path).lstrip(": ").rstrip("."))
    width = found.width
    height = found.height
    if width * height > pixel_limit:
        return no("too_large", f"{width}x{height} is over the limit of {pixel_limit} pixels")
    if found.depth.open and not ranged:
        return no("depth", found.depth.unsaid())._replace(width=width, height=height, depth=found.depth)
    turned = Problem("rotated", name, f"EXIF orientation {found.orientation}; pixels count as stored")
    problems = (turned,) if found.orientation != 1 else ()
    return Fact("ok", width, height, os.stat(path).st_size, problems, found.depth)  # noqa: PTH116


def copies(facts: Mapping[str, Fact], root: str) -> list[Problem]:
    """A problem for each file with the content of an earlier one; only files of equal length and size are read."""
    alike: dict[tuple, list[str]] = defaultdict(list)
    for name, fact in facts.items():
        if fact.status == "ok":
            alike[fact.bytes, fact.width, fact.height].append(name)
    suspects: list[str] = []
    for names in alike.values():
        if len(names) > 1:
            suspects += names
    with ThreadPoolExecutor(THREADS) as pool:
        digests = pool.map(lambda name: sha256(Path(root) / name), suspects)
    first: dict[str, str] = {}
    found = []
    for name, digest in zip(suspects, digests, strict=True):
        if first.setdefault(digest, name) != name:
            found.append(Problem("duplicate", name, f"same content as {first[digest]}"))
    return found
