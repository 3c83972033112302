"""Cutting: the one box of each map of an image, by a threshold that is given in a word."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.errors import ConfigError
from wsol.explain.explaining import ExplainedImage
from wsol.pictures.panels import Image
from wsol.pictures.presets import System
from wsol.regions.canvases import boxes_on_image
from wsol.regions.exact import EXACT
from wsol.regions.localize import localize
from wsol.regions.packed import rows_of_targets
from wsol.regions.thresholds import THRESHOLDS
from wsol.settings import checked, known, parameters

SWEEP = "sweep"  # has many levels, and a picture shows one box


def threshold(word: str) -> dict[str, Any]:
    """`fixed:0.15`, `percentile:90` or `otsu` as an entry of `thresholds`; a ConfigError for anything else.

    >>> threshold("fixed:0.15")
    {'method': 'fixed', 'level': 0.15}
    """
    name, _, value = word.partition(":")
    function = known("--box", name, {key: entry for key, entry in THRESHOLDS.items() if key != SWEEP})
    settings = list(parameters(function))
    if value and not settings:
        raise ConfigError(f"--box: '{name}' takes no number, got '{value}'.")
    given = {settings[0]: _number(value)} if value else {}
    return {"method": name, **checked(f"--box {name}", function, given)}


def _number(word: str) -> float | str:
    try:
        return float(word)
    except ValueError:
        return word  # the threshold itself says what it takes


def by_method(
    found: ExplainedImage, image: Image, input_size: tuple[int, int], threshold: Mapping, system: System
) -> dict[str, list[list[float] | None]]:
    """The box of each explained output, for each method."""
    size = image.shape[:2]
    return {method: boxes(maps, size, input_size, threshold, system) for method, maps in found.maps.items()}


def boxes(
    maps: Sequence[NDArray], size: tuple[int, int], input_size: tuple[int, int], threshold: Mapping, system: System
) -> list[list[float] | None]:
    """The box of each map's largest region in pixels of an image of `size`, as protocol `exact` cuts it.

    The maps cover the image, and are prepared as the system's normalization and upsampling say. None where a map is
    flat, or nothing of it passes its level.
    """
    stretch = Affine.stretch(input_size, size).array()
    found = localize(
        maps,
        np.array(["ok"] * len(maps)),
        np.tile(stretch, (len(maps), 1)),
        np.array(input_size),
        np.tile(size, (len(maps), 1)),
        threshold=threshold,
        protocol=EXACT.name,
        upsampling=system.upsampling,
        normalization=system.normalization,
    )
    cut: list[list[float] | None] = []
    for rows in rows_of_targets(found):
        largest = rows.boxes[rows.of_largest]  # of one level: at most one
        onto = boxes_on_image(largest[:1], Affine.of(stretch), np.array(size))
        cut.append(onto[0].tolist() if len(onto) else None)
    return cut
