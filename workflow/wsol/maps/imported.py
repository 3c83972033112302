"""Heatmaps made elsewhere: `.npy`, `.npz` or image files, of any size, one per image or one per target."""

import math
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.datasets import maskfiles
from wsol.errors import ConfigError, DataError, Missing
from wsol.files import headers, paths
from wsol.files.npz import BROKEN
from wsol.places import is_there, named
from wsol.settings import Doc, Place, Side

LIMIT = 2**26  # values of one map: 8192 x 8192
PICTURES = (".png", ".tif", ".tiff", ".bmp", ".pgm", ".jpg", ".jpeg", ".webp")
NOTHING = np.zeros((1, 1), np.float32)
CAM = "imported"  # the one cam that maps from elsewhere have


class Imported(NamedTuple):
    """Maps [h w] as they came, float32 or float64 (pictures in [0, 1]), what became of each target (ok | degenerate |
    missing | unreadable), and why, by target, in words."""

    maps: list[NDArray[np.floating]]
    status: NDArray[np.str_]
    reasons: dict[int, str]


def settings(
    *,
    imported: Annotated[
        Place | dict[str, Place], Doc("The folder or `.npz` of the maps, or one for each data set: `{NAME: FOLDER}`.")
    ],
    input: Annotated[
        Side | list[Side], Doc("The grid that maps are brought to before they are cut: a side, or [height, width].")
    ] = 224,
) -> dict:
    """What a backbone without a network may say: where its maps lie, a folder or an `.npz`, or one for each data set.

    Each map covers its image. `input`, a side or height and width, is the grid that maps of whatever size are brought
    to before they are cut (canvas `input`); the published protocol has its own, and `canvas: image` takes the image's.
    """
    size = [input, input] if isinstance(input, int) else list(input)
    if len(size) != 2:
        raise ConfigError(f"input: must be a side, or height and width, got {input!r}.")
    return {"imported": imported, "input": size}


def place(given: str | dict[str, str], dataset: str) -> str:
    """Where a data set's maps lie; a ConfigError where nothing is said, or nothing is there."""
    path = given if isinstance(given, str) else given.get(dataset)
    if not isinstance(path, str):
        raise ConfigError(f"imported: no maps of '{dataset}'. Known: {', '.join(sorted(given)) or 'none'}.")
    if not is_there(path):
        raise Missing(f"imported: no such file or folder: {named(path)}.")
    return path


def load(root: str | Path, targets: pd.DataFrame) -> Imported:
    """The map of every target (`image`, `label`); what lacks one gets a 1x1 zero, never another target's.

    `root` is a folder, or one `.npz` of arrays named by image. In a folder the map of `a/b.jpg` with label 3 is the
    first there of `a/b.jpg.3.npy`, `a/b.jpg.npy` (the published evaluator's), `a/b.npy`, the same with `.npz` (its
    array "3", or its only one), and pictures `a/b.jpg.png`, `a/b.png`, …: grey, 8 or 16 bits. A map covers its image.
    """
    source = _Archive(Path(root)) if Path(root).is_file() else _Folder(paths.folder(root, "imported"))
    maps: list[NDArray] = []
    status: list[str] = []
    reasons: dict[int, str] = {}
    known: dict[tuple | None, tuple[NDArray, str, str]] = {}
    for i, (image, label) in enumerate(targets[["image", "label"]].itertuples(index=False)):
        place = source.place(image, label)
        if place not in known:  # targets that share a file share the array
            known[place] = _one(source, place, image)
        values, what, why = known[place]
        maps.append(values)
        status.append(what)
        if why:
            reasons[i] = why
    return Imported(maps, np.array(status, "U16"), reasons)


def _one(source: "_Folder | _Archive", place: tuple | None, image: str) -> tuple[NDArray, str, str]:
    """A map, what became of it and why."""
    if place is None:
        return NOTHING, "missing", f"{image}: no map"
    try:
        values = checked(source.read(*place), image)
    except DataError as error:
        return NOTHING, "unreadable", str(error)
    if not np.isfinite(values).all() or values.min() == values.max():
        return values, "degenerate", f"{image}: the map is constant or not finite"
    return values, "ok", ""


