"""Images: decoding, fitting to a network's input, and where each input pixel came from.

One decoder: OpenCV, colour, 8 bits, EXIF orientation ignored because annotations count stored pixels.
Geometry is `(sx, sy, tx, ty)`: image = input * (sx, sy) + (tx, ty), both continuous, pixel i spanning [i, i + 1).
"""

import os
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError

PIXEL_LIMIT = 2**27
# OpenCV reads its own limit once, when it is first imported; ours below also holds where that came earlier.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(PIXEL_LIMIT))

import cv2  # noqa: E402

INTERPOLATIONS = {
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "nearest": cv2.INTER_NEAREST,
}
Resize = Literal["stretch", "crop", "pad"]
Interpolation = Literal["linear", "cubic", "area", "nearest"]
Geometry = tuple[float, float, float, float]
Image = NDArray[np.uint8]


def decode(source: bytes | str | Path) -> Image:
    """A file or its bytes -> RGB uint8 [h w 3]; DataError where it is no image, is cut short or too large."""
    name = "image" if isinstance(source, bytes) else str(source)
    try:
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror}).") from error
    if not data:
        raise DataError(f"{name}: is empty.")
    width, height = header_size(data)
    if width * height > PIXEL_LIMIT:
        raise DataError(f"{name}: {width}x{height} is more than {PIXEL_LIMIT} pixels.")
    if _is_cut(data):
        raise DataError(f"{name}: the file is cut short.")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise DataError(f"{name}: does not decode ({error.err}).") from error
    if image is None:
        raise DataError(f"{name}: is no image that OpenCV decodes.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def header_size(data: bytes) -> tuple[int, int]:
    """(width, height) as a PNG's or JPEG's header says, before anything is decoded; (0, 0) for other kinds."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    place = 2
    while data[:2] == b"\xff\xd8" and place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack(">HH", data[place + 5 : place + 9])[::-1]
        # Padding and markers without a length are one or two bytes.
        alone = marker in (0x01, 0xFF) or 0xD0 <= marker <= 0xD8
        place += (2 - (marker == 0xFF)) if alone else 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return 0, 0


def _is_cut(data: bytes) -> bool:
    """A JPEG's scan without an end, a PNG without its last chunk: decoders would fill the rest with grey."""
    if data[:2] == b"\xff\xd8":
        return data.rfind(b"\xff\xd9") <= data.rfind(b"\xff\xda")
    return data[:4] == b"\x89PNG" and b"IEND" not in data[-64:]


def fit(
    image: np.ndarray, size: tuple[int, int], resize: Resize = "stretch", interpolation: Interpolation = "linear"
) -> tuple[np.ndarray, Geometry]:
    """[H W 3] -> [h w 3] of the same type, and the geometry in the given image's pixels.

    `stretch` fills the input whatever the proportions; `crop` covers it and keeps the middle; `pad` fits the whole
    image in the middle and leaves zeros around.
    """
    high, wide = image.shape[:2]
    inner = size if resize == "stretch" else _proportional((high, wide), size, max if resize == "crop" else min)
    small = cv2.resize(image, inner[::-1], interpolation=INTERPOLATIONS[interpolation])
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    sx, sy = wide / inner[1], high / inner[0]
    return _place(small, size, top, left), (sx, sy, -left * sx, -top * sy)


def _proportional(source: tuple[int, int], target: tuple[int, int], choose: Callable) -> tuple[int, int]:
    factor = choose(target[0] / source[0], target[1] / source[1])
    return max(1, round(source[0] * factor)), max(1, round(source[1] * factor))


def _place(image: np.ndarray, size: tuple[int, int], top: int, left: int) -> np.ndarray:
    """The image at (top, left) of a canvas of `size`, cut where it sticks out, zeros where it does not reach."""
    if image.shape[:2] == tuple(size):
        return image
    image = image[max(0, -top) :, max(0, -left) :][: size[0], : size[1]]
    canvas = np.zeros((*size, *image.shape[2:]), image.dtype)
    top, left = max(0, top), max(0, left)
    canvas[top : top + image.shape[0], left : left + image.shape[1]] = image
    return canvas


def rescaled(geometry: Geometry, stored: tuple[int, int], annotated: tuple[int, int]) -> Geometry:
    """A geometry in the stored file's pixels -> in the annotation's; sizes are (height, width)."""
    fx, fy = annotated[1] / stored[1], annotated[0] / stored[0]
    sx, sy, tx, ty = geometry
    return sx * fx, sy * fy, tx * fx, ty * fy


class Loaded(NamedTuple):
    """An image at the network's size, its geometry in the annotation's pixels, and why not where it could not be."""

    pixels: np.ndarray
    geometry: Geometry
    status: str  # ok | unreadable
    problem: str


def load(
    open_image: Callable[[str], np.ndarray],
    name: str,
    annotated: tuple[int, int],
    size: tuple[int, int],
    resize: Resize,
    interpolation: Interpolation,
) -> Loaded:
    """One image; `annotated` is the (height, width) that boxes count in, (0, 0) for the stored file's own."""
    try:
        image = open_image(name)
    except (DataError, OSError) as error:
        blank = np.zeros((*size, 3), np.uint8)
        return Loaded(blank, (annotated[1] / size[1], annotated[0] / size[0], 0.0, 0.0), "unreadable", str(error))
    stored = image.shape[:2]
    pixels, geometry = fit(image, size, resize, interpolation)
    return Loaded(pixels, rescaled(geometry, stored, annotated if all(annotated) else stored), "ok", "")


def loader(
    open_image: Callable[[str], np.ndarray],
    names: Iterable[str],
    annotated: Iterable[tuple[int, int]],
    size: tuple[int, int],
    resize: Resize = "stretch",
    interpolation: Interpolation = "linear",
    threads: int = 2,
    ahead: int = 96,
) -> Iterator[Loaded]:
    """The images in order, decoded by `threads` threads at most `ahead` images early."""
    queue: deque[Future[Loaded]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="images") as pool:
        for name, counted in zip(names, annotated, strict=True):
            queue.append(pool.submit(load, open_image, name, counted, size, resize, interpolation))
            if len(queue) >= ahead:
                yield queue.popleft().result()
        while queue:
            yield queue.popleft().result()
