"""EVIDENCES: what is asked of the network to explain one output.

`gradient` takes gradients, of sums of logits that are worked out here. PERTURBATIONS run the network, or its head, on
changed inputs, and cost more than one pass per image: `(probe, classes [m], **settings) -> {array: rows [m …]}`, the
arrays that `files.predict.ARRAYS` names for each.

What a mask hides shows the colour `fill`: ImageNet's mean colour, a grey level 0..255, or [red, green, blue], the same
picture for every network. The papers' own code multiplies inputs that have ImageNet's mean taken off by the mask
(Score-CAM, RISE), which shows that mean; Zeiler's occlusion is grey.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from wsol.index.outputs import class_probability
from wsol.networks.explainer import Explainer, Masks, Seen, score_of
from wsol.settings import Doc, Length, Range, Seed

Count = Annotated[int, Range(1, 10**6)]
Level = Annotated[float, Range(0, 255)]
Fill = Literal["mean"] | Level | Annotated[list[Level], Length(3)]
MEAN = (123.675, 116.28, 103.53)  # ImageNet's, red, green, blue: 255 * (0.485, 0.456, 0.406)
Rows = dict[str, np.ndarray]


def colour(fill: str | float | list[float]) -> np.ndarray:
    """float32 [3], RGB 0..255."""
    return np.full(3, MEAN if fill == "mean" else fill, np.float32)


def own_class(logits: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """1 for the explained output of each row, [r c]."""
    return (np.arange(logits.shape[1]) == outputs[:, None]).astype(np.float64)


def similar_classes(logits: np.ndarray, outputs: np.ndarray, count: int) -> np.ndarray:
    """d/dy [r c] of r = sum_i p_i y_i / sum_i p_i over the `count` logits y_i nearest to the explained one.

    p is the softmax, as in the code of Zhang 2025 (github.com/Imageomics/Finer-CAM, FinerWeightedTarget). It is
    differentiated too, as there: dr/dy_i = p_i / sum_i p_i * (1 + y_i - r).
    """
    distance = np.abs(logits - logits[np.arange(len(logits)), outputs][:, None])
    distance = np.where(own_class(logits, outputs) > 0, np.inf, distance)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, : min(count, logits.shape[1] - 1)]
    values = np.take_along_axis(np.asarray(logits, np.float64), nearest, axis=1)
    shares = class_probability(values, "softmax")  # of the similar classes' own sum
    mean = (shares * values).sum(axis=1, keepdims=True)
    found = np.zeros(logits.shape)
    np.put_along_axis(found, nearest, shares * (1 + values - mean), axis=1)
    return found


def gradient(
    *,
    similar: Annotated[
        int,
        Range(0, 10**6),
        Doc("Of so many classes, those with the nearest logits, the gradient too: 3 for the CAMs that have rivals."),
    ] = 0,
) -> None:
    """The gradients of the explained score (`asking.Gradients`)."""


def attention() -> None:
    """Maps of what a transformer of Keras' layers attends to; `answering.Attention` takes them."""


