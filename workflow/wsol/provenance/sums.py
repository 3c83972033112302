"""SHA256SUMS, the list of the files that carry no digest themselves; `sha256sum -c SHA256SUMS` reads it too.

The list's own time says until when the results have been looked at. What changed later is looked at before the next
run.
"""

import re
from pathlib import Path

from wsol.files.formats import atomic, sha256
from wsol.provenance import products
from wsol.provenance.products import Mine

NAME = "SHA256SUMS"


def read(root: str | Path) -> dict[str, str]:
    """File, by its name below `root` -> its sha256 in the list; {} where there is no list."""
    try:
        text = (Path(root) / NAME).read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return {}
    return dict(_entry(line) for line in text.split("\n") if line)


def record(root: str | Path, mine: Mine) -> None:
    """Write the list below `root` anew: the files of `mine` that changed as they are now, all others as they were."""
    root = Path(root)
    before = read(root)
    since = looked_at(root)
    now = {}
    for name in products.files(root):
        if products.sealed(name):
            continue
        changed = (root / name).stat().st_ctime_ns > since
        if mine(name) and (changed or name not in before):
            now[name] = sha256(root / name)
        elif name in before:
            now[name] = before[name]
    with atomic(root / NAME) as temporary:
        lines = [_line(name, digest) for name, digest in now.items()]
        temporary.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def looked_at(root: str | Path) -> int:
    """When the list below `root` was written, in nanoseconds of the clock that files have; 0 for never."""
    try:
        return (Path(root) / NAME).stat().st_mtime_ns
    except OSError:
        return 0


def _line(name: str, digest: str) -> str:
    """A file as `sha256sum` lists it: a backslash in front says that there are some in the name."""
    escaped = name.replace("\\", r"\\").replace("\n", r"\n")
    mark = "" if escaped == name else "\\"
    return f"{mark}{digest}  {escaped}\n"


def _entry(line: str) -> tuple[str, str]:
    """A line's file and digest."""
    digest, _, name = line.removeprefix("\\").partition("  ")
    if line.startswith("\\"):
        name = re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], name)
    return name, digest
