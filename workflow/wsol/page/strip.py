"""A strip of four pictures of one target: the image, the map, the region that was cut from it, and the truth."""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.boxes import asboxes
from wsol.page.pictured import SeenTargets, own_level
from wsol.pictures.panels import Image, arranged, captioned
from wsol.pictures.sheets import TRUE, frame, outlined
from wsol.regions.canvases import on_image
from wsol.regions.drawing import drawing
from wsol.regions.protocols import PROTOCOLS

SIDE = 240  # pixels of a picture's longer side
FOUND = (255, 96, 64)  # RGB, of the run's box
DARK = 0.25  # of the image outside of the region


def middle(seen: SeenTargets) -> int:
    """The row of the target whose score is the median, of equal scores the first: neither a best nor a worst one."""
    score = np.where(np.array([len(box) for box in seen.box]) > 0, seen.score, np.nan)
    order = np.argsort(score, kind="stable")  # NaN, where there is no box or no truth, comes last
    return int(order[(np.isfinite(score).sum() - 1) // 2])


def strip(
    image: Image,
    target: Any,
    heatmap: NDArray,
    lies: Mapping[str, Any],
    settings: Mapping[str, Any],
    level: float | None,
    box: Sequence[float],
    words: Sequence[str],
) -> Image:
    """RGB: `target` is a row of TARGETS, `heatmap` [h w] its map and `lies` where that is (`MapFiles.read`).

    `settings` are of the run's regions. The region is cut at the run's level, or at the map's own where it has none;
    `box` is the run's, in image pixels, and `words` stand below the four.
    """
    size = (int(target.height) or image.shape[0], int(target.width) or image.shape[1])
    cut = own_level(heatmap, lies, settings, size) if level is None else level
    values, region = on_pixels(heatmap, lies, settings, size, cut)
    # Boxes count in the annotation's pixels, which the stored file need not have.
    pixels = np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    shown = np.where(region[..., None], pixels, pixels * DARK).astype(np.uint8)
    plain = [enlarged(pixels), enlarged(coloured(values)), enlarged(shown)]
    frame(plain[2], asboxes(box) * (plain[2].shape[1] / size[1]), FOUND)
    truth = outlined(image, target, SIDE)[: plain[0].shape[0], : plain[0].shape[1]]
    frame(truth, asboxes(box) * (truth.shape[1] / size[1]), FOUND)
    frame(truth, asboxes(target.boxes) * (truth.shape[1] / size[1]), TRUE)
    return arranged([[captioned(*pair) for pair in zip([*plain, truth], words, strict=True)]])


def on_pixels(
    heatmap: NDArray, lies: Mapping[str, Any], settings: Mapping[str, Any], size: tuple[int, int], level: float
) -> tuple[NDArray, NDArray[np.bool_]]:
    """The prepared map and what of it passes the level, each [H W] of an image of `size`."""
    cells = None if lies["cell_to_input"] is None else np.array(lies["cell_to_input"])
    place = (np.array([lies["input_to_image"]]), np.array(lies["input_size"]), np.array([size]))
    (prepared,) = drawing([heatmap], *place, cells, settings).maps(np.array([True]))
    protocol = PROTOCOLS[settings["protocol"]]
    region = protocol.foreground(protocol.as_cut(prepared.values), level)
    onto = prepared.canvas_to_image
    return on_image(prepared.values, onto, *size), on_image(region, onto, *size)


def coloured(values: NDArray) -> Image:
    """The map from its least value to its greatest, in cividis: it can be told apart without seeing red from green."""
    span = float(np.ptp(values))
    shares = (values - values.min()) / span if span > 0 else np.zeros_like(values)
    levels = (shares * 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_CIVIDIS)[..., ::-1], np.uint8)


def enlarged(picture: Image) -> Image:
    """With SIDE pixels on its longer side."""
    factor = SIDE / max(picture.shape[:2])
    size = [max(1, round(side * factor)) for side in picture.shape[1::-1]]
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(picture, size, interpolation=how))
