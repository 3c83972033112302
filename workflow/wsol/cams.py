"""CAMS: how activations and gradients become a heatmap.

Each is `(activations [n h w k], gradients [n h w k] or [n 1 1 k], **settings) -> [n h w]` float32, NumPy only, one
image never touching another. A = activations, G = gradients of the explained output, Z = h * w. Maps come as
computed: neither normalised nor upsampled. Gradients that do not vary over space are given once ([n 1 1 k]), which
turns most methods into one matrix product.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def _weighted(activations: Array, weights: Array) -> Array:
    """sum_k w_k A_k: [n h w k], [n k] -> [n h w]."""
    n, h, w, k = activations.shape
    return np.matmul(activations.reshape(n, h * w, k), weights.reshape(n, k, 1)).reshape(n, h, w)


def _contracted(activations: Array, gradients: Array) -> Array:
    """sum_k G_ijk A_ijk."""
    if gradients.shape[1:3] == (1, 1):
        return _weighted(activations, gradients[:, 0, 0])
    return np.einsum("nhwk,nhwk->nhw", activations, gradients)


def _mean(gradients: Array) -> Array:
    """Grad-CAM's weights, [n k]."""
    return gradients.mean(axis=(1, 2))


def _rectified(heatmap: Array, relu: bool) -> Array:
    return np.maximum(heatmap, 0) if relu else heatmap


def _ratio(above: Array, below: Array) -> Array:
    """above / below, 0 where nothing stands above or below."""
    return np.divide(above, below, out=np.zeros_like(above), where=(below != 0) & (above != 0))


def cam(activations: Array, gradients: Array, *, relu: bool = False) -> Array:
    """Channels weighted by the dense layer's weights (Zhou 2016, eq. 2).

    Behind a pooling + dense head the mean gradient is that weight over Z; elsewhere this is Grad-CAM without its ReLU.
    """
    return _rectified(_weighted(activations, _mean(gradients)), relu)


def gradcam(activations: Array, gradients: Array, *, relu: bool = True) -> Array:
    """Channels weighted by their mean gradient (Selvaraju 2017, eq. 1-2)."""
    return _rectified(_weighted(activations, _mean(gradients)), relu)


CAMS: dict[str, Callable[..., Array]] = {
    "cam": cam,
    "gradcam": gradcam,
}

# Which evidence `predict` has to collect for a method, where it is not the gradient.
EVIDENCE_OF: dict[str, str] = {}
