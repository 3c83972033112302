"""Images: fitting to a network's input, and where each input pixel came from."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from wsol.affine import Affine
from wsol.datasets.decoding import cv2  # whose limit of pixels is set there
from wsol.errors import DataError

INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
}
Resize = Literal["stretch", "crop", "pad"]
Interpolation = Literal["linear", "cubic", "area", "nearest"]


def fit(
    image: np.ndarray, size: tuple[int, int], resize: Resize = "stretch", interpolation: Interpolation = "linear"
) -> tuple[np.ndarray, Affine]:
    """[H W 3] -> [h w 3] of the same type, and the input_to_image in the given image's pixels.

    `stretch` fills the input whatever the proportions; `crop` covers it and keeps the middle; `pad` fits the whole
    image in the middle and leaves zeros around.
    """
    source = image.shape[:2]
    inner = size if resize == "stretch" else _proportional(source, size, max if resize == "crop" else min)
    small = cv2.resize(image, inner[::-1], interpolation=INTERPOLATIONS[interpolation])
    top = (size[0] - inner[0]) // 2
    left = (size[1] - inner[1]) // 2
    input_to_image = Affine.stretch(inner, source) @ Affine(1, 1, -left, -top)
    return _place(small, size, top, left), input_to_image


def _proportional(source: tuple[int, int], target: tuple[int, int], choose: Callable) -> tuple[int, int]:
    factor = choose(target[0] / source[0], target[1] / source[1])
    return max(1, round(source[0] * factor)), max(1, round(source[1] * factor))


def _place(image: np.ndarray, size: tuple[int, int], top: int, left: int) -> np.ndarray:
    """The image at (top, left) of a canvas of `size`, cut where it sticks out, zeros where it does not reach."""
    if image.shape[:2] == tuple(size):
        return image
    image = image[max(0, -top) :, max(0, -left) :][: size[0], : size[1]]
    canvas = np.zeros((*size, *image.shape[2:]), image.dtype)
    top = max(0, top)
    left = max(0, left)
    canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    return canvas


def rescaled(input_to_image: Affine, stored: tuple[int, int], annotated: tuple[int, int]) -> Affine:
    """An input_to_image in the stored file's pixels as one in the annotation's; sizes are (height, width)."""
    return Affine.stretch(stored, annotated) @ input_to_image


class Loaded(NamedTuple):
    """An image at the network's size, where it lies in the annotation's pixels, and why not where it could not be."""

    pixels: np.ndarray
    input_to_image: Affine
    status: str  # ok | unreadable
    problem: str
    also: Mapping[tuple[int, int], np.ndarray] = {}  # its pixels at further sizes


def load(
    open_image: Callable[[str], np.ndarray],
    name: str,
    annotated: tuple[int, int],
    size: tuple[int, int],
    resize: Resize,
    interpolation: Interpolation,
    also: Sequence[tuple[int, int]] = (),
) -> Loaded:
    """One image; `annotated` is the (height, width) that boxes count in, (0, 0) for the stored file's own."""
    try:
        image = open_image(name)
    except (DataError, OSError) as error:
        blank, *others = (np.zeros((*each, 3), np.uint8) for each in (size, *also))
        further = dict(zip(also, others, strict=True))
        return Loaded(blank, Affine.stretch(size, annotated), "unreadable", str(error), further)
    stored = image.shape[:2]
    pixels, input_to_image = fit(image, size, resize, interpolation)
    further = {each: fit(image, each, resize, interpolation)[0] for each in also}
    placed = rescaled(input_to_image, stored, annotated if all(annotated) else stored)
    return Loaded(pixels, placed, "ok", "", further)


def loader(
    open_image: Callable[[str], np.ndarray],
    names: Iterable[str],
    annotated: Iterable[tuple[int, int]],
    size: tuple[int, int],
    resize: Resize = "stretch",
    interpolation: Interpolation = "linear",
    threads: int = 2,
    ahead: int = 96,
    also: Sequence[tuple[int, int]] = (),
) -> Iterator[Loaded]:
    """The images in order, decoded by `threads` threads at most `ahead` images early; at sizes `also` too."""
    queue: deque[Future[Loaded]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="images") as pool:
        for name, counted in zip(names, annotated, strict=True):
            queue.append(pool.submit(load, open_image, name, counted, size, resize, interpolation, also))
            if len(queue) >= ahead:
                yield queue.popleft().result()
        while queue:
            yield queue.popleft().result()
