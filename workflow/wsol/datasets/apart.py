"""Images and masks told apart where they lie in one folder, and what to say where images lie elsewhere."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from wsol.datasets.annotations import Problem
from wsol.datasets.stored import Fact
from wsol.errors import DataError
from wsol.files import headers, paths

MASK_NAME = re.compile(r"(.+)[_-](mask|segmentation|seg|gt|trimap)([_-]?\d+)?", re.IGNORECASE)
MASK_FOLDER = re.compile(r"(masks?|labels?|trimaps?|segmentations?|annotations?|gt|ground[_-]?truth)", re.IGNORECASE)


def images(root: str | Path, masks: str | Path | None = None) -> list[str]:
    """Every image below `root`, as names in sorted order; what lies in a folder of masks below it is none."""
    found = paths.images(root)
    if masks is None:
        return found
    within = os.path.relpath(Path(masks).resolve(), Path(root).resolve())
    if within == "." or within.startswith(".."):
        return found
    return [name for name in found if not name.startswith(PurePosixPath(within).as_posix() + "/")]


def mask_of(name: str, suffix: str) -> str:
    """The mask of `a/b.jpg` is `a/b` + `suffix`."""
    return f"{PurePosixPath(name).with_suffix('')}{suffix}"


def others_masks(names: Sequence[str], suffix: str) -> set[str]:
    """Which of the names are the mask of another, in a folder of both."""
    there = set(names)
    return {mask for name in names if (mask := mask_of(name, suffix)) in there and mask != name}


def lookalikes(names: Sequence[str], root: str | Path) -> list[Problem]:
    """Files that no setting calls masks and that are called like some, as problems.

    They are files like `a_mask.png` beside `a.jpg`, and grey files in a folder like `masks` that are all called like
    images elsewhere.
    """
    stems = {str(PurePosixPath(name).with_suffix("")) for name in names}
    found = {}
    for name in names:
        path = PurePosixPath(name)
        match = MASK_NAME.fullmatch(path.stem)
        if match and (image := str(path.with_name(match[1]))) in stems:
            found[name] = f"is called like the mask of {image}"
    # One file in such a folder that is not grey, or is called like no image, makes all of them images.
    for folder in sorted({name.partition("/")[0] for name in names if "/" in name}):
        if MASK_FOLDER.fullmatch(folder):
            mine = [name for name in names if name.startswith(f"{folder}/")]
            elsewhere = {PurePosixPath(name).stem for name in names if not name.startswith(f"{folder}/")}
            if all(PurePosixPath(name).stem in elsewhere and _is_grey(Path(root) / name) for name in mine):
                found |= dict.fromkeys(mine, f"is a grey file called like an image outside of {folder}/")
    return [Problem("mask_file", name, f"{why}; left out") for name, why in found.items()]


def _is_grey(path: Path) -> bool:
    """Whether a file may be a mask: one value a pixel, and not through JPEG."""
    try:
        found = headers.header(path)
    except DataError:
        return False
    return found.bands == 1 and found.format != "JPEG"


def strangers(files: Iterable[str], root: str, named: set[str], masks: Iterable[str]) -> list[Problem]:
    """Images below `root` that nobody names; `masks` are the files that truth was read from."""
    rest = [name for name in files if name not in named]
    painted = {os.path.realpath(mask) for mask in masks} if rest else set()
    rest = [name for name in rest if os.path.realpath(Path(root) / name) not in painted]
    return [Problem("unreferenced", name, "in the folder, not in the annotations") for name in rest]


def missed(facts: Mapping[str, Fact], files: Sequence[str], root: str, where: str) -> dict[str, Fact]:
    """The facts, missing files with a hint; a DataError where no image at all is there."""
    missing = [name for name, fact in facts.items() if fact.status == "missing"]
    if not missing:
        return dict(facts)
    renamed = _alike(missing, files, lambda path: str(path.with_suffix("")))
    if len(missing) == len(facts):
        moved = _alike(missing, files, lambda path: path.name)
        raise DataError(f"{where}: none of its {len(facts)} images is below {root}{_hint(renamed, moved)}.")
    found = dict(facts)
    for name, other in renamed.items():
        found[name] = Fact("missing", problems=(Problem("missing", name, f"no such file; there is {other!r}"),))
    return found


def _alike(missing: Sequence[str], files: Sequence[str], key: Callable[[PurePosixPath], str]) -> dict[str, str]:
    """Missing name -> a file that is equal by `key`."""
    known: dict[str, str] = {}
    for file in files:
        known.setdefault(key(PurePosixPath(file)), file)
    keys = {name: key(PurePosixPath(name)) for name in missing}
    return {name: known[wanted] for name, wanted in keys.items() if wanted in known}


def _hint(renamed: Mapping[str, str], moved: Mapping[str, str]) -> str:
    found = renamed or moved
    if not found:
        return ""
    name = next(iter(found))
    what = "have the same name with another extension there" if renamed else "lie in another folder"
    return f"; {len(found)} {what}: {found[name]!r} for {name!r}"
