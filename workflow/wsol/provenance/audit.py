"""Does a results folder still hold what was written? Stage files carry their digest, other files stand in a list.

A file is read where its time of change is later than the list's. What that does not give away, as on a disk that rots,
is found by whoever reads the file next.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from wsol.files import containers, seal
from wsol.files.formats import sha256
from wsol.provenance import products, sums
from wsol.provenance.products import Mine, every

THREADS = 4


class Finding(NamedTuple):
    """A file, by its name below the results, that is not what it should be, and why."""

    name: str
    why: str


def audit(root: str | Path, mine: Mine = every) -> list[Finding]:
    """What is wrong with the files of `mine` below `root`; none is read that has not changed since the last look."""
    names = list(products.files(root, mine))
    since = sums.looked_at(root)
    fresh = [name for name in names if (Path(root) / name).stat().st_ctime_ns > since]
    return _examine(Path(root), names, fresh) if fresh else []


def verify(root: str | Path, mine: Mine = every) -> list[Finding]:
    """What is wrong with the files of `mine` below `root`, of any experiment by default; every one is read."""
    names = list(products.files(root, mine))
    return _examine(Path(root), names, names)


def damaged(root: str | Path, name: str) -> list[Finding]:
    """What is wrong with the bytes of one file, whenever it was written; [] where it is not there."""
    found = _look(Path(root), name, sums.read(root).get(name)) if (Path(root) / name).exists() else None
    return [found] if found else []


def stale(root: str | Path, names: Iterable[str]) -> list[Finding]:
    """Which of these files were made from another file than the one that lies in its place now.

    `names` are below `root`. Only headers are read, so files without one are passed over.
    """
    carried = cache(seal.carried)  # a data set's targets are what all of its maps were made from
    found = [_stale(Path(root), name, carried) for name in names if products.sealed(name)]
    return [finding for finding in found if finding]


def delete(root: str | Path, found: Iterable[Finding]) -> None:
    """Delete what was found below `root`; of an export, which is made as one, the whole folder."""
    for name in {products.unit(finding.name) for finding in found}:
        path = Path(root) / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def _examine(root: Path, names: list[str], suspects: list[str]) -> list[Finding]:
    """What is wrong with the suspects' bytes, and with what the others of `names` say that they were made from."""
    listed = sums.read(root)
    with ThreadPoolExecutor(THREADS) as pool:
        looked = pool.map(lambda name: _look(root, name, listed.get(name)), suspects)
        found = [finding for finding in looked if finding]
    bad = {finding.name for finding in found}
    return found + stale(root, [name for name in names if name not in bad])


def _look(root: Path, name: str, listed: str | None) -> Finding | None:
    """What one file's bytes say against it; `listed` is its digest in the list, None for none."""
    try:
        if products.sealed(name):
            seal.verify(root / name)
        elif listed and sha256(root / name) != listed:
            return Finding(name, "is not what was written")
    except seal.Broken as error:
        return Finding(name, str(error))
    except OSError as error:
        return Finding(name, f"cannot be read ({error.strerror})")
    return None


def _stale(root: Path, name: str, carried: Callable[[Path], str]) -> Finding | None:
    """Whether a stage file was made from another file than lies there now; `carried` is the digest that one has."""
    path = root / name
    for source in containers.header(path).get("made_from", {}).values():
        place = Path(os.path.normpath(path.parent / source["file"]))
        try:
            # A source that is gone says nothing: evidence may be temporary.
            if place.is_file() and carried(place) != source["digest"]:
                return Finding(name, f"was made from another {place.name} than there is now")
        except seal.Broken:
            continue  # reported as itself
    return None
