"""Localise: the heatmaps of a shard -> its regions: boxes for every level, masks where one level was chosen.

Targets that share a map and a canvas share its rows: a control costs as much for 50,000 images as for one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from wsol.errors import ConfigError
from wsol.regions.canvases import CANVASES, Plan, placed
from wsol.regions.protocols import foreground
from wsol.regions.regions import Regions, cut
from wsol.regions.thresholds import THRESHOLDS


def localize(
    heatmaps: Sequence[NDArray],
    status: NDArray,
    input_to_image: NDArray,
    input_size: NDArray,
    sizes: NDArray,
    *,
    threshold: Mapping[str, Any],
    protocol: str,
    upsampling: str,
    normalization: str,
    canvas: str = "input",
    alignment: str = "stretch",
    cell_to_input: NDArray | None = None,
    masks: bool = False,
) -> dict[str, NDArray]:
    """Maps [h w] of t targets -> the arrays of `files.REGIONS`.

    `status` [t]; `input_to_image` [t 4]: image = input * (sx sy) + (tx ty); `input_size` [2] and `sizes` [t 2]: height
    and width of the input and of the images; `threshold`: a method and its settings. Maps that are one object are cut
    once. `cell_to_input` [4]: input = map * (sx sy) + (tx ty), looked at by alignment receptive_field; None where
    maps have no other than the stretch. A level chosen per map stands for all levels, and so does wsol2020's box of a
    degenerate map: such rows hold from -inf to inf. A ConfigError where masks are asked of a sweep, a DataError where
    wsol2020 meets images that were not stretched to the input.
    """
    settings = {key: value for key, value in threshold.items() if key != "method"}
    sweeps, choose = threshold["method"] == "sweep", THRESHOLDS[threshold["method"]]
    if masks and sweeps:
        raise ConfigError("thresholds: masks need one level a map, a sweep has many. Take fixed, otsu or percentile.")
    preparation = {"upsampling": upsampling, "normalization": normalization, "protocol": protocol}
    drawing = CANVASES["wsol2020" if protocol == "wsol2020" else canvas]
    sizes, known = np.asarray(sizes, np.int64).reshape(-1, 2), np.isfinite(input_to_image).all(axis=1)
    plan = drawing.plan(_known(input_to_image, known, input_size, sizes), np.asarray(input_size), sizes)
    status, counts = np.array(status, dtype=object), np.full(len(sizes), b"", object)
    found, index = [], np.zeros(len(sizes), np.int64)
    groups = _groups(heatmaps, plan)
    for number, group in enumerate(groups):
        one = group[0]
        place = placed(alignment, cell_to_input, heatmaps[one].shape, input_size)
        prepared, x, y = drawing.draw(heatmaps[one], plan.size[one], plan.how[one], place, **preparation)
        shown = bool(prepared.any())
        levels = choose(prepared, **settings) if shown else np.zeros(1)
        found.append(_placed(cut(prepared, levels, protocol), x, y, open_ended=not (sweeps and shown)))
        index[group] = number
        if not shown:
            status[group] = np.where(status[group] == "ok", "degenerate", status[group])
        if masks:
            region = np.pad(foreground(prepared, levels[0], protocol), ((y, 0), (x, 0)))
            counts[group] = [rle(region, plan.to_image[t], sizes[t]) for t in group]
    return _packed(found, index, plan, groups) | {"status": status.astype(str), "masks": counts.astype(bytes)}


def _known(input_to_image: NDArray, known: NDArray, input_size: NDArray, sizes: NDArray) -> NDArray[np.float64]:
    """Images that were never read have no input_to_image; as nothing was seen of them, any will do: the stretch."""
    stretch = np.concatenate([sizes[:, ::-1] / np.asarray(input_size)[::-1], np.zeros((len(sizes), 2))], axis=1)
    return np.where(known[:, None], np.asarray(input_to_image, np.float64).reshape(-1, 4), stretch)


def _groups(heatmaps: Sequence[NDArray], plan: Plan) -> list[NDArray[np.int64]]:
    """The targets of each distinct map and canvas, in order of their first."""
    members: dict[tuple, list[int]] = {}
    keys = zip(map(id, heatmaps), map(tuple, plan.size.tolist()), map(tuple, plan.how.tolist()), strict=True)
    for target, key in enumerate(keys):
        members.setdefault(key, []).append(target)
    return [np.array(group) for group in members.values()]


def _placed(regions: Regions, x: int, y: int, open_ended: bool) -> Regions:
    """Boxes in pixels of the whole canvas."""
    hi = np.full_like(regions.level_high, np.inf) if open_ended else regions.level_high
    return Regions(regions.boxes + np.array([x, y, x, y], np.float32), regions.level_low, hi, regions.largest)


def rle(region: NDArray[np.bool_], to_image: NDArray, size: NDArray) -> bytes:
    """The region in the image's pixels: each takes the canvas pixel its centre lies in. COCO RLE counts."""
    (height, width), (scale_x, scale_y, shift_x, shift_y) = size, to_image
    xs = np.floor((np.arange(width) + 0.5 - shift_x) / scale_x).astype(int)
    ys = np.floor((np.arange(height) + 0.5 - shift_y) / scale_y).astype(int)
    seen_x, seen_y = (xs >= 0) & (xs < region.shape[1]), (ys >= 0) & (ys < region.shape[0])
    drawn = np.zeros((height, width), np.uint8, order="F")
    drawn[np.ix_(seen_y, seen_x)] = region[np.ix_(ys[seen_y], xs[seen_x])]
    return coco.encode(drawn)["counts"]


def _packed(found: list[Regions], index: NDArray, plan: Plan, groups: list[NDArray]) -> dict[str, NDArray]:
    """One table of all distinct maps' rows."""
    empty = Regions(np.empty((0, 4), np.float32), np.empty(0), np.empty(0), np.empty(0, bool))
    columns = {name: np.concatenate([getattr(r, name) for r in [empty, *found]]) for name in Regions.__annotations__}
    firsts = np.array([group[0] for group in groups], np.int64)
    offsets = np.concatenate([[0], np.cumsum([len(r) for r in found])]).astype(np.int64)
    return columns | {"offsets": offsets, "index": index, "canvas": plan.size[firsts], "canvas_to_image": plan.to_image}
