"""What a user reads when an input is wrong: one line that names the thing, the rule and what came."""

from collections.abc import Iterable
from difflib import get_close_matches

UNREACHABLE = "cannot be downloaded"  # what is said of weights that somebody else keeps


class InputError(Exception):
    """Something a user gave is wrong; `str(error)` is one line that says what and how."""

    def __init__(self, message: str):
        super().__init__(" ".join(str(message).split()))


class ConfigError(InputError):
    """A key or value of the experiment's config."""


class Missing(ConfigError):
    """A file or folder that the config names and that is not there; or weights that cannot be downloaded."""


class DataError(InputError):
    """An annotation file, an image, a mask or a heatmap."""


class FetchError(InputError):
    """Data that could not be fetched."""


class FileError(InputError):
    """A stage file that is not what its name says: truncated, foreign or of another version."""


class Damaged(FileError):
    """A stage file, at `path`, whose bytes are not those that were written."""

    def __init__(self, path: object, message: str):
        super().__init__(message)
        self.path = str(path)


def few(words: Iterable[object], shown: int = 3) -> str:
    """`a, b, c, …`: the first of many, as a line quotes them."""
    found = [f"{word!s:.60}" for word in words]
    return ", ".join([*found[:shown], "…"] if len(found) > shown else found)


def unknown(what: str, name: object, known: Iterable[str]) -> str:
    """`cams: unknown 'gradcamm'. Did you mean 'gradcam'? Known: center, gradcam.`"""
    names = sorted(str(k) for k in known)
    near = get_close_matches(str(name), names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"{what}: unknown '{name}'.{hint} Known: {', '.join(names) or 'none'}."
