"""CAMS of a network that is asked again, on changed layers or masked inputs. Shapes as in `cams`."""

import numpy as np

from wsol.maps.channels import Array, rectified, weighted


def ablationcam(activations: Array, score_drops: Array, *, relu: bool = True) -> Array:
    """Channels weighted by what the score loses without them (Desai 2020, WACV): evidence `ablation`.

    The drop as it is: the paper divides it by the score, which scales the map and turns it over where that is negative.

    >>> ablationcam(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[2, -2]]]])).tolist()
    [[[0.0, 6.0]]]
    """
    return rectified(weighted(activations, score_drops.mean(axis=(1, 2))), relu)


def scorecam(activations: Array, class_probabilities: Array, *, relu: bool = True) -> Array:
    """Channels weighted by the class's probability where only they show (Wang 2020, arXiv:1910.01279).

    The paper's text takes the weights after the softmax over classes, and the authors' code (github.com/haofanwang/
    Score-CAM, also in its issues 6 and 17) uses them as they are. Evidence `scorecam`.

    >>> scorecam(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[0.5, 0.25]]]])).tolist()
    [[[1.0, 1.5]]]
    """
    return rectified(weighted(activations, class_probabilities.mean(axis=(1, 2))), relu)


def scorecam_logits(activations: Array, logit_weights: Array, *, relu: bool = True) -> Array:
    """Score-CAM with a softmax over channels of the class's logits: the last lines of the paper's algorithm 1 as
    pytorch-grad-cam and torch-cam read them. Evidence `scorecam`, the same pass.

    >>> scorecam_logits(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[0.75, 0.25]]]])).tolist()
    [[[1.25, 2.25]]]
    """
    return rectified(weighted(activations, logit_weights.mean(axis=(1, 2))), relu)


def acol(map_a: Array, map_b: Array) -> Array:
    """The higher of two classifiers' maps, each from 0 to 1 (Zhang 2018, arXiv:1804.06962): evidence `acol`.

    The second does not see where the first's map of the class is high. A map that is constant counts as 0.

    >>> acol(np.float32([[[0, 4, 1]]]), np.float32([[[3, 1, 2]]])).tolist()
    [[[1.0, 1.0, 0.5]]]
    """
    return np.maximum(*(_from_0_to_1(maps) for maps in (map_a, map_b)))


def _from_0_to_1(maps: Array) -> Array:
    low, high = (limit(axis=(1, 2), keepdims=True) for limit in (maps.min, maps.max))
    return np.divide(maps - low, high - low, out=np.zeros_like(maps), where=high != low)  # what is NaN stays NaN


def occlusion(finished_maps: Array) -> Array:
    """What the score loses where a patch covers the image (Zeiler 2014, arXiv:1311.2901): evidence `occlusion`.

    >>> occlusion(np.float32([[[0, 2]]])).tolist()
    [[[0.0, 2.0]]]
    """
    return finished_maps


def rise(finished_maps: Array) -> Array:
    """The score's mean over random masks that show a place (Petsiuk 2018, arXiv:1806.07421): evidence `rise`.

    >>> rise(np.float32([[[0, 0.5]]])).tolist()
    [[[0.0, 0.5]]]
    """
    return finished_maps
