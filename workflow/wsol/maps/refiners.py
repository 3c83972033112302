"""REFINERS: what the image's own colours make of a map.

Each is a function `(heatmap [H W] float32 in [0, 1], image [H W 3] uint8, **settings) -> [H W]`, finite. Both lie on
one grid; the map's least value is 0 and its greatest 1. One that finds nothing to go by gives back the very map that it
was given, and the log says how often.
To add one: a function here, or in a file beside this one, and a line in REFINERS.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from wsol.datasets.decoding import cv2
from wsol.settings import Doc, Range

Heatmap = NDArray[np.floating]
Image = NDArray[np.uint8]
Share = Annotated[float, Range(0, 1)]
Foreground = Annotated[Share, Doc("Where the map reaches this level is the object, for sure.")]
Background = Annotated[Share, Doc("Where the map is at most at this level is none of the object, for sure.")]


def grabcut(
    heatmap: Heatmap,
    image: Image,
    *,
    foreground: Foreground = 0.7,
    background: Background = 0.02,
    rounds: Annotated[int, Range(1, 50), Doc("How often colours are learnt and pixels parted anew.")] = 5,
) -> Heatmap:
    """GrabCut (Rother 2004, ACM TOG 23(3); OpenCV) seeded by the map: half the map, and a half more in what it finds.

    Pixels between the two levels are probably the object from the middle of them on. So level 0.5 of the refined map is
    GrabCut's mask, and on either side of it pixels keep the map's order.
    """
    seeds = np.where(heatmap >= (foreground + background) / 2, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    seeds[heatmap <= background] = cv2.GC_BGD
    seeds[heatmap >= foreground] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # it draws the first colours; a map's result is the same whatever came before
    behind, before = np.zeros((1, 65)), np.zeros((1, 65))  # its models of colours; it wants a box too, and ignores it
    cv2.grabCut(np.ascontiguousarray(image), seeds, (0, 0, 1, 1), behind, before, rounds, cv2.GC_INIT_WITH_MASK)
    found = (seeds == cv2.GC_FGD) | (seeds == cv2.GC_PR_FGD)
    return (heatmap + found) / 2


def random_walker(
    heatmap: Heatmap,
    image: Image,
    *,
    foreground: Foreground = 0.7,
    background: Background = 0.1,
    beta: Annotated[float, Range(0, 10**6), Doc("How much an edge of the image holds a walker back.")] = 130.0,
) -> Heatmap:
    """Half the map, and half the probability that a walker meets the object's seeds first (Grady 2006, IEEE TPAMI
    28(11); scikit-image, by its exact solver).

    The probability is 1 on the object's seeds and 0 on the others; the map's half keeps the order of pixels there. An
    image of one colour has no edges, and where no pixel lies between the levels nobody walks: the map stays as it is.
    """
    from skimage.segmentation import random_walker as walked

    seeds = np.zeros(heatmap.shape, np.int32)
    seeds[heatmap <= background] = 1
    seeds[heatmap >= foreground] = 2
    if seeds.all() or image.min() == image.max():
        return heatmap
    found = walked(image, seeds, beta=beta, mode="bf", return_full_prob=True, channel_axis=-1)[1]
    return (heatmap + found.clip(0, 1)) / 2


def superpixels(
    heatmap: Heatmap,
    image: Image,
    *,
    segments: Annotated[int, Range(4, 10**4), Doc("About how many superpixels an image is parted into.")] = 200,
    compactness: Annotated[
        float, Range(0.01, 1000), Doc("How much nearness counts against colour: high ones are squares.")
    ] = 20.0,
) -> Heatmap:
    """The map's mean in each superpixel (SLIC: Achanta 2012, IEEE TPAMI 34(11); scikit-image, on Lab colours).

    >>> image = np.zeros((16, 16, 3), np.uint8)
    >>> image[:, 8:] = 200
    >>> superpixels(np.tile(np.repeat([0, 0.5, 0.5, 1], 4), (16, 1)), image, segments=4)[0, ::4].tolist()
    [0.25, 0.25, 0.75, 0.75]
    """
    from skimage.segmentation import slic

    parts = slic(image, n_segments=segments, compactness=compactness, start_label=0, channel_axis=-1)
    if not parts.any():
        return heatmap
    sizes = np.bincount(parts.ravel())
    means: Heatmap = np.bincount(parts.ravel(), heatmap.ravel()) / np.maximum(sizes, 1)
    return means[parts]


REFINERS: dict[str, Callable[..., Heatmap]] = {
    "grabcut": grabcut,
    "random_walker": random_walker,
    "superpixels": superpixels,
}
SEEDED = ("grabcut", "random_walker")  # begin with what lies above `foreground` and below `background`
