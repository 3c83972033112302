"""Heatmaps made elsewhere: `.npy`, `.npz` or image files, of any size, one per image or one per target."""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.errors import ConfigError, DataError, Missing
from wsol.files import paths
from wsol.files.logits import FORMS
from wsol.maps.storedmaps import Archive, Folder
from wsol.places import file, is_there, named
from wsol.settings import Doc, Place, Side

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
    logits: Annotated[
        Place | dict[str, Place] | None,
        Doc(
            "What the network that the maps are of predicts, or one file for each data set: an `.npz` with the arrays "
            "`image` [n], names as the data set has them, and `logits` [n outputs], and `names` [outputs] if they are "
            "to be found by name; or a `.csv` with the column `image` and one for each output, called by its number "
            "from 0 or by its class. An image that is not in it, or whose logits are not finite, is a miss."
        ),
    ] = None,
    activation: Annotated[
        Literal["softmax", "sigmoid"] | None,
        Doc("What makes probabilities of `logits`; without it there are none. Logarithms of probabilities are logits."),
    ] = None,
) -> dict:
    """What a backbone without a network may say: where its maps lie, a folder or an `.npz`, or one for each data set.

    Each map covers its image. `input`, a side or height and width, is the grid that maps of whatever size are brought
    to before they are cut (canvas `input`); the published protocol has its own, and `canvas: image` takes the image's.
    `logits` and `activation` are among the settings only where they are given.
    """
    size = [input, input] if isinstance(input, int) else list(input)
    if len(size) != 2:
        raise ConfigError(f"input: must be a side, or height and width, got {input!r}.")
    if activation and logits is None:
        raise ConfigError("activation: makes probabilities of logits, and none are given; leave it out.")
    said = {key: value for key, value in (("logits", logits), ("activation", activation)) if value is not None}
    return {"imported": imported, "input": size, **said}


def place(given: str | dict[str, str], dataset: str, what: str = "imported") -> str:
    """Where a data set's maps lie, or its `logits`; a ConfigError where nothing is said, or nothing is there."""
    path = given if isinstance(given, str) else given.get(dataset)
    if not isinstance(path, str):
        kind = "maps" if what == "imported" else what
        raise ConfigError(f"{what}: no {kind} of '{dataset}'. Known: {', '.join(sorted(given)) or 'none'}.")
    if not is_there(path):
        raise Missing(f"{what}: no such file or folder: {named(path)}.")
    if what == "logits":
        file(what, path)
        if not path.endswith(FORMS):
            raise ConfigError(f"{what}: must be an .npz or a .csv, got {named(path)}.")
    return path


def load(root: str | Path, targets: pd.DataFrame) -> Imported:
    """The map of every target (`image`, `label`); what lacks one gets a 1x1 zero, never another target's.

    `root` is a folder, or one `.npz` of arrays named by image. In a folder the map of `a/b.jpg` with label 3 is the
    first there of `a/b.jpg.3.npy`, `a/b.jpg.npy` (the published evaluator's), `a/b.npy`, the same with `.npz` (its
    array "3", or its only one), and pictures `a/b.jpg.png`, `a/b.png`, …: grey, 8 or 16 bits. A map covers its image.
    """
    source = Archive(Path(root)) if Path(root).is_file() else Folder(paths.folder(root, "imported"))
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


def _one(source: Folder | Archive, place: tuple | None, image: str) -> tuple[NDArray, str, str]:
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
