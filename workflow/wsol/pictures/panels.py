"""Panels: boxes on pictures, pictures side by side with a word below each, and pictures as files."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError

Image = NDArray[np.uint8]
BOX, EDGE = (255, 255, 255), (0, 0, 0)  # RGB: white between black lines shows on every colour of a heatmap
THIN = 200  # pixels of a picture's longer side for each pixel of a line
WORDS = 24  # pixels of a picture's width for each pixel of a caption's height
APART = 100  # pixels of a picture's width for each pixel between two
LEAST = 14  # pixels of a caption's height


def boxed(picture: Image, box: Sequence[float]) -> Image:
    """A picture [H W 3] with the outline of a box, half-open, in its pixels: the white line is the box's outermost."""
    found = picture.copy()
    x0, y0 = (int(value) for value in np.floor(box[:2]))
    x1, y1 = (int(value) - 1 for value in np.ceil(box[2:]))
    line = max(1, max(picture.shape[:2]) // THIN)
    for inward in range(-line, 2 * line):
        colour = BOX if 0 <= inward < line else EDGE
        if x1 - x0 >= 2 * inward and y1 - y0 >= 2 * inward:
            cv2.rectangle(found, (x0 + inward, y0 + inward), (x1 - inward, y1 - inward), colour)
    return found


def captioned(picture: Image, words: str) -> Image:
    """A picture with one line of words below it, cut where it is wider than the picture."""
    high = max(LEAST, picture.shape[1] // WORDS)
    strip = np.full((high, picture.shape[1], 3), 255, np.uint8)
    plain = words.encode("ascii", "replace").decode()  # OpenCV draws no other letters
    size, line = high / 34, max(1, high // 24)
    cv2.putText(strip, plain, (2, round(0.7 * high)), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), line, cv2.LINE_AA)
    return np.concatenate([picture, strip])


def arranged(rows: Sequence[Sequence[Image]]) -> Image:
    """Pictures of one size in rows of one length, white between them; a single one is as it was."""
    gap = max(2, rows[0][0].shape[1] // APART)
    spaced = [[np.pad(p, ((0, 0), (0, gap), (0, 0)), constant_values=255) for p in row] for row in rows]
    return np.concatenate([np.concatenate(row, axis=1)[:, :-gap] for row in spaced])


def write(path: str | Path, picture: Image, quality: int | None = None) -> None:
    """An RGB picture as a file of the kind that its name says; a DataError where it cannot be written.

    `quality` is WebP's, 0 to 100; without it a WebP loses nothing.
    """
    how = [] if quality is None else [cv2.IMWRITE_WEBP_QUALITY, quality]
    try:
        done, code = cv2.imencode(Path(path).suffix, picture[..., ::-1], how)
    except cv2.error:
        done = False
    if not done:
        raise DataError(
            f"cannot write '{path}': no such kind of picture, or none of {picture.shape[1]} x {len(picture)}."
        )
    try:
        Path(path).write_bytes(code.tobytes())
    except OSError as error:
        raise DataError(f"cannot write '{path}' ({error.strerror}).") from error
