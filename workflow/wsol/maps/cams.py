"""CAMS: how activations and gradients become a heatmap.

Each is `(activations [n h w k], gradients [n h w k] or [n 1 1 k], **settings) -> [n h w]` float32, NumPy only; no
image touches another. Positional parameters after the first are arrays of the evidence, by their names there: a method
that has none looks at the activations alone, whatever class is explained.
A = activations, G = gradients of the explained score, Z = h * w, S_k = sum of A_k over space. Maps come as computed:
neither normalised nor upsampled. Gradients that do not vary over space are given once ([n 1 1 k]), which turns most
methods into one matrix product. A name that is a paper's is that paper's method; a variant has a name of its own.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np

from wsol.maps.channels import Array, centred, constant, contracted, outstanding, principal, rectified, weighted
from wsol.maps.controls import NETWORK_CONTROLS
from wsol.settings import Range

EPSILON = 1e-7


def cam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """Channels weighted by the dense layer's weights (Zhou 2016, arXiv:1512.04150, eq. 2).

    Behind a pooling and one dense layer the mean gradient is that weight over Z. There is no CAM of other heads: the
    plan refuses them.
    """
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def gradcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by their mean gradient (Selvaraju 2017, arXiv:1610.02391, eq. 1-2)."""
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def gradcam_plus_plus(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """w_k = sum_ij a_ijk relu(G_ijk), a = G^2 / (2 G^2 + S_k G^3) (Chattopadhay 2018, arXiv:1710.11063).

    The paper's exp(y) scales the whole map and is left out: it overflows. Where G is 0 so is a; elsewhere
    a = 1 / (2 + S_k G), and 0 where that has no finite value.
    """
    below = 2 + activations.sum(axis=(1, 2), keepdims=True) * gradients
    usable = (gradients > 0) & (np.abs(below) > EPSILON)
    weights = np.divide(gradients, below, out=np.zeros_like(gradients), where=usable).sum(axis=(1, 2))
    places = activations[0, ..., 0].size if constant(gradients) else 1
    return rectified(weighted(activations, weights * np.float32(places)), relu)


def xgradcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """w_k = sum_ij A_ijk G_ijk / S_k (Fu 2020, arXiv:2008.02312); a channel that sums to 0 has no weight."""
    sums = activations.sum(axis=(1, 2))
    size = sums if activations.min(initial=0) >= 0 else np.abs(activations).sum(axis=(1, 2))
    usable = np.abs(sums) > EPSILON * size
    if constant(gradients):
        return rectified(weighted(activations, np.where(usable, gradients[:, 0, 0], np.float32(0))), relu)
    above = np.einsum("nhwk,nhwk->nk", activations, gradients)
    return rectified(weighted(activations, np.divide(above, sums, out=np.zeros_like(sums), where=usable)), relu)


def hirescam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """sum_k G_ijk A_ijk, place by place (Draelos 2020, arXiv:2011.08891); `relu: false` for the map as it is."""
    return rectified(contracted(activations, gradients), relu)


def gradcam_elementwise(activations: Array, gradients: Array) -> Array:
    """sum_k relu(G_ijk A_ijk) (Pillai 2021, Explainable Models with Consistent Interpretations, AAAI)."""
    # relu(g a) = relu(g) relu(a) + relu(-g) relu(-a)
    if activations.min(initial=0) >= 0:
        return contracted(activations, np.maximum(gradients, 0))
    agree = contracted(np.maximum(activations, 0), np.maximum(gradients, 0))
    return agree + contracted(np.minimum(activations, 0), np.minimum(gradients, 0))


def layercam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """relu(sum_k relu(G_ijk) A_ijk) (Jiang 2021, LayerCAM, IEEE TIP 30)."""
    return rectified(contracted(activations, np.maximum(gradients, 0)), relu)


def eigencam(activations: Array, *, relu: bool = False) -> Array:
    """A v, v the first right singular vector of the places x channels matrix A (Muhammad 2020, arXiv:2008.00299).

    As it is: the paper does not centre. The sign, which is arbitrary, is the one that agrees with sum_k A_k.
    """
    return rectified(principal(activations), relu)


def eigencam_centred(activations: Array, *, relu: bool = False) -> Array:
    """EigenCAM with channels centred over space first, the places' first principal component (pytorch-grad-cam)."""
    return rectified(principal(centred(activations)), relu)


def eigengradcam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """The first principal component of G * A, centred, which brings the class in (pytorch-grad-cam, EigenGradCAM)."""
    return rectified(principal(centred(activations * gradients)), relu)


def fem(activations: Array, *, deviations: float = 2.0) -> Array:
    """sum_k mean(A_k) [A_k > mean + 2 deviations of A_k] (Fuad 2020, Features Understanding in 3D CNNs, IPTA)."""
    mean = activations.mean(axis=(1, 2), keepdims=True)
    above = outstanding(activations, mean, deviations).astype(np.float32)
    return weighted(above, mean)


def fem_share(activations: Array, *, deviations: float = 2.0) -> Array:
    """sum_k w_k A_k, w_k the share of places that FEM marks in channel k: what pytorch-grad-cam calls FEM."""
    above = outstanding(activations, activations.mean(axis=(1, 2), keepdims=True), deviations)
    return weighted(activations, above.mean(axis=(1, 2), dtype=np.float32))


def finercam(
    activations: Array,
    gradients: Array,
    rivals: Array,
    *,
    gamma: Annotated[float, Range(0, 10)] = 0.6,
    relu: bool = True,
) -> Array:
    """Grad-CAM of y - gamma * r, r the similar classes' logits, averaged (Zhang 2025, arXiv:2501.11309).

    Which are similar, and averaged by what: `perturb.gradient`, as in the authors' code. `gamma` is the paper's.
    """
    return gradcam(activations, gradients - np.float32(gamma) * rivals, relu=relu)


def ablationcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by what the score loses without them (Desai 2020, WACV): evidence `ablation`.

    The drop as it is: the paper divides it by the score, which scales the map and turns it over where that is negative.
    """
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def scorecam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by the class's probability where only they show (Wang 2020, arXiv:1910.01279).

    The paper's text takes the weights after the softmax over classes, and the authors' code (github.com/haofanwang/
    Score-CAM, also in its issues 6 and 17) uses them as they are. Evidence `scorecam`.
    """
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def scorecam_logits(activations: Array, logit_weights: Array, *, relu: bool = True) -> Array:
    """Score-CAM with a softmax over channels of the class's logits: the last lines of the paper's algorithm 1 as
    pytorch-grad-cam and torch-cam read them. Evidence `scorecam`, the same pass.
    """
    return rectified(weighted(activations, logit_weights.mean(axis=(1, 2))), relu)


def occlusion(activations: Array, gradients: Array) -> Array:
    """What the score loses where a patch covers the image (Zeiler 2014, arXiv:1311.2901): evidence `occlusion`."""
    return contracted(activations, gradients)


def rise(activations: Array, gradients: Array) -> Array:
    """The score's mean over random masks that show a place (Petsiuk 2018, arXiv:1806.07421): evidence `rise`."""
    return contracted(activations, gradients)


CAMS: dict[str, Callable[..., Array]] = {
    "cam": cam,
    "gradcam": gradcam,
    "gradcam++": gradcam_plus_plus,
    "xgradcam": xgradcam,
    "hirescam": hirescam,
    "gradcam_elementwise": gradcam_elementwise,
    "layercam": layercam,
    "eigencam": eigencam,
    "eigencam_centred": eigencam_centred,
    "eigengradcam": eigengradcam,
    "fem": fem,
    "fem_share": fem_share,
    "finercam": finercam,
    "ablationcam": ablationcam,
    "scorecam": scorecam,
    "scorecam_logits": scorecam_logits,
    "occlusion": occlusion,
    "rise": rise,
    **NETWORK_CONTROLS,
}

# What `predict` must have computed for a method; it takes no other.
EVIDENCE_OF = dict.fromkeys(CAMS, "gradient") | {
    "ablationcam": "ablation",
    "scorecam": "scorecam",
    "scorecam_logits": "scorecam",
    "occlusion": "occlusion",
    "rise": "rise",
}

# The score that a network is asked for where a method is defined on one: it is not the user's to set. (The one pass of
# both Score-CAMs is of logits, and makes probabilities of them.)
SCORE_OF = dict.fromkeys(("cam", "finercam", "scorecam", "scorecam_logits"), "logit") | {"rise": "probability"}
