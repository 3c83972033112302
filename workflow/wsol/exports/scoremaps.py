"""Maps as NumPy files: the published evaluator's score maps, or the maps as they were computed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wsol.exports.exported import Exported
from wsol.files import paths
from wsol.files.formats import atomic
from wsol.regions.preparation import prepare
from wsol.regions.published import PUBLISHED

SCOREMAP = (224, 224)  # height, width that the published evaluator scores at


def npy(exported: Exported, root: Path) -> None:
    """Score maps of 224 x 224 in [0, 1].

    Read back under wsol2020 with the same settings they give the same scores, but for the energy of what was below 0.
    """
    write_scoremaps(root, exported.targets, exported.maps(), preparation=exported.preparation)


def npy_raw(exported: Exported, root: Path) -> None:
    """The maps as computed: read back with the run's `input` they give the same scores under either protocol."""
    write_scoremaps(root, exported.targets, exported.maps(), size=None)


def scoremap(
    heatmap: ArrayLike,
    size: tuple[int, int] | None = SCOREMAP,
    *,
    upsampling: str = "linear",
    normalization: str = "minmax",
) -> np.ndarray:
    """A map [h w] as the published evaluator wants it: resized to `size`, normalised, cut to [0, 1], float64.

    A constant or non-finite map is all zero. `size` None: as it is, nothing normalised, so that it reads back equal.

    >>> scoremap([[0.0, 4.0]], None)
    array([[0., 4.]])
    >>> scoremap([[0.0, 4.0]], (1, 2))
    array([[0., 1.]])
    """
    heatmap = np.asarray(heatmap)
    if size is None:
        return heatmap.astype(np.float64)
    preparation = PUBLISHED.preparation(upsampling, normalization)
    return prepare(heatmap, *size, preparation).clip(0, 1)


def write_scoremaps(
    root: str | Path,
    targets: pd.DataFrame,
    maps: Iterable[ArrayLike],
    size: tuple[int, int] | None = SCOREMAP,
    preparation: Mapping[str, str] = {},
) -> None:
    """`<root>/<image>.npy`, the published evaluator's layout; images with several targets: `<image>.<label>.npy`.

    A DataError for an image whose name leads out of the folder.
    """
    several = targets["image"].duplicated(keep=False)
    for image, label, many, heatmap in zip(targets["image"], targets["label"], several, maps, strict=True):
        name = f"{image}.{label}.npy" if many else f"{image}.npy"
        with atomic(Path(root) / paths.name(name, "export")) as temporary, open(temporary, "wb") as stream:
            np.save(stream, scoremap(heatmap, size, **preparation), allow_pickle=False)
