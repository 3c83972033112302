"""Maps of several layers made one: each scaled to its own maximum, brought to the finest grid, then joined."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

import numpy as np

from wsol.settings import Doc


def suffixes(evidence: Mapping[str, np.ndarray]) -> Iterator[str]:
    """ "" for the first explained layer's arrays, "_1" for the second's and so on, as `asking.suffix` named them."""
    yield ""
    place = 1
    while f"activations_{place}" in evidence:
        yield f"_{place}"
        place += 1


def fuse(
    maps: Sequence[np.ndarray],
    *,
    how: Annotated[Literal["mean", "max"], Doc("How the maps of several layers become one.")] = "mean",
    shallow: Annotated[
        Literal["plain", "tanh"],
        Doc("tanh lifts the weak responses of layers finer than the coarsest, as LayerCAM does."),
    ] = "plain",
) -> np.ndarray:
    """Maps [n h w], an array per layer, of different grids -> [n H W] on the finest; one layer's come back as they are.

    A map is divided by its largest absolute value, one that is flat zero stays so. `tanh` then lifts weak responses of
    layers finer than the coarsest, tanh(2 x), as LayerCAM (Jiang 2021) does for shallow layers.
    """
    if len(maps) == 1:
        return maps[0]
    high = max(layer.shape[1] for layer in maps)
    wide = max(layer.shape[2] for layer in maps)
    coarsest = min(layer.shape[1] * layer.shape[2] for layer in maps)
    scaled = []
    for layer in maps:
        layer = unit(layer)
        # What is as coarse as the coarsest layer is deep, and its weak responses are meant to be weak.
        if shallow == "tanh" and layer.shape[1] * layer.shape[2] > coarsest:
            layer = np.tanh(2 * layer)
        scaled.append(enlarged(layer, high, wide))
    return np.mean(scaled, axis=0) if how == "mean" else np.max(scaled, axis=0)


def unit(maps: np.ndarray) -> np.ndarray:
    """[n h w], each divided by its largest absolute value; zero where that is zero.

    >>> unit(np.array([[[-4.0, 2.0]], [[0.0, 0.0]]])).tolist()
    [[[-1.0, 0.5]], [[0.0, 0.0]]]
    """
    top = np.abs(maps).max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)


def enlarged(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """[n h w] -> [n height width], linear between pixel centres, the border's value beyond them."""
    return np.einsum("ah,nhw,bw->nab", _weights(maps.shape[1], height), maps, _weights(maps.shape[2], width))


def _weights(source: int, target: int) -> np.ndarray:
    """[target source]: how much each old place counts at a new one."""
    return between((np.arange(target) + 0.5) * source / target - 0.5, source)


def between(at: np.ndarray, source: int) -> np.ndarray:
    """[t source]: how much each of 0, 1 … source - 1 counts at places `at` [t], linear; what is beyond is the border.

    >>> between(np.array([-1.0, 0.25]), 2).tolist()
    [[1.0, 0.0], [0.75, 0.25]]
    """
    at = np.clip(at, 0, source - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(source))).astype(np.float32)
