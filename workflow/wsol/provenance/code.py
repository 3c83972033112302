"""Which modules of this library a script uses, so that editing one of them reruns the stages that depend on it."""

import ast
from pathlib import Path

# They say what happened; no byte of a result depends on them, so editing them reruns nothing.
TALK = {"errors.py", "job.py", "lock.py"}


def library(script: str | Path, root: str | Path) -> list[Path]:
    """Every module of `wsol` below `root` that `script` imports, directly or through another, but TALK; by path."""
    found: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        fresh = _imported(waiting.pop(), Path(root)) - found
        found |= fresh
        waiting += fresh
    return sorted(path for path in found if path.name not in TALK)


def _imported(path: Path, root: Path) -> set[Path]:
    """The files of the `wsol` modules named in the import statements of one file, wherever in it they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {file for name in names if name.split(".")[0] == "wsol" for file in _files(name, root)}


def _files(name: str, root: Path) -> list[Path]:
    """The file of a module, and of the packages on the way to it; a name that is no module has none."""
    parts = name.split(".")
    packages = [root.joinpath(*parts[:i], "__init__.py") for i in range(2, len(parts) + 1)]
    return [path for path in [root.joinpath(*parts).with_suffix(".py"), *packages] if path.is_file()]
