"""Files of which stand-ins of data sets are made: pictures with an object, its mask, its box in a publisher's words."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from sources import OBJECT, PAGE
from wsol.index.targets import part

WIDE, HIGH = 40, 30
PER_PART = 3


def chosen(pattern: str, parts: Iterable[tuple[int, int]]) -> list[str]:
    """Names of images, a few in each of the parts that an experiment takes."""
    every = pd.DataFrame({"image": [pattern.format(number) for number in range(1, 500)]})
    every["group"] = every["image"]
    found = [part(every, {"of": of, "take": take})["image"].head(PER_PART) for of, take in parts]
    return sorted(set(pd.concat(found)))


def box(number: int) -> tuple[int, int, int, int]:
    """Where the object of the n-th image is: half-open."""
    x, y = 3 + number % 9, 2 + number % 7
    return x, y, x + 18, y + 14


def picture(path: Path, number: int) -> None:
    """Noise with a bright object."""
    pixels = np.random.default_rng(number).integers(0, 120, (HIGH, WIDE, 3), np.uint8)
    x0, y0, x1, y1 = box(number)
    pixels[y0:y1, x0:x1] += 120
    save(path, pixels)


def mask(path: Path, number: int, inside: int = 255, outside: int = 0, edge: int | None = None) -> None:
    """The object's pixels, and if wanted its outline's."""
    pixels = np.full((HIGH, WIDE), outside, np.uint8)
    x0, y0, x1, y1 = box(number)
    if edge is not None:
        pixels[y0 - 1 : y1 + 1, x0 - 1 : x1 + 1] = edge
    pixels[y0:y1, x0:x1] = inside
    save(path, pixels)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def wsol(folder: Path, names: Sequence[str], labels: Sequence[int], truth: Sequence[str] | None = None) -> None:
    """The published metadata; without `truth` a box each."""
    write(folder / "image_ids.txt", names)
    write(folder / "class_labels.txt", [f"{name},{label}" for name, label in zip(names, labels, strict=True)])
    if truth is None:
        write(folder / "image_sizes.txt", [f"{name},{WIDE},{HIGH}" for name in names])
        boxes = [box(number) for number in range(len(names))]
        truth = [f"{name},{x0},{y0},{x1 - 1},{y1 - 1}" for name, (x0, y0, x1, y1) in zip(names, boxes, strict=True)]
    write(folder / "localization.txt", truth)


def xml(path: Path, image: str, number: int, name: str) -> None:
    """A page of Pascal VOC's."""
    x0, y0, x1, y1 = box(number)
    thing = OBJECT.format(x0 + 1, y0 + 1, x1, y1, name=name)
    write(path, [PAGE.format(name=image, width=WIDE, height=HIGH, objects=thing)])
