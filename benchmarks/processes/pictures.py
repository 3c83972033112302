"""Pictures to read where a benchmark is of no data set."""

from pathlib import Path

import cv2
import numpy as np


def photographs(folder: Path, count: int) -> list[str]:
    """JPEG files of a photograph's size, of smooth noise."""
    random = np.random.default_rng(0)
    names = [str(folder / f"{place}.jpg") for place in range(count)]
    for name in names:
        small = random.integers(0, 256, (30, 40, 3), np.uint8)
        cv2.imwrite(name, cv2.resize(small, (500, 375), interpolation=cv2.INTER_CUBIC))
    return names
