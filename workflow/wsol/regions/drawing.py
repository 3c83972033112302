"""Drawing: the maps of a shard on their canvases, ready to be cut or counted.

This is the one place that does it: `localize` cuts what it draws, and the scores that see maps count the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.affine import IDENTITY, Affine
from wsol.regions.canvases import Canvas, Drawn, Plan
from wsol.regions.preparation import Preparation
from wsol.regions.protocols import PROTOCOLS


class PreparedMap(NamedTuple):
    """A prepared map [h w], floats, all zeros if it is not ok, and where its pixels lie in the image."""

    values: NDArray[np.floating]
    canvas_to_image: Affine

    @property
    def ok(self) -> bool:
        return bool(self.values.any())


NOTHING = PreparedMap(np.zeros((1, 1), np.float32), IDENTITY)


class Drawing(NamedTuple):
    """The heatmaps of t targets and how each is drawn; heatmaps that are one object are one map."""

    heatmaps: Sequence[NDArray]
    plan: Plan
    canvas: Canvas
    preparation: Preparation
    input_size: NDArray[np.int64]
    cell_to_input: NDArray[np.float64] | None  # None: each map covers the input

    def draw(self, target: int) -> Drawn:
        """The map of one target."""
        heatmap = self.heatmaps[target]
        input_to_map = _aligned(self.cell_to_input, heatmap.shape, self.input_size)
        return self.canvas.draw(heatmap, self.plan.frames[target], input_to_map, self.preparation)

    def unnormalized(self, target: int, drawn: Drawn) -> Drawn:
        """The map of a target that was `drawn`, with its own values."""
        if self.preparation.normalization == "none":
            return drawn
        return self._replace(preparation=self.preparation._replace(normalization="none")).draw(target)

    def placed(self, drawn: Drawn, target: int) -> PreparedMap:
        """What was drawn, where it lies in the image of one target."""
        canvas_to_image = Affine.of(self.plan.canvas_to_image[target])
        return PreparedMap(drawn.values, canvas_to_image @ Affine(1, 1, drawn.left, drawn.top))

    def groups(self) -> list[NDArray[np.int64]]:
        """The targets of each distinct map and canvas, in order of their first."""
        members: dict[tuple, list[int]] = {}
        for target in range(len(self.plan.frames)):
            # Dictionaries keep the order in which keys came.
            members.setdefault(self._key(target), []).append(target)
        return [np.array(group) for group in members.values()]

    def maps(self, ok: NDArray[np.bool_]) -> Iterator[PreparedMap]:
        """Each target's map in order, NOTHING where it is not `ok` [t]."""
        last = None
        for target in range(len(self.plan.frames)):
            if not ok[target]:
                yield NOTHING
                continue
            key = self._key(target)
            if key != last:  # a control's map is one object for all images
                last = key
                drawn = self.draw(target)
            yield self.placed(drawn, target)

    def _key(self, target: int) -> tuple:
        """Targets with equal keys have the same map on the same canvas."""
        return id(self.heatmaps[target]), self.plan.frames[target]


def drawing(
    heatmaps: Sequence[NDArray],
    input_to_image: NDArray,
    input_size: NDArray,
    sizes: NDArray,
    cell_to_input: NDArray | None,
    settings: Mapping[str, Any],
) -> Drawing:
    """How maps [h w] of t targets are drawn.

    `input_to_image` [t 4], `input_size` [2], `sizes` of the images [t 2] and `cell_to_input` [4] are those of a
    heatmaps file; `settings` name protocol, upsampling, normalization, canvas and alignment. A DataError where the
    protocol has no place for a crop and an image is one.
    """
    protocol = PROTOCOLS[settings["protocol"]]
    canvas = protocol.canvases[settings["canvas"]]
    input_size = np.asarray(input_size)
    plan = canvas.plan(_known(input_to_image, input_size, sizes), input_size, sizes)
    preparation = protocol.preparation(settings["upsampling"], settings["normalization"])
    # A protocol that stretches maps refuses any other alignment in the config.
    aligned = cell_to_input if settings["alignment"] == "receptive_field" else None
    return Drawing(heatmaps, plan, canvas, preparation, input_size, aligned)


def _known(input_to_image: NDArray, input_size: NDArray, sizes: NDArray) -> NDArray[np.float64]:
    """Images that were never read have no input_to_image; as nothing was seen of them, any will do: the stretch."""
    given = np.asarray(input_to_image, np.float64).reshape(-1, 4)
    known = np.isfinite(given).all(axis=1, keepdims=True)
    return np.where(known, given, Affine.stretch(input_size, sizes).array())


def _aligned(cell_to_input: NDArray | None, cells: tuple[int, ...], input_size: NDArray) -> Affine:
    """Where a map of `cells` (h, w) lies: fractions of the input's sides as fractions of the map's.

    A grid that is the stretch but for rounding is the stretch; so is one that is not said (NaN: maps from elsewhere).
    """
    if cell_to_input is None or np.isnan(cell_to_input).any():
        return IDENTITY
    sides = Affine(float(input_size[1]), float(input_size[0]), 0.0, 0.0)
    map_to_input = Affine.of(cell_to_input) @ Affine(float(cells[1]), float(cells[0]), 0.0, 0.0)
    found = sides.within(map_to_input)
    return IDENTITY if np.allclose(found, IDENTITY, rtol=0, atol=1e-9) else found
