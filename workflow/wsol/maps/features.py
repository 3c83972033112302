"""CAMS that read a layer's features: components, factors, and what stands out in a channel. Shapes as in `cams`."""

from typing import Annotated

import numpy as np

from wsol.maps.channels import Array, centred, factors, outstanding, principal, rectified, weighted
from wsol.settings import Doc, Range


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


def dff(
    activations: Array,
    gradients: Array,
    *,
    concepts: Annotated[
        int, Range(2, 64), Doc("Into how many concepts an image is factored, at most one a channel or place.")
    ] = 5,
) -> Array:
    """The concept of max(A, 0) ~ W H that adds most to the explained score (Collins 2018, arXiv:1806.10206).

    W_c |H_c| [h w] of the concept c with the highest sum_ijk G_ijk W_ijc H_ck: its share of the score, by first order.
    Deep feature factorisation itself knows no class, and is of a set of images; the choice by gradients is ours, as is
    one image alone, where pytorch-grad-cam asks the classifier for the class of each H_c. What is negative is taken for
    0. Where no concept adds to the score the map is 0.

    >>> activations = np.float32([[[[4, 0], [2, 0], [0, 3]]]])  # one concept a channel
    >>> dff(activations, np.float32([[[[1, 1]]]]), concepts=2).round(3).tolist()  # they add 6 and 3
    [[[4.0, 2.0, 0.0]]]
    >>> dff(activations, np.float32([[[[1, 3]]]]), concepts=2).round(3).tolist()  # 6 and 9
    [[[0.0, 0.0, 3.0]]]
    """
    places, channels = factors(np.maximum(activations, 0), concepts)
    towards = gradients @ channels[:, None].transpose(0, 1, 3, 2)  # [n h w c], or once for all places
    added = np.einsum("nhwc,nhwc->nc", places, np.broadcast_to(towards, places.shape))
    rows = np.arange(len(added))
    best = added.argmax(axis=1)
    most = added[rows, best]
    scale = np.where(most <= 0, 0, np.linalg.norm(channels[rows, best], axis=1) + 0 * most)  # what is NaN stays NaN
    return (places[rows, :, :, best] * scale[:, None, None]).astype(np.float32)


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
