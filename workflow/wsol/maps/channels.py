"""How the channels of a layer are joined into one map: what CAMS have in common. Shapes as in `cams`."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
ROUNDS = 100  # of factors: more change the error in its fourth digit and later


def weighted(activations: Array, weights: Array) -> Array:
    """sum_k w_k A_k: [n h w k], [n k] -> [n h w].

    >>> weighted(np.float32([[[[1, 2], [3, 0]]]]), np.float32([[2, -2]])).tolist()
    [[[-2.0, 6.0]]]
    """
    n, h, w, k = activations.shape
    return np.matmul(activations.reshape(n, h * w, k), weights.reshape(n, k, 1)).reshape(n, h, w)


def contracted(activations: Array, gradients: Array) -> Array:
    """sum_k G_ijk A_ijk -> [n h w]."""
    if constant(gradients):
        return weighted(activations, gradients[:, 0, 0])
    return np.einsum("nhwk,nhwk->nhw", activations, gradients)


def constant(gradients: Array) -> bool:
    """Whether gradients are given once for all places."""
    return gradients.shape[1:3] == (1, 1)


def rectified(heatmap: Array, relu: bool = True) -> Array:
    """Without what is negative, where that is asked for."""
    return np.maximum(heatmap, 0) if relu else heatmap


def centred(maps: Array) -> Array:
    """Each channel less its mean over space.

    >>> centred(np.float32([[[[1], [3]]]])).ravel().tolist()
    [-1.0, 1.0]
    """
    return maps - maps.mean(axis=(1, 2), keepdims=True)


def principal(maps: Array) -> Array:
    """[n h w k] -> [n h w]: X v for the first right singular vector v of X [p k], p the places.

    By the smaller of X X' and X' X: with 49 places and 1280 channels the first is 700 times smaller.
    """
    n, h, w, k = maps.shape
    places = maps.reshape(n, h * w, k)
    if h * w <= k:
        gram = np.matmul(places, places.transpose(0, 2, 1)).astype(np.float64)
        values, vectors = _largest(gram)
        found = vectors * np.sqrt(np.maximum(values, 0))
    else:
        gram = np.matmul(places.transpose(0, 2, 1), places).astype(np.float64)
        found = np.matmul(places, _largest(gram)[1][..., None])[..., 0]
    return (found * _sign(found, places.sum(axis=2))).astype(np.float32).reshape(n, h, w)


def factors(activations: Array, count: int) -> tuple[Floats, Floats]:
    """Of each image's activations, from 0 up: W [n h w c] and H [n c k], A ~ W H, from 0 up too; c at most h w and k.

    Always as many rounds from the same start, on one thread: sums of two come out otherwise in the last place, and a
    matrix as small as these takes ten times as long. NaN of activations that are not finite.

    >>> places, channels = factors(np.float32([[[[2, 4], [1, 2], [0, 0]]]]), 1)
    >>> (places @ channels).round(6).tolist()
    [[[[2.0, 4.0], [1.0, 2.0], [0.0, 0.0]]]]
    """
    from sklearn.decomposition import NMF
    from threadpoolctl import threadpool_limits

    n, h, w, k = activations.shape
    flat = activations.reshape(n, h * w, k).astype(np.float64)
    count = min(count, h * w, k)
    places, channels = np.zeros((n, h * w, count)), np.zeros((n, count, k))
    model = NMF(count, init="nndsvd", random_state=0, tol=0, max_iter=ROUNDS)
    with threadpool_limits(1):
        for i, image in enumerate(flat):
            if not np.isfinite(image).all():
                places[i] = np.nan
            elif image.any():
                places[i], channels[i] = model.fit_transform(image), model.components_
    return places.reshape(n, h, w, count), channels


def _largest(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalue [n 1] of each symmetric matrix [n m m], and its vector [n m]; NaN of one not finite."""
    from scipy.linalg import eigh

    values, vectors = np.full((len(matrices), 1), np.nan), np.full(matrices.shape[:2], np.nan)
    last = matrices.shape[-1] - 1
    for n in np.flatnonzero(np.isfinite(matrices).all(axis=(1, 2))):
        # One pair of a matrix takes a third of the time of all.
        values[n], vector = eigh(matrices[n], subset_by_index=(last, last), driver="evr")
        vectors[n] = vector[:, 0]
    return values, vectors


def _sign(found: np.ndarray, guide: np.ndarray) -> np.ndarray:
    """[n 1] of 1 or -1: agreement with the guide; where that decides nothing, the larger side is up."""
    agreement = np.sum(found * guide, axis=1, keepdims=True)
    larger = np.max(found, axis=1, keepdims=True) + np.min(found, axis=1, keepdims=True)
    return np.where(np.where(agreement == 0, larger, agreement) < 0, -1.0, 1.0)


def outstanding(activations: Array, mean: Array, deviations: float) -> NDArray[np.bool_]:
    """Where a channel is more than so many standard deviations above its mean."""
    # Two passes: the mean of squares minus the square of the mean loses what is small.
    spread = np.sqrt(np.square(activations - mean).mean(axis=(1, 2), keepdims=True))
    return activations > mean + np.float32(deviations) * spread
