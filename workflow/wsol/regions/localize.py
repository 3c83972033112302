"""Localise: the heatmaps of a shard become regions, boxes for every level and masks where one level was chosen.

Targets that share a map and a canvas share its rows: a control costs as much for 50,000 images as for one.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.errors import ConfigError
from wsol.files import rle
from wsol.regions.canvases import Drawn, on_image
from wsol.regions.drawing import Drawing, drawing
from wsol.regions.packed import Packing, pack_masks
from wsol.regions.parting import SPLIT
from wsol.regions.protocols import PROTOCOLS, Protocol
from wsol.regions.regions import Regions, cut
from wsol.regions.thresholds import levels_of, swept_levels


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
    see: Callable[[Drawing, NDArray[np.int64], Drawn, bool, NDArray], None] | None = None,
) -> dict[str, NDArray]:
    """The arrays of `files.REGIONS` for the maps [h w] of t targets.

    `status` [t] is that of the heatmaps, `input_to_image` [t 4] as well; `input_size` [2] and `sizes` [t 2] are height
    and width of the input and of the images. `threshold` is a method and its settings. `cell_to_input` [4] matters
    under alignment receptive_field; None where maps have no other than the stretch. Maps that are one object are cut
    once. A level chosen per map stands for all levels, and so does what a degenerate map has: such rows hold from -inf
    to inf. `see` is shown each distinct map while it is drawn, with the targets that share it, whether there was
    anything to cut, and the targets' masks.

    Raises a ConfigError where masks are asked of a sweep, a DataError where the protocol meets images that were not
    stretched to the input and has no place for them.
    """
    if masks and threshold["method"] == "sweep":
        raise ConfigError("thresholds: masks need one level a map, a sweep has many. Take fixed, otsu or percentile.")
    settings = {"protocol": protocol, "upsampling": upsampling, "normalization": normalization}
    settings |= {"canvas": canvas, "alignment": alignment}
    sizes = np.asarray(sizes, np.int64).reshape(-1, 2)
    maps = drawing(heatmaps, input_to_image, input_size, sizes, cell_to_input, settings)
    # Objects, so that words and bytes of any length fit until all are known.
    became = np.array(status, dtype=object)
    counts = np.full(len(sizes), b"", object)
    swept = swept_levels(threshold, PROTOCOLS[protocol].step)
    packing = Packing(swept)
    groups = maps.groups()
    for group in groups:  # one map at a time: the canvases of a shard need not fit into memory
        drawn = maps.draw(group[0])
        one = _cut(drawn, threshold, swept, PROTOCOLS[protocol], masks)
        packing.add(one.regions)
        if not one.shown:
            became[group] = np.where(became[group] == "ok", "degenerate", became[group])
        if masks:
            counts[group] = [mask(one.region, Affine.of(maps.plan.canvas_to_image[t]), sizes[t]) for t in group]
        if see:
            see(maps, group, drawn, one.shown, counts[group])
    others = {"status": became.astype(str), **pack_masks(counts.tolist())}
    return packing.arrays() | _places(maps, groups) | others


class Cut(NamedTuple):
    """One map, cut, in pixels of its whole canvas."""

    regions: Regions
    region: NDArray[np.bool_]  # what passes the first level, where masks are asked for
    shown: bool  # whether there was anything to cut


def _cut(drawn: Drawn, threshold: Mapping[str, Any], swept: NDArray | None, protocol: Protocol, masks: bool) -> Cut:
    """A map that was drawn on its canvas, cut at the levels that the threshold chooses on it, or at those `swept`."""
    prepared = protocol.as_cut(drawn.values)
    # Only as it is cut does a map show whether there is anything to cut: padding is gone, whole numbers are made.
    shown = bool(prepared.any())
    levels = np.zeros(1)
    if shown:
        levels = levels_of(threshold, prepared) if swept is None else swept
    one_for_all = threshold["method"] != "sweep" or not shown
    split = threshold.get(SPLIT) if shown else None
    regions = _on_canvas(cut(prepared, levels, protocol, split), drawn, open_ended=one_for_all)
    if not masks:
        return Cut(regions, np.zeros((0, 0), bool), shown)
    # On the whole canvas: moving its transform by the corner instead would round differently.
    region = np.pad(protocol.foreground(prepared, levels[0]), ((drawn.top, 0), (drawn.left, 0)))
    return Cut(regions, region, shown)


def _on_canvas(regions: Regions, drawn: Drawn, open_ended: bool) -> Regions:
    """Boxes in pixels of the whole canvas; `open_ended`: one level stands for all."""
    corner = np.array([drawn.left, drawn.top, drawn.left, drawn.top], np.int32)
    high = np.full_like(regions.level_high, np.inf) if open_ended else regions.level_high
    return Regions(regions.boxes + corner, regions.level_low, high, regions.largest)


def mask(region: NDArray[np.bool_], canvas_to_image: Affine, size: NDArray) -> bytes:
    """A region of the canvas as COCO RLE counts in the pixels of an image of `size` (height, width)."""
    return rle.encode(on_image(region, canvas_to_image, *size)).encode("ascii")


def _places(maps: Drawing, groups: list[NDArray]) -> dict[str, NDArray]:
    """Which distinct map each target has, the canvases, and how those lie in the images."""
    index = np.zeros(len(maps.plan.frames), np.int64)
    for number, group in enumerate(groups):
        index[group] = number
    frames = [maps.plan.frames[group[0]] for group in groups]
    return {
        "index": index,
        "canvas": np.array([(frame.height, frame.width) for frame in frames], np.int64).reshape(-1, 2),
        "canvas_to_image": maps.plan.canvas_to_image,
    }
