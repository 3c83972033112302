"""Affine transforms: where the pixels of one grid lie in another.

Every placement of this project is `image = input * (scale_x, scale_y) + (shift_x, shift_y)`: both sides are continuous
pixels counted from the corner, pixel `i` spans `[i, i + 1)`, so that its centre lies at `i + 0.5`. A transform is named
by what it brings where: `input_to_image`, `canvas_to_image`, `cell_to_input`.

Numbers of the results depend on these operations to the last bit. `back_x` is therefore not `invert().x`, and `within`
is not `invert()` after a composition: they are equal on paper, but they round differently.
"""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsol.boxes import Boxes, asboxes


class Affine(NamedTuple):
    """One transform, each field a number, or t of them, each field an array [t].

    >>> Affine(2, 3, 10, 0).x(4)
    18
    """

    scale_x: Any
    scale_y: Any
    shift_x: Any
    shift_y: Any

    @classmethod
    def of(cls, values: ArrayLike) -> Self:
        """The transform of an array [4] `sx sy tx ty`, or the transforms of rows [t 4], as stage files hold them.

        >>> Affine.of([[2, 3, 10, 0], [1, 1, 0, 0]]).scale_x.tolist()
        [2.0, 1.0]
        """
        return cls(*np.asarray(values, np.float64).T)

    def array(self) -> NDArray[np.float64]:
        """What `of` reads: [4], or rows [t 4].

        >>> Affine(2, 3, 10, 0).array().tolist()
        [2.0, 3.0, 10.0, 0.0]
        """
        return np.stack(np.broadcast_arrays(*self), axis=-1).astype(np.float64)

    @classmethod
    def stretch(cls, cells: ArrayLike, size: ArrayLike) -> Self:
        """A grid of `cells` stretched over all of a grid of `size`, both (height, width) or rows of them [t 2].

        >>> [float(number) for number in Affine.stretch((7, 14), (224, 224))]
        [16.0, 32.0, 0.0, 0.0]
        """
        height, width = (np.asarray(size, np.float64) / np.asarray(cells, np.float64)).T
        return cls(width, height, 0.0, 0.0)

    def x(self, values: Any) -> Any:
        """Columns of the grid as columns of where it lies.

        >>> Affine(2, 3, 10, 0).x(np.array([0.5, 1.5])).tolist()
        [11.0, 13.0]
        """
        return values * self.scale_x + self.shift_x

    def y(self, values: Any) -> Any:
        """Rows of the grid as rows of where it lies.

        >>> Affine(2, 3, 10, 0).y(2)
        6
        """
        return values * self.scale_y + self.shift_y

    def back_x(self, values: Any) -> Any:
        """The columns of the grid that lie at given columns: `x` undone.

        >>> Affine(2, 3, 10, 0).back_x(18)
        4.0
        """
        return (values - self.shift_x) / self.scale_x

    def back_y(self, values: Any) -> Any:
        """The rows of the grid that lie at given rows: `y` undone.

        >>> Affine(2, 3, 10, 0).back_y(6)
        2.0
        """
        return (values - self.shift_y) / self.scale_y

    def boxes(self, boxes: ArrayLike) -> Boxes:
        """Boxes [n 4] of the grid, where they lie.

        >>> Affine(2, 3, 10, 0).boxes([0, 0, 4, 1]).tolist()
        [[10.0, 0.0, 18.0, 3.0]]
        """
        return asboxes(boxes) * np.array(self[:2] * 2) + np.array(self[2:] * 2)

    def back_boxes(self, boxes: ArrayLike) -> Boxes:
        """The boxes [n 4] of the grid that lie at given boxes: `boxes` undone.

        >>> Affine(2, 3, 10, 0).back_boxes([10, 0, 18, 3]).tolist()
        [[0.0, 0.0, 4.0, 1.0]]
        """
        return (asboxes(boxes) - np.array(self[2:] * 2)) / np.array(self[:2] * 2)

    def invert(self) -> Self:
        """The transform that leads back.

        >>> Affine(2, 4, 10, 0).invert().x(18)
        4.0
        """
        return self._replace(
            scale_x=1 / self.scale_x,
            scale_y=1 / self.scale_y,
            shift_x=-self.shift_x / self.scale_x,
            shift_y=-self.shift_y / self.scale_y,
        )

    def __matmul__(self, first: "Affine") -> Self:
        """The transform that takes `first` and then this one: `input_to_image @ cell_to_input` is cell to image.

        >>> tuple(Affine(2, 3, 10, 0) @ Affine(16, 16, 1, 1))
        (32, 48, 12, 3)
        """
        return self._replace(
            scale_x=first.scale_x * self.scale_x,
            scale_y=first.scale_y * self.scale_y,
            shift_x=first.shift_x * self.scale_x + self.shift_x,
            shift_y=first.shift_y * self.scale_y + self.shift_y,
        )

    def within(self, other: "Affine") -> Self:
        """Where this grid lies in another grid that shares its image: `other.invert() @ self`, divided once.

        >>> tuple(Affine(32, 48, 12, 3).within(Affine(2, 3, 10, 0)))
        (16.0, 16.0, 1.0, 1.0)
        """
        return self._replace(
            scale_x=self.scale_x / other.scale_x,
            scale_y=self.scale_y / other.scale_y,
            shift_x=(self.shift_x - other.shift_x) / other.scale_x,
            shift_y=(self.shift_y - other.shift_y) / other.scale_y,
        )


IDENTITY = Affine(1.0, 1.0, 0.0, 0.0)
# Of maps of which no more is known than that each covers the input.
UNSAID = Affine(np.nan, np.nan, np.nan, np.nan)