class Probe:
    """One image, ready to be asked again: its input, its logits [c], a layer's activations, what its head needs."""

    def __init__(self, explainer: Explainer, pixels: np.ndarray, seen: Seen, row: int, place: int, score: str):
        self.explainer = explainer
        self.pixels = pixels  # uint8 [H W 3]
        self.logits = seen.logits[row]
        self.activations = seen.activations[place][row]
        self.score = score
        self._asked = (seen.kept, row, place)

    @property
    def size(self) -> tuple[int, int]:
        """The input's height and width."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def scores(self, logits: Any, classes: np.ndarray) -> np.ndarray:
        """[b c] -> [b m] float64 of the asked classes."""
        activation = self.explainer.backbone.activation
        return score_of(np.asarray(logits, np.float64), self.score, activation)[:, classes]

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """What the model makes of logits [n c]."""
        return class_probability(logits, self.explainer.backbone.activation)

    def masked(self, masks: Iterable[np.ndarray], fill: str | float | list[float]) -> Iterator[np.ndarray]:
        """The logits [b c] of the image behind each batch of masks [b h w] in [0, 1]; 0 shows the colour `fill`."""
        whole = [np.eye(side, dtype=np.float32) for side in self.size]
        for batch in masks:
            of = np.zeros(len(batch), np.int64)
            yield self.explainer.masked(self.pixels[None], of, Masks(whole[0], batch, whole[1]), colour(fill))

    def without(self, channels: np.ndarray) -> np.ndarray:
        """The logits [b c] of the head when each of `channels` in turn is zero."""
        return self.explainer.ablated(*self._asked, channels)


def ablation(probe: Probe, classes: np.ndarray) -> Rows:
    """How much each score falls when channel k of the layer is zero, y - y_k -> [m 1 1 k]."""
    # The head runs on what the forward pass kept of this image; -1 takes no channel away.
    found = probe.scores(probe.without(np.arange(-1, probe.activations.shape[-1])), classes)
    return {"score_drops": (found[:1] - found[1:]).T.astype(np.float32)[:, None, None]}


def scorecam(
    probe: Probe, classes: np.ndarray, *, channels: Annotated[int, Range(0, 10**6)] = 0, fill: Fill = "mean"
) -> Rows:
    """What the network makes of x * H_k, H_k the upsampled channel scaled to [0, 1] -> [m 1 1 k], by two readings.

    `class_probabilities`: the class's. `logit_weights`: the softmax over k of its logit; less the logit of an empty
    image, which is one number for all k and drops out. `maps.perturbed` says whose they are.
    `channels`: only so many, those that vary most (Faster-Score-CAM); 0 for all. Constant channels have no weight.
    """
    spread = probe.activations.std(axis=(0, 1))
    chosen = np.sort(np.argsort(-spread, kind="stable")[: channels or None])
    chosen = chosen[spread[chosen] > 0]
    shape = (len(classes), 1, 1, probe.activations.shape[-1])
    found = {name: np.zeros(shape, np.float32) for name in ("class_probabilities", "logit_weights")}
    if len(chosen):
        masks = (_upsampled(probe, chosen[i]) for i in _batches(len(chosen), probe.explainer.batch))
        logits = np.concatenate(list(probe.masked(masks, fill)))
        found["class_probabilities"][:, 0, 0, chosen] = probe.probability(logits)[:, classes].T
        found["logit_weights"][:, 0, 0, chosen] = class_probability(logits[:, classes].T, "softmax")
    return found


def occlusion(
    probe: Probe,
    classes: np.ndarray,
    *,
    grid: Annotated[int, Range(2, 128)] = 14,
    patch: Annotated[int, Range(1, 64)] = 3,
    fill: Fill = "mean",
) -> Rows:
    """Mean fall of the score over the patches that cover a cell -> [m grid grid].

    The input is cut into grid x grid cells; a patch of patch x patch cells visits every place, one cell at a time,
    reaching over the edge so that each cell is covered equally often.
    """
    corners = list(product(range(1 - patch, grid), repeat=2))
    covers = np.zeros((len(corners), grid, grid), np.float32)
    for cover, (y, x) in zip(covers, corners, strict=True):
        cover[max(0, y) : y + patch, max(0, x) : x + patch] = 1
    # The cell of each pixel row and column.
    rows, columns = (np.arange(side) * grid // side for side in probe.size)
    masks = (1 - covers[i][:, rows][:, :, columns] for i in _batches(len(covers), probe.explainer.batch))
    covered = np.concatenate([probe.scores(logits, classes) for logits in probe.masked(masks, fill)])
    falls = probe.scores(probe.logits[None], classes) - covered
    return {"finished_maps": (np.einsum("pm,pyx->myx", falls, covers) / patch**2).astype(np.float32)}


def rise(
    probe: Probe,
    classes: np.ndarray,
    *,
    masks: Count = 4000,
    cells: Annotated[int, Range(2, 64)] = 7,
    shown: Annotated[float, Range(0.01, 0.99)] = 0.5,
    seed: Seed = 0,
    fill: Fill = "mean",
) -> Rows:
    """sum_m f(x * M_m) M_m / (shown * masks), f the class's probability (Petsiuk 2018) -> [m h w], the input's size.

    A mask is a random binary grid of cells x cells, upsampled bilinear and shifted by up to a cell.
    """
    random = np.random.default_rng(seed)
    total = np.zeros((len(classes), *probe.size))
    # Drawn batch by batch: 4000 masks of 224 x 224 are 800 MB.
    for i in _batches(masks, probe.explainer.batch):
        drawn = np.stack([_random_mask(random, cells, shown, probe.size) for _ in i])
        for logits in probe.masked([drawn], fill):
            total += np.einsum("bm,byx->myx", probe.probability(logits)[:, classes], drawn)
    return {"finished_maps": (total / (shown * masks)).astype(np.float32)}


def _random_mask(random: np.random.Generator, cells: int, shown: float, size: tuple[int, int]) -> np.ndarray:
    """float32 [h w] in [0, 1]. The grid has a cell to spare on each axis, into which the mask is shifted."""
    import cv2

    cell = [-(-side // cells) for side in size]
    grid = (random.random((cells + 1, cells + 1)) < shown).astype(np.float32)
    large = cv2.resize(grid, ((cells + 1) * cell[1], (cells + 1) * cell[0]), interpolation=cv2.INTER_LINEAR)
    y = random.integers(0, cell[0])
    x = random.integers(0, cell[1])
    return large[y : y + size[0], x : x + size[1]]


def _upsampled(probe: Probe, channels: np.ndarray) -> np.ndarray:
    """Channels at the input's size, each scaled to [0, 1] -> [b h w]."""
    import cv2

    high, wide = probe.size
    maps = (np.ascontiguousarray(probe.activations[..., k]) for k in channels)
    large = np.stack([cv2.resize(m, (wide, high), interpolation=cv2.INTER_LINEAR) for m in maps])
    low = large.min(axis=(1, 2), keepdims=True)
    top = large.max(axis=(1, 2), keepdims=True)
    return (large - low) / np.maximum(top - low, np.finfo(np.float32).tiny)


def _batches(total: int, size: int) -> Iterator[np.ndarray]:
    """0, 1, … total - 1 in parts of at most `size`."""
    return (np.arange(start, min(start + size, total)) for start in range(0, total, size))


class Perturbation(NamedTuple):
    """Evidence of changed inputs."""

    function: Callable[..., Rows]
    of_probabilities: bool = False  # made of the class's probability, which the model must then have
    of_input: bool = True  # the whole network runs again, many times for each image


PERTURBATIONS: dict[str, Perturbation] = {
    "ablation": Perturbation(ablation, of_input=False),
    "scorecam": Perturbation(scorecam, of_probabilities=True),
    "occlusion": Perturbation(occlusion),
    "rise": Perturbation(rise, of_probabilities=True),
}
EVIDENCES: dict[str, Callable] = {
    "gradient": gradient,
    "attention": attention,
    **{name: perturbation.function for name, perturbation in PERTURBATIONS.items()},
}
