"""CAMS: how activations and gradients become a heatmap.

Each is a function `(activations [n h w k], gradients [n h w k] or [n 1 1 k], **settings) -> [n h w]` float32, NumPy
only; no image touches another. Its positional parameters are arrays of the evidence, by their names there
(`files.predict.ARRAYS`): a method that takes nothing but activations looks at them alone, whatever class is explained.
A = activations, G = gradients of the explained score, Z = h * w, S_k = sum of A_k over space. Maps come as computed:
neither normalised nor upsampled. Gradients that do not vary over space are given once ([n 1 1 k]), which turns most
methods into one matrix product. A name that is a paper's is that paper's method; a variant has a name of its own.
To add one: a function here and a line in CAMS. In a file of one's own `CAMS["mine"] = function` is enough for a method
of gradients; `CAMS["mine"] = Cam(function, evidence="ablation")` asks something else of the network.
"""

from typing import Annotated

import numpy as np

from wsol.maps.channels import Array, centred, constant, contracted, outstanding, principal, rectified, weighted
from wsol.maps.controls import NETWORK_CONTROLS
from wsol.maps.record import Cam, Registry
from wsol.settings import Range

EPSILON = 1e-7


def cam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """Channels weighted by the dense layer's weights (Zhou 2016, arXiv:1512.04150, eq. 2).

    Behind a pooling and one dense layer the mean gradient is that weight over Z. There is no CAM of other heads: the
    plan refuses them.

    >>> activations = np.float32([[[[1, 2], [3, 0]]]])  # two places, two channels
    >>> cam(activations, np.float32([[[[2, -2]]]])).tolist()
    [[[-2.0, 6.0]]]
    """
    return gradcam(activations, gradients, relu=relu)


def gradcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by their mean gradient (Selvaraju 2017, arXiv:1610.02391, eq. 1-2).

    >>> activations = np.float32([[[[1, 2], [3, 0]]]])
    >>> gradients = np.float32([[[[1, -4], [3, 0]]]])  # their means are 2 and -2
    >>> gradcam(activations, gradients).tolist()
    [[[0.0, 6.0]]]
    """
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def gradcam_plus_plus(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """w_k = sum_ij a_ijk relu(G_ijk), a = G^2 / (2 G^2 + S_k G^3) (Chattopadhay 2018, arXiv:1710.11063).

    The paper's exp(y) scales the whole map and is left out: it overflows. Where G is 0 so is a; elsewhere
    a = 1 / (2 + S_k G), and 0 where that has no finite value.

    >>> activations = np.float32([[[[1], [1]]]])  # S = 2
    >>> gradcam_plus_plus(activations, np.float32([[[[1], [0]]]])).tolist()
    [[[0.25, 0.25]]]
    """
    below = 2 + activations.sum(axis=(1, 2), keepdims=True) * gradients
    usable = (gradients > 0) & (np.abs(below) > EPSILON)
    weights = np.divide(gradients, below, out=np.zeros_like(gradients), where=usable).sum(axis=(1, 2))
    # The sum is over all places, of which gradients that are given once are only one.
    places = activations[0, ..., 0].size if constant(gradients) else 1
    return rectified(weighted(activations, weights * np.float32(places)), relu)


def xgradcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """w_k = sum_ij A_ijk G_ijk / S_k (Fu 2020, arXiv:2008.02312); a channel that sums to 0 has no weight.

    >>> activations = np.float32([[[[1, 2], [3, 0]]]])  # S = 4 and 2
    >>> xgradcam(activations, np.float32([[[[1, -4], [3, 0]]]])).tolist()  # weights 10 / 4 and -8 / 2
    [[[0.0, 7.5]]]
    """
    sums = activations.sum(axis=(1, 2))
    # What is left of large values that cancel is rounding, and counts as 0.
    size = sums if activations.min(initial=0) >= 0 else np.abs(activations).sum(axis=(1, 2))
    usable = np.abs(sums) > EPSILON * size
    if constant(gradients):
        return rectified(weighted(activations, np.where(usable, gradients[:, 0, 0], np.float32(0))), relu)
    above = np.einsum("nhwk,nhwk->nk", activations, gradients)
    return rectified(weighted(activations, np.divide(above, sums, out=np.zeros_like(sums), where=usable)), relu)


def hirescam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """sum_k G_ijk A_ijk, place by place (Draelos 2020, arXiv:2011.08891); `relu: false` for the map as it is.

    >>> activations = np.float32([[[[1, 2], [3, 0]]]])
    >>> hirescam(activations, np.float32([[[[1, -4], [3, 0]]]]), relu=False).tolist()
    [[[-7.0, 9.0]]]
    """
    return rectified(contracted(activations, gradients), relu)


def gradcam_elementwise(activations: Array, gradients: Array) -> Array:
    """sum_k relu(G_ijk A_ijk) (Pillai 2021, Explainable Models with Consistent Interpretations, AAAI).

    >>> gradcam_elementwise(np.float32([[[[1, 2], [3, -1]]]]), np.float32([[[[1, -4], [3, -2]]]])).tolist()
    [[[1.0, 11.0]]]
    """
    # relu(g a) = relu(g) relu(a) + relu(-g) relu(-a)
    if activations.min(initial=0) >= 0:
        return contracted(activations, np.maximum(gradients, 0))
    agree = contracted(np.maximum(activations, 0), np.maximum(gradients, 0))
    return agree + contracted(np.minimum(activations, 0), np.minimum(gradients, 0))


def layercam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """relu(sum_k relu(G_ijk) A_ijk) (Jiang 2021, LayerCAM, IEEE TIP 30).

    >>> layercam(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[1, -4], [3, 0]]]])).tolist()
    [[[1.0, 9.0]]]
    """
    return rectified(contracted(activations, np.maximum(gradients, 0)), relu)


def eigencam(activations: Array, *, relu: bool = False) -> Array:
    """A v, v the first right singular vector of the places x channels matrix A (Muhammad 2020, arXiv:2008.00299).

    As it is: the paper does not centre. The sign, which is arbitrary, is the one that agrees with sum_k A_k.

    >>> eigencam(np.float32([[[[3, 4], [6, 8]]]])).round(3).tolist()  # v = (0.6, 0.8)
    [[[5.0, 10.0]]]
    """
    return rectified(principal(activations), relu)


def eigencam_centred(activations: Array, *, relu: bool = False) -> Array:
    """EigenCAM with channels centred over space first, the places' first principal component (pytorch-grad-cam).

    >>> eigencam_centred(np.float32([[[[3, 4], [9, 12]]]])).round(3).tolist()
    [[[-5.0, 5.0]]]
    """
    return rectified(principal(centred(activations)), relu)


def eigengradcam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """The first principal component of G * A, centred, which brings the class in (pytorch-grad-cam, EigenGradCAM).

    >>> eigengradcam(np.float32([[[[1], [3]]]]), np.float32([[[[2]]]])).round(3).tolist()  # of 2 and 6
    [[[-2.0, 2.0]]]
    """
    return rectified(principal(centred(activations * gradients)), relu)


def fem(activations: Array, *, deviations: float = 2.0) -> Array:
    """sum_k mean(A_k) [A_k > mean + 2 deviations of A_k] (Fuad 2020, Features Understanding in 3D CNNs, IPTA).

    >>> fem(np.float32([[[[1], [1], [1], [5]]]]), deviations=1).tolist()  # mean 2, deviation 1.73
    [[[0.0, 0.0, 0.0, 2.0]]]
    """
    mean = activations.mean(axis=(1, 2), keepdims=True)
    above = outstanding(activations, mean, deviations).astype(np.float32)
    return weighted(above, mean)


def fem_share(activations: Array, *, deviations: float = 2.0) -> Array:
    """sum_k w_k A_k, w_k the share of places that FEM marks in channel k: what pytorch-grad-cam calls FEM.

    >>> fem_share(np.float32([[[[1], [1], [1], [5]]]]), deviations=1).tolist()  # one place of four is marked
    [[[0.25, 0.25, 0.25, 1.25]]]
    """
    above = outstanding(activations, activations.mean(axis=(1, 2), keepdims=True), deviations)
    return weighted(activations, above.mean(axis=(1, 2), dtype=np.float32))


def finercam(
    activations: Array,
    gradients: Array,
    similar_class_gradients: Array,
    *,
    gamma: Annotated[float, Range(0, 10)] = 0.6,
    relu: bool = True,
) -> Array:
    """Grad-CAM of y - gamma * r, r the similar classes' logits, averaged (Zhang 2025, arXiv:2501.11309).

    Which are similar, and averaged by what: `perturb.gradient`, as in the authors' code. `gamma` is the paper's.

    >>> one = np.ones((1, 1, 1, 2), np.float32)
    >>> finercam(one, 3 * one, one, gamma=0.5).tolist()
    [[[5.0]]]
    """
    return gradcam(activations, gradients - np.float32(gamma) * similar_class_gradients, relu=relu)


def ablationcam(activations: Array, score_drops: Array, *, relu: bool = True) -> Array:
    """Channels weighted by what the score loses without them (Desai 2020, WACV): evidence `ablation`.

    The drop as it is: the paper divides it by the score, which scales the map and turns it over where that is negative.

    >>> ablationcam(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[2, -2]]]])).tolist()
    [[[0.0, 6.0]]]
    """
    return gradcam(activations, score_drops, relu=relu)


def scorecam(activations: Array, class_probabilities: Array, *, relu: bool = True) -> Array:
    """Channels weighted by the class's probability where only they show (Wang 2020, arXiv:1910.01279).

    The paper's text takes the weights after the softmax over classes, and the authors' code (github.com/haofanwang/
    Score-CAM, also in its issues 6 and 17) uses them as they are. Evidence `scorecam`.

    >>> scorecam(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[0.5, 0.25]]]])).tolist()
    [[[1.0, 1.5]]]
    """
    return gradcam(activations, class_probabilities, relu=relu)


def scorecam_logits(activations: Array, logit_weights: Array, *, relu: bool = True) -> Array:
    """Score-CAM with a softmax over channels of the class's logits: the last lines of the paper's algorithm 1 as
    pytorch-grad-cam and torch-cam read them. Evidence `scorecam`, the same pass.

    >>> scorecam_logits(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[[[0.75, 0.25]]]])).tolist()
    [[[1.25, 2.25]]]
    """
    return gradcam(activations, logit_weights, relu=relu)


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


CAMS = Registry(
    {
        "cam": Cam(cam, score="logit"),
        "gradcam": Cam(gradcam),
        "gradcam++": Cam(gradcam_plus_plus),
        "xgradcam": Cam(xgradcam),
        "hirescam": Cam(hirescam),
        "gradcam_elementwise": Cam(gradcam_elementwise),
        "layercam": Cam(layercam),
        "eigencam": Cam(eigencam),
        "eigencam_centred": Cam(eigencam_centred),
        "eigengradcam": Cam(eigengradcam),
        "fem": Cam(fem),
        "fem_share": Cam(fem_share),
        "finercam": Cam(finercam, score="logit"),
        "ablationcam": Cam(ablationcam, evidence="ablation"),
        # One pass of logits serves both, which makes probabilities of them.
        "scorecam": Cam(scorecam, evidence="scorecam", score="logit"),
        "scorecam_logits": Cam(scorecam_logits, evidence="scorecam", score="logit"),
        "occlusion": Cam(occlusion, evidence="occlusion"),
        "rise": Cam(rise, evidence="rise", score="probability"),
        **{name: Cam(function) for name, function in NETWORK_CONTROLS.items()},
    }
)
