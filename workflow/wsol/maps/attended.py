"""CAMS of a transformer's attention, which `predict` has made maps of: evidence `attention`. Shapes as in `cams`."""

from wsol.maps.channels import Array


def attention_last(last_attention: Array) -> Array:
    """What the class token attends to in the last block, the mean of its heads (Caron 2021, arXiv:2104.14294).

    >>> attention_last(np.float32([[[0.25, 0.5]]])).tolist()
    [[[0.25, 0.5]]]
    """
    return last_attention


def rollout(rolled_out: Array) -> Array:
    """The class token's row of the product over blocks of (A + I), rows made 1 (Abnar 2020, arXiv:2005.00928).

    >>> rollout(np.float32([[[0.25, 0.5]]])).tolist()
    [[[0.25, 0.5]]]
    """
    return rolled_out


def legrad(attention_gradients: Array) -> Array:
    """Positive gradients of each block's own class score by its attention, averaged over heads, queries and blocks.

    Bousselham 2024, arXiv:2404.03214. A block's own score is what the network's head makes of what the block gives on.

    >>> legrad(np.float32([[[0.25, 0.5]]])).tolist()
    [[[0.25, 0.5]]]
    """
    return attention_gradients


def tscam(summed_attention: Array, class_maps: Array) -> Array:
    """Attention summed over blocks, times the class's map of the patches (Gao 2021, arXiv:2103.14862, eq. 6).

    The network has the paper's head: a pooling of the explained layer, and at most a dense layer.

    >>> tscam(np.float32([[[1, 2]]]), np.float32([[[3, -1]]])).tolist()
    [[[3.0, -2.0]]]
    """
    return summed_attention * class_maps
