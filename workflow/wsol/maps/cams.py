"""CAMS: how activations and gradients become a heatmap.

Each is a function `(activations [n h w k], gradients [n h w k] or [n 1 1 k], **settings) -> [n h w]` float32, NumPy
only; no image touches another. Its positional parameters are arrays of the evidence, by their names there
(`files.predict.ARRAYS`): a method that takes nothing but activations looks at them alone, whatever class is explained.
A = activations, G = gradients of the explained score, Z = h * w, S_k = sum of A_k over space. Maps come as computed:
neither normalised nor upsampled. Gradients that do not vary over space are given once ([n 1 1 k]), which turns most
methods into one matrix product. A name that is a paper's is that paper's method; a variant has a name of its own.
To add one: a function here, or in a file beside this one, and a line in CAMS. In a plugin `CAMS = {"mine": function}`
is enough for a method of gradients; `Cam(function, evidence="ablation")` asks something else of the network.
"""

from typing import Annotated

import numpy as np

from wsol.maps.attended import attention_last, legrad, rollout, tscam
from wsol.maps.channels import Array, constant, contracted, rectified, weighted
from wsol.maps.controls import NETWORK_CONTROLS
from wsol.maps.features import dff, eigencam, eigencam_centred, eigengradcam, fem, fem_share
from wsol.maps.perturbed import ablationcam, acol, occlusion, rise, scorecam, scorecam_logits
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


CAMS = Registry(
    {
        "cam": Cam(cam, score="logit"),
        "gradcam": Cam(gradcam),
        "gradcam++": Cam(gradcam_plus_plus, linear=False),
        "xgradcam": Cam(xgradcam),
        "hirescam": Cam(hirescam),
        "gradcam_elementwise": Cam(gradcam_elementwise),
        "layercam": Cam(layercam),
        "eigencam": Cam(eigencam),
        "eigencam_centred": Cam(eigencam_centred),
        "eigengradcam": Cam(eigengradcam),
        "dff": Cam(dff, linear=False),
        "fem": Cam(fem),
        "fem_share": Cam(fem_share),
        "finercam": Cam(finercam, score="logit"),
        "ablationcam": Cam(ablationcam, evidence="ablation"),
        # One pass of logits serves both, which makes probabilities of them.
        "scorecam": Cam(scorecam, evidence="scorecam", score="logit"),
        "scorecam_logits": Cam(scorecam_logits, evidence="scorecam", score="logit"),
        "occlusion": Cam(occlusion, evidence="occlusion"),
        "rise": Cam(rise, evidence="rise", score="probability"),
        "acol": Cam(acol, evidence="acol", score="logit"),
        "attention_last": Cam(attention_last, evidence="attention"),
        "rollout": Cam(rollout, evidence="attention"),
        "legrad": Cam(legrad, evidence="attention", score="logit"),
        "tscam": Cam(tscam, evidence="attention", score="logit"),
        **{name: Cam(function) for name, function in NETWORK_CONTROLS.items()},
    }
)
