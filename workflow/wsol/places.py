"""Where a user's files lie, and where results may."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsol.errors import ConfigError

VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
LONGEST = 255  # bytes of a name on most file systems
# Braces are wildcards in a path of the workflow, stars and control characters end in other files than were meant.
UNUSABLE = re.compile(r"[{}*\x00-\x1f\x7f]|^\s|\s$")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
FOLDER = "results lie in a folder, which every job can lock and read: mount one, or copy them when they are done"


class Located(str):
    """A path of an experiment, as a process opens it; `written` is what the experiment says, counted from `root`.

    Digests and headers hold what is written, so a result has one name wherever the data lie.

    >>> path = below("/data", "images", "birds")
    >>> path, path.written
    ('/data/birds', 'birds')
    """

    written: str
    root: str


def below(root: str, where: str, path: str) -> Located:
    """A path of an experiment: a relative one counts from the folder `root`, an absolute one stands for itself."""
    written = expanded(where, path)
    found = Located(Path(root) / written)
    found.written, found.root = written, root
    return found


def as_written(value: Any) -> Any:
    """Settings, or any part of them, with every path as the experiment says it."""
    if isinstance(value, Located):
        return value.written
    if isinstance(value, Mapping):
        return {key: as_written(each) for key, each in value.items()}
    return [as_written(each) for each in value] if isinstance(value, (list, tuple)) else value


def named(path: str) -> str:
    """A path as errors name it: as it is written, and the folder that it counts from, if it counts from one.

    >>> named(below("data", "images", "birds"))
    "'birds' (looked for below 'data')"
    """
    if isinstance(path, Located) and Path(path) != Path(path.written):
        return f"'{path.written}' (looked for below '{path.root}')"
    return f"'{path}'"


def expanded(where: str, path: str) -> str:
    """A path as the user means it: `~` is their home, `$NAME` what the environment says. Or a ConfigError.

    What is meant as neither stays: `~` inside a name, and `$` before what is no name. `where` is what errors call the
    setting.

    >>> expanded("images", "photos/a~b")
    'photos/a~b'
    """
    found = VARIABLE.sub(lambda match: _variable(where, match[1] or match[2]), path)
    if not found.strip() or "\0" in found:
        raise ConfigError(f"{where}: must name a file or folder, got {path!r}.")
    if not found.startswith("~"):
        return found
    try:
        return str(Path(found).expanduser())
    except RuntimeError:
        raise ConfigError(f"{where}: '{path}': no such user has a home here.") from None


def _variable(where: str, name: str) -> str:
    """What a variable of the environment holds; a ConfigError where there is none of that name."""
    if name not in os.environ:
        raise ConfigError(f"{where}: the environment has no variable '{name}'.")
    return os.environ[name]


def is_there(path: str) -> bool:
    """Whether there is a file or folder; what cannot be asked for is not there."""
    try:
        return Path(path).exists()
    except OSError:  # a name too long, a folder that may not be entered
        return False


def is_folder(path: str) -> bool:
    """Whether there is a folder."""
    return is_there(path) and Path(path).is_dir()


def file(where: str, path: str) -> None:
    """A ConfigError where a folder lies in a file's place."""
    if is_folder(path):
        raise ConfigError(f"{where}: {named(path)} is a folder, a file is meant.")


def folder(where: str, path: str) -> None:
    """A ConfigError where a file lies in a folder's place."""
    if is_there(path) and not is_folder(path):
        raise ConfigError(f"{where}: {named(path)} is a file, a folder is meant.")


def results(given: str, images: Mapping[str, str]) -> str:
    """The folder that everything is written below, as short as it can be said; a ConfigError where it cannot be one.

    `images` are the image folders by the name of their data set: a run's own pictures must not become images of it.
    """
    text = expanded("results", given)
    if bad := UNUSABLE.search(text):
        raise ConfigError(f"results: {text!r} has {bad[0]!r} in a place where a path of the workflow cannot have it.")
    if ADDRESS.match(text):
        raise ConfigError(f"results: {text!r} is an address; {FOLDER}.")
    path = Path(text)  # without "./" and "//", which Snakemake warns of
    if long := [part for part in path.parts if len(os.fsencode(part)) > LONGEST]:
        raise ConfigError(f"results: a folder's name has {LONGEST} bytes at most, '{long[0][:16]}…' has more.")
    try:
        real = path.resolve()
        for place in (path, *path.parents):
            folder("results", str(place))
    except (OSError, RuntimeError) as error:  # a link to itself, a folder that may not be entered
        raise ConfigError(f"results: '{path}' cannot be a folder: {error}.") from error
    if real == Path(real.anchor):
        raise ConfigError(f"results: '{path}' is the root of the file system; name a folder below it.")
    for name, pictures in images.items():
        if real.is_relative_to(Path(pictures).resolve()):
            raise ConfigError(
                f"results: '{path}' lies in {named(pictures)}, the images of '{name}'; name one beside it."
            )
    return str(path)


def stored(provider: str | None) -> None:
    """A ConfigError where Snakemake would keep results in a storage: none of it could be locked, nor looked through.

    `provider` is that of Snakemake's `--default-storage-provider`. What a run says of damaged files, of those that a
    kill has left behind and of other runs it knows from the folder itself.
    """
    if provider:
        raise ConfigError(f"results: --default-storage-provider {provider} keeps them elsewhere; {FOLDER}.")
