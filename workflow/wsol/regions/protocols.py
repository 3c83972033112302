"""Protocols: everything in which one way of scoring maps differs from another, as one object each.

A protocol is asked; nothing else in this library compares its name. Its own module says where it comes from.
"""

import typing
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.boxes import Boxes
from wsol.regions.canvases import Canvas
from wsol.regions.exact import EXACT
from wsol.regions.preparation import Preparation
from wsol.regions.published import PUBLISHED


class Protocol(typing.Protocol):
    """How maps are prepared, cut and compared with the truth. Sizes are (height, width)."""

    name: str
    upsampling: str  # linear | cubic, where an evaluation leaves the choice to the protocol
    step: float | None  # between the levels of a sweep that names none; None: every value of a map is a level
    boxed: tuple[str, ...]  # statuses of targets whose boxes count
    canvases: Mapping[str, Canvas]  # by the evaluation's `canvas`
    refuses: Mapping[str, str]  # settings that must keep their defaults: what to say of another value
    inclusive: bool  # whether both corners belong to a box where boxes are compared
    scored_in_image: bool  # whether boxes are compared in the image's pixels, or in the canvas's

    def preparation(self, upsampling: str, normalization: str) -> Preparation:
        """How a map is drawn on its canvas, still as floats."""

    def as_cut(self, values: NDArray[np.floating]) -> NDArray:
        """A map drawn on its canvas in the type that is cut; all zeros where there is nothing to cut."""

    def foreground(self, prepared: NDArray, level: float) -> NDArray[np.bool_]:
        """Where a map that is cut passes a level; nowhere on a degenerate one. [H W]"""

    def passed(self, prepared: NDArray, levels: NDArray[np.float64]) -> NDArray[np.int32]:
        """How many of the ascending levels [t] each pixel passes; these are the lowest ones. [H W]"""

    def cut(self, prepared: NDArray, levels: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Boxes of all regions and of the largest: rows `x0 y0 x1 y1 low high` in canvas pixels, [m 6] and [k 6].

        A row holds at the levels numbered low + 1 .. high, counted from 1.
        """

    def truth_boxes(self, boxes: NDArray, sizes: NDArray) -> Boxes:
        """True boxes [g 4] of images with `sizes` ([2] or [g 2]) in the frame where boxes are compared."""

    def row_boxes(self, boxes: NDArray, canvas_to_image: NDArray, size: NDArray) -> Boxes:
        """Canvas boxes [m 4] of one target in that frame; `canvas_to_image` [4], `size` of the image [2]."""

    def codes(
        self, values: NDArray, canvas_to_image: Affine, size: tuple[int, int], edges: NDArray[np.float64]
    ) -> tuple[NDArray, NDArray]:
        """The pixels that are counted, as codes [height width] that ascend with their values, and each code's bin.

        `values` [h w] are a map drawn as floats, all zeros if it is not ok; `size` is the image's; bin j of `edges` is
        edges[j - 1] <= value < edges[j].
        """

    def curve_bins(self, of_codes: NDArray, edges: NDArray[np.float64]) -> NDArray:
        """A histogram over codes as one over the steps of an image's precision-recall curve."""


PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in (EXACT, PUBLISHED)}
