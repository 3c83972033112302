"""Maps of an image in several augmentations made one: each brought to the finest grid by where its cells lie, then the
mean.

None is normalised before it counts. But behind a pooling a gradient is a share of the class's weight, the smaller the
more places there are: maps of gradients count times their places, so that of CAM it is weight times activation that is
averaged, as in the code of those who make segmentation seeds.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from wsol.affine import Affine
from wsol.maps.fusion import between


def averaged(maps: Sequence[np.ndarray], cells: Sequence[Affine], shared: bool = False) -> np.ndarray:
    """Maps [n h w], an array per augmentation, whose `cells` lie on the input -> [n H W] on the finest one's grid.

    Values that are `shared` by the places of a map (`Cam.shared`) count as on a map of as many places as the finest.

    >>> one, mirrored = np.array([[[1.0, 3.0]]]), np.array([[[5.0, 1.0]]])
    >>> averaged([one, mirrored], [Affine(4, 8, 0, 0), Affine(-4, 8, 8, 0)]).tolist()
    [[[1.0, 4.0]]]
    """
    grid = finest(cells)
    shape = maps[grid].shape[1:]
    found = [placed(each, own, cells[grid], shape) for each, own in zip(maps, cells, strict=True)]
    if shared:
        places = [each.shape[1] * each.shape[2] for each in maps]
        found = [each * np.float32(own / places[grid]) for each, own in zip(found, places, strict=True)]
    return np.mean(found, axis=0)


def finest(cells: Sequence[Affine]) -> int:
    """Which map has the smallest cells; of equal ones the first."""
    return int(np.argmin([abs(own.scale_x * own.scale_y) for own in cells]))


def placed(maps: np.ndarray, cells: Affine, grid: Affine, shape: tuple[int, ...]) -> np.ndarray:
    """[n h w] at the cells of a `grid` of this shape, linear between cells' centres, the border's value beyond them."""
    high, wide = (np.arange(side) + 0.5 for side in shape)
    rows = between(cells.back_y(grid.y(high)) - 0.5, maps.shape[1])
    columns = between(cells.back_x(grid.x(wide)) - 0.5, maps.shape[2])
    return np.einsum("ah,nhw,bw->nab", rows, maps, columns)


def cells_of(views: Sequence[Mapping[str, np.ndarray]], suffix: str) -> list[Affine]:
    """Where a layer's cells lie on the input, view by view."""
    return [Affine.of(each["cell_to_input" + suffix]) for each in views]
