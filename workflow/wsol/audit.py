"""Does a results folder still hold what was written? Stage files by the digest they carry, other files by a list.

The list, SHA256SUMS, is written when a run ends well, and its own time says when that was: before the next run only
what changed after it is read again. What neither the list nor a file's time of change gives away (a disk that rots) is
found by whoever reads the file.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from wsol import npz, seal
from wsol.formats import HEADER, atomic, sha256

SUMS = "SHA256SUMS"
SEALED = (".npz", ".parquet", ".weights.h5", "plan.json", "about.json")
# What a run writes at the top of its results; whatever else lies there is somebody else's.
FOLDERS = re.compile(r".+@[0-9a-f]{8}|weights|plans")
PRODUCTS = ("scores.csv", "comparisons.csv", "report.html")
THREADS = 4


class Finding(NamedTuple):
    """A file that is not what it should be, and why."""

    path: Path
    why: str


def audit(root: str | Path) -> list[Finding]:
    """What is wrong with the files of `root`; nothing is read where none changed since the last run ended."""
    files = sorted(_files(Path(root)))
    since = _ended(Path(root))
    fresh = [path for path in files if path.stat().st_ctime_ns > since]
    return _examine(Path(root), files, fresh) if fresh else []


def verify(root: str | Path) -> list[Finding]:
    """What is wrong with any file of `root`, all of them read."""
    files = sorted(_files(Path(root)))
    return _examine(Path(root), files, files)


def _examine(root: Path, files: list[Path], suspects: list[Path]) -> list[Finding]:
    known = sums(root)
    with ThreadPoolExecutor(THREADS) as pool:
        found = [finding for finding in pool.map(lambda path: _look(root, path, known), suspects) if finding]
    bad = {finding.path for finding in found}
    stale = [_stale(path) for path in files if _sealed(path) and path not in bad]
    return found + [finding for finding in stale if finding]


def _look(root: Path, path: Path, known: Mapping[str, str]) -> Finding | None:
    """What one file's bytes say against it."""
    try:
        if _sealed(path):
            seal.verify(path)
        elif known.get(str(path.relative_to(root)), sha256(path)) != sha256(path):
            return Finding(path, "is not what was written")
    except seal.Broken as error:
        return Finding(path, str(error))
    except OSError as error:
        return Finding(path, f"cannot be read ({error.strerror})")
    return None


def _stale(path: Path) -> Finding | None:
    """Whether a file was made from another than lies in that place now; a place that is empty says nothing."""
    for source in header(path).get("made_from", {}).values():
        place = Path(os.path.normpath(path.parent / source["file"]))
        try:
            if place.is_file() and seal.carried(place) != source["digest"]:
                return Finding(path, f"was made from another {place.name} than there is now")
        except seal.Broken:
            continue  # reported as itself
    return None


def header(path: Path) -> dict:
    """What a stage file says of itself, whatever kind it is; {} where that cannot be read."""
    try:
        if path.name.endswith(".npz"):
            return json.loads(npz.view(path)[HEADER].tobytes())
        if path.name.endswith(".json"):
            return json.loads(path.read_text(encoding="utf-8"))
        seal.verify(path)  # the libraries behind these two crash on some broken files
        if path.name.endswith(".parquet"):
            return json.loads(pq.read_schema(path).metadata[HEADER.encode()])
        return _weights(path)
    except npz.BROKEN:
        return {}


def _weights(path: Path) -> dict:
    import h5py

    with h5py.File(path) as file:
        return json.loads(file.attrs[HEADER])


def unit(path: Path) -> Path:
    """What is made and deleted as one: an export's whole folder, any other file by itself."""
    return next((folder for folder in path.parents if folder.parent.name == "export"), path)


def delete(path: str | Path) -> None:
    """Delete a file, or an export's folder."""
    if Path(path).is_dir():
        shutil.rmtree(path)
    Path(path).unlink(missing_ok=True)


def sums(root: str | Path) -> dict[str, str]:
    """File (below `root`) -> sha256, as the list has it."""
    try:
        lines = (Path(root) / SUMS).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def record(root: str | Path) -> None:
    """Write the list anew at the end of a run: `sha256sum -c SHA256SUMS` reads it too."""
    root, before, since = Path(root), sums(root), _ended(Path(root))
    digests = {}
    for path in sorted(_files(root)):
        name = str(path.relative_to(root))
        if not _sealed(path):
            unchanged = name in before and path.stat().st_ctime_ns <= since
            digests[name] = before[name] if unchanged else sha256(path)
    with atomic(root / SUMS) as temporary:
        lines = [f"{digest}  {name}\n" for name, digest in digests.items()]
        temporary.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def _ended(root: Path) -> int:
    try:
        return (root / SUMS).stat().st_mtime_ns
    except OSError:
        return 0


def _files(root: Path) -> Iterator[Path]:
    """Every file that runs have written and that tells of no time, as logs and notes do."""
    for entry in root.iterdir() if root.is_dir() else []:
        if entry.name in PRODUCTS and entry.is_file():
            yield entry
        if FOLDERS.fullmatch(entry.name):
            yield from (path for path in entry.rglob("*") if path.is_file() and not path.name.startswith("."))


def _sealed(path: Path) -> bool:
    return path.name.endswith(SEALED)
