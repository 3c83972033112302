"""The protocol `exact`, ours: float32 maps, foreground `value >= level`, 8-connected regions counted in pixels, and
half-open boxes compared in pixels of the image."""

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.boxes import Boxes, asboxes
from wsol.regions.canvases import IMAGE, INPUT, Canvas, boxes_on_image, on_image
from wsol.regions.preparation import Preparation
from wsol.regions.tree import Levels, Rows, swept


class Exact:
    """See `protocols.Protocol`."""

    name: str = "exact"
    upsampling: str = "linear"
    step: float | None = None
    boxed: tuple[str, ...] = ("ok",)
    canvases: Mapping[str, Canvas] = {"input": INPUT, "image": IMAGE}
    refuses: Mapping[str, str] = {}
    inclusive: bool = False
    scored_in_image: bool = True

    def preparation(self, upsampling: str, normalization: str) -> Preparation:
        return Preparation(upsampling, normalization, np.float32, clips=True)

    def as_cut(self, values: NDArray[np.floating]) -> NDArray:
        return values

    def foreground(self, prepared: NDArray, level: float) -> NDArray[np.bool_]:
        # A degenerate map is all zeros, which would pass level 0 everywhere.
        return (prepared >= level) & prepared.any()

    def passed(self, prepared: NDArray, levels: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.searchsorted(levels, prepared, side="right").astype(np.int32)

    def cut(self, prepared: NDArray, levels: NDArray[np.float64]) -> tuple[Rows, Rows]:
        """The largest region has most pixels, and among equals the topmost, then leftmost first pixel.

        There is no box where no pixel passes, and none of a degenerate map.
        """
        if not prepared.any():
            return np.empty((0, 6), np.int32), np.empty((0, 6), np.int32)
        below = np.nextafter(levels[0], -np.inf)
        return swept(prepared, below, Levels(len(levels), partial(self.passed, levels=levels)), polygon=False)

    def truth_boxes(self, boxes: NDArray, sizes: NDArray) -> Boxes:
        return asboxes(boxes)

    def row_boxes(self, boxes: NDArray, canvas_to_image: NDArray, size: NDArray) -> Boxes:
        return boxes_on_image(boxes, Affine.of(canvas_to_image), size)

    def codes(
        self, values: NDArray, canvas_to_image: Affine, size: tuple[int, int], edges: NDArray[np.float64]
    ) -> tuple[NDArray, NDArray]:
        """Pixels of the image, each with the value of the canvas pixel its centre falls in; a code per value."""
        if not values.any():
            return np.zeros(size, np.int64), np.zeros(1, np.int64)
        distinct, codes = np.unique(values, return_inverse=True)
        bins: NDArray = np.searchsorted(edges, distinct, side="right")
        # Values that no level reaches are never predicted: they are code 0, as is what lies outside the canvas.
        never = np.searchsorted(bins, 0, side="right")
        predicted = np.clip(codes.reshape(values.shape) + 1 - never, 0, None)
        return on_image(predicted, canvas_to_image, *size), np.concatenate([[0], bins[never:]])

    def curve_bins(self, of_codes: NDArray, edges: NDArray[np.float64]) -> NDArray:
        """Every distinct value is a step of an image's precision-recall curve."""
        return of_codes


EXACT = Exact()
