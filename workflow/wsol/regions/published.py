"""The protocol `wsol2020`: the published evaluator (Choe et al. 2020, clovaai/wsolevaluation), to the count.

The whole image is stretched onto a canvas of 224 by 224 pixels; a map is resized and normalised in float64 before it
becomes uint8, and foreground is `value > int(level * max)`. Boxes go around contours, holes included; they are whole
numbers, and both their corners belong to them when they are compared. Truth is scaled to the canvas and truncated.
"""

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.boxes import Boxes, asboxes
from wsol.errors import DataError
from wsol.regions import edges as bins
from wsol.regions.branches import branched
from wsol.regions.canvases import Canvas, Drawn, Frame, Plan
from wsol.regions.histories import HeldBoxes, told
from wsol.regions.holes import hollow, regions_less_holes
from wsol.regions.preparation import Preparation, prepare
from wsol.regions.thresholds import PUBLISHED_STEP
from wsol.regions.tree import Levels, Rows, few, grow, numbered

SIDE = 224  # of the canvas
NAME = "wsol2020"


def plan(input_to_image: NDArray[np.float64], input_size: NDArray, sizes: NDArray) -> Plan:
    """One frame for all; a DataError for the first image that was not stretched onto the input."""
    check_stretched(input_to_image, input_size, sizes, f"protocol {NAME}")
    frame = Frame(SIDE, SIDE, 0, SIDE, 0, SIDE, Affine(1 / SIDE, 1 / SIDE, 0.0, 0.0))
    return Plan([frame] * len(sizes), Affine.stretch((SIDE, SIDE), sizes).array())


def check_stretched(input_to_image: NDArray[np.float64], input_size: NDArray, sizes: NDArray, where: str) -> None:
    """A DataError unless every input shows its whole image: 224 pixels have no place for a crop or a border."""
    stretch = Affine.stretch(input_size, sizes).array()
    off = np.abs(input_to_image - stretch) > 1e-6 * np.maximum(stretch, 1)
    odd = np.flatnonzero(off.any(axis=1))
    if len(odd):
        raise DataError(
            f"{where}: needs images stretched to the input (resize: stretch), target {odd[0]} has scale and "
            f"shift {input_to_image[odd[0]].tolist()} instead of {stretch[odd[0]].tolist()}."
        )


def draw(heatmap: NDArray, frame: Frame, input_to_map: Affine, preparation: Preparation) -> Drawn:
    """Stretched, wherever the map lies on the input."""
    return Drawn(prepare(heatmap, frame.height, frame.width, preparation), 0, 0)


@njit(cache=True, nogil=True)
def quantised(values: NDArray) -> NDArray[np.uint8]:
    """A map [H W] as bytes: 0 and less is 0, 1 and more is 255, what is between is rounded down.

    >>> quantised(np.array([[-1, 0.5, 0.999, 2]])).tolist()
    [[0, 127, 254, 255]]
    """
    whole = np.empty(values.shape, np.uint8)
    for y in range(len(values)):
        for x in range(values.shape[1]):
            whole[y, x] = np.uint8(min(max(values[y, x], 0), 1) * 255)
    return whole


