"""What the user's files were like when a run was last planned, so that one that changed makes its results anew.

A note lists the files that a stage reads, each with its size and time of change (or, slower, the sha256 of its
content). It is rewritten only where it says something else, and is an input of the stage: what is replaced, added,
removed or restored by whatever means makes the note newer than what was made before. Time of change tells of a machine,
so no stage file holds a note's content.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from wsol.formats import atomic, sha256

SHOWN = 3  # files named where several changed


def listing(sources: Iterable[str], content: bool, skip: str | Path) -> dict[str, str]:
    """File -> what it is like now, of files and of every file below folders.

    Hidden files and whatever lies below `skip`, the results, are left out.
    """
    shunned = os.path.realpath(skip)
    found: dict[str, str] = {}
    for source in sources:
        for path, status in _files(source, shunned):
            found[path] = sha256(path) if content else f"{status.st_size} {status.st_mtime_ns}"
    return found


def _files(source: str, shunned: str) -> Iterator[tuple[str, os.stat_result]]:
    if not os.path.isdir(source):  # noqa: PTH112 -- strings all the way: a Path costs more than the look
        if os.path.isfile(source):  # noqa: PTH113
            yield source, os.stat(source)  # noqa: PTH116
        return
    waiting = [source]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if os.path.realpath(entry.path) != shunned:
                    waiting.append(entry.path)
            elif entry.is_file():
                yield entry.path, entry.stat()


def note(path: str | Path, now: dict[str, str]) -> str:
    """Write down what the files are like now; in words what changed since the note was written, "" for nothing."""
    before = read(path)
    if before == now:
        return ""
    with atomic(path) as temporary:
        # As JSON a name has no line end, and bytes that are no text come back as they were.
        lines = [f"{like}\t{json.dumps(name)}\n" for name, like in sorted(now.items())]
        temporary.write_text("".join(lines), encoding="ascii")
    return "" if before is None else _changes(before, now)


def read(path: str | Path) -> dict[str, str] | None:
    """A note's files; None where there is no note, or one that somebody else wrote."""
    try:
        pairs = [line.split("\t", 1) for line in Path(path).read_text(encoding="ascii").splitlines()]
        return {json.loads(name): like for like, name in pairs}
    except (OSError, ValueError):
        return None


def _changes(before: dict[str, str], now: dict[str, str]) -> str:
    kinds = {
        "changed": [name for name in now if name in before and now[name] != before[name]],
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
    }
    return ", ".join(f"{len(names)} {kind} ({_some(names)})" for kind, names in kinds.items() if names)


def _some(names: list[str]) -> str:
    shown = [Path(name).name for name in sorted(names)[:SHOWN]]
    return ", ".join([*shown, "…"] if len(names) > SHOWN else shown)
