"""Which code a stage depends on, so that editing it reruns the stages that use it, and nothing else.

A module is known by the digest of what it does: its syntax tree without positions, comments and docstrings. What a
stage's script reaches by import statements, directly or through other modules, is the stage's code. Adapters are
reached by name (`wsol.adapters`), by no import statement, so each data set's jobs name their own beside it.
"""

import ast
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

# They say what happened, or what is to be done; no byte of a result depends on them, so editing them reruns nothing.
TALK = {"errors.py", "job.py", "lock.py", "code.py"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Module(NamedTuple):
    """One file of Python: the digest of what it does, and the files that it brings with it."""

    digest: str
    uses: frozenset[Path]  # modules of the library, and files beside it that it names


class Library:
    """The modules of `wsol` below the folder `root`; each is read once."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self._read: dict[Path, Module] = {}

    def source(self, path: Path) -> Module:
        """What is known of one file; a SyntaxError where it is no Python."""
        if path not in self._read:
            self._read[path] = self._look(path)
        return self._read[path]

    def reached(self, script: str | Path) -> list[Path]:
        """Every file that a script uses, directly or through another, but TALK, in the order of their paths."""
        found: set[Path] = set()
        waiting = [Path(script)]
        while waiting:
            fresh = self.source(waiting.pop()).uses - found
            found |= fresh
            waiting += fresh
        return sorted(path for path in found if path.name not in TALK)

    def listing(self, script: str | Path) -> dict[str, str]:
        """The script and every file that it uses, by its path beside or below `root`, each with its digest."""
        files = [Path(script), *self.reached(script)]
        return {os.path.relpath(path, self.root.parent): self.source(path).digest for path in files}

    def digest(self, script: str | Path) -> str:
        """One digest of the script and all that it uses, 8 hex digits."""
        digests = [self.source(Path(script)).digest, *(self.source(path).digest for path in self.reached(script))]
        return hashlib.sha256("".join(digests).encode()).hexdigest()[:8]

    def _look(self, path: Path) -> Module:
        content = path.read_bytes()
        if path.suffix != ".py":  # a template counts as it is
            return Module(hashlib.sha256(content).hexdigest(), frozenset())
        reading = Reading()
        digest = reading.digest(ast.parse(content, str(path)))
        modules = {file for name in reading.imported for file in self._files(name)}
        beside = {path.parent / text for text in reading.texts if _is_name(text)}
        return Module(digest, frozenset(modules | {file for file in beside if file.is_file()}))

    def _files(self, name: str) -> Iterator[Path]:
        """The file of a module, and of the packages on the way to it; a name that is no module of ours has none."""
        parts = name.split(".")
        if parts[0] != "wsol":
            return
        packages = [self.root.joinpath(*parts[:i], "__init__.py") for i in range(2, len(parts) + 1)]
        for path in (self.root.joinpath(*parts).with_suffix(".py"), *packages):
            if path.is_file():
                yield path


class Reading:
    """One look at a syntax tree, which finds all that is asked of a module."""

    def __init__(self) -> None:
        self.imported: set[str] = set()  # what import statements name; what is taken from a package may be a module
        self.texts: set[str] = set()  # constants, docstrings apart

    def digest(self, tree: ast.AST) -> str:
        """The sha256 of what the tree does, whatever its positions, comments and docstrings.

        >>> def digest(text): return Reading().digest(ast.parse(text))
        >>> digest("x = 1  # one") == digest("x  =  1")
        True
        >>> digest("def f():\\n    'Two.'\\n    return 2") == digest("def f(): return 2")
        True
        >>> digest("x = 1") == digest("x = 1.0")
        False
        """
        return hashlib.sha256(repr(self._plain(tree)).encode("utf-8", "surrogatepass")).hexdigest()

    def _plain(self, node: Any) -> Any:
        """A tree as nested lists. Empty fields are left out: which there are differs from one Python to the next."""
        if isinstance(node, list):
            return [self._plain(entry) for entry in node]
        if not isinstance(node, ast.AST):
            return node
        self._note(node)
        said: list[Any] = [type(node).__name__]
        documented = isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
        for name in node._fields:
            value: Any = getattr(node, name, None)
            if name == "body" and documented:
                value = value[1:]
            if value is not None and value != []:
                said += [name, self._plain(value)]
        return said

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                self.texts.add(node.value)
        elif isinstance(node, ast.Import):
            self.imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            self.imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


def _is_name(text: str) -> bool:
    """Whether a text may be the name of a file that is no module."""
    stem, dot, suffix = text.partition(".")
    return bool(dot) and stem.isidentifier() and suffix.isidentifier() and suffix != "py"


def library(script: str | Path, root: str | Path) -> list[Path]:
    """Every module of `wsol` below `root` that `script` uses, directly or through another, but TALK; by path."""
    return Library(root).reached(script)
