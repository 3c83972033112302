"""What the user's files were like when a run was last planned, so that one that changed makes its results anew.

A note lists the files that a stage reads, each with its size and time of change (or, slower, the sha256 of its
content). It is rewritten only where it says something else, and it is an input of the stage. So whatever is replaced,
added, removed or restored, by whatever means, makes the note newer than what was made before. Times of change tell of
one machine, so no stage file holds what a note says.

Notes of the library's code (`provenance.code`) are kept in the same way, with digests of what modules do.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from wsol.errors import few
from wsol.files.formats import atomic, sha256

SHUNNED = (".git", ".snakemake")
KEPT = ".before"  # behind the name of a note that a look replaced


def listing(sources: Iterable[str], content: bool, skip: str | Path) -> dict[str, str]:
    """File -> what it is like now: of the files among `sources`, and of every file below the folders among them.

    With `content` that is the sha256 of a file's content, else its size and time of change. What lies below `skip`, the
    results, is left out, and so are the folders that versions and runs are kept in.
    """
    found: dict[str, str] = {}
    for source in sources:
        for path, status in _files(source, {os.path.realpath(skip)}):
            if status is None:
                found[path] = "cannot be entered"
            else:
                found[path] = sha256(path) if content else f"{status.st_size} {status.st_mtime_ns}"
    return found


def _files(source: str, known: set[str]) -> Iterator[tuple[str, os.stat_result | None]]:
    """Files with their status, None for a folder that may not be entered; `known` are folders not to be entered."""
    if not os.path.isdir(source):  # noqa: PTH112 -- strings all the way: a Path costs more than the look
        if os.path.isfile(source):  # noqa: PTH113
            yield source, os.stat(source)  # noqa: PTH116
        return
    waiting = [source]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in known:  # links may lead back
            continue
        known.add(real)
        try:
            entries = list(os.scandir(folder))
        except PermissionError:
            yield folder, None
            continue
        for entry in entries:
            if entry.is_dir() and entry.name not in SHUNNED:
                waiting.append(entry.path)
            elif entry.is_file():
                yield entry.path, entry.stat()


def note(path: str | Path, now: dict[str, str], look: bool = False) -> None:
    """Write down at `path` what the files are like now, unless the note there says so already.

    `look`: only to see what a run would make. The note before it is kept beside the new one, for `take_back`.
    """
    if read(path) == now:
        return
    if look and Path(path).exists():
        os.replace(path, f"{path}{KEPT}")
    lines = [f"{like}\t{json.dumps(name)}\n" for name, like in sorted(now.items())]
    with atomic(path) as temporary:
        # As JSON a name has no line end, and bytes that are no text come back as they were. And no note comes twice:
        # Snakemake passes over an input of a content that it has met before, and between the two another checkout may
        # have made the results of something else.
        temporary.write_text(f"{time.time_ns()}\n{''.join(lines)}", encoding="ascii")


def take_back(path: str | Path) -> None:
    """Put back the note that a look replaced: nothing was made since, so what it says and when it was written holds."""
    kept = Path(f"{path}{KEPT}")
    if kept.exists():
        os.replace(kept, path)


def changes(path: str | Path, now: dict[str, str]) -> str:
    """What changed since the note at `path` was written, in words: `1 changed (a.png), 2 gone (b.png, c.png)`.

    "" for nothing, and where there is no note yet.
    """
    before = read(path)
    if before is None:
        return ""
    kinds = {
        "changed": [name for name in now if name in before and now[name] != before[name]],
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
    }
    said = []
    for kind, names in kinds.items():
        if names:
            shown = few(Path(name).name for name in sorted(names))
            said.append(f"{len(names)} {kind} ({shown})")
    return ", ".join(said)


def read(path: str | Path) -> dict[str, str] | None:
    """What the note at `path` says of each file; None where there is no note, or one that somebody else wrote."""
    try:
        lines = Path(path).read_text(encoding="ascii").split("\n")[1:-1]
        pairs = [line.split("\t", 1) for line in lines]
        return {json.loads(name): like for like, name in pairs}
    except (OSError, ValueError):
        return None