def checked(values: NDArray, name: str) -> NDArray[np.floating]:
    """A map [h w], axes of length 1 in front or behind dropped, pictures' whole numbers brought to [0, 1].

    float32 where that holds every value of its type, else float64: the published evaluator computes in float64.
    """
    values = np.asarray(values)
    if values.ndim > 2:
        values = values.reshape([n for n in values.shape if n != 1] or [1, 1])
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiub":
        raise DataError(f"{name}: a map is numbers [height width]; received {values.dtype} {list(values.shape)}.")
    if values.dtype in (np.uint8, np.uint16):
        return values / np.float64(np.iinfo(values.dtype).max)
    wide = np.result_type(values, np.float32).itemsize > 4
    with np.errstate(over="ignore"):  # what float64 cannot hold becomes infinite, and the target degenerate
        return values.astype(np.float64 if wide else np.float32)


class _Folder:
    """A folder with one file per map; a place is (file, label)."""

    def __init__(self, root: Path):
        self.root = root

    def place(self, image: str, label: int) -> tuple[Path, str] | None:
        for name in names(paths.name(image, "imported"), label):
            if (self.root / name).is_file():
                own = name.endswith((".npz", f".{label}.npy"))
                return self.root / name, str(label) if own else ""
        return None

    def read(self, path: Path, label: str) -> NDArray:
        path = paths.inside(self.root, str(path.relative_to(self.root)), "imported")
        if path.suffix == ".npy":
            return npy(path)
        if path.suffix == ".npz":
            return npz(path, label)
        return picture(path)


def names(image: str, label: int) -> Iterator[str]:
    """Where a target's map may lie below the folder, first choice first."""
    stem = str(PurePosixPath(image).with_suffix(""))
    yield f"{image}.{label}.npy"
    for suffix in (".npy", ".npz", *PICTURES):
        yield from (f"{image}{suffix}", f"{stem}{suffix}")


class _Archive:
    """One `.npz` of all maps; a place is (array's name,)."""

    def __init__(self, path: Path):
        self.path = path
        self.archive, self.members = _opened(path)  # once: a directory of 50,000 maps takes a second to read

    def place(self, image: str, label: int) -> tuple[str] | None:
        return next(((name,) for name in (f"{image}.{label}", image) if name in self.members), None)

    def read(self, name: str) -> NDArray:
        return _member(self.archive, self.path, name, self.members[name])


def picture(path: Path) -> NDArray:
    """A grey picture's values; its size is asked before it is decoded."""
    size = headers.header(path)
    if size.width * size.height > LIMIT:
        raise DataError(f"{path} has {size.width * size.height} values; the limit of a map is {LIMIT}.")
    return maskfiles.load(path)


def npy(path: Path) -> NDArray:
    """One array, never unpickled; mapped, so that a header's lie about its size is an error and no allocation."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a header that Python 2 wrote: it is read all the same
            values = np.load(path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        raise DataError(f"{path} is no readable .npy file: {error}.") from error
    if values.size > LIMIT:
        raise DataError(f"{path} has {values.size} values; the limit of a map is {LIMIT}.")
    return values


def npz(path: Path, name: str) -> NDArray:
    """The array of that name, or the only one."""
    archive, members = _opened(path)
    with archive:
        if name not in members and len(members) != 1:
            raise DataError(f"{path} has {len(members)} arrays and none called '{name}'.")
        name = name if name in members else next(iter(members))
        return _member(archive, path, name, members[name])


def _opened(path: Path) -> tuple[zipfile.ZipFile, dict[str, str]]:
    """An archive, and array -> the archive's file of it."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is no readable .npz file: {error}.") from error
    return archive, {info.filename.removesuffix(".npy"): info.filename for info in archive.infolist()}


def _member(archive: zipfile.ZipFile, path: Path, name: str, file: str) -> NDArray:
    """An array; what its first bytes say of its size is looked at before anything behind them is unpacked."""
    try:
        with archive.open(file) as stream:
            size = math.prod(_shape(stream))
        if size > LIMIT:
            raise DataError(f"{path}: '{name}' has {size} values; the limit of a map is {LIMIT}.")
        with archive.open(file) as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)
    except BROKEN as error:
        raise DataError(f"{path}: '{name}' is no readable array: {error}.") from error


def _shape(stream: IO[bytes]) -> tuple[int, ...]:
    first = np.lib.format.read_magic(stream) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    return read(stream)[0]
