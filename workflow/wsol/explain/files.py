"""Which images are explained, and where their pictures go."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import cv2

from wsol.errors import ConfigError, DataError, InputError
from wsol.files import paths

ENDINGS = ("-cam", "-map")  # of the pictures that are written beside their images


class ImagePath(NamedTuple):
    """An image: its path, and its name below the folder that was given."""

    path: Path
    name: str


def sources(given: Iterable[str], written: str | None = None) -> tuple[list[ImagePath], dict[str, InputError]]:
    """The images of paths, each once and a folder's sorted by name, and what is wrong with which other path.

    A folder's pictures of an earlier run are none, nor is what lies below the folder `written`.
    """
    found: dict[Path, ImagePath] = {}
    problems: dict[str, InputError] = {}
    for path in given:
        try:
            for source in _of(path, written):
                found.setdefault(source.path, source)
        except InputError as error:
            problems[path] = error
    return list(found.values()), problems


def _of(given: str, written: str | None) -> Iterator[ImagePath]:
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path, written)
    elif paths.there(path):
        yield ImagePath(path, path.name)
    else:
        raise DataError(f"image '{given}' does not exist.")


def _in_folder(folder: Path, written: str | None) -> list[ImagePath]:
    names = paths.images(folder)
    there = set(names) | {str(PurePosixPath(name).with_suffix("")) for name in names}
    own = [ImagePath(folder / name, name) for name in names if not _is_picture(name, there)]
    if written is not None:
        end = Path(written).resolve()
        own = [source for source in own if end == folder.resolve() or end not in source.path.resolve().parents]
    if not own:
        kinds = " ".join(sorted(paths.IMAGES))
        raise DataError(f"folder '{folder}' has no images ({kinds}).")
    return own


def _is_picture(name: str, there: set[str]) -> bool:
    """Whether it is called like the picture of an image that is there, with or without the image's suffix."""
    stem = str(PurePosixPath(name).with_suffix(""))
    return any(stem.endswith(ending) and stem.removesuffix(ending) in there for ending in ENDINGS)


def into_folder(given: Sequence[str], to: str) -> bool:
    """Whether `to` names a folder: it is one, is written like one, or there is more than one image."""
    return Path(to).is_dir() or to.endswith("/") or len(given) > 1 or any(Path(path).is_dir() for path in given)


def pictures(images: Sequence[ImagePath], to: str | None, folder: bool, ending: str) -> list[Path]:
    """Where the picture of each image goes; a ConfigError where one would overwrite an image or another picture.

    Beside the image, or below the folder `to`, as IMAGE-cam.png; where two images differ in their suffix alone, with
    the suffix: IMAGE.jpg-cam.png. Or `to` itself.
    """
    if to is not None:
        _check(Path(to), folder)
    chosen = [Path(to)] if to is not None and not folder else _named(images, to, ending)
    known = {source.path.resolve() for source in images}
    times = Counter(chosen)
    for path in chosen:
        if times[path] > 1:
            raise ConfigError(f"--to: two images would have the picture '{path}'; explain them apart.")
        if path.resolve() in known:
            raise ConfigError(f"--to: the picture '{path}' would overwrite an image.")
    return chosen


def make_folders(chosen: Iterable[Path]) -> None:
    """The folders that pictures go to; a ConfigError where one cannot be made."""
    for folder in dict.fromkeys(path.parent for path in chosen):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"--to: cannot make the folder '{folder}' ({error.strerror}).") from error


def _check(to: Path, folder: bool) -> None:
    suffixed = to.suffix.lower() in paths.IMAGES
    if folder and not to.is_dir() and (to.exists() or suffixed):
        raise ConfigError(f"--to: must be a folder where there may be several pictures, and '{to}' is none.")
    if not folder and not (suffixed and cv2.haveImageWriter(to.name)):
        raise ConfigError(f"--to: '{to}' is no kind of picture that can be written: .png, .jpg, .webp, .tif, .bmp.")


def _named(images: Sequence[ImagePath], to: str | None, ending: str) -> list[Path]:
    places = [source.path if to is None else Path(to) / source.name for source in images]
    short = [place.with_name(f"{place.stem}{ending}.png") for place in places]
    times = Counter(short)
    return [
        path if times[path] == 1 else place.with_name(f"{place.name}{ending}.png")
        for place, path in zip(places, short, strict=True)
    ]