class Published:
    """See `protocols.Protocol`."""

    name: str = NAME
    upsampling: str = "cubic"
    step: float | None = PUBLISHED_STEP
    # A degenerate map has the box 0 0 0 0, which hits a truth that is scaled to it.
    boxed: tuple[str, ...] = ("ok", "degenerate")
    canvases: Mapping[str, Canvas] = {"input": Canvas(plan, draw)}
    refuses: Mapping[str, str] = {
        "alignment": "stretches maps, got {}.",
        "canvas": "has its own, 224 pixels; leave out 'canvas'.",
        "split": "has a box for each contour, whole; leave out 'split'.",
    }
    inclusive: bool = True
    scored_in_image: bool = False

    def preparation(self, upsampling: str, normalization: str) -> Preparation:
        return Preparation(upsampling, normalization, np.float64, clips=False)

    def as_cut(self, values: NDArray[np.floating]) -> NDArray:
        return quantised(values)

    def foreground(self, prepared: NDArray, level: float) -> NDArray[np.bool_]:
        return prepared > int(level * np.max(prepared, initial=0))

    def passed(self, prepared: NDArray, levels: NDArray[np.float64]) -> NDArray[np.int32]:
        return self._levels(prepared, levels).passed(prepared)

    def _levels(self, prepared: NDArray, levels: NDArray[np.float64]) -> Levels:
        limits = (levels * np.max(prepared, initial=0)).astype(int)
        by_value = np.searchsorted(limits, np.arange(256), side="left").astype(np.int32)
        return Levels(len(levels), lambda values: by_value[values.astype(np.uint8)])

    def cut(self, prepared: NDArray, levels: NDArray[np.float64]) -> tuple[Rows, Rows]:
        """The largest region has the largest contour area; x1 and y1 are the exclusive edge, but at most W - 1, H - 1.

        A level without a contour has one box 0 0 0 0.
        """
        given = self._levels(prepared, levels)
        rows, largest = _contours(*few(prepared, 0, given))
        highest = int(given.passed(np.max(prepared, initial=0)))
        if highest < given.number:
            nothing = np.array([[0, 0, 0, 0, highest, given.number]], np.int32)
            rows = np.concatenate([rows, nothing])
            largest = np.concatenate([largest, nothing])
        height, width = prepared.shape
        return _within(rows, width - 1, height - 1), _within(largest, width - 1, height - 1)

    def truth_boxes(self, boxes: NDArray, sizes: NDArray) -> Boxes:
        boxes = asboxes(boxes)
        sides = np.broadcast_to(np.asarray(sizes, np.float64)[..., ::-1], (len(boxes), 2))
        # Multiplied before it is divided, as published: one factor would truncate other numbers.
        return np.trunc((boxes - [0, 0, 1, 1]) * SIDE / np.tile(sides, 2))

    def row_boxes(self, boxes: NDArray, canvas_to_image: NDArray, size: NDArray) -> Boxes:
        return asboxes(boxes)

    def codes(
        self, values: NDArray, canvas_to_image: Affine, size: tuple[int, int], edges: NDArray[np.float64]
    ) -> tuple[NDArray, NDArray]:
        """Pixels of the canvas, a map that is not ok being all zeros, as published; a code per bin."""
        values = values if values.any() else np.zeros((SIDE, SIDE))
        finer = len(edges) > len(bins.EDGES)
        codes: NDArray = np.searchsorted(edges, values, side="right") if finer else bins.bin_of(values)
        return codes, np.arange(len(edges) + 1)

    def curve_bins(self, of_codes: NDArray, edges: NDArray[np.float64]) -> NDArray:
        """The published edges are the steps of the curve, whatever levels a sweep has."""
        return bins.published(of_codes, edges)


def _contours(values: NDArray, bottom: float, levels: Levels) -> tuple[Rows, Rows]:
    """Boxes of all contours, those of holes included, and of the largest at each level."""
    solid, holes = hollow(values)
    table, largest = grow(solid, bottom, polygon=True)
    # The contour of a hole runs through the pixels around it, one further out on each side.
    around = HeldBoxes(holes.boxes + np.array([-1, -1, 1, 1, 0], np.int32), holes.spans)
    if len(around.boxes) and _islands(values, solid, around):
        table, _ = told(values, branched(values, bottom, eight=True))
    rows = [numbered(contours, levels.passed) for contours in (table, around)]
    return np.concatenate(rows), numbered(largest, levels.passed, parting=True)


def _islands(values: NDArray, solid: NDArray, around: HeldBoxes) -> bool:
    """Whether regions lie in holes, `around` which there are boxes: then there are more of them than solid ones."""
    x0, y0 = around.boxes[:, :2].min(axis=0)
    x1, y1 = around.boxes[:, 2:4].max(axis=0)
    hole_levels = (around.spans[:, 1] - around.spans[:, 0]).sum()
    # Beyond these boxes nothing differs.
    one, other = (np.ascontiguousarray(of[y0:y1, x0:x1]) for of in (values, solid))
    return bool(regions_less_holes(one) + hole_levels > regions_less_holes(other))


def _within(rows: Rows, x: int, y: int) -> Rows:
    """Rows whose boxes end at x, y at the latest."""
    rows = rows.copy()
    np.minimum(rows[:, 2:4], [x, y], out=rows[:, 2:4])
    return rows


PUBLISHED = Published()
