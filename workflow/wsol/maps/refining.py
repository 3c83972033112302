"""Refining: a map and the image it is of become a finer map that keeps to the image's own edges.

A refined map covers the input like any other that comes without a layer, whatever alignment an evaluation asks for.
What of the input is padding is shown to no refiner, and repeats what lies beside it. What could not be refined is a map
all the same: the plain one on the finer grid.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.datasets.annotations import each
from wsol.errors import ConfigError, DataError, unknown
from wsol.maps.grids import GridImage, ImageGrid, placed, shown
from wsol.maps.heatmaps import is_degenerate
from wsol.maps.refiners import REFINERS, SEEDED
from wsol.settings import Doc, Range, checked, conform, known, parameters

MAPPED = ("ok", "no_ground_truth")  # what the status is of targets that have a map of their own
Open = Callable[[str], NDArray[np.uint8]]
Heatmap = NDArray[np.floating]


def common(
    *,
    side: Annotated[int, Range(8, 1024), Doc("Pixels on the longer side of the refined map.")] = 112,
    alignment: Annotated[
        Literal["stretch", "receptive_field"],
        Doc(
            "How the plain map lies on the image: stretched over the input, or each cell amid its receptive field. The "
            "refined one lies where it is, whatever the evaluation's alignment."
        ),
    ] = "stretch",
) -> None:
    """What `refine` may say whatever its method."""


def settings(where: str, given: Any) -> dict[str, Any]:
    """A cam's `refine`, a method's name or a mapping, with every default filled in; a ConfigError for what is wrong.

    >>> settings("cams.mine.refine", "superpixels")
    {'method': 'superpixels', 'segments': 200, 'compactness': 20.0, 'side': 112, 'alignment': 'stretch'}
    """
    given = conform(where, str | dict, given)
    own = {"method": given} if isinstance(given, str) else dict(given)
    method = own.pop("method", None)
    refiner = known(where, method, REFINERS)
    every = {name: own.pop(name) for name in parameters(common) if name in own}
    if strangers := [key for key in own if key not in parameters(refiner)]:
        raise ConfigError(unknown(where, strangers[0], ["method", *parameters(refiner), *parameters(common)]))
    found = checked(where, refiner, own)
    if method in SEEDED and found["background"] >= found["foreground"]:
        raise ConfigError(f"{where}.background: must lie below foreground ({found['foreground']:g}).")
    return {"method": method, **found, **checked(where, common, every)}


def refined(
    maps: Sequence[Heatmap],
    plain: Mapping[str, NDArray],
    targets: pd.DataFrame,
    open_image: Open,
    chosen: Mapping[str, Any],
    became: Counter[str],
) -> Iterator[tuple[Heatmap, str]]:
    """The refined map of each target [H W] and its status; `chosen` as from `settings`.

    `maps` [h w] and `plain` are those of a heatmaps file, target by target. A map that explains nothing stays as it is;
    so does one whose image does not decode, which is then `unreadable`. `became` counts what became of maps.
    """
    opened = _Opened(open_image, plain, chosen)
    for number, target in enumerate(each(targets)):
        status = str(plain["status"][number])
        if status not in MAPPED or is_degenerate(maps[number]):
            yield maps[number].astype(np.float32, copy=False), status
            continue
        found, what = opened.refine(number, target, maps[number])
        became[what] += 1
        if status == "ok" and what == "unreadable":
            status = what
        elif status == "ok" and is_degenerate(found):
            status = "degenerate"
        yield found, status


class _Opened:
    """One image at a time, and the refined maps of its targets: what several share is refined once."""

    def __init__(self, open_image: Open, plain: Mapping[str, NDArray], chosen: Mapping[str, Any]):
        self.open_image = open_image
        self.plain = plain
        self.chosen = chosen
        self.name: str | None = None
        self.image: tuple[ImageGrid, GridImage] | None = None
        self.found: dict[int, tuple[Heatmap, str]] = {}

    def refine(self, number: int, target: Any, heatmap: Heatmap) -> tuple[Heatmap, str]:
        """The refined map, and what became of it: refined, plain or unreadable."""
        if target.image != self.name:
            self.name, self.image, self.found = target.image, self._open(number, target), {}
        if self.image is None:
            return heatmap.astype(np.float32, copy=False), "unreadable"
        if id(heatmap) not in self.found:
            self.found[id(heatmap)] = refine(heatmap, *self.image, self._lies(heatmap), self.chosen)
        return self.found[id(heatmap)]

    def _open(self, number: int, target: Any) -> tuple[ImageGrid, GridImage] | None:
        """The image on its grid, None where it does not decode."""
        try:
            image = self.open_image(target.image)
        except (DataError, OSError):
            return None
        input_to_image = Affine.of(self.plain["input_to_image"][number])
        grid = ImageGrid.of(input_to_image, self.plain["input_size"], self.chosen["side"])
        sized = (target.height, target.width) if target.height and target.width else image.shape[:2]
        return grid, shown(image, grid, sized)

    def _lies(self, heatmap: Heatmap) -> Affine:
        if self.chosen["alignment"] == "receptive_field":
            return Affine.of(self.plain["cell_to_input"])
        return Affine.stretch(heatmap.shape, self.plain["input_size"])


def refine(
    heatmap: Heatmap, grid: ImageGrid, image: GridImage, cell_to_input: Affine, chosen: Mapping[str, Any]
) -> tuple[NDArray[np.float32], str]:
    """The refined map [H W] of a grid, and `refined`, or `plain` where there was nothing to go by."""
    plain = placed(heatmap, grid, cell_to_input)
    own = plain[image.rows, image.columns]
    if not own.size or own.min() == own.max():
        return plain.astype(np.float32), "plain"
    low, high = own.min(), own.max()
    unit = ((own - low) / (high - low)).astype(np.float32)
    refiner = REFINERS[chosen["method"]]
    found = refiner(unit, image.pixels, **{name: chosen[name] for name in parameters(refiner)})
    if np.shape(found) != own.shape or not np.isfinite(found).all():
        raise ConfigError(
            f"refine: '{chosen['method']}' must give finite values {list(own.shape)}, got {list(np.shape(found))}."
        )
    around = [(part.start, cells - part.stop) for part, cells in zip(image[1:], grid.shape, strict=True)]
    # On the plain map's own scale: where its zero lies matters to what reads maps as computed.
    return np.pad(low + found * (high - low), around, mode="edge").astype(
        np.float32
    ), "plain" if found is unit else "refined"
