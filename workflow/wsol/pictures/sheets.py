"""Contact sheets: a data set's images in rows, each with its truth drawn on it."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from wsol.files import rle

TRUE, MASK = (40, 220, 60), (0, 255, 255)  # RGB
LINE = 16  # pixels of a line of words
SIDE = 240  # pixels of a picture's longer side


def shrunk(image: NDArray, side: int = SIDE) -> tuple[NDArray, float]:
    """The image with `side` pixels on its longer side, and the factor that took."""
    factor = side / max(image.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = [max(1, round(n * factor)) for n in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=how), factor


def frame(image: NDArray, boxes: NDArray, colour: tuple[int, int, int]) -> None:
    """Draw boxes [n 4] into the image."""
    for box in boxes:
        x0, y0, x1, y1 = np.round(box).astype(int).tolist()
        cv2.rectangle(image, (x0, y0), (max(x0, x1 - 1), max(y0, y1 - 1)), colour, 2)


def outlined(image: NDArray[np.uint8], target: Any, side: int = SIDE) -> NDArray:
    """RGB [side side 3]: a target (a row of files.TARGETS) with its boxes, its mask's outline and what is ignored
    darkened; in words below it its class, and its status where that is not ok."""
    height, width = int(target.height) or image.shape[0], int(target.width) or image.shape[1]
    small, factor = shrunk(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), side)
    for counts, colour in ((target.ignore, None), (target.mask, MASK)):
        if counts:
            painted, _ = shrunk(rle.decode(counts, height, width).astype(np.float32), side)
            region = (painted >= 0.5).astype(np.uint8)
            if colour is None:
                small[region > 0] //= 3
            else:
                lines, _ = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
                cv2.drawContours(small, lines, -1, colour, 1)
    frame(small, np.asarray(target.boxes, float).reshape(-1, 4) * factor, TRUE)
    page = np.full((side + LINE, side, 3), 255, np.uint8)
    page[: small.shape[0], : small.shape[1]] = small
    words = target.class_name if target.status == "ok" else f"{target.class_name} ({target.status})"
    plain = words.encode("ascii", "replace").decode()
    cv2.putText(page, plain, (2, small.shape[0] + LINE - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return page


def sheet(pictures: Sequence[NDArray], columns: int) -> NDArray:
    """Pictures of one size in rows."""
    columns = max(1, min(columns, len(pictures)))
    blank = [np.full_like(pictures[0], 255)] * (-len(pictures) % columns)
    padded = [np.pad(p, ((2, 2), (2, 2), (0, 0)), constant_values=255) for p in [*pictures, *blank]]
    return np.vstack([np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)])
