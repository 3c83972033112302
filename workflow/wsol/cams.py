"""CAMS: how activations and gradients become a heatmap.

Each is `(activations [n h w k], gradients [n h w k] or [n 1 1 k], **settings) -> [n h w]` float32, NumPy only; no
image touches another. Positional parameters after these are further arrays of the evidence, by their names there.
A = activations, G = gradients of the explained score, Z = h * w, S_k = sum of A_k over space. Maps come as computed:
neither normalised nor upsampled. Gradients that do not vary over space are given once ([n 1 1 k]), which turns most
methods into one matrix product.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from wsol.settings import Range

Array = NDArray[np.float32]
EPSILON = 1e-7


def weighted(activations: Array, weights: Array) -> Array:
    """sum_k w_k A_k: [n h w k], [n k] -> [n h w]."""
    n, h, w, k = activations.shape
    return np.matmul(activations.reshape(n, h * w, k), weights.reshape(n, k, 1)).reshape(n, h, w)


def contracted(activations: Array, gradients: Array) -> Array:
    """sum_k G_ijk A_ijk -> [n h w]."""
    if constant(gradients):
        return weighted(activations, gradients[:, 0, 0])
    return np.einsum("nhwk,nhwk->nhw", activations, gradients)


def constant(gradients: Array) -> bool:
    return gradients.shape[1:3] == (1, 1)


def rectified(heatmap: Array, relu: bool = True) -> Array:
    return np.maximum(heatmap, 0) if relu else heatmap


def cam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """Channels weighted by the dense layer's weights (Zhou 2016, arXiv:1512.04150, eq. 2).

    Behind a pooling + dense head the mean gradient is that weight over Z; elsewhere this is Grad-CAM without its ReLU.
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


def eigencam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """The pixels' first principal component (Muhammad 2020, arXiv:2008.00299): class-agnostic, G is not used.

    Channels are centred over space. The sign, which is arbitrary, is the one that agrees with sum_k A_k.
    """
    n, h, w, k = activations.shape
    return rectified(_principal(activations.reshape(n, h * w, k)).reshape(n, h, w), relu)


def eigengradcam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """EigenCAM of G * A, which brings the class in (pytorch-grad-cam, EigenGradCAM)."""
    return eigencam(activations * gradients, gradients, relu=relu)


def _principal(pixels: Array) -> Array:
    """[n p k] -> [n p]: X v for the first right singular vector v of the centred X.

    By the smaller of X X' and X' X: with 49 pixels and 1280 channels the first is 700 times smaller.
    """
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    if pixels.shape[1] <= pixels.shape[2]:
        gram = np.matmul(centred, centred.transpose(0, 2, 1)).astype(np.float64)
        values, vectors = np.linalg.eigh(gram)
        found = vectors[..., -1] * np.sqrt(np.maximum(values[:, -1:], 0))
    else:
        gram = np.matmul(centred.transpose(0, 2, 1), centred).astype(np.float64)
        found = np.matmul(centred, np.linalg.eigh(gram)[1][..., -1:])[..., 0]
    return (found * _sign(found, centred.sum(axis=2))).astype(np.float32)


def _sign(found: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """[n 1] of 1 or -1: agreement with the guide; where that decides nothing, the larger side is up."""
    agreement = np.sum(found * guide, axis=1, keepdims=True)
    larger = np.max(found, axis=1, keepdims=True) + np.min(found, axis=1, keepdims=True)
    return np.where(np.where(agreement == 0, larger, agreement) < 0, -1.0, 1.0)


def fem(activations: Array, gradients: Array, *, deviations: float = 2.0) -> Array:
    """w_k = the part of A_k above its mean + 2 deviations (Fuad 2020, Features Understanding, IPTA): no gradients."""
    mean = activations.mean(axis=(1, 2), keepdims=True)
    # Two passes: the mean of squares minus the square of the mean loses what is small.
    spread = np.sqrt(np.square(activations - mean).mean(axis=(1, 2), keepdims=True))
    above = activations > mean + np.float32(deviations) * spread
    return weighted(activations, above.mean(axis=(1, 2), dtype=np.float32))


def finercam(
    activations: Array,
    gradients: Array,
    rivals: Array,
    *,
    gamma: Annotated[float, Range(0, 10)] = 0.6,
    relu: bool = True,
) -> Array:
    """Grad-CAM of a score less gamma times the mean of the scores nearest to it (Zhang 2025, arXiv:2501.11309)."""
    return gradcam(activations, gradients - np.float32(gamma) * rivals, relu=relu)


def ablationcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by what the score loses without them (Desai 2020, WACV): evidence `ablation`.

    The drop as it is: the paper divides it by the score, which scales the map and turns it over where that is negative.
    """
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


def scorecam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by the score of what they show (Wang 2020, arXiv:1910.01279): evidence `scorecam`."""
    return rectified(weighted(activations, gradients.mean(axis=(1, 2))), relu)


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
    "eigengradcam": eigengradcam,
    "fem": fem,
    "finercam": finercam,
    "ablationcam": ablationcam,
    "scorecam": scorecam,
    "occlusion": occlusion,
    "rise": rise,
}

# What a method needs `predict` to have computed; all others take what their backbone says, by default `gradient`.
EVIDENCE_OF = {
    "finercam": "gradient",
    "ablationcam": "ablation",
    "scorecam": "scorecam",
    "occlusion": "occlusion",
    "rise": "rise",
}
