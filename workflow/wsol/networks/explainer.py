"""What a network is asked, whatever library runs it: an Explainer answers in NumPy arrays.

Between two answers what is kept of a batch stays where the network runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wsol.index.outputs import class_probability

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class Seen(NamedTuple):
    """What a network makes of b images."""

    logits: Floats  # [b c]
    activations: list[Floats]  # [b h w k] of each explained layer
    kept: Any  # what the layers' heads can be run from


class Masks(NamedTuple):
    """m masks of an input [H W], each the product `rows @ grid @ columns.T`: 1 shows the image, 0 a colour.

    Enlarging a grid, shifting it and covering a rectangle are all such products.
    """

    rows: Floats  # [H g], or [m H g] where they differ
    grids: Floats  # [m g f]
    columns: Floats  # [W f], or [m W f]
    scaled: bool = False  # each to [0, 1] by its own minimum and maximum; a constant one to 0

    def part(self, which: slice) -> "Masks":
        """Some of them."""
        rows, columns = (axis[which] if axis.ndim == 3 else axis for axis in (self.rows, self.columns))
        return self._replace(rows=rows, grids=self.grids[which], columns=columns)

    def drawn(self) -> Floats:
        """The masks themselves, [m H W]."""
        found = np.matmul(np.matmul(self.rows, self.grids), np.swapaxes(self.columns, -1, -2))
        if not self.scaled:
            return found
        low, high = (limit(axis=(1, 2), keepdims=True) for limit in (found.min, found.max))
        return (found - low) / np.maximum(high - low, np.finfo(np.float32).tiny)


class Explainer(Protocol):
    """A network's answers. Any number of rows may be asked for: splitting and padding are the explainer's own."""

    backbone: Any  # what is known of the network: `built.Backbone`, or the like of another library
    batch: int  # images that the network is best shown at once
    concurrent: bool  # whether threads may ask beside each other

    def forward(self, pixels: NDArray[np.uint8]) -> Seen:
        """Of at most `batch` images [b H W 3], RGB."""
        ...

    def restored(self, logits: Floats, activations: Mapping[int, Floats]) -> Seen | None:
        """What `forward` gave, of logits [b c] and layers' activations by place; None where they do not tell all."""
        ...

    def gradients(
        self, kept: Any, rows: Rows, weights: Sequence[Floats], layers: Sequence[Sequence[int]]
    ) -> list[list[Floats]]:
        """For each of `weights` [r c] the gradients of sum_c weight_c * logit_c with respect to its `layers`.

        Of the images `rows` [r] of the batch that was kept: [r h w k], or [r 1 1 k] of a layer where places are alike.
        Layers are called by their places among the explained ones.
        """
        ...

    def masked(self, pixels: NDArray[np.uint8], of: Rows, masks: Masks, colour: Floats) -> Floats:
        """The logits [m c] of images `of` [m] among pixels [n H W 3] behind masks; what they hide is a colour [3]."""
        ...

    def ablated(self, kept: Any, row: int, place: int, channels: Rows) -> Floats:
        """The logits [m c] of an image with each of `channels` of a layer zero in turn; -1 for none.

        `row` is the image's in the batch that was kept, `place` the layer's among the explained ones.
        """
        ...


def coefficients(logits: np.ndarray, weights: np.ndarray, score: str, activation: str) -> Floats:
    """d(sum_c weight_c score_c) / d logits [n c]: the head's gradient with these is the gradient of any such score.

    For logits the weights themselves; for probabilities, times the derivative of the softmax or sigmoid.
    """
    if score == "logit":
        return weights.astype(np.float32)
    p = class_probability(logits, activation)
    if activation == "sigmoid":
        return (weights * p * (1 - p)).astype(np.float32)
    return (p * (weights - (weights * p).sum(axis=1, keepdims=True))).astype(np.float32)


def score_of(logits: np.ndarray, score: str, activation: str) -> np.ndarray:
    """What is explained, [n c]: the logits or what the model makes of them."""
    return logits if score == "logit" else class_probability(logits, activation)
