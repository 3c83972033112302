"""EVIDENCES: what is asked of the network to explain one output.

`gradient` takes gradients, of sums of logits that are worked out here. PERTURBATIONS run the network, or its head, on
changed inputs, and cost more than one pass per image: `(probe, classes [m], **settings) -> {array: rows [m …]}`, the
arrays that `files.predict.ARRAYS` names for each.

What a mask hides shows the colour `fill`: ImageNet's mean colour, a grey level 0..255, or [red, green, blue], the same
picture for every network. The papers' own code multiplies inputs that have ImageNet's mean taken off by the mask
(Score-CAM, RISE), which shows that mean; Zeiler's occlusion is grey.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from wsol.index.outputs import class_probability
from wsol.networks.explainer import Explainer, Masks, Seen, score_of
from wsol.networks.masks import channel_masks, patches, random_masks
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


def acol() -> None:
    """The maps of the two classifiers of a network with `head: acol`; `answering.ErasedMaps` takes them."""


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

    def masked(self, masks: Masks, fill: str | float | list[float]) -> np.ndarray:
        """The logits [b c] of the image behind each of b masks; 0 shows the colour `fill`."""
        return self.explainer.masked(self.pixels[None], np.zeros(len(masks.grids), np.int64), masks, colour(fill))

    def gradients(self, classes: np.ndarray) -> np.ndarray:
        """d logit / d activations of the asked classes: [m h w k], or [m 1 1 k] where places are alike."""
        kept, row, place = self._asked
        weights = (np.arange(len(self.logits)) == classes[:, None]).astype(np.float32)
        return self.explainer.gradients(kept, np.full(len(classes), row), [weights], [[place]])[0][0]

    def without(self, channels: np.ndarray) -> np.ndarray:
        """The logits [b c] of the head when each of `channels` in turn is zero."""
        return self.explainer.ablated(*self._asked, channels)


def ablation(probe: Probe, classes: np.ndarray) -> Rows:
    """How much each score falls when channel k of the layer is zero, y - y_k -> [m 1 1 k].

    Of a logit behind a pooling and one dense layer it is sum_ij A_ijk dy / dA_ijk, which takes no pass.
    """
    if probe.score == "logit" and not probe.explainer.backbone.between():
        return {"score_drops": probe.activations.sum(axis=(0, 1)) * probe.gradients(classes)}
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
    chosen = chosen[np.ptp(probe.activations, axis=(0, 1))[chosen] > 0]  # a deviation of equal numbers may be rounding
    shape = (len(classes), 1, 1, probe.activations.shape[-1])
    found = {name: np.zeros(shape, np.float32) for name in ("class_probabilities", "logit_weights")}
    if len(chosen):
        logits = probe.masked(channel_masks(probe.activations[..., chosen], probe.size), fill)
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
    shown = patches(grid, patch, probe.size)
    falls = probe.scores(probe.logits[None], classes) - probe.scores(probe.masked(shown, fill), classes)
    return {"finished_maps": (np.einsum("pm,pyx->myx", falls, 1 - shown.grids) / patch**2).astype(np.float32)}


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
    drawn = random_masks(masks, cells, shown, seed, probe.size)
    logits = np.concatenate([probe.masked(part, fill) for part in drawn.parts()])
    total = drawn.weighted(probe.probability(logits)[:, classes])
    return {"finished_maps": (total / (shown * masks)).astype(np.float32)}


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
    "acol": acol,
    **{name: perturbation.function for name, perturbation in PERTURBATIONS.items()},
}
